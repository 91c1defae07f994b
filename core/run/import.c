#include "core/run/import.h"

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/run/loss_block.h"
#include "core/run/plan.h"
#include "core/run/record.h"
#include "core/run/store.h"
#include "core/training/predict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_RECORD = 1 << 30, MOST_MEMBERS = 32 };

struct importing {
	const struct lb_import *in;
	cJSON *like;                     /* its record */
	struct lb_plan plan;             /* of its one trial */
	struct lb_prepared p;
	struct lb_table t;               /* the predictions */
	size_t columns;                  /* scores of a row */
	const struct lb_column **column; /* (columns) that hold them */
	const struct lb_column **curve;  /* survival: those of the curve, one a time of the trial's curves; NULL: it has none */
	bool probabilities;
	int64_t *at;                     /* (rows of the data) the line of the table, -1: none */
	struct lb_train_result out;
};

/* ---- the trial that they are like ---- */

/* The plan of the config of the record, as a user would have written it. */
static int open_plan(struct importing *x, struct lb_err *err)
{
	char *set[MOST_MEMBERS] = { 0 };
	const cJSON *member;
	size_t n = 0;
	int rc = 0;

	cJSON_ArrayForEach(member, lb_json_at(x->like, "config")) {
		struct lb_buf b = { 0 };
		if (!strcmp(member->string, "tune") || n == MOST_MEMBERS)
			continue;
		lb_buf_printf(&b, "%s=", member->string);
		if (cJSON_IsString(member))
			lb_buf_puts(&b, member->valuestring);
		else
			lb_json_canonical(member, &b);
		rc |= b.bad ? lb_fail_memory(err, b.n) : 0;
		set[n++] = b.s;
	}
	if (!rc && !n)
		rc = lb_fail(err, LB_DATA, "%s: it is no record of a trial; allowed: DIR/trials/ID.json", x->in->like);
	rc = rc || lb_plan_open(&x->plan, NULL, (const char *const *)set, n, false, err) ? -1 : 0;
	if (!rc && x->plan.n != 1)
		rc = lb_fail(err, LB_DATA, "%s: its config is no single trial", x->in->like);
	for (size_t i = 0; i < n; i++)
		free(set[i]);
	return rc;
}

static int read_like(struct importing *x, struct lb_err *err)
{
	size_t n;
	char *text = lb_read_file(x->in->like, LARGEST_RECORD, &n, LB_DATA, err);

	x->like = text ? lb_json_parse(x->in->like, text, n, LB_DATA, err) : NULL;
	free(text);
	return x->like ? open_plan(x, err) : -1;
}

/* Whether metrics read queries or times beside scores and labels. */
static bool is_ordered(enum lb_kind kind)
{
	return kind == LB_RANKING || kind == LB_SURVIVAL;
}

/* A loss of the kind that makes scores of an output as it is. */
static const struct lb_loss_info *plain_loss(enum lb_kind kind)
{
	static const char *const name[LB_N_KINDS] = {
		[LB_MULTICLASS] = "ce", [LB_BINARY] = "logistic", [LB_REGRESSION] = "mse", [LB_MULTILABEL] = "ml_bce",
		[LB_ANOMALY] = "mse",
	};

	return lb_loss_find(lb_kind_of_block("loss", kind), name[kind]);
}

static int check_trial(const struct importing *x, struct lb_err *err)
{
	const struct lb_dataset *d = x->plan.trial[0].source->data;

	if (lb_loss_find(d->kind, x->in->name))
		return lb_fail(err, LB_USAGE, "--as: found \"%s\", which is a loss of lossbench; allowed: another name, such as \"torch %s\"", x->in->name,
			       x->in->name);
	return 0;
}

/* ---- the columns ---- */

static const struct lb_column *column_named(const struct importing *x, const char *name)
{
	for (size_t j = 0; j < x->t.n_cols; j++)
		if (!strcmp(x->t.col[j].name, name))
			return &x->t.col[j];
	return NULL;
}

/* Looks for the k-th column of scores by the names it may have. */
static const struct lb_column *score_column(struct importing *x, size_t k, bool probabilities)
{
	const struct lb_dataset *d = x->plan.trial[0].source->data;
	char name[512];

	if (probabilities)
		snprintf(name, sizeof name, "probability_%s", d->class_name[d->kind == LB_BINARY ? 1 : k]);
	else
		snprintf(name, sizeof name, "score_%zu", k + 1);
	const struct lb_column *c = column_named(x, d->kind == LB_SURVIVAL ? "risk" : name);
	return !c && !probabilities && d->kind == LB_REGRESSION && x->columns == 1 ? column_named(x, "prediction") : c;
}

/* The columns of the curve, all or none, at the times that the trial's curves are told at. */
static int find_curve(struct importing *x, struct lb_err *err)
{
	const struct lb_curve *curve = x->p.setup.survival_curve;
	char name[LB_DOUBLE_TEXT + 16] = "survival_";
	size_t found = 0, missing = 0;

	if (!curve || !(x->curve = lb_alloc(curve->n, sizeof *x->curve, err)))
		return curve ? -1 : 0;
	for (size_t k = 0; k < curve->n; k++) {
		lb_double_text(curve->time[k], name + strlen("survival_"));
		x->curve[k] = column_named(x, name);
		found += x->curve[k] && x->curve[k]->type == LB_NUMBER;
		missing = x->curve[k] && x->curve[k]->type == LB_NUMBER ? missing : k;
	}
	if (found == curve->n)
		return 0;
	free(x->curve);
	x->curve = NULL;
	lb_double_text(curve->time[missing], name + strlen("survival_"));
	return !found ? 0 : lb_fail(err, LB_DATA, "%s: the column '%s' is missing; allowed: the probability of no event up to each of the %zu times of the trial's own "
				    "predictions, or none of them", x->in->predictions, name, curve->n);
}

static int find_columns(struct importing *x, struct lb_err *err)
{
	const struct lb_dataset *d = x->plan.trial[0].source->data;
	const bool classes = d->kind == LB_MULTICLASS || d->kind == LB_BINARY || d->kind == LB_MULTILABEL;

	x->columns = d->kind == LB_MULTICLASS ? d->n_classes : d->kind == LB_BINARY || d->kind == LB_ANOMALY ? 1 : d->n_targets;
	if (!(x->column = lb_alloc(x->columns, sizeof *x->column, err)) || find_curve(x, err))
		return -1;
	x->probabilities = classes && !score_column(x, 0, false);
	for (size_t k = 0; k < x->columns; k++) {
		if (!(x->column[k] = score_column(x, k, x->probabilities)))
			return lb_fail(err, LB_DATA, "%s: the column of scores %zu of %zu is missing; allowed: score_1, ... in the order of the %s%s%s%s", x->in->predictions, k + 1,
				       x->columns, classes ? "classes" : d->kind == LB_SURVIVAL ? "targets, here risk" : "targets", classes ? ", or probability_" : "", classes ? d->class_name[d->kind == LB_BINARY] : "",
				       classes && d->kind != LB_BINARY ? ", ..." : classes ? "" : ", or prediction");
		if (x->column[k]->type != LB_NUMBER)
			return lb_fail(err, LB_DATA, "%s: column '%s': found texts, allowed: numbers", x->in->predictions, x->column[k]->name);
	}
	return 0;
}

/* ---- the rows ---- */

static int fail_line(const struct importing *x, size_t i, const char *column, double found, const char *allowed, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s:%zu: column '%s': found %.17g, allowed: %s", x->in->predictions, x->t.line ? x->t.line[i] : i + 1, column, found, allowed);
}

/* Where the file says when a row was last seen, and whether of its event, so does the data. */
static int check_time(const struct importing *x, size_t i, size_t row, struct lb_err *err)
{
	const struct lb_dataset *d = x->plan.trial[0].source->data;
	const struct lb_column *time = column_named(x, "time"), *event = column_named(x, "event");

	if (d->kind != LB_SURVIVAL)
		return 0;
	if (time && time->type == LB_NUMBER && !(fabs(time->num[i] - d->target[row]) <= 1e-9 * fabs(d->target[row])))
		return fail_line(x, i, "time", time->num[i], "the time of that row in the data; rows are numbered from 0, in the order of the data", err);
	if (event && event->type == LB_NUMBER && (event->num[i] > 0.5) != (d->event[row] == 1))
		return fail_line(x, i, "event", event->num[i], "1 where the data says that the event of that row was seen, else 0", err);
	return 0;
}

/* Where the file says what the labels are, they are those of the data. */
static int check_label(const struct importing *x, size_t i, size_t row, struct lb_err *err)
{
	const struct lb_dataset *d = x->plan.trial[0].source->data;
	const struct lb_column *c = column_named(x, "label");
	char number[LB_DOUBLE_TEXT];
	const char *said = number;

	if (!c || !d->y || (c->type == LB_TEXT ? c->code[i] < 0 : isnan(c->num[i])))
		return 0;
	if (c->type == LB_TEXT)
		said = c->level[c->code[i]];
	else
		lb_double_text(c->num[i], number);
	return !strcmp(said, d->class_name[d->y[row]]) ? 0 :
	       lb_fail(err, LB_DATA, "%s:%zu: column 'label': row %zu has the label '%s', in the data it is '%s'; rows are numbered from 0, in the order of the data",
		       x->in->predictions, x->t.line ? x->t.line[i] : i + 1, row, said, d->class_name[d->y[row]]);
}

static int find_rows(struct importing *x, struct lb_err *err)
{
	const size_t n = x->plan.trial[0].source->data->n;
	const struct lb_column *row = column_named(x, "row");

	if (!row || row->type != LB_NUMBER)
		return lb_fail(err, LB_DATA, "%s: the column 'row' is missing: numbers of the rows, from 0 in the order of the data", x->in->predictions);
	if (!(x->at = lb_alloc(n, sizeof *x->at, err)))
		return -1;
	for (size_t i = 0; i < n; i++)
		x->at[i] = -1;
	for (size_t i = 0; i < x->t.n; i++) {
		const double v = row->num[i];
		if (!(v >= 0 && v < (double)n && v == floor(v)))
			return fail_line(x, i, "row", v, "whole numbers from 0, below the number of rows of the data", err);
		if (x->at[(size_t)v] >= 0)
			return fail_line(x, i, "row", v, "each row once", err);
		x->at[(size_t)v] = (int64_t)i;
		if (check_label(x, i, (size_t)v, err) || check_time(x, i, (size_t)v, err))
			return -1;
	}
	return 0;
}

/* Whether the predictions are of the part: all of its rows, or none, which `needed` refuses. */
static int covers(const struct importing *x, int part, bool needed, bool *all, struct lb_err *err)
{
	const struct lb_split *s = &x->p.split;
	size_t found = 0, missing = 0;

	for (size_t i = 0; i < s->n[part]; i++) {
		const bool there = x->at[s->rows[part][i]] >= 0;
		found += there;
		missing = there ? missing : s->rows[part][i];
	}
	*all = found && found == s->n[part];
	if (*all || (!found && !needed))
		return 0;
	return lb_fail(err, LB_DATA, "%s: of the %zu rows of the %s part %zu are missing, such as row %zu; a part is predicted as a whole", x->in->predictions, s->n[part],
		       part == LB_TRAIN ? "training" : part == LB_VALID ? "validation" : "test", s->n[part] - found, missing);
}

/* ---- measuring ---- */

/* A number of the file as a score. */
static int score_of(const struct importing *x, size_t i, size_t k, double *score, struct lb_err *err)
{
	const double v = x->column[k]->num[i];

	if (!isfinite(v) || (x->probabilities && !(v >= 0 && v <= 1)))
		return fail_line(x, i, x->column[k]->name, v, x->probabilities ? "a probability" : "a finite score", err);
	*score = v;
	if (x->probabilities && x->plan.trial[0].source->data->kind == LB_MULTICLASS)
		*score = log(fmax(v, 1e-300));
	else if (x->probabilities)
		*score = fmin(fmax(log(v) - log1p(-v), -700), 700);
	return 0;
}

static int fill_scores(const struct importing *x, int part, struct lb_dataset *d, int32_t *y, struct lb_err *err)
{
	const struct lb_dataset *data = x->plan.trial[0].source->data;
	const double *target = lb_setup_target(&x->p.setup, data);
	double *scores = d->x.x;

	for (size_t i = 0; i < d->n; i++) {
		const size_t row = x->p.split.rows[part][i];
		for (size_t k = 0; k < x->columns; k++)
			if (score_of(x, (size_t)x->at[row], k, &scores[i * x->columns + k], err))
				return -1;
		if (x->p.setup.y)
			y[i] = x->p.setup.y[row];
		for (size_t k = 0; d->target && k < d->n_targets; k++)
			d->target[i * d->n_targets + k] = target[row * d->n_targets + k];
	}
	return 0;
}

/* What a metric needs beside scores and labels is not in the file. */
static bool can_measure(const struct lb_metric *m)
{
	return !m->robust && !m->judged && !m->subgroups && !m->teacher && !m->reference && !m->forget && !m->retain && !m->features && !m->embeddings && !m->selection && !m->zeros && !m->curvature;
}

/* The metrics of a model that gives its inputs as they are, of rows whose features are the
 * scores. */
static int measure(const struct importing *x, const struct lb_dataset *d, const int32_t *y, double *value, struct lb_err *err)
{
	const size_t c = x->columns;
	struct lb_metric_use use[sizeof x->p.metric / sizeof *x->p.metric];
	double measured[sizeof x->p.metric / sizeof *x->p.metric] = { 0 };
	double *scale = lb_alloc(c, sizeof *scale, err), *zero = lb_alloc(2 * c, sizeof *zero, err), *w = lb_alloc(c * c + c, sizeof *w, err);
	struct lb_setup setup = { .loss = plain_loss(d->kind), .model = { .n_layers = 1, .width = { c, c } }, .metric = use };
	int rc = scale && zero && w ? 0 : -1;

	for (size_t k = 0; !rc && k < c; k++)
		scale[k] = w[k * c + k] = 1;
	for (size_t i = 0; i < x->p.setup.n_metrics; i++)
		if (can_measure(x->p.metric[i].metric))
			use[setup.n_metrics++] = x->p.metric[i];
	const struct lb_encoding features = { .data = d, .d = c, .scale = scale, .shift = zero, .fill = zero ? zero + c : NULL };
	const struct lb_predicting p = { .setup = &setup, .features = &features, .n_train = x->p.split.n[LB_TRAIN], .w = w, .y = y, .value = measured };
	if (!rc)
		rc = lb_predict_f64(&p, NULL, err);
	for (size_t i = 0, k = 0; !rc && i < x->p.setup.n_metrics; i++)
		value[i] = can_measure(x->p.metric[i].metric) ? measured[k++] : (double)NAN;
	free(scale);
	free(zero);
	free(w);
	return rc;
}

/* What the metrics of rankings and of survival read, of the rows of a part. */
struct ordered_rows {
	double *score, *target, *curve;
	int32_t *event, *query;
};

static void ordered_free(struct ordered_rows *o)
{
	free(o->score);
	free(o->target);
	free(o->curve);
	free(o->event);
	free(o->query);
}

static int ordered_fill(const struct importing *x, int part, struct ordered_rows *o, struct lb_err *err)
{
	const struct lb_dataset *data = x->plan.trial[0].source->data;
	const size_t n = x->p.split.n[part], times = x->curve ? x->p.setup.survival_curve->n : 0;
	const double *target = lb_setup_target(&x->p.setup, data);

	o->score = lb_alloc(n, sizeof *o->score, err);
	o->target = lb_alloc(n, sizeof *o->target, err);
	o->curve = lb_alloc(n * times, sizeof *o->curve, err);
	o->event = lb_alloc(n, sizeof *o->event, err);
	o->query = lb_alloc(n, sizeof *o->query, err);
	if (!o->score || !o->target || !o->curve || !o->event || !o->query)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const size_t row = x->p.split.rows[part][i], line = (size_t)x->at[row];
		if (score_of(x, line, 0, &o->score[i], err))
			return -1;
		o->target[i] = target[row];
		o->event[i] = data->event ? data->event[row] : 0;
		o->query[i] = data->group ? data->group[row] : 0;
		for (size_t k = 0; k < times; k++) {
			const double v = o->curve[i * times + k] = x->curve[k]->num[line];
			if (!(v >= 0 && v <= 1))
				return fail_line(x, line, x->curve[k]->name, v, "a probability", err);
		}
	}
	return 0;
}

/* The metrics of an order of rows, of the scores as they are. */
static int measure_order(struct importing *x, int part, struct lb_err *err)
{
	const struct lb_dataset *data = x->plan.trial[0].source->data;
	const size_t times = x->curve ? x->p.setup.survival_curve->n : 0;
	struct ordered_rows o = { 0 };
	double *value = x->out.metric[part] = lb_alloc(x->p.setup.n_metrics, sizeof *value, err);
	int rc = value ? ordered_fill(x, part, &o, err) : -1;
	const struct lb_metric_inputs in = { .kind = data->kind, .n = x->p.split.n[part], .t = 1, .pred_t = o.score, .target_t = o.target,
					     .query = data->kind == LB_RANKING ? o.query : NULL, .event = data->kind == LB_SURVIVAL ? o.event : NULL, .n_times = times,
					     .curve_time = times ? x->p.setup.survival_curve->time : NULL, .curve = times ? o.curve : NULL };

	for (size_t i = 0; !rc && i < x->p.setup.n_metrics; i++) {
		const struct lb_metric_use *use = &x->p.metric[i];
		value[i] = (double)NAN;
		if (can_measure(use->metric) && (times || !use->metric->curves))
			rc = lb_metric_compute(use->metric, &in, use->par, &value[i], err);
	}
	ordered_free(&o);
	return rc;
}

static int measure_part(struct importing *x, int part, struct lb_err *err)
{
	const struct lb_dataset *data = x->plan.trial[0].source->data;
	const size_t n = x->p.split.n[part];
	struct lb_dataset d = { .kind = data->kind, .n = n, .n_first = n, .n_classes = data->n_classes, .n_targets = data->n_targets };
	int32_t *y = lb_alloc(n, sizeof *y, err);
	double **value = &x->out.metric[part];

	d.x = (struct lb_matrix){ .dtype = LB_F64, .n = n, .d = x->columns, .x = lb_alloc(n * x->columns, sizeof(double), err) };
	d.target = lb_setup_target(&x->p.setup, data) ? lb_alloc(n * d.n_targets, sizeof *d.target, err) : NULL;
	*value = lb_alloc(x->p.setup.n_metrics, sizeof **value, err);
	int rc = y && d.x.x && *value && (d.target || data->y) ? 0 : -1;
	if (!rc)
		rc = fill_scores(x, part, &d, y, err) || measure(x, &d, data->y ? y : NULL, *value, err) ? -1 : 0;
	free(d.x.x);
	free(d.target);
	free(y);
	return rc;
}

static int measure_parts(struct importing *x, struct lb_err *err)
{
	const int judged = x->p.split.n[LB_TEST] ? LB_TEST : LB_VALID;
	int rc = 0;

	for (int part = 0; !rc && part < LB_PARTS; part++) {
		bool all;
		rc = covers(x, part, part == judged, &all, err);
		if (!rc && all)
			rc = (is_ordered(x->plan.trial[0].source->data->kind) ? measure_order : measure_part)(x, part, err);
	}
	return rc;
}

/* ---- the record ---- */

/* From the trial and the name, so that the same import has the same id. */
static void make_id(const struct importing *x, char id[17])
{
	struct lb_buf b = { 0 };
	char hex[65] = "0000000000000000";

	lb_buf_printf(&b, "import/1 %s %s", lb_json_text_at(x->like, "id"), x->in->name);
	if (!b.bad)
		lb_sha256_hex(b.s, b.n, hex);
	snprintf(id, 17, "%.16s", hex);
	lb_buf_free(&b);
}

static int write_record(struct importing *x, char **path, struct lb_err *err)
{
	const char *slash = strrchr(x->in->like, '/');
	struct lb_trial t = x->plan.trial[0];
	struct lb_run_facts facts = { .study = lb_json_text_at(x->like, "study"), .argv = x->in->argv };
	cJSON *config = cJSON_Duplicate(lb_json_at(x->like, "config"), 1), *loss = lb_json_object(NULL, NULL);
	char *trials = lb_strndup(x->in->like, slash ? (size_t)(slash - x->in->like) : 0, err), *up = trials ? strrchr(trials, '/') : NULL;
	const size_t n = up ? (size_t)(up - trials) : 0;
	char *dir = !trials ? NULL : up && !strcmp(up, "/trials") ? lb_strndup(trials, n, err) : !strcmp(trials, "trials") ? lb_strdup(".", err) : NULL;

	lb_json_text(loss, "name", x->in->name);
	cJSON_ReplaceItemInObjectCaseSensitive(config, "loss", loss);
	t.config = config;
	make_id(x, t.id);
	lb_utc_now(facts.started, sizeof facts.started);
	cJSON *record = lb_record_make(&t, &x->p, &x->out, &facts, "imported", err);
	int rc = !record ? -1 : dir ? 0 : lb_fail(err, LB_USAGE, "--like %s: allowed: an id, or a record in its place, DIR/trials/ID.json", x->in->like);
	rc = rc || lb_store_write(dir, t.id, record, true, err) || !(*path = lb_store_path(dir, t.id, err)) ? -1 : 0;
	cJSON_Delete(record);
	cJSON_Delete(config);
	free(trials);
	free(dir);
	return rc;
}

static void close_importing(struct importing *x, bool prepared)
{
	lb_train_result_free(&x->out);
	if (prepared)
		lb_prepared_free(&x->p);
	if (x->plan.config)
		lb_plan_close(&x->plan);
	lb_table_free(&x->t);
	cJSON_Delete(x->like);
	free(x->column);
	free(x->curve);
	free(x->at);
}

int lb_import(const struct lb_import *in, char **path, struct lb_err *err)
{
	const struct lb_read_options read = { .format = "csv", .missing_ok = true, .standard_input = true };
	struct importing x = { .in = in, .out = { .status = LB_TRIAL_OK, .decision = lb_plain_decision } };
	int rc = read_like(&x, err);
	const bool prepared = !rc && !(rc = lb_prepare(&x.plan.trial[0], NULL, &x.p, err));

	if (!rc)
		rc = check_trial(&x, err) || lb_table_read(in->predictions, &read, &x.t, err) || find_columns(&x, err) || find_rows(&x, err) ||
				     measure_parts(&x, err) || write_record(&x, path, err) ? -1 : 0;
	close_importing(&x, prepared);
	return rc;
}
