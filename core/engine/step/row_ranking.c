#include "core/engine/step/row_ranking.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	const struct lb_ranked *x = a, *y = b;

	if (isnan(x->loss) != isnan(y->loss))
		return isnan(x->loss) ? 1 : -1;
	if (x->loss < y->loss || x->loss > y->loss)
		return x->loss < y->loss ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

void lb_rank_rows(const real *loss, size_t b, struct lb_ranked *out)
{
	for (size_t i = 0; i < b; i++)
		out[i] = (struct lb_ranked){ loss[i], (uint32_t)i };
	qsort(out, b, sizeof *out, compare);
}

size_t lb_rows_of_share(double share, size_t b)
{
	const size_t n = (size_t)(share * (double)b + 1e-9);

	return n ? n : 1;
}

void lb_keep_smallest(const struct lb_ranked *ranked, size_t b, size_t n, real *weight)
{
	for (size_t i = 0; i < b; i++)
		weight[ranked[i].row] *= i < n ? (real)b / (real)n : R(0.0);
}
