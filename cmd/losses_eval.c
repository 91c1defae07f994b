#include "cmd/losses.h"
#include "cmd/query_rows.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "losses/eval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The inputs of an evaluation as read. */
struct inputs {
	double *z, *t, *hidden, *inputs, *params, *counts;
	int32_t *y, *group;
	uint32_t *id, *from;     /* from: which row of the input each row is, where queries were joined */
	size_t b, c, n_hidden, n_inputs, classes, views; /* z has views * b rows */
	size_t n_params;         /* columns of params, which has a row a class */
	double scale;
	bool flat;               /* scores given as a plain list: one column */
};

enum { LARGEST_INPUT = 1 << 30 };

static char *read_all(const char *input, size_t *n, struct lb_err *err)
{
	return strcmp(input, "-") && strcmp(input, "/dev/stdin") ? lb_read_file(input, LARGEST_INPUT, n, LB_DATA, err) :
								   lb_read_open(STDIN_FILENO, input, LARGEST_INPUT, n, LB_DATA, err);
}

static int bad_number(const char *name, size_t i, size_t j, const cJSON *e, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s: row %zu, column %zu: found %s, allowed: a finite number", name, i + 1, j + 1,
		       cJSON_IsNumber(e) ? "a number that is not finite" : cJSON_IsString(e) ? e->valuestring : "something else");
}

/* A list of rows of equal length, or a plain list as one column; new memory. */
static double *read_matrix(const cJSON *in, const char *name, size_t *rows, size_t *columns, bool *flat, struct lb_err *err)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(in, name), *row;
	const size_t b = cJSON_IsArray(list) ? (size_t)cJSON_GetArraySize(list) : 0;

	if (!b) {
		lb_fail(err, LB_DATA, "input: \"%s\" is missing or empty; expected a list of rows", name);
		return NULL;
	}
	*flat = !cJSON_IsArray(list->child);
	const size_t c = *flat ? 1 : (size_t)cJSON_GetArraySize(list->child);
	double *out = lb_alloc(b * c, sizeof *out, err);
	size_t i = 0;
	cJSON_ArrayForEach(row, list) {
		const cJSON *e = *flat ? row : row->child;
		if (!out)
			return NULL;
		if (!*flat && (!cJSON_IsArray(row) || (size_t)cJSON_GetArraySize(row) != c)) {
			lb_fail(err, LB_DATA, "%s: row %zu has not %zu %s like the first", name, i + 1, c,
				c == 1 ? "entry" : "entries");
			goto fail;
		}
		for (size_t j = 0; j < c; j++, e = e->next) {
			if (!cJSON_IsNumber(e) || !isfinite(e->valuedouble)) {
				bad_number(name, i, j, e, err);
				goto fail;
			}
			out[i * c + j] = e->valuedouble;
		}
		i++;
	}
	*rows = b;
	*columns = c;
	return out;
fail:
	free(out);
	return NULL;
}

static int bad_integer(const char *name, size_t i, double limit, const cJSON *e, struct lb_err *err)
{
	char found[LB_DOUBLE_TEXT] = "something else";

	if (cJSON_IsNumber(e))
		lb_double_text(e->valuedouble, found);
	return lb_fail(err, LB_DATA, "%s: entry %zu is not an integer from 0 to %.0f: found %s%s%s", name, i + 1, limit - 1,
		       cJSON_IsString(e) ? "the text \"" : "", cJSON_IsString(e) ? e->valuestring : found, cJSON_IsString(e) ? "\"" : "");
}

/* n integers in [0, limit) */
static int read_integers(const cJSON *in, const char *name, size_t n, double limit, double *out, struct lb_err *err)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(in, name), *e;
	char found[32] = "something else";
	size_t i = 0;

	if (!cJSON_IsArray(list) || (size_t)cJSON_GetArraySize(list) != n) {
		if (!list || cJSON_IsArray(list))
			snprintf(found, sizeof found, "%d", cJSON_GetArraySize(list));
		return lb_fail(err, LB_DATA, "input: \"%s\" must be a list of %zu integer%s, one per %s; found %s", name, n, lb_s(n),
			       strcmp(name, "class_counts") ? "row" : "class", found);
	}
	cJSON_ArrayForEach(e, list) {
		if (!cJSON_IsNumber(e) || e->valuedouble < 0 || e->valuedouble >= limit || e->valuedouble != floor(e->valuedouble))
			return bad_integer(name, i, limit, e, err);
		out[i++] = e->valuedouble;
	}
	return 0;
}

static int read_labels(const cJSON *in, struct inputs *x, double classes, struct lb_err *err)
{
	double *v = lb_alloc(x->b, sizeof *v, err);
	int rc = v && (x->y = lb_alloc(x->b, sizeof *x->y, err)) ? read_integers(in, "labels", x->b, classes, v, err) : -1;

	for (size_t i = 0; i < x->b && !rc; i++)
		x->y[i] = (int32_t)v[i];
	if (!rc && cJSON_GetObjectItemCaseSensitive(in, "sample_ids")) {
		rc = (x->id = lb_alloc(x->b, sizeof *x->id, err)) ? read_integers(in, "sample_ids", x->b, 1e8, v, err) : -1;
		for (size_t i = 0; i < x->b && !rc; i++)
			x->id[i] = (uint32_t)v[i];
	}
	free(v);
	return rc;
}

static int read_counts(const cJSON *in, struct inputs *x, size_t classes, struct lb_err *err)
{
	if (!cJSON_GetObjectItemCaseSensitive(in, "class_counts"))
		return 0;
	if (!(x->counts = lb_alloc(classes, sizeof *x->counts, err)))
		return -1;
	return read_integers(in, "class_counts", classes, 1e15, x->counts, err);
}

/* What an input may hold: for the kinds of a bit set, and, unless it is 0, for a loss that needs
 * this. */
enum { CLASSES = 1 << LB_MULTICLASS | 1 << LB_BINARY | 1 << LB_EMBEDDING | 1 << LB_DISTILLATION,
       LABELLED = CLASSES | 1 << LB_MULTILABEL, ANY = -1 };
static const struct key {
	const char *name;        /* NULL: that of the loss's own parameters, if it has some */
	int kinds;
	unsigned needs;
} keys[] = {
	{ "scores", 1 << LB_MULTICLASS | 1 << LB_BINARY | 1 << LB_DISTILLATION | 1 << LB_MULTILABEL | 1 << LB_RANKING, 0 },
	{ "embeddings", 1 << LB_EMBEDDING, 0 },
	{ "predictions", 1 << LB_REGRESSION, 0 },
	{ "labels", LABELLED, 0 },
	{ "targets", 1 << LB_REGRESSION, 0 },
	{ "relevance", 1 << LB_RANKING, 0 },
	{ "groups", 1 << LB_RANKING, 0 },
	{ "teacher_scores", 1 << LB_DISTILLATION, 0 },
	{ NULL, ANY, 0 },
	{ "features", ANY, LB_NEEDS_FEATURES },
	{ "inputs", ANY, LB_NEEDS_INPUTS },
	{ "class_counts", LABELLED, 0 },
	{ "sample_ids", CLASSES, 0 },
	{ "scale", CLASSES, LB_NEEDS_COSINES },
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

static const char *point_name(const struct lb_loss_info *l)
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
static int read_targets(const cJSON *in, const struct lb_loss_info *l, const struct lb_arg *par, struct inputs *x, struct lb_err *err)
{
	const char *name = l->kind == LB_REGRESSION ? "targets" : l->kind == LB_MULTILABEL ? "labels" : l->kind == LB_RANKING ? "relevance" : "teacher_scores";
	const size_t outputs = lb_loss_outputs(l, par);
	size_t rows, columns;
	bool flat;

	if (!lb_kind_of_columns(l->kind) && l->kind != LB_DISTILLATION)
		return 0;
	if (!(x->t = read_matrix(in, name, &rows, &columns, &flat, err)))
		return -1;
	if (outputs > 1 && (rows != x->b || columns * outputs != x->c))
		return lb_fail(err, LB_DATA, "%s: found %zu x %zu, predictions have %zu x %zu, allowed: %zu columns of predictions for each target", name,
			       rows, columns, x->b, x->c, outputs);
	if (rows != x->b || columns * outputs != x->c)
		return lb_fail(err, LB_DATA, "%s: found %zu x %zu, %s have %zu x %zu", name, rows, columns, point_name(l), x->b, x->c);
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
	if (!(*to = read_matrix(in, name, &rows, columns, &flat, err)))
		return -1;
	return rows == b ? 0 : lb_fail(err, LB_DATA, "%s: found %zu row%s, %s have %zu", name, rows, lb_s(rows), point_name(l), b);
}

static int read_features(const cJSON *in, const struct lb_loss_info *l, struct inputs *x, struct lb_err *err)
{
	return read_rows_of(in, l, LB_NEEDS_FEATURES, "features", x->b, &x->hidden, &x->n_hidden, err) ||
			       read_rows_of(in, l, LB_NEEDS_INPUTS, "inputs", x->b, &x->inputs, &x->n_inputs, err) ? -1 : 0;
}

/* The loss's own parameters: a row a class, as long as a row of embeddings or of features. */
static int read_params(const cJSON *in, const struct lb_loss_info *l, struct inputs *x, struct lb_err *err)
{
	const bool features = l->needs & LB_NEEDS_FEATURES;
	const size_t columns = features ? x->n_hidden : x->c;
	size_t rows;
	bool flat;

	if (!l->params)
		return 0;
	if (!(x->params = read_matrix(in, l->params, &rows, &x->n_params, &flat, err)))
		return -1;
	if (x->n_params != columns)
		return lb_fail(err, LB_DATA, "%s: found %zu column%s, %s have %zu", l->params, x->n_params, lb_s(x->n_params),
			       features ? "features" : point_name(l), columns);
	if (l->kind != LB_EMBEDDING && rows != x->classes)
		return lb_fail(err, LB_DATA, "%s: found %zu row%s, allowed: one for each of the %zu classes", l->params, rows, lb_s(rows), x->classes);
	x->classes = rows;
	if (!(l->exceptions & LB_UNDEFINED_AT_ZERO))
		return 0;
	return no_zero_rows(point_name(l), x->z, x->b, x->c, err) || no_zero_rows(l->params, x->params, rows, columns, err) ? -1 : 0;
}

/* The scale of the cosines that the scores are; 1 if not given. */
static int read_scale(const cJSON *in, struct inputs *x, struct lb_err *err)
{
	const cJSON *scale = cJSON_GetObjectItemCaseSensitive(in, "scale");

	x->scale = cJSON_IsNumber(scale) ? scale->valuedouble : 1;
	if (scale && !(cJSON_IsNumber(scale) && x->scale > 0 && isfinite(x->scale)))
		return lb_fail(err, LB_DATA, "scale: allowed: a number above 0, that of the cosine head");
	return 0;
}

/* As many labels as rows; scores of several views are so many blocks of that length. */
static int split_views(const cJSON *in, const struct lb_loss_info *l, struct inputs *x, struct lb_err *err)
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

/* The query of each row; all are of one where none is given. */
static int read_queries(const cJSON *in, struct inputs *x, struct lb_err *err)
{
	double *query;

	if (x->c != 1)
		return lb_fail(err, LB_DATA, "scores: found %zu columns, a ranking loss takes one score per row", x->c);
	if (!(x->group = lb_alloc(x->b, sizeof *x->group, err)))
		return -1;
	if (!cJSON_GetObjectItemCaseSensitive(in, "groups"))
		return 0;
	if (!(query = lb_alloc(x->b, sizeof *query, err)))
		return -1;
	const int rc = read_integers(in, "groups", x->b, 1e15, query, err) || !(x->from = lb_alloc(x->b, sizeof *x->from, err)) ? -1 : 0;
	if (!rc)
		query_rows_join(query, x->b, x->from, x->group);
	free(query);
	return rc || query_rows_move(x->from, x->b, false, x->z, err) || query_rows_move(x->from, x->b, false, x->t, err) ? -1 : 0;
}

static int read_inputs(const cJSON *in, const struct lb_loss_info *l, const struct lb_arg *par, struct inputs *x, struct lb_err *err)
{
	if (check_keys(in, l, err) || !(x->z = read_matrix(in, point_name(l), &x->b, &x->c, &x->flat, err)) ||
	    read_targets(in, l, par, x, err))
		return -1;
	if (l->kind == LB_REGRESSION)
		return read_features(in, l, x, err);
	if (l->kind == LB_RANKING)
		return read_queries(in, x, err) || query_rows_check(l, par, x->group, x->b, err) ? -1 : 0;
	if (l->kind == LB_MULTILABEL) {
		x->classes = x->c;
		return read_counts(in, x, x->c, err);
	}
	if (l->kind == LB_BINARY && x->c != 1)
		return lb_fail(err, LB_DATA, "scores: found %zu columns, a binary loss takes one score per row", x->c);
	if (lb_kind_of_data(l->kind) == LB_MULTICLASS && x->c < 2)
		return lb_fail(err, LB_DATA, "%s: found one column, a %s loss takes at least 2; give a list of rows: [[2, 1, 0]]", point_name(l),
			       l->kind == LB_MULTICLASS ? "multi-class" : lb_kind_name(l->kind));
	x->classes = l->classes ? l->classes : l->kind == LB_BINARY ? 2 : x->c;
	if (split_views(in, l, x, err))
		return -1;
	if (read_features(in, l, x, err) || read_params(in, l, x, err) || read_scale(in, x, err))
		return -1;
	return read_labels(in, x, (double)x->classes, err) || read_counts(in, x, x->classes, err) ? -1 : 0;
}

static void print_matrix(const char *name, const double *v, size_t rows, size_t c, bool flat)
{
	printf("\"%s\": [", name);
	for (size_t i = 0; i < rows; i++) {
		printf("%s%s", i ? ", " : "", flat ? "" : "[");
		for (size_t j = 0; j < c; j++)
			printf(isfinite(v[i * c + j]) ? "%s%.17g" : "%s\"%g\"", j ? ", " : "", v[i * c + j]);
		printf("%s", flat ? "" : "]");
	}
	printf("]");
}

/* Numbers of the gradient: by the scores of all views, the loss's own parameters and the features
 * that it moves. */
struct gradient {
	size_t scores, params, features;
};

static struct gradient gradient_of(const struct lb_loss_info *l, const struct inputs *x)
{
	return (struct gradient){ .scores = (x->views ? x->views : 1) * x->b * x->c, .params = l->params ? x->classes * x->n_params : 0,
				  .features = l->needs & LB_MOVES_FEATURES ? x->b * x->n_hidden : 0 };
}

static void print_result(const struct lb_loss_info *l, const struct inputs *x, double value, const double *grad)
{
	const struct gradient n = gradient_of(l, x);

	printf(isfinite(value) ? "{\"value\": %.17g, \"grad\": {" : "{\"value\": \"%g\", \"grad\": {", value);
	print_matrix(point_name(l), grad, n.scores / x->c, x->c, x->flat);
	if (n.params) {
		printf(", ");
		print_matrix(l->params, grad + n.scores, x->classes, x->n_params, false);
	}
	if (n.features) {
		printf(", ");
		print_matrix("features", grad + n.scores + n.params, x->b, x->n_hidden, false);
	}
	printf("}}\n");
}

int losses_join_params(const char *const *params, size_t n, struct lb_buf *out, struct lb_err *err)
{
	for (size_t i = 0; i < n; i++) {
		lb_buf_puts(out, i ? " " : "");
		for (const char *p = params[i]; *p; p++)
			if (*p != ' ')
				lb_buf_add(out, p, 1);
	}
	lb_buf_puts(out, "");
	return out->bad ? lb_fail_memory(err, 64) : 0;
}

static int evaluate(const struct lb_loss_info *l, const char *set, int bits, const cJSON *in, struct lb_err *err)
{
	struct lb_arg *par = lb_alloc((size_t)l->base.n_params, sizeof *par, err);
	struct lb_arg_store store = { 0 };
	struct inputs x = { 0 };
	double value, *grad = NULL;
	int rc = -1;

	if (!par || lb_args_from_text(&l->base, set, par, &store, err)) {
		if (err->code != LB_MACHINE)
			err->code = LB_USAGE;
		goto out;
	}
	if (read_inputs(in, l, par, &x, err))
		goto out;
	const struct gradient n = gradient_of(l, &x);
	if (!(grad = lb_alloc(n.scores + n.params + n.features, sizeof *grad, err)))
		goto out;
	const struct lb_loss_input input = { .b = x.b, .c = x.c, .z = x.z, .y = x.y, .t = x.t, .group = x.group, .counts = x.counts, .id = x.id, .par = par,
					     .hidden = x.hidden, .n_hidden = x.n_hidden, .inputs = x.inputs, .n_inputs = x.n_inputs, .params = x.params, .n_classes = x.classes, .views = x.views,
					     .scale = x.scale };
	if (!(rc = lb_loss_eval(l, bits, &input, &value, grad, err) || query_rows_move(x.from, x.b, true, grad, err) ? -1 : 0))
		print_result(l, &x, value, grad);
out:
	lb_args_free(&store);
	free(par);
	free(grad);
	free(x.z);
	free(x.t);
	free(x.hidden);
	free(x.inputs);
	free(x.params);
	free(x.counts);
	free(x.y);
	free(x.group);
	free(x.from);
	free(x.id);
	return rc;
}

int losses_eval(const char *name, const char *const *params, size_t n_params, const char *precision, const char *input,
		struct lb_err *err)
{
	const struct lb_loss_info *l = losses_find(name, err);
	struct lb_buf set = { 0 };
	cJSON *in = NULL;
	size_t n;
	int rc = -1;

	if (!l)
		return -1;
	if (strcmp(precision, "float32") && strcmp(precision, "float64"))
		return lb_fail(err, LB_USAGE, "--precision: found \"%s\", allowed: float32, float64", precision);
	char *text = read_all(input, &n, err);
	if (text && (in = lb_json_parse(strcmp(input, "-") ? input : "stdin", text, n, LB_DATA, err)) &&
	    !losses_join_params(params, n_params, &set, err))
		rc = evaluate(l, set.s, strcmp(precision, "float32") ? 64 : 32, in, err);
	lb_buf_free(&set);
	cJSON_Delete(in);
	free(text);
	return rc;
}
