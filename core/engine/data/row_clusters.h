/* Pseudo-classes of rows: k-means of their features, as the model reads them. Compiled once per
 * precision. */
#ifndef LB_ROW_CLUSTERS_H
#define LB_ROW_CLUSTERS_H

#include "core/engine/data/batch.h"

/* cluster (n) <- which of k means each of the rows is nearest to, ties to the lowest. The means
 * are those of a sample of the rows (of 4096, or 4 k where that is more), found by k-means++ and
 * 20 rounds, drawn by the seed alone; a mean that no row is nearest to becomes the row that is
 * farthest from its own. */
int lb_row_clusters(const struct lb_encoding *e, const uint32_t *rows, size_t n, size_t k, uint64_t seed, int32_t *cluster, struct lb_err *err);

#endif
