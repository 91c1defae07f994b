#include "core/base/mem.h"
#include "datasets/table/column.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Column k of the labels: at[k] counts the table's columns, those of the block first. */
struct labels {
	const struct lb_table *t;
	size_t *at, n;
};

static size_t width(const struct lb_table *t)
{
	return t->block.d + t->n_cols;
}

static const struct lb_column *column_at(const struct lb_table *t, size_t j)
{
	return j < t->block.d ? NULL : &t->col[j - t->block.d];
}

static bool is_label(const struct lb_table *t, size_t j, bool whole)
{
	const struct lb_column *c = column_at(t, j);

	return whole || (t->block.d && c && c->non_feature && strcmp(c->name, "qid"));
}

static int find_labels(const struct lb_table *t, bool whole, struct labels *l, struct lb_err *err)
{
	*l = (struct labels){ .t = t, .at = lb_alloc(width(t), sizeof *l->at, err) };
	for (size_t j = 0; l->at && j < width(t); j++)
		if (is_label(t, j, whole))
			l->at[l->n++] = j;
	return l->at ? 0 : -1;
}

static double label_number(const struct labels *l, size_t row, size_t k)
{
	const struct lb_column *c = column_at(l->t, l->at[k]);

	return c ? c->num[row] : lb_matrix_at(&l->t->block, row, l->at[k]);
}

/* What keeps a row from having exactly one 1 and else 0; NULL: nothing. *at is the column of the
 * 1. */
static const char *fault_of_row(const struct labels *l, size_t row, size_t *at)
{
	size_t ones = 0;

	for (size_t k = 0; k < l->n; k++) {
		const double v = label_number(l, row, k);
		if (v != 0 && v != 1)
			return "a value other than 0 and 1";
		if (v == 1 && !ones++)
			*at = k;
	}
	return ones == 1 ? NULL : ones ? "several of them" : "no 1";
}

/* The class of each row in new memory; NULL with the fault of a row, or for want of memory with
 * none. */
static double *classes_of(const struct labels *l, const char **fault, size_t *row, struct lb_err *err)
{
	double *v = lb_alloc(l->t->n, sizeof *v, err);
	size_t at = 0;

	*fault = NULL;
	for (size_t k = 0; v && k < l->n && !*fault; k++) {
		const struct lb_column *c = column_at(l->t, l->at[k]);
		*fault = c && c->type == LB_TEXT ? "text" : NULL;
		*row = 0;
	}
	for (size_t i = 0; v && i < l->t->n && !*fault; i++) {
		*fault = fault_of_row(l, i, &at);
		*row = i;
		v[i] = (double)at;
	}
	if (!*fault)
		return v;
	free(v);
	return NULL;
}

/* Puts one column "label" in the place of the labels. */
static int replace(struct lb_table *t, bool whole, double *v, struct lb_err *err)
{
	struct lb_column label = { .type = LB_NUMBER, .non_feature = true, .num = v, .name = lb_strdup("label", err) };
	struct lb_column *col = label.name ? lb_alloc(t->n_cols + 1, sizeof *col, err) : NULL;
	size_t n = 0;

	if (!col) {
		lb_column_clear(&label);
		return -1;
	}
	for (size_t j = t->block.d; j < width(t); j++) {
		struct lb_column *c = &t->col[j - t->block.d];
		if (is_label(t, j, whole))
			lb_column_clear(c);
		else
			col[n++] = *c;
	}
	col[n++] = label;
	free(t->col);
	t->col = col;
	t->n_cols = n;
	if (whole) {
		lb_matrix_free(&t->block);
		t->block = (struct lb_matrix){ 0 };
	}
	return 0;
}

int lb_table_one_hot(struct lb_table *t, bool whole, const char *path, struct lb_err *err)
{
	struct labels l;
	const char *fault = NULL;
	size_t row = 0;
	double *v;
	int rc = find_labels(t, whole, &l, err);

	if (!rc && l.n > 1) {
		if ((v = classes_of(&l, &fault, &row, err)))
			rc = lb_table_warn(t, err, "y has %zu columns with exactly one 1 in each row: read as one-hot labels, the class is the column "
					   "of the 1, from 0", l.n) ? (free(v), -1) : replace(t, whole, v, err);
		else if (!fault)
			rc = -1;
		else if (path)
			rc = lb_fail(err, LB_DATA, "%s: y has %zu columns: one-hot labels? save y.argmax(1), or task: multilabel (one-hot labels have "
				     "exactly one 1 in each row and else 0; row %zu has %s)", path, l.n, row + 1, fault);
	}
	free(l.at);
	return rc;
}
