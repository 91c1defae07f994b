#include "core/base/mem.h"
#include "datasets/table/column.h"

#include <stdlib.h>
#include <string.h>

/* Leaves the block the columns with keep[j], and their names. */
static int drop_of_block(struct lb_table *t, const bool *keep, struct lb_err *err)
{
	const size_t d = t->block.d;
	size_t left = 0;

	for (size_t j = 0; j < d; j++)
		left += keep[j];
	if (left == d)
		return 0;
	if (lb_matrix_keep_columns(&t->block, keep, err))
		return -1;
	for (size_t j = 0, k = 0; t->block_name && j < d; j++) {
		if (keep[j])
			t->block_name[k++] = t->block_name[j];
		else
			free(t->block_name[j]);
	}
	return 0;
}

static void drop_of_columns(struct lb_table *t, const bool *keep)
{
	size_t k = 0;

	for (size_t j = 0; j < t->n_cols; j++) {
		if (keep[j])
			t->col[k++] = t->col[j];
		else
			lb_column_clear(&t->col[j]);
	}
	t->n_cols = k;
}

/* keep[j] <- whether no reference means column j. */
static int mark(const struct lb_table *t, const char *const *ref, size_t n, const char *path, bool *keep, struct lb_err *err)
{
	const size_t width = t->block.d + t->n_cols;
	char **name = lb_table_names(t, err);
	int rc = name ? 0 : -1;

	for (size_t j = 0; j < width; j++)
		keep[j] = true;
	for (size_t k = 0; !rc && k < n; k++) {
		size_t at;
		if (!(rc = lb_column_find(ref[k], name, width, path, "data.drop", &at, err)))
			keep[at] = false;
	}
	lb_names_free(name, width);
	return rc;
}

int lb_table_drop(struct lb_table *t, const char *const *ref, size_t n, const char *path, size_t *label, struct lb_err *err)
{
	const size_t width = t->block.d + t->n_cols, was = *label;
	bool *keep = n ? lb_alloc(width, sizeof *keep, err) : NULL;
	size_t before = 0, left = 0;

	if (!n)
		return 0;
	int rc = keep ? mark(t, ref, n, path, keep, err) : -1;
	for (size_t j = 0; !rc && j < width; j++) {
		before += j < was && keep[j];
		left += keep[j];
	}
	if (!rc && !left)
		rc = lb_fail(err, LB_DATA, "%s: data.drop names every column; leave one", path);
	if (!rc)
		rc = drop_of_block(t, keep, err);
	if (!rc) {
		drop_of_columns(t, keep + (width - t->n_cols));
		*label = was < width && keep[was] ? before : left;
	}
	free(keep);
	return rc;
}
