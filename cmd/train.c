#include "cmd/cmd.h"

#include "cmd/config_args.h"
#include "cmd/print_metrics.h"

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/interrupt.h"
#include "core/run/saved_model_write.h"
#include "core/run/plan.h"
#include "core/run/cohort_run.h"
#include "core/run/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void show_epoch(void *arg, size_t i, size_t epoch, double train_loss, const double *valid)
{
	const struct lb_prepared *p = arg;
	char text[160];
	int n = snprintf(text, sizeof text, "epoch %zu/%zu  train.loss %.5f", epoch, p->cohort.epochs, train_loss);

	(void)i;
	if (valid && p->setup.n_metrics)
		snprintf(text + n, sizeof text - (size_t)n, "  valid.%s %.5f", p->setup.metric[0].key, valid[0]);
	lb_note("%s", text);
}

static void print_value(const cJSON *block, const char *metric)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(block, metric);

	if (cJSON_IsNumber(v))
		printf(" %12.6f", v->valuedouble);
	else
		printf(" %12s", cJSON_IsString(v) ? v->valuestring : "-");
}

/* A line for each metric; beside the splits what the baseline reaches on the last of them. */
static void print_metrics(const cJSON *record)
{
	static const char *const parts[] = { "train", "valid", "test" };
	const cJSON *metrics = lb_json_at(record, "result.metrics"), *first = NULL, *m;
	const cJSON *baseline = lb_json_at(lb_json_at(record, "baseline.metrics"), lb_reported_split(record));

	printf("%-20s", "metric");
	for (int i = 0; i < 3; i++)
		if (lb_json_at(metrics, parts[i])) {
			printf(" %12s", parts[i]);
			first = first ? first : lb_json_at(metrics, parts[i]);
		}
	printf(baseline ? " %12s\n" : "\n", "baseline");
	cJSON_ArrayForEach(m, first) {
		printf("%-20s", m->string);
		for (int i = 0; i < 3; i++) {
			if (lb_json_at(metrics, parts[i]))
				print_value(lb_json_at(metrics, parts[i]), m->string);
		}
		if (baseline)
			print_value(baseline, m->string);
		printf("\n");
	}
	if (baseline)
		printf("baseline: %s, on the %s rows\n", lb_baseline_words(record), lb_reported_split(record));
}

/* What the numbers mean: what was found after them, what is doubtful on stderr. */
static void print_verdict(const cJSON *record)
{
	struct lb_sentences found = { 0 }, doubts = { 0 };

	lb_verdict(record, &found, &doubts, NULL);
	for (size_t i = 0; i < found.n; i++)
		printf("%s\n", found.text[i]);
	fflush(stdout);
	for (size_t i = 0; i < doubts.n; i++)
		lb_warn("%s", doubts.text[i]);
	lb_sentences_free(&found);
	lb_sentences_free(&doubts);
}

/* What is to be printed: nothing but what is asked for with `quiet`. */
struct wanted {
	bool json, quiet;
	struct opt_list metrics; /* of --print */
};

static void print_record(const struct lb_trial *t, const cJSON *record, const struct wanted *w)
{
	const char *status = lb_json_text_at(record, "result.status");

	if (w->json) {
		struct lb_buf b = { 0 };
		lb_json_pretty(record, &b);
		puts(b.s ? b.s : "");
		lb_buf_free(&b);
		return;
	}
	if (w->quiet)
		return;
	if (!strcmp(status, "ok"))
		print_metrics(record);
	else if (!strcmp(status, "diverged"))
		printf("diverged in epoch %.0f, step %.0f: %s\n", lb_json_number_at(record, "result.diverged.epoch", 0),
		       lb_json_number_at(record, "result.diverged.step", 0), lb_json_text_at(record, "result.diverged.cause"));
	print_verdict(record);
	printf("%s: %s/trials/%s.json\n", status, t->dir, t->id);
}

/* Shows a finished record; NULL when the trial is to be run. */
static cJSON *finished(const struct lb_trial *t, bool force)
{
	cJSON *record = NULL;

	if (force || !lb_trial_done(t))
		return NULL;
	lb_store_lookup(t->dir, t->id, &record);
	lb_note("trial %s is done already; --force trains it again", t->id);
	return record;
}

static cJSON *claim_and_run(const struct lb_trial *t, const struct lb_run_options *run, bool force, struct lb_err *err)
{
	const char *dir = t->dir;
	cJSON *record = NULL;
	int fd = -1, claimed;

	if (lb_store_prepare(dir, err))
		return NULL;
	while ((claimed = lb_store_claim(dir, t->id, &fd, err)) == 0 && !lb_stop_requested)
		usleep(200000);
	if (!claimed)
		lb_fail(err, LB_INTERRUPTED, "interrupted; another lossbench is training trial %s", t->id);
	if (claimed <= 0)
		return NULL;
	if (!(record = finished(t, force)) && lb_run_trial(t, run, &record, err))
		record = NULL;
	if (fd >= 0)
		close(fd);
	return record;
}

static int train(struct lb_plan *plan, const char *path, const struct lb_run_options *run, bool force, const struct wanted *w,
		 struct lb_err *err)
{
	if (plan->tune)
		return lb_fail(err, LB_USAGE, "%s has a tune block, which needs several trainings; use `lossbench sweep --config %s`", path, path);
	if (plan->n != 1)
		return lb_fail(err, LB_USAGE, "%s has a sweep block of %zu trials; use `lossbench sweep --config %s`, or `train` with every swept key set "
			       "to one value by --set", path, plan->n, path);
	if (w->metrics.n && check_printed(plan, &w->metrics, err))
		return -1;
	cJSON *record = finished(&plan->trial[0], force);
	if (!record && !(record = claim_and_run(&plan->trial[0], run, force, err)))
		return -1;
	const char *status = lb_json_text_at(record, "result.status");
	int code = !strcmp(status, "interrupted") ? LB_INTERRUPTED : !strcmp(status, "failed") ? LB_TRIALS : LB_OK;
	if (!w->metrics.n)
		print_record(&plan->trial[0], record, w);
	else if (code == LB_OK && print_named(record, &w->metrics, err))
		code = -1;
	cJSON_Delete(record);
	return code;
}

/* A trial that diverged has no model. */
static int copy_model(const struct lb_trial *t, const char *to, struct lb_err *err)
{
	char *from = lb_saved_model_path(t, err), *bytes = NULL;
	size_t n = 0;
	int rc = from ? 0 : -1;

	if (from && !lb_file_exists(from))
		lb_warn("%s is not written: the trial has no model to keep", to);
	else if (from)
		rc = (bytes = lb_read_file(from, (size_t)1 << 40, &n, LB_MACHINE, err)) ? lb_write_file(to, bytes, n, err) : -1;
	free(bytes);
	free(from);
	return rc;
}

int cmd_train(int argc, char **argv, struct lb_err *err)
{
	const char *kernel = NULL, *kernels = NULL, *model = NULL;
	struct config_args args = { 0 };
	bool force = false;
	struct wanted wanted = { 0 };
	long threads = 1;
	const struct opt opts[] = {
		OPT_CONFIG(&args),
		{ "set", 's', OPT_LIST, "KEY=VALUE", 0, 0, "override an option, such as loss.gamma=1; repeatable", &args.sets },
		{ "force", 0, OPT_FLAG, NULL, 0, 0, "train even if the result is there", &force },
		{ "json", 0, OPT_FLAG, NULL, 0, 0, "print the whole record", &wanted.json },
		{ "print", 'p', OPT_LIST, "METRIC", 0, 0, "print just this number: test.accuracy, or in short accuracy; repeatable", &wanted.metrics },
		{ "save-model", 0, OPT_TEXT, "FILE.npz", 0, 0, "keep the trained model there too (output.model: true)", &model },
		{ "quiet", 'q', OPT_FLAG, NULL, 0, 0, "no progress, no warnings, and no output but that of --print and --json", &wanted.quiet },
		OPT_THREADS(&threads),
		OPT_KERNELS(&kernels),
		OPT_BLAS_KERNEL(&kernel),
	};
	struct lb_plan plan;
	size_t n;
	int code = -1;

	const int rc = opts_parse("train", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	if (n + (args.configs.n > 0) != 1) {
		lb_fail(err, LB_USAGE, "train: one config is needed: lossbench train --config FILE");
		goto out;
	}
	if (config_args_settle(&args, argv[1], err) || (model && config_args_set(&args, "output.model=true", err)))
		goto out;
	if (wanted.json && wanted.metrics.n) {
		lb_fail(err, LB_USAGE, "train: --json prints the whole record, --print some of its numbers; keep one");
		goto out;
	}
	lb_log_quiet(wanted.quiet);
	if (choose_arithmetic(kernels, kernel, true, err))
		goto out;
	lb_stop_on_signals();
	if (!lb_plan_open(&plan, args.path, args.sets.item, args.sets.n, false, err)) {
		char *question = lb_config_question(args.path, err);
		const struct lb_run_options run = { .study = lb_config_name(plan.config), .question = question, .argv = command_line, .jobs = 1,
						    .threads = (int)threads, .progress = wanted.quiet ? NULL : show_epoch };
		code = train(&plan, args.path, &run, force, &wanted, err);
		if (code == LB_OK && model && copy_model(&plan.trial[0], model, err))
			code = -1;
		lb_plan_close(&plan);
		free(question);
	}
out:
	free(wanted.metrics.item);
	config_args_free(&args);
	return code;
}
