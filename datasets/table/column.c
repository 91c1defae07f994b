#include "datasets/table/column.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAMED = 5 };

void lb_some(struct lb_buf *b, size_t k, const char *name)
{
	if (k < NAMED)
		lb_buf_printf(b, "%s'%s'", k ? ", " : "", name);
}

void lb_some_end(struct lb_buf *b, size_t n)
{
	if (n > NAMED)
		lb_buf_printf(b, " and %zu more", n - NAMED);
}

void lb_column_clear(struct lb_column *c)
{
	for (size_t k = 0; k < c->n_levels; k++)
		free(c->level[k]);
	free(c->level);
	free(c->code);
	free(c->num);
	free(c->name);
	*c = (struct lb_column){ 0 };
}

bool lb_column_is_missing(const struct lb_column *c, size_t row)
{
	return c->type == LB_NUMBER ? isnan(c->num[row]) : c->code[row] < 0;
}

size_t lb_column_first_text(const struct lb_column *c, size_t n)
{
	size_t i = 0;
	double v;

	if (c->type == LB_NUMBER)
		return n;
	while (i < n && (c->code[i] < 0 || lb_parse_double(c->level[c->code[i]], strlen(c->level[c->code[i]]), &v)))
		i++;
	return i;
}

/* ---- references ---- */

static int fail_unknown(const char *ref, char *const *name, size_t n, const char *place, const char *key, struct lb_err *err)
{
	const char *near = lb_nearest(ref, (const char *const *)name, n);
	struct lb_buf b = { 0 };

	if (near)
		return lb_fail(err, LB_DATA, "%s: %s: there is no column '%s'; did you mean '%s'?", place, key, ref, near);
	for (size_t i = 0; i < n; i++)
		lb_some(&b, i, name[i]);
	lb_some_end(&b, n);
	lb_fail(err, LB_DATA,
		"%s: %s: there is no column '%s'; the columns are %s; a number from 1, or negative from the end, does as well",
		place, key, ref, b.bad ? "others" : b.s);
	lb_buf_free(&b);
	return -1;
}

void lb_names_free(char **name, size_t n)
{
	for (size_t j = 0; name && j < n; j++)
		free(name[j]);
	free(name);
}

char **lb_table_names(const struct lb_table *t, struct lb_err *err)
{
	const size_t n = t->block.d + t->n_cols;
	char **name = lb_alloc(n, sizeof *name, err);

	for (size_t j = 0; name && j < n; j++) {
		const char *given = j >= t->block.d ? t->col[j - t->block.d].name : t->block_name ? t->block_name[j] : NULL;
		name[j] = given ? lb_strdup(given, err) : lb_strfmt(err, "column %zu", j + 1);
		if (!name[j]) {
			lb_names_free(name, n);
			return NULL;
		}
	}
	return name;
}

int lb_column_find(const char *ref, char *const *name, size_t n, const char *place, const char *key, size_t *at,
		   struct lb_err *err)
{
	size_t found = n;
	int64_t number;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(name[i], ref) != 0)
			continue;
		if (found < n)
			return lb_fail(err, LB_DATA, "%s: %s: the name '%s' stands over columns %zu and %zu; say which by number",
				       place, key, ref, found + 1, i + 1);
		found = i;
	}
	if (found == n && lb_parse_int(ref, strlen(ref), &number)) {
		const int64_t last = (int64_t)n, k = number < 0 ? number + last : number - 1;
		if (number == 0 || k < 0 || k >= last)
			return lb_fail(err, LB_DATA,
				       "%s: %s: there is no column %s; the table has %zu, numbered from 1, or from -1 at the end",
				       place, key, ref, n);
		found = (size_t)k;
	}
	if (found == n)
		return fail_unknown(ref, name, n, place, key, err);
	*at = found;
	return 0;
}

/* ---- numbers to text ---- */

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The distinct values of v[0..n) that are not missing, ascending. */
static double *distinct(const double *v, size_t n, size_t *count, struct lb_err *err)
{
	double *value = lb_alloc(n, sizeof *value, err);
	size_t present = 0, k = 0;

	if (!value)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (!isnan(v[i]))
			value[present++] = v[i];
	qsort(value, present, sizeof *value, by_value);
	for (size_t i = 0; i < present; i++)
		if (k == 0 || value[i] > value[k - 1])
			value[k++] = value[i];
	*count = k;
	return value;
}

int lb_column_to_text(struct lb_column *c, size_t n, struct lb_err *err)
{
	char text[LB_DOUBLE_TEXT];
	size_t count = 0;

	if (c->type == LB_TEXT)
		return 0;
	double *value = distinct(c->num, n, &count, err);
	c->code = lb_alloc(n, sizeof *c->code, err);
	c->level = lb_alloc(count, sizeof *c->level, err);
	if (!value || !c->code || !c->level)
		goto out;
	for (; c->n_levels < count; c->n_levels++) {
		lb_double_text(value[c->n_levels], text);
		if (!(c->level[c->n_levels] = lb_strdup(text, err)))
			goto out;
	}
	for (size_t i = 0; i < n; i++) {
		const double *at = isnan(c->num[i]) ? NULL : bsearch(&c->num[i], value, count, sizeof *value, by_value);
		c->code[i] = at ? (int32_t)(at - value) : -1;
	}
	free(c->num);
	c->num = NULL;
	c->type = LB_TEXT;
	c->large = true;
out:
	free(value);
	return c->type == LB_TEXT ? 0 : -1;
}

int lb_column_to_number(struct lb_column *c, size_t n, struct lb_err *err)
{
	if (c->type == LB_NUMBER)
		return 0;
	double *value = lb_alloc(c->n_levels, sizeof *value, err), *num = value ? lb_alloc(n, sizeof *num, err) : NULL;
	if (!num) {
		free(value);
		return -1;
	}
	for (size_t k = 0; k < c->n_levels; k++) {
		if (!lb_parse_double(c->level[k], strlen(c->level[k]), &value[k]))
			value[k] = (double)NAN; /* declared, but in no cell */
		free(c->level[k]);
	}
	for (size_t i = 0; i < n; i++)
		num[i] = c->code[i] < 0 ? (double)NAN : value[c->code[i]];
	free(value);
	free(c->level);
	free(c->code);
	c->level = NULL;
	c->code = NULL;
	c->n_levels = 0;
	c->num = num;
	c->type = LB_NUMBER;
	c->declared = false;
	return 0;
}

/* ---- levels ---- */

struct level {
	char *s;
	int32_t code;
};

static int by_bytes(const void *a, const void *b)
{
	return strcmp(((const struct level *)a)->s, ((const struct level *)b)->s);
}

/* Canonical texts of numbers; whole ones that are the same double differ in their number of digits
 * or in one of them. */
static int by_number(const void *a, const void *b)
{
	const char *s = ((const struct level *)a)->s, *t = ((const struct level *)b)->s;
	double x = 0, y = 0;

	lb_parse_double(s, strlen(s), &x);
	lb_parse_double(t, strlen(t), &y);
	if (x != y)
		return x < y ? -1 : 1;
	const int order = strlen(s) != strlen(t) ? (strlen(s) > strlen(t) ? 1 : -1) : strcmp(s, t);
	return x < 0 ? -order : order;
}

static struct level *sorted_levels(const struct lb_column *c, int (*order)(const void *a, const void *b), struct lb_err *err)
{
	struct level *v = lb_alloc(c->n_levels, sizeof *v, err);

	for (size_t k = 0; v && k < c->n_levels; k++)
		v[k] = (struct level){ c->level[k], (int32_t)k };
	if (v)
		qsort(v, c->n_levels, sizeof *v, order);
	return v;
}

/* Adds the levels of `more` that c lacks; to[k] is the code in c of level k of `more`. */
static int merge_levels(struct lb_column *c, struct lb_column *more, int32_t *to, struct lb_err *err)
{
	const size_t old = c->n_levels;
	struct level *known = sorted_levels(c, by_bytes, err);
	char **level = known ? lb_alloc(old + more->n_levels, sizeof *level, err) : NULL;

	if (!level) {
		free(known);
		return -1;
	}
	if (old)
		memcpy(level, c->level, old * sizeof *level);
	free(c->level);
	c->level = level;
	for (size_t k = 0; k < more->n_levels; k++) {
		const struct level key = { .s = more->level[k] }, *at = bsearch(&key, known, old, sizeof *known, by_bytes);
		to[k] = at ? at->code : (int32_t)c->n_levels;
		if (!at) {
			level[c->n_levels++] = more->level[k];
			more->level[k] = NULL;
		}
	}
	free(known);
	return 0;
}

static int append_text(struct lb_column *c, size_t n, struct lb_column *more, size_t m, struct lb_err *err)
{
	int32_t *to = lb_alloc(more->n_levels, sizeof *to, err), *code = NULL;
	int rc = -1;

	if (!to || merge_levels(c, more, to, err) || !(code = lb_concat(c->code, n, more->code, m, sizeof *code, err)))
		goto out;
	for (size_t i = n; i < n + m; i++)
		code[i] = code[i] < 0 ? -1 : to[code[i]];
	free(c->code);
	c->code = code;
	rc = 0;
out:
	free(to);
	return rc;
}

int lb_column_append(struct lb_column *c, size_t n, struct lb_column *more, size_t m, struct lb_err *err)
{
	c->n_missing += more->n_missing;
	c->large = c->large && more->large;
	if (c->type == LB_TEXT)
		return append_text(c, n, more, m, err);
	double *num = lb_concat(c->num, n, more->num, m, sizeof *num, err);
	if (!num)
		return -1;
	free(c->num);
	c->num = num;
	return 0;
}

void lb_column_filter(struct lb_column *c, size_t n, const bool *keep)
{
	size_t k = 0;

	c->n_missing = 0;
	for (size_t i = 0; i < n; i++) {
		if (!keep[i])
			continue;
		if (c->type == LB_NUMBER)
			c->num[k] = c->num[i];
		else
			c->code[k] = c->code[i];
		c->n_missing += lb_column_is_missing(c, k++);
	}
}

static int order_levels(struct lb_column *c, size_t n, int (*order)(const void *a, const void *b), struct lb_err *err)
{
	struct level *sorted = sorted_levels(c, order, err);
	int32_t *to = lb_alloc(c->n_levels, sizeof *to, err);
	size_t used = 0;
	int rc = -1;

	if (!sorted || !to)
		goto out;
	for (size_t i = 0; i < n; i++)
		if (c->code[i] >= 0)
			to[c->code[i]] = 1;
	for (size_t k = 0; k < c->n_levels; k++) {
		if (to[sorted[k].code]) {
			to[sorted[k].code] = (int32_t)used;
			c->level[used++] = sorted[k].s;
		} else
			free(sorted[k].s);
	}
	c->n_levels = used;
	for (size_t i = 0; i < n; i++)
		if (c->code[i] >= 0)
			c->code[i] = to[c->code[i]];
	rc = 0;
out:
	free(sorted);
	free(to);
	return rc;
}

int lb_column_sort_levels(struct lb_column *c, size_t n, struct lb_err *err)
{
	return order_levels(c, n, by_bytes, err);
}

int lb_column_sort_classes(struct lb_column *c, size_t n, struct lb_err *err)
{
	return order_levels(c, n, c->large || lb_column_first_text(c, n) == n ? by_number : by_bytes, err);
}

int lb_column_of_block(const struct lb_matrix *m, size_t j, const char *name, struct lb_column *c, struct lb_err *err)
{
	c->type = LB_NUMBER;
	if (!(c->name = lb_strdup(name, err)) || !(c->num = lb_alloc(m->n, sizeof *c->num, err)))
		return -1;
	for (size_t i = 0; i < m->n; i++) {
		c->num[i] = lb_matrix_at(m, i, j);
		c->n_missing += isnan(c->num[i]) ? 1 : 0;
	}
	return 0;
}
