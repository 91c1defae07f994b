/* Gathering rows of a dataset into a batch, compiled once per precision. */
#ifndef LB_BATCH_DENSE_H
#define LB_BATCH_DENSE_H

#include "core/engine/precision.h"
#include "datasets/dataset.h"

/* Asks the processor for bytes that will be read soon. */
static inline void lb_fetch(const void *at, size_t bytes)
{
	for (size_t k = 0; k < bytes; k += 64)
		__builtin_prefetch((const char *)at + k);
}

/* out (b, e->d) row-major <- the encoded features of the given rows. Each value is computed in
 * double and rounded once. */
void lb_gather(const struct lb_encoding *e, const uint32_t *rows, size_t b, real *out);

#endif
