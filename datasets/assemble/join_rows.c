#include "core/base/mem.h"
#include "datasets/assemble/join_tables.h"
#include "datasets/table/row_matrix.h"

#include <stdlib.h>

static bool may_stay(const struct lb_table *t, const enum lb_role *role, size_t n, const size_t *map, enum lb_missing missing)
{
	size_t features = 0;

	for (size_t j = 0; t->rows.d && j < n; j++) {
		const struct lb_column *c = &t->col[map ? map[j] : j];
		if (role[j] != LB_FEATURE && role[j] != LB_CATEGORY)
			continue;
		if ((c->n_missing && missing != LB_MISSING_MEAN) || (role[j] == LB_FEATURE && c->type != LB_NUMBER))
			return false;
		features += role[j] == LB_FEATURE;
	}
	return features > 0;
}

int lb_joined_table_settle_rows(struct lb_table *const table[LB_FILES], const enum lb_role *role, size_t n, size_t *const map[LB_SIDES],
			 enum lb_missing missing, struct lb_err *err)
{
	bool stay = true;

	for (int s = 0; s < LB_SIDES; s++)
		stay = stay && (!table[2 * s] || may_stay(table[2 * s], role, n, map[s], missing));
	for (int s = 0; !stay && s < LB_SIDES; s++)
		if (table[2 * s] && lb_rows_spread(table[2 * s], err))
			return -1;
	return 0;
}

int lb_joined_table_take_rows(struct lb_joined_table *f, struct lb_table *t, const enum lb_role *role, size_t n, const size_t *map, struct lb_err *err)
{
	size_t *at = lb_alloc(n, sizeof *at, err), d = 0;
	int rc = -1;

	if (!at || !(f->block_name = lb_alloc(n, sizeof *f->block_name, err)))
		goto out;
	f->block = t->rows;
	t->rows = (struct lb_matrix){ 0 };
	for (size_t j = 0; j < n; j++) {
		const size_t from = map ? map[j] : j;
		struct lb_column *c = &t->col[from];
		if (role[j] == LB_FEATURE) {
			f->block_name[d] = c->name;
			c->name = NULL;
			at[d++] = from;
		} else if (role[j] != LB_DROPPED && c->type == LB_NUMBER && lb_rows_column(&f->block, from, &c->num, err))
			goto out;
	}
	rc = lb_rows_pick(&f->block, at, d, err);
out:
	free(at);
	return rc;
}
