#include "core/run/run.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/stop.h"
#include "core/run/get.h"
#include "core/run/record.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How a worker ends: its exit status. An error's own code (4, 5) stands for itself. */
enum { WORKER_OK = 0, WORKER_DIVERGED = 10, WORKER_BUSY = 11, WORKER_INTERRUPTED = 12 };

struct worker {
	pid_t pid;               /* 0: idle */
	size_t trial;
	int pipe;                /* its message comes from here */
};

struct pool {
	const struct lb_trial *trials;
	const struct lb_run_options *opt;
	struct worker *worker;
	size_t *queue;           /* ring of trials to run */
	size_t head, waiting, n;
	size_t running, busy_in_a_row;
	struct lb_progress progress;
	struct lb_run_counts *counts;
	struct lb_err *message;      /* of the worker that ended last */
};

/* In the child: claim, look again, train, store. */
static int work(const struct lb_trial *t, const struct lb_run_options *opt, struct lb_err *err)
{
	const char *dir = lb_get_text(t->config, "output.dir");
	cJSON *record = NULL;
	int fd;

	const int claimed = lb_store_claim(dir, t->id, &fd, err);
	if (claimed < 0)
		return (int)err->code;
	if (!claimed)
		return WORKER_BUSY;
	if (lb_trial_done(t))
		return lb_store_look(dir, t->id, NULL) == LB_STORED_DIVERGED ? WORKER_DIVERGED : WORKER_OK;
	if (lb_run_trial(t, opt, &record, err))
		return (int)err->code;
	const char *status = lb_get_text(record, "result.status");
	const int end = !strcmp(status, "ok") ? WORKER_OK : !strcmp(status, "diverged") ? WORKER_DIVERGED : WORKER_INTERRUPTED;
	cJSON_Delete(record);
	return end;
}

static int start_worker(struct pool *pool, struct worker *w, size_t trial, struct lb_err *err)
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
		struct lb_err *why = lb_alloc(1, sizeof *why, NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || !why)
			_exit(LB_MACHINE);
		const int end = work(&pool->trials[trial], pool->opt, why);
		const size_t length = strlen(why->text);
		if (length && write(ends[1], why->text, length) < 0)
			_exit(LB_MACHINE);
		fflush(NULL);
		_exit(end);
	}
	close(ends[1]);
	*w = (struct worker){ .pid = pid, .trial = trial, .pipe = ends[0] };
	pool->running++;
	return 0;
}

static void read_message(struct worker *w, struct lb_err *err)
{
	size_t n = 0;
	ssize_t got;

	while (n + 1 < sizeof err->text && (got = read(w->pipe, err->text + n, sizeof err->text - 1 - n)) > 0)
		n += (size_t)got;
	err->text[n] = '\0';
	close(w->pipe);
}

/* A worker that a signal ended could not say so itself: its parent writes the record. */
static void record_crash(const struct pool *pool, size_t trial, const char *message)
{
	const struct lb_trial *t = &pool->trials[trial];
	struct lb_run_facts facts = { .study = pool->opt->study, .argv = pool->opt->argv };
	cJSON *record;

	lb_utc_now(facts.started, sizeof facts.started);
	record = lb_record_make(t, NULL, NULL, &facts, message, NULL);
	if (record)
		lb_store_write(lb_get_text(t->config, "output.dir"), t->id, record, NULL);
	cJSON_Delete(record);
}

static void put_back(struct pool *pool, size_t trial)
{
	pool->queue[(pool->head + pool->waiting++) % pool->n] = trial;
	if (++pool->busy_in_a_row > pool->waiting)
		nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
}

/* A short name of a trial for the progress line: its loss, model and seed. */
static void describe(const struct lb_trial *t, char *out, size_t size)
{
	snprintf(out, size, "%s %s seed %.0f", lb_get_text(t->config, "loss.name"), lb_get_text(t->config, "model.kind"),
		 lb_get_number(t->config, "train.seed", 0));
}

/* Returns -1 with err when the sweep cannot go on. */
static int end_worker(struct pool *pool, struct worker *w, int status, struct lb_err *err)
{
	struct lb_err *message = pool->message;
	const bool stored = !WIFEXITED(status) && lb_trial_done(&pool->trials[w->trial]);
	const int end = WIFEXITED(status) ? WEXITSTATUS(status) : stored ? WORKER_OK : -1;
	char name[160];
	int rc = 0;

	read_message(w, message);
	describe(&pool->trials[w->trial], name, sizeof name);
	if (end != WORKER_BUSY)
		pool->busy_in_a_row = 0;
	if (end == WORKER_BUSY)
		put_back(pool, w->trial);
	else if (end == WORKER_OK)
		pool->counts->ok++;
	else if (end == WORKER_DIVERGED)
		pool->counts->diverged++;
	else if (end == WORKER_INTERRUPTED || lb_stop_requested)
		pool->counts->left++;
	else if (end == LB_MACHINE)
		rc = lb_fail(err, LB_MACHINE, "%s", message->text[0] ? message->text : "a worker ran out of memory");
	else {
		const bool crash = end < 0 || !message->text[0];
		if (end < 0)
			snprintf(message->text, sizeof message->text, "the worker was ended by signal %d (%s)", WTERMSIG(status),
				 strsignal(WTERMSIG(status)));
		else if (crash)
			snprintf(message->text, sizeof message->text, "the worker ended with status %d and no message", end);
		if (crash)
			record_crash(pool, w->trial, message->text);
		lb_warn("trial %s (%s) failed: %s", pool->trials[w->trial].id, name, message->text);
		pool->counts->failed++;
	}
	if (end != WORKER_BUSY)
		lb_progress_step(&pool->progress, name);
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
			const size_t trial = pool->queue[pool->head];
			pool->head = (pool->head + 1) % pool->n;
			pool->waiting--;
			rc = start_worker(pool, &pool->worker[i], trial, err);
		}
		if ((lb_stop_requested || rc) && !told) {
			stop_workers(pool, SIGTERM);
			told = true;
		}
		if (pool->running && wait_one(pool, rc ? &ignored : err))
			rc = -1;
	}
	pool->counts->left += pool->waiting;
	return rc;
}

int lb_run_all(const struct lb_trial *trials, size_t n, size_t done_before, const struct lb_run_options *opt,
	       struct lb_run_counts *counts, struct lb_err *err)
{
	struct pool pool = { .trials = trials, .opt = opt, .n = n ? n : 1, .waiting = n, .counts = counts };
	int rc = -1;

	*counts = (struct lb_run_counts){ 0 };
	signal(SIGCHLD, SIG_DFL); /* a parent that ignores it would leave no status to wait for */
	pool.worker = lb_alloc((size_t)opt->jobs, sizeof *pool.worker, err);
	pool.queue = lb_alloc(pool.n, sizeof *pool.queue, err);
	pool.message = lb_alloc(1, sizeof *pool.message, err);
	if (pool.worker && pool.queue && pool.message) {
		for (size_t i = 0; i < n; i++)
			pool.queue[i] = i;
		lb_progress_start(&pool.progress, n + done_before, done_before);
		rc = drive(&pool, err);
		lb_progress_end(&pool.progress);
	}
	free(pool.worker);
	free(pool.queue);
	free(pool.message);
	return rc;
}
