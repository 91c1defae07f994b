/* Gathering rows of a sparse dataset (data->x.start is not NULL) in compressed form, compiled once
 * per precision.
 *
 *   struct lb_csr c;
 *   lb_csr_open(&c, e, batch, false, err);   allocates for every batch of so many different rows
 *   lb_csr_gather(&c, e, rows, b);       cannot fail
 *   z_i = sum over k in c.start[i] .. c.start[i+1] of c.value[k] * w[c.column[k]]
 *
 * The values are those that lb_gather writes into the dense batch, to the bit: an encoding of
 * sparse data has no shift. */
#ifndef LB_BATCH_CSR_H
#define LB_BATCH_CSR_H

#include "core/engine/precision.h"
#include "datasets/dataset.h"

struct lb_csr {
	size_t b, d;             /* rows, e->d columns */
	size_t *start;           /* b + 1 */
	uint32_t *column;        /* ascending in each row; one-hot columns come last */
	real *value;
};

/* Room for max_rows rows, which may be the same ones several times if repeats, else are different.
 * Release with lb_csr_close, on failure too. */
int lb_csr_open(struct lb_csr *c, const struct lb_encoding *e, size_t max_rows, bool repeats, struct lb_err *err);
void lb_csr_gather(struct lb_csr *c, const struct lb_encoding *e, const uint32_t *rows, size_t b);
void lb_csr_close(struct lb_csr *c);

/* The numeric columns of a row of sparse data, dense: out (data->x.d). */
void lb_sparse_row(const struct lb_encoding *e, uint32_t row, real *out);

#endif
