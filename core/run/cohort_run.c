#include "core/run/cohort_run.h"

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/run/saved_model_write.h"
#include "core/run/record.h"
#include "core/run/remarks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static char *predictions_path(const struct lb_trial *t, struct lb_err *err)
{
	return lb_strfmt(err, "%s/trials/%s.predictions.csv", t->dir, t->id);
}

static bool has_companion(char *path)
{
	const bool there = path && lb_file_exists(path);

	free(path);
	return there;
}

bool lb_trial_done(const struct lb_trial *t)
{
	const enum lb_stored s = lb_store_lookup(t->dir, t->id, NULL);

	if (s != LB_STORED_OK)
		return s == LB_STORED_DIVERGED;
	return (!t->predictions || has_companion(predictions_path(t, NULL))) &&
	       (!t->model || has_companion(lb_saved_model_path(t, NULL)));
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

static void add_column(struct lb_buf *b, const struct lb_setup *setup, size_t k)
{
	char name[LB_COLUMN_NAME];

	lb_setup_column_name(setup, k, name);
	lb_buf_printf(b, ",%s", name);
}

/* row (of the dataset, from 0), label or targets, one column of scores each, what else is told of
 * targets; full precision. */
static int write_predictions(const struct lb_trial *t, const struct lb_prepared *p, const struct lb_train_result *out, struct lb_err *err)
{
	const struct lb_dataset *d = t->source->data;
	char *path = predictions_path(t, err), number[LB_DOUBLE_TEXT];
	struct lb_buf b = { 0 };
	int rc = -1;

	lb_buf_puts(&b, "row");
	for (size_t k = 0; k < (d->y ? 1 : d->n_targets); k++)
		lb_buf_printf(&b, d->y ? ",label" : d->event ? ",time,event" : ",target_%zu", k + 1);
	for (size_t k = 0; k < out->columns; k++)
		add_column(&b, &p->setup, k);
	for (size_t i = 0; i < p->split.n[LB_TEST]; i++) {
		const size_t row = p->split.rows[LB_TEST][i];
		lb_buf_printf(&b, "\n%zu", row);
		if (d->y)
			add_field(&b, d->class_name[d->y[row]]);
		for (size_t k = 0; !d->y && k < d->n_targets; k++) {
			lb_double_text(d->target[row * d->n_targets + k], number);
			lb_buf_printf(&b, ",%s", number);
		}
		if (d->event)
			lb_buf_printf(&b, ",%d", (int)d->event[row]);
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

static int write_model(const struct lb_trial *t, const struct lb_prepared *p, const struct lb_train_result *out, struct lb_err *err)
{
	char *path = lb_saved_model_path(t, err);
	const int rc = path ? lb_saved_model_write(path, t, p, out, err) : -1;

	free(path);
	return rc;
}

static void forget_checkpoint(const struct lb_trial *t)
{
	char *path = lb_checkpoint_path(t, NULL);

	if (path)
		unlink(path);
	free(path);
}

/* A rerun that was interrupted or failed leaves a finished record as it is. */
static int store(const struct lb_trial *t, const struct lb_prepared *p, const struct lb_train_result *out, struct lb_run_facts *facts,
		 const char *message, bool flush, cJSON **record, struct lb_err *err)
{
	const char *dir = t->dir;
	const enum lb_stored before = lb_store_lookup(dir, t->id, NULL);
	const bool finished = before == LB_STORED_OK || before == LB_STORED_DIVERGED;
	const bool ended = out && (out->status == LB_TRIAL_OK || out->status == LB_TRIAL_DIVERGED);
	cJSON *made = lb_record_make(t, p, out, facts, message, err);
	int rc = !made ? -1 : finished && !ended ? 0 : lb_store_write(dir, t->id, made, flush, err);

	if (!rc && out && out->status == LB_TRIAL_OK && out->scores)
		rc = write_predictions(t, p, out, err);
	if (!rc && out && out->status == LB_TRIAL_OK && out->w)
		rc = write_model(t, p, out, err);
	if (!rc && ended)
		forget_checkpoint(t);
	if (record && !rc)
		*record = made;
	else
		cJSON_Delete(made);
	return rc;
}

/* One trial of a cohort on its way to its record. */
struct member {
	const struct lb_trial *t;
	struct lb_prepared p;
	bool ready, stored;
	struct lb_train_result *out;
	struct lb_run_end *end;
	cJSON **record;                  /* or NULL */
};

/* A cohort that is run. */
struct company {
	struct member *m;
	size_t k;
	size_t *who;                     /* the members that are trained, in their order */
	struct lb_run_facts facts;
	double start, cpu;
};

/* Prepares all that can be; the first is the leader of the others. Returns it, NULL when there is
 * none. */
static struct lb_prepared *prepare_all(struct company *co)
{
	struct lb_prepared *leader = NULL;

	for (size_t i = 0; i < co->k; i++) {
		struct member *m = &co->m[i];
		m->ready = !lb_prepare(m->t, leader, &m->p, &m->end->err);
		m->end->rc = m->ready ? 0 : -1;
		if (m->ready && !leader)
			leader = &m->p;
	}
	return leader;
}

/* Stores how a member has ended, once. */
static void store_end(struct company *co, struct member *m)
{
	struct lb_run_facts *facts = &co->facts;

	if (m->stored)
		return;
	m->stored = true;
	facts->total_seconds = (lb_seconds() - co->start) / (double)co->k;
	facts->cpu_seconds = (cpu_seconds() - co->cpu) / (double)co->k;
	facts->load_seconds = m->t->source->seconds;
	facts->prepare_seconds = m->ready ? m->p.seconds : 0;
	if (m->end->rc) {
		store(m->t, NULL, NULL, facts, m->end->err.text, co->k == 1, NULL, NULL); /* if that fails, the first message is the one to show */
		return;
	}
	m->end->status = m->out->status;
	m->end->rc = store(m->t, &m->p, m->out, facts, NULL, co->k == 1, m->record, &m->end->err);
	if (!m->end->rc)
		lb_remark(&m->p, m->out, m->end->err.text, sizeof m->end->err.text);
}

/* A trial that has ended is stored while its companions still train. */
static int on_end(void *arg, size_t i, struct lb_err *err)
{
	struct company *co = arg;
	struct member *m = &co->m[co->who[i]];

	store_end(co, m);
	if (m->end->rc)
		*err = m->end->err;
	return m->end->rc;
}

/* Seconds after which a training is kept, so that a kill loses little of it;
 * LOSSBENCH_CHECKPOINT_SECONDS sets it, 0: never. */
static double keep_seconds(void)
{
	static const double usual = 30;
	const char *text = getenv("LOSSBENCH_CHECKPOINT_SECONDS");
	double seconds;

	return text && lb_parse_double(text, strlen(text), &seconds) && seconds >= 0 ? seconds : usual;
}

/* Trains those that are ready; an error is the end of all that have not ended before. */
static void train_all(struct company *co, const struct lb_run_options *opt, struct lb_prepared *leader)
{
	struct lb_setup *setup = lb_alloc(co->k, sizeof *setup, NULL);
	struct lb_train_result *made = lb_alloc(co->k, sizeof *made, NULL);
	struct lb_err *err = lb_alloc(1, sizeof *err, NULL);
	size_t n = 0;
	int rc = -1;

	co->who = lb_alloc(co->k, sizeof *co->who, NULL);
	for (size_t i = 0; setup && made && co->who && i < co->k; i++)
		if (co->m[i].ready) {
			co->m[i].out = &made[n];
			co->who[n] = i;
			setup[n++] = co->m[i].p.setup;
		}
	leader->cohort.threads = (size_t)opt->threads;
	leader->cohort.progress = opt->progress;
	leader->cohort.progress_arg = leader;
	leader->cohort.ended = on_end;
	leader->cohort.ended_arg = co;
	leader->cohort.keep_seconds = keep_seconds();
	if (n && err)
		rc = lb_prepared_train(leader, setup, n, made, err);
	for (size_t i = 0; i < co->k; i++) {
		struct member *m = &co->m[i];
		if (rc && m->ready && !m->stored) {
			m->end->rc = -1;
			if (err && err->code != LB_OK)
				m->end->err = *err;
			else
				lb_fail_memory(&m->end->err, co->k * sizeof *setup);
		}
		store_end(co, m);
	}
	for (size_t i = 0; made && i < n; i++)
		lb_train_result_free(&made[i]);
	free(setup);
	free(made);
	free(co->who);
	free(err);
}

/* Flushes the records of several trials at once, which takes as long as one by itself. */
static void flush_all(struct company *co)
{
	struct lb_err *err = co->k > 1 ? lb_alloc(1, sizeof *err, NULL) : NULL;

	if (co->k > 1 && (!err || lb_store_flush(co->m[0].t->dir, err)))
		for (size_t i = 0; i < co->k; i++) {
			struct lb_run_end *end = co->m[i].end;
			if (end->rc)
				continue;
			end->rc = -1;
			if (err)
				end->err = *err;
			else
				lb_fail_memory(&end->err, sizeof *err);
		}
	free(err);
}

void lb_run_cohort(const struct lb_trial *const *t, size_t k, const struct lb_run_options *opt, struct lb_run_end *end, cJSON **record)
{
	struct company co = { .m = lb_alloc(k, sizeof *co.m, NULL), .k = k, .facts = { .study = opt->study, .question = opt->question, .argv = opt->argv },
			      .start = lb_seconds(), .cpu = cpu_seconds() };

	lb_utc_now(co.facts.started, sizeof co.facts.started);
	for (size_t i = 0; i < k; i++) {
		end[i] = (struct lb_run_end){ .rc = -1 };
		if (co.m)
			co.m[i] = (struct member){ .t = t[i], .end = &end[i], .record = record ? &record[i] : NULL };
		else
			lb_fail_memory(&end[i].err, k * sizeof *co.m);
	}
	if (!co.m)
		return;
	struct lb_prepared *leader = prepare_all(&co);
	if (leader)
		train_all(&co, opt, leader);
	for (size_t i = 0; i < k; i++)
		store_end(&co, &co.m[i]);
	flush_all(&co);
	for (size_t i = k; i-- > 0;)
		if (co.m[i].ready)
			lb_prepared_free(&co.m[i].p);
	free(co.m);
}

int lb_run_trial(const struct lb_trial *t, const struct lb_run_options *opt, cJSON **record, struct lb_err *err)
{
	struct lb_run_end *end = lb_alloc(1, sizeof *end, err);

	if (!end)
		return -1;
	struct lb_remarks remarks = { 0 };
	lb_run_cohort(&t, 1, opt, end, record);
	const int rc = end->rc;
	if (rc)
		*err = end->err;
	else
		lb_remarks_add(&remarks, end->err.text);
	lb_remarks_print(&remarks);
	free(end);
	return rc;
}
