/* Batches of whole queries: which stretches of the training rows, drawn in an order of queries, a
 * ranking's steps read. Free of precision.
 *
 * A batch takes queries as long as its rows are no more than `aim`; a larger query is a batch by
 * itself. So the number of steps differs from epoch to epoch, and all are counted beforehand. */
#ifndef LB_QUERY_BATCHES_H
#define LB_QUERY_BATCHES_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lb_query_batches {
	size_t n, queries;       /* training rows; queries among them */
	size_t aim, most;        /* rows of a batch: wanted, and those of the largest */
	size_t epochs;
	size_t *start;           /* (queries + 1) into the training rows */
	uint32_t *of;            /* (n) the query of each training row, from 0 */
	uint32_t *drawn;         /* (queries) room for an order */
	int64_t *before;         /* (epochs + 1) steps of the epochs before */
};

/* group is the query of each row of the dataset, `rows` (n) are the training rows, those of a query
 * side by side. Release with lb_query_batches_free, on failure too. */
int lb_query_batches_make(struct lb_query_batches *b, const int32_t *group, const uint32_t *rows, size_t n, size_t aim, size_t epochs, uint64_t seed,
			  bool shuffle, struct lb_err *err);
void lb_query_batches_free(struct lb_query_batches *b);

/* order (n) <- the positions of an epoch's rows: queries in a random order, or that of the data. */
void lb_query_batches_draw(const struct lb_query_batches *b, uint64_t seed, size_t epoch, bool shuffle, uint32_t *order);

/* Returns where the batch ends that begins at `start` of the order. */
size_t lb_query_batches_end(const struct lb_query_batches *b, const uint32_t *order, size_t start);

#endif
