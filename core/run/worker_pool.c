#include "core/config/spec_fill.h"
#include "core/run/cohort_run.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/interrupt.h"
#include "core/run/components.h"
#include "core/run/record.h"
#include "core/run/remarks.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How a trial ended in a worker. An error's own code (4, 5) stands for itself. */
enum { TRIAL_OK = 0, TRIAL_DIVERGED = 10, TRIAL_BUSY = 11, TRIAL_INTERRUPTED = 12, TRIAL_UNTOLD = 13, TRIAL_NO_MEMORY = 14 };

/* Trials of one cohort: order[first], order[first + 1], ...; lead is the first of them. */
struct group {
	size_t first, n, lead;
};

struct worker {
	pid_t pid;               /* 0: idle */
	struct group group;
	int pipe;                /* its reports come from here */
};

struct pool {
	const struct lb_trial *trials;
	const struct lb_run_options *opt;
	struct worker *worker;
	size_t *order;           /* the trials, those of a group side by side */
	struct group *queue;     /* ring of groups to run */
	size_t head, waiting, n;
	size_t running, busy_in_a_row;
	size_t again;                /* number of trials of the worker that died which were queued again, each alone */
	struct lb_progress progress;
	struct lb_run_counts *counts;
	struct lb_err *message;      /* of the trial that is looked at */
	struct lb_remarks remarks;
};

/* What a worker says of a trial: this, then `length` bytes of message. All of a group's reports fit
 * a pipe, so that writing never waits. */
struct report {
	uint32_t place, end, length;
};
enum { MOST_TEXT = 2048, MOST_TOGETHER = 16 };

/* ---- in the worker ---- */

static bool say(int pipe, size_t place, int end, const char *text)
{
	char bytes[sizeof(struct report) + MOST_TEXT];
	struct report r = { (uint32_t)place, (uint32_t)end, (uint32_t)strlen(text) };

	if (r.length > MOST_TEXT)
		r.length = MOST_TEXT;
	memcpy(bytes, &r, sizeof r);
	memcpy(bytes + sizeof r, text, r.length);
	return write(pipe, bytes, sizeof r + r.length) == (ssize_t)(sizeof r + r.length);
}

/* How a trial that is done has ended. */
static int stored_end(const struct lb_trial *t)
{
	return lb_store_lookup(t->dir, t->id, NULL) == LB_STORED_DIVERGED ? TRIAL_DIVERGED : TRIAL_OK;
}

/* Claims the trial for this process and looks again: what it is at that moment, or TRIAL_UNTOLD for
 * one that is to be trained. */
static int claim(const struct lb_trial *t, int *fd, struct lb_err *err)
{
	const char *dir = t->dir;
	const int claimed = lb_store_claim(dir, t->id, fd, err);

	if (claimed < 0)
		return err->memory ? TRIAL_NO_MEMORY : (int)err->code;
	if (!claimed)
		return TRIAL_BUSY;
	return lb_trial_done(t) ? stored_end(t) : TRIAL_UNTOLD;
}

static int end_of(const struct lb_run_end *e)
{
	if (e->rc)
		return e->err.memory ? TRIAL_NO_MEMORY : (int)e->err.code;
	return e->status == LB_TRIAL_OK ? TRIAL_OK : e->status == LB_TRIAL_DIVERGED ? TRIAL_DIVERGED : TRIAL_INTERRUPTED;
}

/* Claims, trains, stores and tells; the exit status. */
static int work(const struct pool *pool, struct group group, int pipe)
{
	const struct lb_trial *chosen[MOST_TOGETHER];
	size_t place[MOST_TOGETHER], n = 0;
	struct lb_run_end *end = lb_alloc(MOST_TOGETHER, sizeof *end, NULL);
	int fd = -1;
	bool told = true;

	for (size_t i = 0; end && i < group.n; i++) {
		const struct lb_trial *t = &pool->trials[pool->order[group.first + i]];
		const int now = claim(t, &fd, &end[0].err);
		if (now != TRIAL_UNTOLD) {
			told = say(pipe, i, now, end[0].err.text) && told;
			continue;
		}
		place[n] = i;
		chosen[n++] = t;
	}
	if (end && n)
		lb_run_cohort(chosen, n, pool->opt, end, NULL);
	for (size_t i = 0; end && i < n; i++)
		told = say(pipe, place[i], end_of(&end[i]), end[i].err.text) && told;
	fflush(NULL);
	return end && told ? 0 : LB_MACHINE;
}

/* ---- in the parent ---- */

static int start_worker(struct pool *pool, struct worker *w, struct group group, struct lb_err *err)
{
	int ends[2];

	if (pipe(ends))
		return lb_fail(err, LB_MACHINE, "no worker could be started: %s; use fewer --jobs", strerror(errno));
	fflush(NULL);
	const pid_t parent = getpid(), pid = fork();
	if (pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return lb_fail(err, LB_MACHINE, "no worker could be started: %s; use fewer --jobs", strerror(errno));
	}
	if (pid == 0) {
		lb_stop_in_worker();
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(getppid() != parent ? LB_MACHINE : work(pool, group, ends[1]));
	}
	close(ends[1]);
	*w = (struct worker){ .pid = pid, .group = group, .pipe = ends[0] };
	pool->running++;
	return 0;
}

static bool read_whole(int pipe, void *to, size_t n)
{
	for (size_t done = 0; done < n;) {
		const ssize_t got = read(pipe, (char *)to + done, n - done);
		if (got <= 0 && errno != EINTR)
			return false;
		if (got == 0)
			return false;
		done += got > 0 ? (size_t)got : 0;
	}
	return true;
}

/* A worker that a signal ended could not say so itself: its parent writes the record. */
static void record_crash(const struct pool *pool, size_t trial, const char *message)
{
	const struct lb_trial *t = &pool->trials[trial];
	struct lb_run_facts facts = { .study = pool->opt->study, .question = pool->opt->question, .argv = pool->opt->argv };
	cJSON *record;

	lb_utc_now(facts.started, sizeof facts.started);
	record = lb_record_make(t, NULL, NULL, &facts, message, NULL);
	if (record)
		lb_store_write(t->dir, t->id, record, true, NULL);
	cJSON_Delete(record);
}

static void requeue(struct pool *pool, struct group group)
{
	pool->queue[(pool->head + pool->waiting++) % pool->n] = group;
}

static void put_back(struct pool *pool, struct group group)
{
	requeue(pool, group);
	if (++pool->busy_in_a_row > pool->waiting)
		nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
}

/* A short name of a trial for the progress line: its loss, model and seed. */
static void describe(const struct lb_trial *t, char *out, size_t size)
{
	struct lb_spec spec = { 0 };

	if (!lb_spec_fill(&spec, t->config, &lb_registries, NULL))
		snprintf(out, size, "%s %s seed %.0f", spec.loss.info->name, spec.model.info->name, (double)spec.train.seed);
	else
		snprintf(out, size, "%s", t->id);
	lb_spec_free(&spec);
}

static void count_failure(struct pool *pool, size_t trial, const char *name, bool crash, int status)
{
	char *text = pool->message->text;

	if (!WIFEXITED(status))
		snprintf(text, sizeof pool->message->text, "the worker was ended by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	if (!text[0] && WEXITSTATUS(status) == LB_MACHINE)
		lb_fail(pool->message, LB_MACHINE, "out of memory in the worker; use fewer --jobs");
	if (!text[0])
		snprintf(text, sizeof pool->message->text, "the worker ended with status %d and no message", WEXITSTATUS(status));
	if (crash)
		record_crash(pool, trial, text);
	lb_warn("trial %s (%s) failed: %s", pool->trials[trial].id, name, text);
	pool->counts->failed++;
}

/* True when the worker ran out of memory, or was ended from outside, as the kernel does for want of
 * it: alone, the trial may succeed. */
static bool is_starved(int end, int status)
{
	return end == TRIAL_NO_MEMORY || (end == TRIAL_UNTOLD && (!WIFEXITED(status) || WEXITSTATUS(status) == LB_MACHINE));
}

/* One trial of a worker that ended with `status`; message holds what it said. Returns -1 with err
 * when the sweep cannot go on. */
static int end_trial(struct pool *pool, size_t place, size_t together, int end, int status, struct lb_err *err)
{
	const size_t trial = pool->order[place];
	const struct group alone = { place, 1, trial };
	char name[160];
	int rc = 0;

	if (end == TRIAL_UNTOLD && lb_trial_done(&pool->trials[trial]))
		end = stored_end(&pool->trials[trial]);
	if (end == TRIAL_BUSY) {
		put_back(pool, alone);
		return 0;
	}
	if (together > 1 && is_starved(end, status) && !lb_stop_requested) {
		pool->again++;
		requeue(pool, alone);
		return 0;
	}
	pool->busy_in_a_row = 0;
	describe(&pool->trials[trial], name, sizeof name);
	if (end == TRIAL_OK) {
		pool->counts->ok++;
		lb_remarks_add(&pool->remarks, pool->message->text);
	} else if (end == TRIAL_DIVERGED)
		pool->counts->diverged++;
	else if (end == TRIAL_INTERRUPTED)
		pool->counts->interrupted++;
	else if (lb_stop_requested)
		pool->counts->left++;
	else if (end == LB_MACHINE)
		rc = lb_fail(err, LB_MACHINE, "%s", pool->message->text);
	else
		count_failure(pool, trial, name, end == TRIAL_UNTOLD, status);
	lb_progress_step(&pool->progress, name);
	return rc;
}

/* Returns -1 with err when the sweep cannot go on. */
static int end_worker(struct pool *pool, struct worker *w, int status, struct lb_err *err)
{
	char *text = pool->message->text;
	bool told[MOST_TOGETHER] = { false };
	struct report r;
	int rc = 0;

	pool->again = 0;
	while (read_whole(w->pipe, &r, sizeof r) && r.place < w->group.n && r.length <= MOST_TEXT && read_whole(w->pipe, text, r.length)) {
		text[r.length] = '\0';
		told[r.place] = true;
		if (end_trial(pool, w->group.first + r.place, w->group.n, (int)r.end, status, rc ? pool->message : err))
			rc = -1;
	}
	close(w->pipe);
	for (size_t i = 0; i < w->group.n; i++) {
		text[0] = '\0';
		if (!told[i] && end_trial(pool, w->group.first + i, w->group.n, TRIAL_UNTOLD, status, rc ? pool->message : err))
			rc = -1;
	}
	if (pool->again && WIFSIGNALED(status))
		lb_warn("a worker was ended by signal %d (%s); its %zu trial%s again, each alone", WTERMSIG(status),
			strsignal(WTERMSIG(status)), pool->again, pool->again == 1 ? " is run" : "s are run");
	else if (pool->again)
		lb_warn("a worker ran out of memory with %zu trial%s at once; each is run again alone", pool->again,
			lb_s(pool->again));
	w->pid = 0;
	pool->running--;
	return rc;
}

static int wait_one(struct pool *pool, struct lb_err *err)
{
	int status, jobs = pool->opt->jobs;
	alarm(1); /* a signal that came just before wait() is seen after a second at most */
	const pid_t pid = wait(&status);
	alarm(0);

	if (pid < 0)
		return 0; /* a signal came: the loop looks at the stop flag */
	for (int i = 0; i < jobs; i++)
		if (pool->worker[i].pid == pid)
			return end_worker(pool, &pool->worker[i], status, err);
	return 0;
}

static void stop_workers(const struct pool *pool, int number)
{
	for (int i = 0; i < pool->opt->jobs; i++)
		if (pool->worker[i].pid)
			kill(pool->worker[i].pid, number);
}

static int drive(struct pool *pool, struct lb_err *err)
{
	struct lb_err ignored = { 0 };
	bool told = false;
	int rc = 0;

	while (pool->running || (pool->waiting && !lb_stop_requested && !rc)) {
		for (int i = 0; i < pool->opt->jobs && pool->waiting && !lb_stop_requested && !rc; i++) {
			if (pool->worker[i].pid)
				continue;
			const struct group group = pool->queue[pool->head];
			pool->head = (pool->head + 1) % pool->n;
			pool->waiting--;
			rc = start_worker(pool, &pool->worker[i], group, err);
		}
		if ((lb_stop_requested || rc) && !told) {
			stop_workers(pool, SIGTERM);
			told = true;
		}
		if (pool->running && wait_one(pool, rc ? &ignored : err))
			rc = -1;
		if (!rc && lb_store_check(err))
			rc = -1;
	}
	for (; pool->waiting; pool->waiting--, pool->head++)
		pool->counts->left += pool->queue[pool->head % pool->n].n;
	return rc;
}

/* ---- cohorts ---- */

struct keyed {
	char *key;               /* NULL: of no cohort */
	size_t trial;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *p = a, *q = b;
	const int order = !p->key || !q->key ? (p->key != NULL) - (q->key != NULL) : strcmp(p->key, q->key);

	return order ? order : (p->trial > q->trial) - (p->trial < q->trial);
}

static int by_lead(const void *a, const void *b)
{
	const struct group *p = a, *q = b;

	return (p->lead > q->lead) - (p->lead < q->lead);
}

/* The most trials that train together: what fits the second cache with the batch, as far as all
 * workers stay busy to the end. */
static size_t most_together(const struct pool *pool)
{
	const size_t share = pool->n / (2 * (size_t)pool->opt->jobs);

	return share < 1 ? 1 : share > MOST_TOGETHER ? MOST_TOGETHER : share;
}

/* Splits trials with equal cohort keys into groups of at most most_together() trials, queued in the
 * order of the plan. */
static void make_groups(struct pool *pool, const struct keyed *k, size_t n)
{
	const size_t most = most_together(pool);

	for (size_t i = 0; i < n; i++) {
		struct group *last = pool->waiting ? &pool->queue[pool->waiting - 1] : NULL;
		const bool joins = last && last->n < most && k[i].key && k[last->first].key && !strcmp(k[i].key, k[last->first].key);
		pool->order[i] = k[i].trial;
		if (joins)
			last->n++;
		else
			pool->queue[pool->waiting++] = (struct group){ i, 1, k[i].trial };
	}
	qsort(pool->queue, pool->waiting, sizeof *pool->queue, by_lead);
}

static int queue_all(struct pool *pool, size_t n, struct lb_err *err)
{
	struct keyed *k = lb_alloc(n, sizeof *k, err);
	struct lb_spec spec = { 0 };
	int rc = k ? 0 : -1;

	for (size_t i = 0; i < n && !rc; i++) {
		struct lb_err why = { 0 };
		k[i] = (struct keyed){ lb_cohort_key(&pool->trials[i], &spec, &why), i };
		if (why.code)
			rc = lb_fail(err, why.code, "%s", why.text);
	}
	if (!rc && n) {
		qsort(k, n, sizeof *k, by_key);
		make_groups(pool, k, n);
	}
	lb_spec_free(&spec);
	for (size_t i = 0; k && i < n; i++)
		free(k[i].key);
	free(k);
	return rc;
}

static void tidy(const struct lb_trial *trials, size_t n)
{
	const char *before = "";

	for (size_t i = 0; i < n; i++) {
		const char *dir = trials[i].dir;
		if (strcmp(dir, before))
			lb_store_remove_stale(dir);
		before = dir;
	}
}

int lb_run_all(const struct lb_trial *trials, size_t n, size_t done_before, const struct lb_run_options *opt,
	       struct lb_run_counts *counts, struct lb_err *err)
{
	struct pool pool = { .trials = trials, .opt = opt, .n = n ? n : 1, .counts = counts };
	int rc = -1;

	*counts = (struct lb_run_counts){ 0 };
	signal(SIGCHLD, SIG_DFL); /* a parent that ignores it would leave no status to wait for */
	pool.worker = lb_alloc((size_t)opt->jobs, sizeof *pool.worker, err);
	pool.order = lb_alloc(pool.n, sizeof *pool.order, err);
	pool.queue = lb_alloc(pool.n, sizeof *pool.queue, err);
	pool.message = lb_alloc(1, sizeof *pool.message, err);
	if (pool.worker && pool.order && pool.queue && pool.message && !queue_all(&pool, n, err)) {
		lb_progress_start(&pool.progress, n + done_before, done_before);
		rc = drive(&pool, err);
		lb_progress_end(&pool.progress);
		lb_remarks_print(&pool.remarks);
		tidy(trials, n);
	}
	free(pool.worker);
	free(pool.order);
	free(pool.queue);
	free(pool.message);
	return rc;
}
