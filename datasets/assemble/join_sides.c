#include "core/base/mem.h"
#include "datasets/assemble/join_tables.h"
#include "datasets/table/label_lists.h"

#include <stdlib.h>

/* A column that no row of one file uses is a column of zeros there. */
static void widen_sparse(struct lb_table *const side[LB_SIDES])
{
	size_t d = 0;

	for (int s = 0; s < LB_SIDES; s++) {
		if (side[s] && side[s]->block_name)
			return;
		d = side[s] && side[s]->block.d > d ? side[s]->block.d : d;
	}
	for (int s = 0; s < LB_SIDES; s++)
		if (side[s])
			side[s]->block.d = d;
}

int lb_joined_table_align(struct lb_table *const table[LB_FILES], const struct lb_roles *roles, struct lb_err *err)
{
	struct lb_table *side[LB_SIDES];
	size_t n = 0;

	for (int s = 0; s < LB_SIDES; s++) {
		side[s] = table[2 * s];
		n += side[s] != NULL;
		if (side[s] && !side[s]->block.start)
			return 0;
	}
	if (n < 2)
		return 0;
	widen_sparse(side);
	return roles->kind == LB_MULTILABEL && !roles->n_labels && !table[1] ? lb_label_columns_join(side, err) : 0;
}

static int join_origins(struct lb_origin *a, size_t n, const struct lb_origin *b, size_t m, int side, struct lb_err *err)
{
	size_t *at = lb_concat(a->at, n, b->at, m, sizeof *at, err);

	if (!at)
		return -1;
	free(a->at);
	a->at = at;
	a->path[side] = b->path[0];
	a->lined[side] = b->lined[0];
	return 0;
}

/* Columns of two types join as text, except that a numeric feature stays one. */
static int join_columns(struct lb_joined_table *a, struct lb_joined_table *b, size_t j, struct lb_err *err)
{
	struct lb_column *c = &a->col[j], *more = &b->col[j];
	const bool text = a->role[j] == LB_CATEGORY || c->type != more->type;
	const size_t row = text && a->role[j] == LB_FEATURE ? lb_column_first_text(more, b->n) : b->n;

	if (row < b->n)
		return lb_joined_table_fail(b, &b->rows, row, err,
				     "the column '%s' holds '%s', but is a number in %s; name it in data.categorical "
				     "or correct the file",
				     c->name, more->level[more->code[row]], a->rows.path[0]);
	if (text && (lb_column_to_text(c, a->n, err) || lb_column_to_text(more, b->n, err)))
		return -1;
	return lb_column_append(c, a->n, more, b->n, err);
}

int lb_joined_table_append(struct lb_joined_table *a, struct lb_joined_table *b, int side, struct lb_err *err)
{
	if (a->n_cols != b->n_cols)
		return lb_fail(err, LB_DATA, "%s: not as many label columns as %s has", b->labels.path[0], a->labels.path[0]);
	for (size_t j = 0; j < a->n_cols; j++)
		if (join_columns(a, b, j, err))
			return -1;
	if ((a->block.d && lb_matrix_append(&a->block, &b->block, err)) || join_origins(&a->rows, a->n, &b->rows, b->n, side, err) ||
	    (a->labels.at && join_origins(&a->labels, a->n, &b->labels, b->n, side, err)))
		return -1;
	a->n += b->n;
	if (side == 1)
		a->n_valid = b->n;
	if (a->n > INT32_MAX)
		return lb_fail(err, LB_DATA, "%s: %zu rows with those of %s; at most 2147483647 are possible", a->rows.path[0], a->n,
			       a->rows.path[side]);
	return 0;
}
