#include "core/base/mem.h"
#include "datasets/table/label_lists.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- label lists ---- */

static int by_number(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The different numbers of the lists, ascending, in new memory; *k of them. */
static double *distinct_of(const struct lb_label_lists *l, size_t *k, struct lb_err *err)
{
	double *v = lb_alloc(l->stored, sizeof *v, err);

	*k = 0;
	if (!v)
		return NULL;
	if (l->stored) {
		memcpy(v, l->label, l->stored * sizeof *v);
		qsort(v, l->stored, sizeof *v, by_number);
	}
	for (size_t i = 0; i < l->stored; i++)
		if (!i || v[i] > v[i - 1])
			v[(*k)++] = v[i];
	return v;
}

static int add_column(struct lb_table *t, const char *name, struct lb_err *err)
{
	struct lb_column *c = &t->col[t->n_cols];

	c->type = LB_NUMBER;
	c->non_feature = true;
	c->name = lb_strdup(name, err);
	c->num = lb_alloc(t->n, sizeof *c->num, err);
	t->n_cols++;
	return c->name && c->num ? 0 : -1;
}

int lb_label_lists_to_columns(const struct lb_label_lists *l, const char *path, size_t limit, struct lb_table *t, struct lb_err *err)
{
	size_t k, first = t->n_cols, cap = first;
	double *value = distinct_of(l, &k, err);
	char text[LB_DOUBLE_TEXT];
	int rc = value ? 0 : -1;

	if (!rc && k * t->n > limit / sizeof(double))
		rc = lb_fail(err, LB_DATA, "%s: %zu label%s of %zu row%s take%s %.0f MB of memory, more than the limit of %.0f MB; raise data.max_memory",
			     path, k, lb_s(k), t->n, lb_s(t->n), k == 1 ? "s" : "", (double)k * (double)t->n * sizeof(double) / 1e6, (double)limit / 1e6);
	if (!rc && k)
		rc = lb_grow(&t->col, &cap, first + k, sizeof *t->col, err);
	if (!rc && k)
		memset(t->col + first, 0, k * sizeof *t->col);
	for (size_t j = 0; !rc && j < k; j++) {
		lb_double_text(value[j], text);
		rc = add_column(t, text, err);
	}
	for (size_t i = 0; !rc && i < t->n; i++)
		for (size_t s = l->start[i]; s < l->start[i + 1]; s++) {
			const double *at = bsearch(&l->label[s], value, k, sizeof *value, by_number);
			t->col[first + (size_t)(at - value)].num[i] = 1;
		}
	free(value);
	return rc;
}

/* ---- several files ---- */

/* Takes a column out of t, or makes one without any label; n_cols of t is left alone. */
static int take(struct lb_table *t, const char *name, struct lb_column *out, struct lb_err *err)
{
	for (size_t j = 0; j < t->n_cols; j++)
		if (t->col[j].name && !strcmp(t->col[j].name, name)) {
			*out = t->col[j];
			t->col[j] = (struct lb_column){ 0 };
			return 0;
		}
	*out = (struct lb_column){ .type = LB_NUMBER, .non_feature = true, .name = lb_strdup(name, err), .num = lb_alloc(t->n, sizeof *out->num, err) };
	return out->name && out->num ? 0 : -1;
}

static int by_name(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	const double p = strtod(x, NULL), q = strtod(y, NULL);

	return p < q ? -1 : p > q ? 1 : strcmp(x, y);
}

/* The names of all tables' label columns, each once, in order; new memory that borrows them. */
static char **names_of(struct lb_table *const side[LB_SIDES], size_t *n, struct lb_err *err)
{
	size_t all = 0, room = 0;

	for (int s = 0; s < LB_SIDES; s++)
		room += side[s] ? side[s]->n_cols : 0;
	char **name = lb_alloc(room, sizeof *name, err);
	*n = 0;
	for (int s = 0; name && s < LB_SIDES; s++)
		for (size_t j = 0; side[s] && j < side[s]->n_cols; j++)
			if (strcmp(side[s]->col[j].name, "qid"))
				name[all++] = side[s]->col[j].name;
	if (all)
		qsort(name, all, sizeof *name, by_name);
	for (size_t j = 0; j < all; j++)
		if (!*n || strcmp(name[j], name[*n - 1]))
			name[(*n)++] = name[j];
	return name;
}

static int widen(struct lb_table *t, char *const *name, size_t n, struct lb_err *err)
{
	struct lb_column *col = lb_alloc(n + 1, sizeof *col, err);
	size_t k = 0;
	int rc = col ? 0 : -1;

	for (size_t j = 0; !rc && j < t->n_cols; j++)
		if (!strcmp(t->col[j].name, "qid")) {
			col[k++] = t->col[j];
			t->col[j] = (struct lb_column){ 0 };
			break;
		}
	for (size_t j = 0; !rc && j < n; j++)
		rc = take(t, name[j], &col[k++], err);
	for (size_t j = 0; col && j < t->n_cols; j++)
		lb_column_clear(&t->col[j]);
	if (col) {
		free(t->col);
		t->col = col;
		t->n_cols = k;
	}
	return rc;
}

int lb_label_columns_join(struct lb_table *const side[LB_SIDES], struct lb_err *err)
{
	size_t n;
	char **name = names_of(side, &n, err);
	char **copy = name ? lb_alloc(n, sizeof *copy, err) : NULL;
	int rc = copy ? 0 : -1;

	for (size_t j = 0; !rc && j < n; j++)
		rc = (copy[j] = lb_strdup(name[j], err)) ? 0 : -1;
	free(name);
	for (int s = 0; !rc && s < LB_SIDES; s++)
		rc = side[s] ? widen(side[s], copy, n, err) : 0;
	for (size_t j = 0; copy && j < n; j++)
		free(copy[j]);
	free(copy);
	return rc;
}

/* ---- columns to labels ---- */

static const struct lb_origin *label_origin(const struct lb_joined_table *f)
{
	return f->labels.at ? &f->labels : &f->rows;
}

static int refuse(const struct lb_joined_table *f, const struct lb_column *c, size_t i, struct lb_err *err)
{
	char text[LB_DOUBLE_TEXT];

	if (c->type == LB_TEXT)
		return lb_joined_table_fail(f, label_origin(f), i, err, "column '%s': found '%s', allowed: 1 (the label is there), 0 (it is not), or -1 or "
				     "an empty cell (not known); task: multilabel takes one column a label", c->name, c->level[c->code[i]]);
	lb_double_text(c->num[i], text);
	return lb_joined_table_fail(f, label_origin(f), i, err, "column '%s': found %s, allowed: 1 (the label is there), 0 (it is not), or -1 or an empty "
			     "cell (not known); task: multilabel takes one column a label", c->name, isinf(c->num[i]) ? "an infinity" : text);
}

static int code_column(const struct lb_joined_table *f, struct lb_column *c, struct lb_dataset *d, size_t k, struct lb_err *err)
{
	const size_t text = lb_column_first_text(c, f->n);

	if (text < f->n)
		return refuse(f, c, text, err);
	if (lb_column_to_number(c, f->n, err))
		return -1;
	for (size_t i = 0; i < f->n; i++) {
		const double v = lb_column_is_missing(c, i) ? -1 : c->num[i];
		if (v != 0 && v != 1 && v != -1)
			return refuse(f, c, i, err);
		d->target[i * d->n_targets + k] = v;
	}
	d->class_name[k] = lb_strdup(c->name, err);
	d->n_classes = k + 1;
	return d->class_name[k] ? 0 : -1;
}

static int warn_empty(const struct lb_joined_table *f, struct lb_dataset *d, struct lb_err *err)
{
	size_t zeros = 0, minus = 0, k = 0;
	struct lb_buf b = { 0 };
	int rc = 0;

	for (size_t j = 0; j < d->n_targets; j++) {
		size_t there = 0;
		for (size_t i = 0; i < f->n_first; i++) {
			const double v = d->target[i * d->n_targets + j];
			there += v > 0;
			zeros += v == 0;
			minus += v < 0;
		}
		if (!there)
			lb_some(&b, k++, d->class_name[j]);
	}
	lb_some_end(&b, k);
	if (b.bad)
		rc = lb_fail_memory(err, b.n);
	else if (k)
		rc = lb_dataset_warn(d, err, "%zu label%s on no row of the training file: %s", k, k == 1 ? " is" : "s are", b.s);
	if (!rc && minus && !zeros)
		rc = lb_dataset_warn(d, err, "no label is 0: every label that is not there counts as not known (-1 or an empty cell); if -1 means "
				     "\"not there\", write 0");
	lb_buf_free(&b);
	return rc;
}

int lb_joined_table_multilabel(struct lb_joined_table *f, struct lb_dataset *d, struct lb_err *err)
{
	size_t k = 0;

	for (size_t j = 0; j < f->n_cols; j++)
		d->n_targets += f->role[j] == LB_TARGET;
	d->target = lb_alloc(f->n * d->n_targets, sizeof *d->target, err);
	d->class_name = lb_alloc(d->n_targets, sizeof *d->class_name, err);
	if (!d->target || !d->class_name)
		return -1;
	for (size_t j = 0; j < f->n_cols; j++)
		if (f->role[j] == LB_TARGET && code_column(f, &f->col[j], d, k++, err))
			return -1;
	return warn_empty(f, d, err);
}
