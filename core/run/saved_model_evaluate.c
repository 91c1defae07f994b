#include "core/run/saved_model_evaluate.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/run/saved_model_predict.h"
#include "core/run/trial.h"
#include "core/training/predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof((struct lb_saved_evaluation *)0)->value / sizeof(double) == sizeof((struct lb_prepared *)0)->metric / sizeof(struct lb_metric_use),
	       "there is a value for each metric");

/* What a metric reads that rows and model do not have; NULL: nothing. */
static const char *lacks(const struct lb_metric *m)
{
	return m->robust ? "an attack" : m->judged ? "the training rows" : m->subgroups ? "subgroups" : m->teacher ? "the teacher" : m->reference ? "the reference" : m->forget || m->retain ? "the training rows" : m->selection || m->curvature ? "the training" : NULL;
}

/* Leaves out of the setup what cannot be measured. */
static void choose_metrics(struct lb_saved_model *m)
{
	struct lb_setup *s = &m->p.setup;
	size_t kept = 0;

	for (size_t i = 0; i < s->n_metrics; i++) {
		const char *missing = lacks(m->p.metric[i].metric);
		if (missing)
			lb_warn("%s is left out: it needs %s beside the rows and the model", m->p.metric[i].key, missing);
		else
			m->p.metric[kept++] = m->p.metric[i];
	}
	s->n_metrics = kept;
}

static int refuse_label(const char *path, size_t row, const char *found, const char *allowed, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s: row %zu: the label is %s%s%s, allowed: %s", path, row + 1, *found ? "'" : "missing", found, *found ? "'" : "", allowed);
}

static int refuse_class(const struct lb_saved_model *m, const char *path, size_t row, const char *found, struct lb_err *err)
{
	enum { SHOWN = 8 };
	const size_t n = m->n_text[MODEL_CLASSES];
	struct lb_buf b = { 0 };

	for (size_t k = 0; k < n && k < SHOWN; k++)
		lb_buf_printf(&b, "%s%s", k ? ", " : "", m->text[MODEL_CLASSES][k]);
	lb_buf_puts(&b, n > SHOWN ? ", ... (the classes of the model)" : " (the classes of the model)");
	refuse_label(path, row, found, b.bad ? "the classes of the model" : b.s, err);
	lb_buf_free(&b);
	return -1;
}

/* The class of a row's label by its name. */
static int class_of(const struct lb_saved_model *m, const struct lb_column *c, size_t row, const char *path, int32_t *y, struct lb_err *err)
{
	char number[LB_DOUBLE_TEXT] = "";
	const char *name = number;

	if (c->type == LB_TEXT)
		name = c->code[row] < 0 ? "" : c->level[c->code[row]];
	else if (!isnan(c->num[row]))
		lb_double_text(c->num[row], number);
	if (m->kind == LB_ANOMALY && *name) {
		*y = !lb_is_normal(m->p.spec.data.normal.text, m->p.spec.data.normal.n, name);
		return 0;
	}
	for (size_t k = 0; k < m->n_text[MODEL_CLASSES] && m->kind != LB_ANOMALY; k++)
		if (!strcmp(m->text[MODEL_CLASSES][k], name)) {
			*y = (int32_t)k;
			return 0;
		}
	return refuse_class(m, path, row, name, err);
}

/* A target, or one of several labels: 1, 0, or -1 where it is not known. */
static int target_of(const struct lb_saved_model *m, const struct lb_column *c, size_t row, const char *path, double *out, struct lb_err *err)
{
	const bool several = m->kind == LB_MULTILABEL;
	const char *text = c->type == LB_TEXT && c->code[row] >= 0 ? c->level[c->code[row]] : "";
	double v = c->type == LB_TEXT ? (double)NAN : c->num[row];

	if (*text && !lb_parse_double(text, strlen(text), &v))
		return refuse_label(path, row, text, several ? "0, 1 or nothing" : "a number", err);
	if (several)
		v = isnan(v) ? -1 : v;
	if (several ? v != 0 && v != 1 && v != -1 : !isfinite(v))
		return refuse_label(path, row, isinf(v) ? "infinite" : text, several ? "0, 1 or nothing" : "a finite number", err);
	*out = v;
	return 0;
}

static int take_labels(const struct lb_saved_model *m, const char *path, struct lb_saved_rows *r, struct lb_err *err)
{
	struct lb_dataset *d = r->data;
	int rc = 0;

	const char *label = m->kind == LB_SURVIVAL ? m->p.spec.data.time : m->p.spec.data.train.label;

	if (!r->labels.n)
		return lb_fail(err, LB_DATA, "%s: the rows have no labels; the model was trained with the label column '%s' (predict needs none)", path, label ? label : "-1");
	if (!m->targets) {
		d->y = lb_alloc(d->n, sizeof *d->y, err);
		for (size_t i = 0; d->y && !rc && i < d->n; i++)
			rc = class_of(m, &r->labels.column[0], i, path, &d->y[i], err);
		return d->y ? rc : -1;
	}
	d->target = lb_alloc(d->n * m->targets, sizeof *d->target, err);
	for (size_t i = 0; d->target && !rc && i < d->n * m->targets; i++)
		rc = target_of(m, &r->labels.column[i % m->targets], i / m->targets, path, &d->target[i], err);
	return d->target ? rc : -1;
}

/* Models of before this was kept. */
static void warn_of_decisions(const struct lb_saved_model *m)
{
	cJSON *config = lb_json_parse(m->path, m->text[MODEL_CONFIG][0], strlen(m->text[MODEL_CONFIG][0]), LB_DATA, NULL);
	const char *threshold = lb_json_text_at(config, "evaluate.threshold"), *calibration = lb_json_text_at(config, "evaluate.calibration");

	if (!m->number[MODEL_DECISION] && ((threshold && strcmp(threshold, "fixed")) || (calibration && strcmp(calibration, "none"))))
		lb_warn("the training chose a threshold or calibrated its scores (evaluate), which this model of an earlier version does not keep: here scores "
			"are as they are, and decisions those of the likeliest class; train it again");
	cJSON_Delete(config);
}

/* The event of each row. */
static int take_events(const struct lb_saved_model *m, const char *path, struct lb_column *c, struct lb_dataset *d, struct lb_err *err)
{
	if (!(d->event = lb_alloc(d->n, sizeof *d->event, err)))
		return -1;
	for (size_t i = 0; i < d->n; i++) {
		if (c->code[i] < 0)
			return lb_fail(err, LB_DATA, "%s: row %zu: column '%s': the event is missing, allowed: 1 or 0, whether it was seen", path, i + 1, c->name);
		const char *text = c->level[c->code[i]];
		if ((d->event[i] = lb_event_of(text, m->p.spec.data.positive)) < 0)
			return lb_fail(err, LB_DATA, "%s: row %zu: column '%s': the event is '%s', allowed: 1 or 0 (true or false)", path, i + 1, c->name, text);
	}
	return 0;
}

/* The query of each row, and rows <- all of them, those of a query side by side. */
static int take_queries(const char *path, struct lb_column *c, struct lb_dataset *d, uint32_t **rows, struct lb_err *err)
{
	d->group = lb_alloc(d->n, sizeof *d->group, err);
	if (!d->group || !(*rows = lb_alloc(d->n, sizeof **rows, err)))
		return -1;
	for (size_t i = 0; i < d->n; i++) {
		if (c->code[i] < 0)
			return lb_fail(err, LB_DATA, "%s: row %zu: column '%s': the query is missing, allowed: a name for each row", path, i + 1, c->name);
		d->group[i] = c->code[i];
		(*rows)[i] = (uint32_t)i;
	}
	return lb_join_queries(d, *rows, d->n, err);
}

/* What metrics of rankings and of survival read besides. */
static int take_order(const struct lb_saved_model *m, const char *path, struct lb_saved_rows *r, uint32_t **rows, struct lb_err *err)
{
	struct lb_dataset *d = r->data;
	const double most = m->kind == LB_RANKING ? LB_MOST_GRADE : HUGE_VAL;

	if (m->kind != LB_RANKING && m->kind != LB_SURVIVAL)
		return 0;
	for (size_t i = 0; i < d->n; i++)
		if (!(d->target[i] >= 0 && d->target[i] <= most))
			return lb_fail(err, LB_DATA, "%s: row %zu: the label is %.17g, allowed: %s", path, i + 1, d->target[i],
				       m->kind == LB_RANKING ? "a grade from 0 to 1000" : "a time, 0 or more");
	if (!r->judged.n)
		return lb_fail(err, LB_DATA, "%s: the model's config names no column of %s", path, m->kind == LB_RANKING ? "queries" : "events");
	return m->kind == LB_RANKING ? take_queries(path, &r->judged.column[0], d, rows, err) : take_events(m, path, &r->judged.column[0], d, err);
}

int lb_saved_model_evaluate(struct lb_saved_model *m, const struct lb_rows_request *q, struct lb_saved_evaluation *out, struct lb_err *err)
{
	struct lb_rows_request judged = *q;
	struct lb_saved_rows r = { 0 };
	uint32_t *rows = NULL;

	judged.judged = true;
	lb_saved_model_warn_of_kernels(m);
	warn_of_decisions(m);
	choose_metrics(m);
	int rc = lb_saved_rows_read(m, &judged, &r, err);
	if (!rc)
		rc = take_labels(m, q->data, &r, err) || take_order(m, q->data, &r, &rows, err) ? -1 : 0;
	if (!rc) {
		const struct lb_predicting p = { .setup = &m->p.setup, .features = &r.features, .n_train = (size_t)m->number[MODEL_ROWS][0], .w = m->w,
						 .y = r.data->y, .value = out->value, .rows = rows, .decision = &m->decision };
		out->rows = r.data->n;
		rc = (m->p.precision == 64 ? lb_predict_f64 : lb_predict_f32)(&p, NULL, err);
	}
	lb_saved_rows_free(&r);
	free(rows);
	return rc;
}
