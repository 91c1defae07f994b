#include "core/run/run.h"

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/run/get.h"
#include "core/run/record.h"

#include <stdlib.h>
#include <sys/resource.h>

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static char *predictions_path(const struct lb_trial *t, struct lb_err *err)
{
	return lb_strfmt(err, "%s/trials/%s.predictions.csv", lb_get_text(t->config, "output.dir"), t->id);
}

bool lb_trial_done(const struct lb_trial *t)
{
	const enum lb_stored s = lb_store_look(lb_get_text(t->config, "output.dir"), t->id, NULL);

	if (s == LB_STORED_DIVERGED)
		return true;
	if (s != LB_STORED_OK || !lb_get_bool(t->config, "output.predictions"))
		return s == LB_STORED_OK;
	char *path = predictions_path(t, NULL);
	const bool there = path && lb_file_exists(path);
	free(path);
	return there;
}

static void add_field(struct lb_buf *b, const char *text)
{
	lb_buf_puts(b, ",\"");
	for (; *text; text++) {
		if (*text == '"')
			lb_buf_puts(b, "\"");
		lb_buf_add(b, text, 1);
	}
	lb_buf_puts(b, "\"");
}

/* row (of the dataset, from 0), label or targets, one column of scores each; full precision. */
static int write_predictions(const struct lb_trial *t, const struct lb_prepared *p, const struct lb_outcome *out, struct lb_err *err)
{
	const struct lb_dataset *d = t->source->data;
	char *path = predictions_path(t, err), number[LB_DOUBLE_TEXT];
	struct lb_buf b = { 0 };
	int rc = -1;

	lb_buf_puts(&b, "row");
	for (size_t k = 0; k < (d->y ? 1 : d->n_targets); k++)
		lb_buf_printf(&b, d->y ? ",label" : ",target_%zu", k + 1);
	for (size_t k = 0; k < out->columns; k++)
		lb_buf_printf(&b, ",score_%zu", k + 1);
	for (size_t i = 0; i < p->split.n[LB_TEST]; i++) {
		const size_t row = p->split.rows[LB_TEST][i];
		lb_buf_printf(&b, "\n%zu", row);
		if (d->y)
			add_field(&b, d->class_name[d->y[row]]);
		for (size_t k = 0; !d->y && k < d->n_targets; k++) {
			lb_double_text(d->target[row * d->n_targets + k], number);
			lb_buf_printf(&b, ",%s", number);
		}
		for (size_t k = 0; k < out->columns; k++) {
			lb_double_text(out->scores[i * out->columns + k], number);
			lb_buf_printf(&b, ",%s", number);
		}
	}
	lb_buf_puts(&b, "\n");
	if (b.bad)
		lb_fail_memory(err, b.n);
	else if (path)
		rc = lb_write_file(path, b.s, b.n, err);
	lb_buf_free(&b);
	free(path);
	return rc;
}

/* A rerun that was interrupted or failed leaves a finished record as it is. */
static int store(const struct lb_trial *t, const struct lb_prepared *p, const struct lb_outcome *out, struct lb_run_facts *facts,
		 const char *message, cJSON **record, struct lb_err *err)
{
	const char *dir = lb_get_text(t->config, "output.dir");
	const enum lb_stored before = lb_store_look(dir, t->id, NULL);
	const bool finished = before == LB_STORED_OK || before == LB_STORED_DIVERGED;
	const bool ended = out && (out->status == LB_TRIAL_OK || out->status == LB_TRIAL_DIVERGED);
	cJSON *made = lb_record_make(t, p, out, facts, message, err);
	int rc = !made ? -1 : finished && !ended ? 0 : lb_store_write(dir, t->id, made, err);

	if (!rc && out && out->status == LB_TRIAL_OK && out->scores)
		rc = write_predictions(t, p, out, err);
	if (record && !rc)
		*record = made;
	else
		cJSON_Delete(made);
	return rc;
}

int lb_run_trial(const struct lb_trial *t, const struct lb_run_options *opt, cJSON **record, struct lb_err *err)
{
	struct lb_run_facts facts = { .study = opt->study, .argv = opt->argv, .load_seconds = t->source->seconds };
	const double start = lb_seconds(), cpu = cpu_seconds();
	struct lb_prepared *p = lb_alloc(1, sizeof *p, err);
	struct lb_outcome out = { 0 };
	int rc = -1;

	lb_utc_now(facts.started, sizeof facts.started);
	if (p && !lb_prepare(t, p, err)) {
		p->cohort.progress = opt->progress;
		p->cohort.progress_arg = p;
		rc = lb_prepared_train(p, &out, err);
	}
	facts.prepare_seconds = p ? p->seconds : 0;
	facts.total_seconds = lb_seconds() - start;
	facts.cpu_seconds = cpu_seconds() - cpu;
	if (!rc)
		rc = store(t, p, &out, &facts, NULL, record, err);
	else if (store(t, NULL, NULL, &facts, err->text, NULL, NULL))
		rc = -1; /* the first message is the one to show */
	lb_outcome_free(&out);
	if (p)
		lb_prepared_free(p);
	free(p);
	return rc;
}
