/* Rows of a batch in the order of their losses, for procedures that choose among them. Compiled
 * once per precision. */
#ifndef LB_ROW_RANKING_H
#define LB_ROW_RANKING_H

#include "core/engine/precision.h"

#include <stddef.h>
#include <stdint.h>

struct lb_ranked {
	real loss;
	uint32_t row;
};

/* out (b) <- the rows, the smallest loss first; rows of equal loss in their order; NaN last. */
void lb_rank_rows(const real *loss, size_t b, struct lb_ranked *out);

/* Returns how many of b rows a share of them is, rounded down, but at least one. */
size_t lb_rows_of_share(double share, size_t b);

/* weight (b) *= b / n for the n rows of the smallest losses, so that the weighted mean is theirs,
 * and 0 for the others. */
void lb_keep_smallest(const struct lb_ranked *ranked, size_t b, size_t n, real *weight);

#endif
