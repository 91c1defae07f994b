#include "cmd/eval_input.h"

#include "cmd/json_numbers.h"
#include "cmd/query_rows.h"
#include "core/base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_labels(const cJSON *in, struct eval_input *x, double classes, struct lb_err *err)
{
	double *v = lb_alloc(x->b, sizeof *v, err);
	int rc = v && (x->y = lb_alloc(x->b, sizeof *x->y, err)) ? json_read_integers(in, "labels", x->b, classes, v, err) : -1;

	for (size_t i = 0; i < x->b && !rc; i++)
		x->y[i] = (int32_t)v[i];
	if (!rc && cJSON_GetObjectItemCaseSensitive(in, "sample_ids")) {
		rc = (x->id = lb_alloc(x->b, sizeof *x->id, err)) ? json_read_integers(in, "sample_ids", x->b, 1e8, v, err) : -1;
		for (size_t i = 0; i < x->b && !rc; i++)
			x->id[i] = (uint32_t)v[i];
	}
	free(v);
	return rc;
}

static int read_counts(const cJSON *in, struct eval_input *x, size_t classes, struct lb_err *err)
{
	if (!cJSON_GetObjectItemCaseSensitive(in, "class_counts"))
		return 0;
	if (!(x->counts = lb_alloc(classes, sizeof *x->counts, err)))
		return -1;
	return json_read_integers(in, "class_counts", classes, 1e15, x->counts, err);
}

/* What an input may hold: for the kinds of a bit set, and, unless it is 0, for a loss that needs
 * this. */
enum { MOST_CLASSES = 100000 }; /* of embeddings alone, which have no column for each */
enum { CLASSES = 1 << LB_MULTICLASS | 1 << LB_BINARY | 1 << LB_EMBEDDING | 1 << LB_DISTILLATION,
       LABELLED = CLASSES | 1 << LB_MULTILABEL, ANY = -1 };
static const struct key {
	const char *name;        /* NULL: that of the loss's own parameters, if it has some */
	int kinds;
	unsigned needs;
} keys[] = {
	{ "scores", 1 << LB_MULTICLASS | 1 << LB_BINARY | 1 << LB_DISTILLATION | 1 << LB_MULTILABEL | 1 << LB_RANKING | 1 << LB_SURVIVAL, 0 },
	{ "embeddings", 1 << LB_EMBEDDING, 0 },
	{ "predictions", 1 << LB_REGRESSION, 0 },
	{ "labels", LABELLED, 0 },
	{ "targets", 1 << LB_REGRESSION, 0 },
	{ "relevance", 1 << LB_RANKING, 0 },
	{ "groups", 1 << LB_RANKING, 0 },
	{ "times", 1 << LB_SURVIVAL, 0 },
	{ "events", 1 << LB_SURVIVAL, 0 },
	{ "weights", 1 << LB_SURVIVAL, 0 },
	{ "groups", 1 << LB_REGRESSION | 1 << LB_MULTICLASS | 1 << LB_BINARY, LB_NEEDS_BAGS },
	{ "teacher_scores", 1 << LB_DISTILLATION, 0 }, /* may be missing where a loss reads features alone */
	{ "teacher_scores", 1 << LB_RANKING | 1 << LB_MULTICLASS, LB_NEEDS_TEACHER },
	{ "teacher_predictions", 1 << LB_REGRESSION, LB_NEEDS_TEACHER },
	{ "second_teacher_predictions", 1 << LB_REGRESSION, LB_NEEDS_SECOND_TEACHER },
	{ NULL, ANY, 0 },
	{ "features", ANY, LB_NEEDS_FEATURES },
	{ "inputs", ANY, LB_NEEDS_INPUTS },
	{ "guide", 1 << LB_EMBEDDING, LB_NEEDS_GUIDE },
	{ "teacher_features", 1 << LB_DISTILLATION, LB_NEEDS_GUIDE },
	{ "class_counts", LABELLED, 0 },
	{ "sample_ids", CLASSES, 0 },
	{ "scale", CLASSES, LB_NEEDS_COSINES },
	{ "partner", CLASSES, LB_NEEDS_MIXED_VIEW },
	{ "mix", CLASSES, LB_NEEDS_MIXED_VIEW },
};
enum { N_KEYS = sizeof keys / sizeof *keys };

static size_t known_keys(const struct lb_loss_info *l, const char *known[N_KEYS])
{
	size_t n = 0;

	for (size_t i = 0; i < N_KEYS; i++) {
		const char *name = keys[i].name ? keys[i].name : l->params;
		if (name && keys[i].kinds >> l->kind & 1 && (!keys[i].needs || l->needs & keys[i].needs))
			known[n++] = name;
	}
	return n;
}

static int unknown_key(const struct lb_loss_info *l, const char *word, const char *const *known, size_t n, struct lb_err *err)
{
	const char *near = lb_nearest(word, known, n);
	struct lb_buf list = { 0 };

	for (size_t i = 0; i < n; i++)
		lb_buf_printf(&list, "%s%s", i ? ", " : "", known[i]);
	lb_fail(err, LB_DATA, "input: unknown key \"%s\" for a %s loss%s%s%s; allowed: %s", word, lb_kind_name(l->kind),
		near ? ", did you mean \"" : "", near ? near : "", near ? "\"" : "", list.s ? list.s : "");
	lb_buf_free(&list);
	return -1;
}

static int check_keys(const cJSON *in, const struct lb_loss_info *l, struct lb_err *err)
{
	const char *known[N_KEYS];
	const size_t n = known_keys(l, known);
	const cJSON *e;

	if (!cJSON_IsObject(in))
		return lb_fail(err, LB_DATA, "input: expected a JSON object such as {\"%s\": [[...]], \"%s\": [...]}", known[0], known[1]);
	cJSON_ArrayForEach(e, in) {
		size_t i = 0;
		while (i < n && strcmp(known[i], e->string))
			i++;
		if (i == n)
			return unknown_key(l, e->string, known, n, err);
	}
	return 0;
}

const char *eval_input_scores(const struct lb_loss_info *l)
{
	return l->kind == LB_REGRESSION ? "predictions" : l->kind == LB_EMBEDDING ? "embeddings" : "scores";
}

static int no_zero_rows(const char *name, const double *v, size_t rows, size_t c, struct lb_err *err)
{
	for (size_t i = 0; i < rows; i++) {
		size_t j = 0;
		while (j < c && v[i * c + j] == 0)
			j++;
		if (j == c)
			return lb_fail(err, LB_DATA, "%s: row %zu: found a vector of zeros, which has no direction; allowed: any other", name, i + 1);
	}
	return 0;
}

/* What is compared with z: targets or a teacher's scores, of the shape of z; with several outputs a
 * target, one column for each. */
static int read_targets(const cJSON *in, const struct lb_loss_info *l, const struct lb_arg *par, struct eval_input *x, struct lb_err *err)
{
	const char *name = l->kind == LB_REGRESSION ? "targets" : l->kind == LB_MULTILABEL ? "labels" : l->kind == LB_RANKING ? "relevance" : "teacher_scores";
	const size_t outputs = lb_loss_outputs(l, par);
	size_t rows, columns;
	bool flat;

	if ((!lb_kind_of_columns(l->kind) && l->kind != LB_DISTILLATION) || l->kind == LB_SURVIVAL)
		return 0;
	if (l->needs & LB_NEEDS_GUIDE && !cJSON_GetObjectItemCaseSensitive(in, name))
		return 0;
	if (!(x->t = json_read_matrix(in, name, &rows, &columns, &flat, err)))
		return -1;
	if (outputs > 1 && (rows != x->b || columns * outputs != x->c))
		return lb_fail(err, LB_DATA, "%s: found %zu x %zu, predictions have %zu x %zu, allowed: %zu columns of predictions for each target", name,
			       rows, columns, x->b, x->c, outputs);
	if (rows != x->b || columns * outputs != x->c)
		return lb_fail(err, LB_DATA, "%s: found %zu x %zu, %s have %zu x %zu", name, rows, columns, eval_input_scores(l), x->b, x->c);
	for (size_t k = 0; l->kind == LB_RANKING && k < rows; k++)
		if (x->t[k] < 0 || x->t[k] > LB_MOST_GRADE)
			return lb_fail(err, LB_DATA, "relevance: row %zu: found %g, allowed: a grade from 0 to %d", k + 1, x->t[k], LB_MOST_GRADE);
	for (size_t k = 0; l->kind == LB_MULTILABEL && k < rows * columns; k++)
		if (x->t[k] != 0 && x->t[k] != 1 && x->t[k] != -1)
			return lb_fail(err, LB_DATA, "labels: row %zu, column %zu: found %g, allowed: 1 (present), 0 (absent) or -1 (unknown)",
				       k / columns + 1, k % columns + 1, x->t[k]);
	return 0;
}

/* A row for each row of the scores, where the loss needs it. */
static int read_rows_of(const cJSON *in, const struct lb_loss_info *l, enum lb_need need, const char *name, size_t b, double **to, size_t *columns,
			struct lb_err *err)
{
	size_t rows;
	bool flat;

	if (!(l->needs & need))
		return 0;
	if (!(*to = json_read_matrix(in, name, &rows, columns, &flat, err)))
		return -1;
	return rows == b ? 0 : lb_fail(err, LB_DATA, "%s: found %zu row%s, %s have %zu", name, rows, lb_s(rows), eval_input_scores(l), b);
}

static int read_features(const cJSON *in, const struct lb_loss_info *l, struct eval_input *x, struct lb_err *err)
{
	return read_rows_of(in, l, LB_NEEDS_FEATURES, "features", (l->needs & LB_NEEDS_VIEWS ? x->views : 1) * x->b, &x->hidden, &x->n_hidden, err) ||
			       read_rows_of(in, l, LB_NEEDS_INPUTS, "inputs", x->b, &x->inputs, &x->n_inputs, err) ||
			       read_rows_of(in, l, LB_NEEDS_GUIDE, l->kind == LB_DISTILLATION ? "teacher_features" : "guide", x->b, &x->inputs, &x->n_inputs, err) ? -1 : 0;
}

/* The loss's own parameters, of which there is one a step: so many classes there are. */
static int read_steps(const cJSON *in, const struct lb_loss_info *l, struct eval_input *x, struct lb_err *err)
{
	size_t rows;
	bool flat;

	if (!(x->params = json_read_matrix(in, l->params, &rows, &x->n_params, &flat, err)))
		return -1;
	if (rows > 1 && x->n_params > 1)
		return lb_fail(err, LB_DATA, "%s: found %zu columns, allowed: a list of numbers, one for each class but the last", l->params,
			       x->n_params);
	x->classes = rows * x->n_params + 1;
	return 0;
}

/* What the loss learns for each target, or for all rows together; left out: what training begins
 * with. */
static int read_learned(const cJSON *in, const struct lb_loss_info *l, const struct lb_arg *par, struct eval_input *x, struct lb_err *err)
{
	const struct lb_loss_shape shape = { .c = x->c, .n_hidden = x->n_hidden, .n_guide = x->n_inputs, .n_classes = x->classes ? x->classes : 1 };
	const size_t own = lb_loss_n_params(l, par, &shape), want = own ? lb_loss_params_rows(l, par, &shape) : 0;
	size_t rows;
	bool flat;

	if (!l->params || !cJSON_GetObjectItemCaseSensitive(in, l->params))
		return 0;
	if (!own)
		return lb_fail(err, LB_DATA, "%s: found with parameters by which %s learns nothing itself; remove it", l->params, l->base.name);
	if (!(x->params = json_read_matrix(in, l->params, &rows, &x->n_params, &flat, err)))
		return -1;
	if (flat && want == 1) {
		x->n_params = rows;
		rows = 1;
	}
	return rows == want && x->n_params == own / want ? 0 :
	       lb_fail(err, LB_DATA, "%s: found %zu x %zu, allowed: %zu x %zu%s", l->params, rows, x->n_params, want, own / want,
		       l->params_for == LB_EACH_TARGET ? ", a row for each target" : "");
}

/* The loss's own parameters: rows of each class, as long as a row of embeddings or of features. */
static int read_params(const cJSON *in, const struct lb_loss_info *l, const struct lb_arg *par, struct eval_input *x, struct lb_err *err)
{
	const bool features = l->needs & LB_NEEDS_FEATURES;
	const size_t columns = features ? x->n_hidden : x->c, each = l->per_class ? l->per_class(par) : 1;
	size_t rows;
	bool flat;

	if (!l->params)
		return 0;
	if (l->params_for == LB_EACH_STEP)
		return read_steps(in, l, x, err);
	if (l->kind == LB_DISTILLATION)
		return read_learned(in, l, par, x, err);
	if (l->kind == LB_EMBEDDING && l->params_for == LB_ALL_TOGETHER)
		return 0; /* how many there are may depend on the labels */
	if (!(x->params = json_read_matrix(in, l->params, &rows, &x->n_params, &flat, err)))
		return -1;
	if (x->n_params != columns)
		return lb_fail(err, LB_DATA, "%s: found %zu column%s, %s have %zu", l->params, x->n_params, lb_s(x->n_params),
			       features ? "features" : eval_input_scores(l), columns);
	if (l->kind != LB_EMBEDDING && rows != each * x->classes)
		return each > 1 ? lb_fail(err, LB_DATA, "%s: found %zu row%s, allowed: %zu for each of the %zu classes", l->params, rows, lb_s(rows), each, x->classes) :
				  lb_fail(err, LB_DATA, "%s: found %zu row%s, allowed: one for each of the %zu classes", l->params, rows, lb_s(rows), x->classes);
	if (rows % each)
		return lb_fail(err, LB_DATA, "%s: found %zu row%s, allowed: %zu for each class", l->params, rows, lb_s(rows), each);
	x->classes = rows / each;
	if (!(l->exceptions & LB_UNDEFINED_AT_ZERO))
		return 0;
	return no_zero_rows(eval_input_scores(l), x->z, x->b, x->c, err) || no_zero_rows(l->params, x->params, rows, columns, err) ? -1 : 0;
}

/* The scale of the cosines that the scores are; 1 if not given. */
static int read_scale(const cJSON *in, struct eval_input *x, struct lb_err *err)
{
	const cJSON *scale = cJSON_GetObjectItemCaseSensitive(in, "scale");

	x->scale = cJSON_IsNumber(scale) ? scale->valuedouble : 1;
	if (scale && !(cJSON_IsNumber(scale) && x->scale > 0 && isfinite(x->scale)))
		return lb_fail(err, LB_DATA, "scale: allowed: a number above 0, that of the cosine head");
	return 0;
}

/* Classes of embeddings, which have no column for each: those that are counted, at least those that
 * have a row. */
static size_t classes_of(const cJSON *in, const struct eval_input *x)
{
	size_t n = (size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(in, "class_counts"));

	n = n ? n : x->classes;
	for (size_t i = 0; i < x->b; i++)
		n = (size_t)x->y[i] >= n ? (size_t)x->y[i] + 1 : n;
	return n;
}

/* How the rows of a third view are mixed of those of the first two. */
static int read_mixture(const cJSON *in, const struct lb_loss_info *l, struct eval_input *x, struct lb_err *err)
{
	const cJSON *mix = cJSON_GetObjectItemCaseSensitive(in, "mix");

	if (!(l->needs & LB_NEEDS_MIXED_VIEW))
		return 0;
	x->mix = cJSON_IsNumber(mix) ? mix->valuedouble : -1;
	if (!(x->mix >= 0 && x->mix <= 1))
		return lb_fail(err, LB_DATA, "mix: allowed: a number in [0, 1], the share of a first view's row in its mixture");
	double *v = lb_alloc(x->b, sizeof *v, err);
	x->partner = v ? lb_alloc(x->b, sizeof *x->partner, err) : NULL;
	const int rc = x->partner ? json_read_integers(in, "partner", x->b, (double)x->b, v, err) : -1;
	for (size_t i = 0; i < x->b && !rc; i++)
		x->partner[i] = (uint32_t)v[i];
	free(v);
	return rc;
}

/* As many labels as rows; scores of several views are so many blocks of that length. */
static int split_views(const cJSON *in, const struct lb_loss_info *l, struct eval_input *x, struct lb_err *err)
{
	const cJSON *labels = cJSON_GetObjectItemCaseSensitive(in, "labels");
	const size_t n = cJSON_IsArray(labels) ? (size_t)cJSON_GetArraySize(labels) : 0;

	x->views = 1;
	if (!(l->needs & LB_NEEDS_VIEWS) || !n || n == x->b)
		return 0;
	if (x->b % n || x->b / n > LB_MOST_VIEWS)
		return lb_fail(err, LB_DATA, "scores: found %zu row%s for %zu label%s, allowed: a block of %zu row%s for each of 1 to %d views", x->b,
			       lb_s(x->b), n, lb_s(n), n, lb_s(n), LB_MOST_VIEWS);
	x->views = x->b / n;
	x->b = n;
	return 0;
}

/* A teacher's score of each row, where the loss of queries needs it; its predictions, where one of
 * a regression does. */
static int read_teacher(const cJSON *in, const struct lb_loss_info *l, enum lb_need need, const char *name, struct eval_input *x, double **to,
			struct lb_err *err)
{
	size_t columns = x->c;

	if (read_rows_of(in, l, need, name, x->b, to, &columns, err))
		return -1;
	return columns == x->c ? 0 :
	       lb_fail(err, LB_DATA, "%s: found %zu column%s, allowed: %s", name, columns, lb_s(columns),
		       l->kind == LB_RANKING ? "one score for each row" : l->kind == LB_MULTICLASS ? "as many as the scores have" : "as many as the predictions have");
}

static int read_teachers(const cJSON *in, const struct lb_loss_info *l, struct eval_input *x, struct lb_err *err)
{
	const char *name = l->kind == LB_REGRESSION ? "teacher_predictions" : "teacher_scores";

	return read_teacher(in, l, LB_NEEDS_TEACHER, name, x, &x->teacher, err) ||
			       read_teacher(in, l, LB_NEEDS_SECOND_TEACHER, "second_teacher_predictions", x, &x->second_teacher, err) ? -1 : 0;
}

/* Labels go where their rows went. */
static int move_labels(struct eval_input *x, struct lb_err *err)
{
	int32_t *moved = x->y ? lb_alloc(x->b, sizeof *moved, err) : NULL;

	if (!x->y)
		return 0;
	for (size_t i = 0; moved && i < x->b; i++)
		moved[i] = x->y[x->from[i]];
	free(x->y);
	x->y = moved;
	return moved ? 0 : -1;
}

/* The query or bag of each row; all are of one where none is given. */
static int read_groups(const cJSON *in, struct eval_input *x, struct lb_err *err)
{
	double *query;

	if (!(x->group = lb_alloc(x->b, sizeof *x->group, err)))
		return -1;
	if (!cJSON_GetObjectItemCaseSensitive(in, "groups"))
		return 0;
	if (!(query = lb_alloc(x->b, sizeof *query, err)))
		return -1;
	const int rc = json_read_integers(in, "groups", x->b, 1e15, query, err) || !(x->from = lb_alloc(x->b, sizeof *x->from, err)) ? -1 : 0;
	if (!rc)
		query_rows_join(query, x->b, x->from, x->group);
	free(query);
	return rc || query_rows_move(x->from, x->b, x->c, false, x->z, err) || (x->t && query_rows_move(x->from, x->b, x->c, false, x->t, err)) ||
			       move_labels(x, err) || (x->teacher && query_rows_move(x->from, x->b, 1, false, x->teacher, err)) ? -1 : 0;
}

static int read_times(const cJSON *in, const struct lb_loss_info *l, struct eval_input *x, struct lb_err *err)
{
	size_t rows, columns;
	bool flat;

	if (!(x->t = json_read_matrix(in, "times", &rows, &columns, &flat, err)))
		return -1;
	if (rows != x->b || columns != 1)
		return lb_fail(err, LB_DATA, "times: found %zu x %zu, allowed: one for each of the %zu row%s of scores", rows, columns, x->b, lb_s(x->b));
	for (size_t i = 0; i < rows; i++)
		if (x->t[i] < 0 || !lb_targets_allow(l->targets, x->t[i]))
			return lb_fail(err, LB_DATA, "times: row %zu: found %g, allowed: a time %s", i + 1, x->t[i],
				       lb_targets_text(l->targets ? l->targets : LB_TARGETS_NOT_NEGATIVE));
	return 0;
}

static int read_events(const cJSON *in, struct eval_input *x, struct lb_err *err)
{
	double *event = lb_alloc(x->b, sizeof *event, err);
	const int rc = event && (x->y = lb_alloc(x->b, sizeof *x->y, err)) ? json_read_integers(in, "events", x->b, 2, event, err) : -1;

	for (size_t i = 0; !rc && i < x->b; i++)
		x->y[i] = (int32_t)event[i];
	free(event);
	return rc;
}

/* The weight of each row, if given. */
static int read_weights(const cJSON *in, struct eval_input *x, struct lb_err *err)
{
	size_t rows, columns;
	bool flat;

	if (!cJSON_GetObjectItemCaseSensitive(in, "weights"))
		return 0;
	if (!(x->row_weight = json_read_matrix(in, "weights", &rows, &columns, &flat, err)))
		return -1;
	if (rows != x->b || columns != 1)
		return lb_fail(err, LB_DATA, "weights: found %zu x %zu, allowed: one for each of the %zu row%s of scores", rows, columns, x->b, lb_s(x->b));
	for (size_t i = 0; i < rows; i++)
		if (x->row_weight[i] < 0)
			return lb_fail(err, LB_DATA, "weights: row %zu: found %g, allowed: a number >= 0", i + 1, x->row_weight[i]);
	return 0;
}

/* Times, events, weights, and what the loss itself learns. */
static int read_survival(const cJSON *in, const struct lb_loss_info *l, const struct lb_arg *par, struct eval_input *x, struct lb_err *err)
{
	const size_t scores = lb_loss_outputs(l, par);

	if (x->c != scores)
		return lb_fail(err, LB_DATA, "scores: found %zu column%s, allowed: %zu, as many as the loss has %s", x->c, lb_s(x->c), scores,
			       l->columns ? "intervals" : "scores of a row");
	x->classes = 1;
	return read_times(in, l, x, err) || read_events(in, x, err) || read_weights(in, x, err) ? -1 : read_learned(in, l, par, x, err);
}

int eval_input_read(const cJSON *in, const struct lb_loss_info *l, const struct lb_arg *par, struct eval_input *x, struct lb_err *err)
{
	if (check_keys(in, l, err) || !(x->z = json_read_matrix(in, eval_input_scores(l), &x->b, &x->c, &x->flat, err)) ||
	    read_targets(in, l, par, x, err))
		return -1;
	if (l->kind == LB_REGRESSION)
		return read_teachers(in, l, x, err) || read_features(in, l, x, err) || (l->needs & LB_NEEDS_BAGS && read_groups(in, x, err)) ? -1 : read_learned(in, l, par, x, err);
	if (l->kind == LB_SURVIVAL)
		return read_survival(in, l, par, x, err);
	if (l->kind == LB_RANKING && x->c != 1)
		return lb_fail(err, LB_DATA, "scores: found %zu columns, a ranking loss takes one score per row", x->c);
	if (l->kind == LB_RANKING)
		return read_teachers(in, l, x, err) || read_groups(in, x, err) || query_rows_check(l, par, x->group, x->b, err) ? -1 : 0;
	if (l->kind == LB_MULTILABEL) {
		x->classes = x->c;
		return read_counts(in, x, x->c, err);
	}
	if (l->kind == LB_BINARY && x->c != 1)
		return lb_fail(err, LB_DATA, "scores: found %zu columns, a binary loss takes one score per row", x->c);
	if (l->scores_for == LB_ALL_TOGETHER && x->c != 1)
		return lb_fail(err, LB_DATA, "scores: found %zu columns, %s takes one score per row", x->c, l->base.name);
	if (lb_kind_of_data(l->kind) == LB_MULTICLASS && !l->scores_for && x->c < 2)
		return lb_fail(err, LB_DATA, "%s: found one column, a %s loss takes at least 2; give a list of rows: [[2, 1, 0]]", eval_input_scores(l),
			       l->kind == LB_MULTICLASS ? "multi-class" : lb_kind_name(l->kind));
	x->classes = l->classes ? l->classes : l->kind == LB_BINARY ? 2 : l->scores_for == LB_EACH_STEP ? x->c + 1 : x->c;
	if (split_views(in, l, x, err))
		return -1;
	if (read_features(in, l, x, err) || read_teachers(in, l, x, err) || read_params(in, l, par, x, err) || read_scale(in, x, err) || read_mixture(in, l, x, err))
		return -1;
	const bool any_class = l->kind == LB_EMBEDDING && (!l->params || l->params_for) && !l->classes;
	if (read_labels(in, x, any_class ? MOST_CLASSES : (double)x->classes, err))
		return -1;
	if (any_class)
		x->classes = classes_of(in, x);
	if (l->params && l->kind == LB_EMBEDDING && l->params_for == LB_ALL_TOGETHER && read_learned(in, l, par, x, err))
		return -1;
	if (read_counts(in, x, x->classes, err))
		return -1;
	return l->needs & LB_NEEDS_BAGS && read_groups(in, x, err) ? -1 : 0;
}

void eval_input_free(struct eval_input *x)
{
	free(x->z);
	free(x->t);
	free(x->hidden);
	free(x->inputs);
	free(x->teacher);
	free(x->second_teacher);
	free(x->params);
	free(x->counts);
	free(x->row_weight);
	free(x->y);
	free(x->group);
	free(x->from);
	free(x->id);
	free(x->partner);
}
