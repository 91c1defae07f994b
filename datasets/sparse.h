/* Gathering rows of a sparse dataset (data->x.start is not NULL) in compressed form, compiled once per precision.
 *
 *   struct X(lb_csr) c;
 *   X(lb_csr_open)(&c, e, batch, false, err);   allocates for every batch of so many different rows
 *   X(lb_csr_gather)(&c, e, rows, b);       cannot fail
 *   z_i = sum over k in c.start[i] .. c.start[i+1] of c.value[k] * w[c.column[k]]
 *
 * The values are those that X(lb_gather) writes into the dense batch, to the bit: an encoding of sparse data has no shift. */
#ifndef LB_SPARSE_H
#define LB_SPARSE_H

#include "core/numeric/real.h"
#include "datasets/dataset.h"

struct X(lb_csr) {
	size_t b, d;             /* rows, e->d columns */
	size_t *start;           /* b + 1 */
	uint32_t *column;        /* ascending in each row; one-hot columns come last */
	real *value;
};

/* Room for max_rows rows, which may be the same ones several times if repeats, else are different. Release with lb_csr_close, on failure too. */
int X(lb_csr_open)(struct X(lb_csr) *c, const struct lb_encoding *e, size_t max_rows, bool repeats, struct lb_err *err);
void X(lb_csr_gather)(struct X(lb_csr) *c, const struct lb_encoding *e, const uint32_t *rows, size_t b);
void X(lb_csr_close)(struct X(lb_csr) *c);

/* The numeric columns of a row of sparse data, dense: out (data->x.d). */
void X(lb_sparse_row)(const struct lb_encoding *e, uint32_t row, real *out);

#endif
