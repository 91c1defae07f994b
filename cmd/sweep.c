#include "cmd/cmd.h"

#include "core/base/text.h"

#include "cmd/config_args.h"
#include "cmd/python_script.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/interrupt.h"
#include "core/run/sweep_status.h"
#include "core/run/plan.h"
#include "core/run/probe.h"
#include "core/run/cohort_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* An id of --only. */
struct wanted {
	char id[64];
	bool found;
};

struct choices {
	const char *only;
	struct wanted *wanted; /* of --only, sorted */
	size_t n_wanted;
	size_t shard, shards;
};

/* "I/N" with 1 <= I <= N. */
static int parse_shard(const char *text, size_t *i, size_t *n, struct lb_err *err)
{
	char end;

	*i = *n = 1;
	if (text && (sscanf(text, "%zu/%zu%c", i, n, &end) != 2 || *i < 1 || *i > *n))
		return lb_fail(err, LB_USAGE, "--shard: found \"%s\", allowed: I/N with I from 1 to N, such as 2/8", text);
	return 0;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct wanted *)a)->id, ((const struct wanted *)b)->id);
}

static struct wanted *listed(const struct choices *c, const char *id)
{
	struct wanted key = { 0 };

	snprintf(key.id, sizeof key.id, "%s", id);
	return bsearch(&key, c->wanted, c->n_wanted, sizeof *c->wanted, by_id);
}

/* Reads the ids of --only, sorted for listed(). */
static int read_only(struct choices *c, struct lb_err *err)
{
	size_t most = 1;

	for (const char *p = c->only; p && *p; p++)
		most += *p == ',';
	if (!(c->wanted = lb_alloc(most, sizeof *c->wanted, err)))
		return -1;
	for (const char *p = c->only; p && *p; p += strcspn(p, ","), p += *p == ',')
		snprintf(c->wanted[c->n_wanted++].id, sizeof c->wanted->id, "%.*s", (int)strcspn(p, ","), p);
	qsort(c->wanted, c->n_wanted, sizeof *c->wanted, by_id);
	return 0;
}

/* An id given twice is there twice; the same of the two is found each time. */
static int check_only(const struct lb_plan *plan, const struct choices *c, struct lb_err *err)
{
	for (size_t i = 0; i < plan->n && c->n_wanted; i++) {
		struct wanted *w = listed(c, plan->trial[i].id);
		if (w)
			w->found = true;
	}
	for (size_t i = 0; i < c->n_wanted; i++)
		if (!listed(c, c->wanted[i].id)->found)
			return lb_fail(err, LB_USAGE, "--only: no trial \"%s\" in this plan; `lossbench sweep --list` shows the ids",
				       c->wanted[i].id);
	return 0;
}

static const char *state_name(const struct lb_trial *t)
{
	static const char *const names[] = { "to do", "ok", "diverged", "failed", "interrupted" };

	return names[lb_store_lookup(t->dir, t->id, NULL)];
}

/* id, state, and the options that vary, separated by tabs. */
static int print_list(const struct lb_plan *plan, const struct lb_trial *trials, size_t n, struct lb_err *err)
{
	cJSON *paths = lb_config_varying(&plan->list, err);
	const cJSON *path;

	if (!paths)
		return -1;
	for (size_t i = 0; i < n; i++) {
		printf("%s\t%s\t", trials[i].id, state_name(&trials[i]));
		const char *blank = "";
		cJSON_ArrayForEach(path, paths) {
			struct lb_buf b = { 0 };
			const cJSON *v = lb_json_at(trials[i].config, path->valuestring);
			if (!v)
				continue;
			if (cJSON_IsString(v))
				lb_buf_visible(&b, v->valuestring);
			else
				lb_json_canonical(v, &b);
			printf("%s%s=%s", blank, path->valuestring, b.s ? b.s : "");
			blank = " ";
			lb_buf_free(&b);
		}
		printf("\n");
	}
	cJSON_Delete(paths);
	return 0;
}

/* The trials of this shard and selection, in the order of the plan; returns their number. */
static size_t choose(const struct lb_plan *plan, const struct choices *c, struct lb_trial *out)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++)
		if (i % c->shards == c->shard - 1 && (!c->only || listed(c, plan->trial[i].id)))
			out[n++] = plan->trial[i];
	return n;
}

/* Keeps the trials that are to be run; returns their number. */
static size_t keep_undone(struct lb_trial *t, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if (!lb_trial_done(&t[i]))
			t[left++] = t[i];
	return left;
}

static int finish(const struct lb_run_counts *c, size_t done, const char *path, const char *dir)
{
	const size_t n = done + c->ok + c->diverged + c->failed + c->interrupted + c->left;
	char broken_off[80] = "";

	if (c->interrupted)
		snprintf(broken_off, sizeof broken_off, ", %zu interrupted", c->interrupted);
	lb_note("%zu trial%s: %zu done before, %zu ok, %zu diverged, %zu failed%s%s", n, lb_s(n), done, c->ok, c->diverged, c->failed,
		broken_off, c->left ? ", the rest not run" : "");
	if (lb_stop_requested) {
		lb_note("interrupted; go on with: lossbench sweep --config %s", path);
		return LB_INTERRUPTED;
	}
	lb_note("results: %s/trials; table: lossbench report %s", dir, dir);
	return c->failed ? LB_TRIALS : LB_OK;
}

static int prepare_folders(const struct lb_trial *t, size_t n, struct lb_err *err)
{
	const char *before = "";

	for (size_t i = 0; i < n; i++) {
		const char *dir = t[i].dir;
		if (strcmp(dir, before) && lb_store_prepare(dir, err))
			return -1;
		before = dir;
	}
	return 0;
}

/* What of the command line every step needs. */
struct sweep {
	const char *path;
	const struct opt_list *sets;
	const struct choices *choices;
	const struct lb_run_options *run;
	bool quiet;
};

#define PROBE_SECONDS 5.0

/* What `undone` trials, and `after` more like them, will cost, by a probe of some of them. */
static void say_cost(const struct lb_trial *t, size_t undone, size_t after, int jobs, int threads)
{
	struct lb_probe probe;
	char left[32];

	lb_probe(t, undone, threads, PROBE_SECONDS, &probe);
	if (!probe.trials && !probe.more)
		return;
	const size_t at_once = undone < (size_t)jobs ? undone : (size_t)jobs;
	lb_time_text(probe.seconds * (1 + (double)after / (double)undone) / (double)at_once, left, sizeof left);
	if (probe.more)
		lb_note("more than %s with --jobs %d: an epoch takes longer than %.0f seconds", left, jobs, PROBE_SECONDS);
	else
		lb_note("about %s with --jobs %d, by an epoch of some of them", left, jobs);
}

/* Before a sweep: what it will cost, where no trial has told. */
static void foretell(const struct lb_plan *plan, const struct lb_trial *t, size_t undone, const struct lb_run_options *run, bool some_done)
{
	enum { FEW = 3 };

	if (undone >= FEW && !some_done)
		say_cost(t, undone, plan->tuning ? 0 : lb_plan_refits(plan), run->jobs, run->threads);
}

/* Runs what is to do of the chosen trials. */
static int run_chosen(const struct lb_plan *plan, struct lb_trial *t, size_t n, const struct sweep *s, struct lb_err *err)
{
	struct lb_run_counts counts;
	const char *dir = n ? t[0].dir : "";
	const size_t undone = keep_undone(t, n);

	lb_note("%zu trial%s: %zu done, %zu to do", n, lb_s(n), n - undone, undone);
	if (prepare_folders(t, undone, err))
		return -1;
	if (!s->quiet)
		foretell(plan, t, undone, s->run, undone < n);
	if (undone && lb_sweep_plan_write(dir, plan, s->path, s->sets->item, s->sets->n, s->run->jobs, err))
		return -1;
	if (lb_run_all(t, undone, n - undone, s->run, &counts, err))
		return -1;
	return finish(&counts, n - undone, s->path, dir);
}

/* How much is to do, and how long that takes by what was measured. */
static void print_dry(const struct lb_plan *plan, struct lb_trial *t, size_t n, const struct lb_run_options *run)
{
	const int jobs = run->jobs;
	const size_t after = plan->tuning ? 0 : lb_plan_refits(plan);
	struct lb_estimate e;
	char left[32];

	lb_estimate_time(t, n, &e);
	const size_t undone = n - e.done;
	printf("%zu trial%s: %zu done, %zu to do", n, lb_s(n), e.done, undone);
	if (after)
		printf("; %zu fold%s to tune, then %zu training%s with the chosen settings", plan->n, lb_s(plan->n), after,
		       lb_s(after));
	lb_time_text(e.seconds / jobs, left, sizeof left);
	puts("");
	if (undone && e.measured)
		printf("about %s with --jobs %d, by the times of the %zu done\n", left, jobs, e.measured);
	else if (undone)
		say_cost(t, keep_undone(t, n), after, jobs, run->threads);
}

/* The ids of the trials that a study's table is of, one a line in a file in memory: those of the
 * plan, of a tuned study those that train what was chosen. NULL when there are none, or no file
 * could be made. */
static FILE *list_ids(const struct lb_plan *plan)
{
	const size_t n = plan->tune ? plan->n_refits : plan->n;
	const int fd = n ? memfd_create("ids", MFD_CLOEXEC) : -1;
	FILE *f = fd >= 0 ? fdopen(fd, "w+") : NULL;

	if (fd >= 0 && !f)
		close(fd);
	for (size_t i = 0; f && i < n; i++)
		fprintf(f, "%s\n", plan->trial[plan->tune ? plan->refit[i] : i].id);
	if (f && (fflush(f) || ferror(f))) {
		fclose(f);
		f = NULL;
	}
	return f;
}

/* The table that `lossbench report DIR` prints, of this plan's trials alone, where there is a
 * Python to make it. */
static void print_table(const struct lb_plan *plan, const struct sweep *s, int code)
{
	const char *dir = plan->n ? plan->trial[0].dir : NULL, *words[] = { dir, "--ids", "/dev/stdin" };

	if (!dir || plan->n < 2 || (code != LB_OK && code != LB_TRIALS) || s->quiet || s->choices->only || s->choices->shards > 1)
		return;
	FILE *ids = list_ids(plan);
	if (ids)
		script_run("aggregate.py", &(struct script_run){ .words = words, .n_words = 3, .in = ids, .silent = true });
	if (ids)
		fclose(ids);
}

/* Warns of every line of a text. */
static void warn_lines(const char *text)
{
	for (; text && *text; text += strcspn(text, "\n"), text += *text == '\n')
		lb_warn("%.*s", (int)strcspn(text, "\n"), text);
}

/* The choices of a tuning go to the results folder; what is remarkable about them to the user. */
static int tell_choice(const struct lb_plan *plan, struct lb_err *err)
{
	if (!plan->tuning)
		return 0;
	warn_lines(plan->said.s);
	return lb_plan_save_choice(plan, err);
}

/* The exit code, with the reason where it is not LB_OK. */
static int end_sweep(const struct lb_plan *plan, int code, struct lb_err *err)
{
	if (code == LB_TRIALS)
		lb_fail(err, LB_TRIALS, "some trials failed; their records say why (result.message), and the same command runs them again");
	if ((code == LB_TRIALS || code == LB_OK) && plan->unjudged) {
		lb_fail_more(err, LB_TRIALS, "%.*s", (int)(plan->why.n - 1), plan->why.s);
		code = LB_TRIALS;
	}
	return code;
}

/* With a tune block the folds of all candidates come first; the best of each arm is then found from
 * the records. */
static int sweep(struct lb_plan *plan, const struct sweep *s, bool list, bool dry, struct lb_err *err)
{
	struct lb_trial *chosen = NULL;
	int code = -1, more;

	if (check_only(plan, s->choices, err))
		return -1;
	if (plan->untested && !list)
		lb_warn("tune: some splits have no test rows, so trials are judged by validation rows that tuning has seen; give data.split.test "
			"a share for numbers that hold on new rows");
	do {
		free(chosen);
		if (!(chosen = lb_alloc(plan->n, sizeof *chosen, err)))
			return -1;
		const size_t n = choose(plan, s->choices, chosen);
		more = 0;
		if (list)
			code = print_list(plan, chosen, n, err);
		else if (dry) {
			print_dry(plan, chosen, n, s->run);
			code = LB_OK;
		} else {
			code = tell_choice(plan, err) ? -1 : run_chosen(plan, chosen, n, s, err);
			more = code == LB_OK || code == LB_TRIALS ? lb_plan_choose(plan, true, err) : 0;
		}
	} while (more > 0);
	free(chosen);
	if (more < 0)
		return -1;
	if (!list && !dry) {
		print_table(plan, s, code);
		code = end_sweep(plan, code, err);
	}
	return code;
}

int cmd_sweep(int argc, char **argv, struct lb_err *err)
{
	const char *shard = NULL, *kernel = NULL, *kernels = NULL;
	struct config_args args = { 0 };
	struct choices c = { 0 };
	bool list = false, dry = false, quiet = false;
	long jobs = sysconf(_SC_NPROCESSORS_ONLN), threads = 1;
	const struct opt opts[] = {
		OPT_CONFIG(&args),
		{ "set", 's', OPT_LIST, "KEY=VALUE", 0, 0, "override an option; a comma makes a sweep: train.seed=1,2,3", &args.sets },
		{ "jobs", 'j', OPT_INT, "N", 1, 4096, "worker processes; default: one a core", &jobs },
		{ "shard", 0, OPT_TEXT, "I/N", 0, 0, "every N-th trial, starting with the I-th", &shard },
		{ "only", 0, OPT_TEXT, "ID,...", 0, 0, "these trials", &c.only },
		{ "list", 'l', OPT_FLAG, NULL, 0, 0, "print the trials: id, state, what varies", &list },
		{ "dry-run", 'n', OPT_FLAG, NULL, 0, 0, "check everything, say how much is to do, train nothing", &dry },
		{ "quiet", 'q', OPT_FLAG, NULL, 0, 0, "no progress, no warnings", &quiet },
		OPT_THREADS(&threads),
		OPT_KERNELS(&kernels),
		OPT_BLAS_KERNEL(&kernel),
	};
	struct lb_plan plan;
	size_t n;
	int code = -1;

	const int rc = opts_parse("sweep", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	if (n + (args.configs.n > 0) != 1) {
		lb_fail(err, LB_USAGE, "sweep: one config is needed: lossbench sweep --config FILE");
		goto out;
	}
	if (config_args_settle(&args, argv[1], err) || parse_shard(shard, &c.shard, &c.shards, err) || read_only(&c, err))
		goto out;
	lb_log_quiet(quiet);
	if (choose_arithmetic(kernels, kernel, !list, err))
		goto out;
	lb_stop_on_signals();
	if (lb_plan_open(&plan, args.path, args.sets.item, args.sets.n, true, err))
		goto out;
	char *question = lb_config_question(args.path, err);
	const struct lb_run_options run = { .study = lb_config_name(plan.config), .question = question, .argv = command_line,
					    .jobs = (int)(jobs < 1 ? 1 : jobs), .threads = (int)threads };
	code = sweep(&plan, &(struct sweep){ args.path, &args.sets, &c, &run, quiet }, list, dry, err);
	lb_plan_close(&plan);
	free(question);
out:
	free(c.wanted);
	config_args_free(&args);
	return code;
}
