/* Rows of a sparse dataset (data->x.start is not NULL) in compressed form, compiled once per
 * precision.
 *
 *   struct lb_csr c;
 *   lb_csr_open(&c, e, batch, 0, err);       allocates for every batch of so many different rows
 *   lb_csr_gather(&c, e, rows, b);           cannot fail
 *   z_i = sum over k in c.start[i] .. c.end[i] of c.value[k] * w[c.column[k]]
 *
 * The values are those that lb_gather writes into the dense batch, to the bit: an encoding of
 * sparse data has no shift. */
#ifndef LB_BATCH_CSR_H
#define LB_BATCH_CSR_H

#include "core/engine/precision.h"
#include "datasets/dataset.h"

enum {
	LB_ROWS_REPEAT = 1,      /* a batch may have the same row several times */
	LB_ROWS_READ_OFTEN = 2,  /* worth encoding all entries of the dataset once, in memory for as many values */
};

struct lb_csr {
	size_t b, d;             /* rows, e->d columns */
	size_t *start, *end;     /* (b) */
	const uint32_t *column;  /* ascending in each row; one-hot columns come last */
	const real *value;
	bool in_place;           /* column and value are those of the whole dataset: nothing is gathered */
	uint32_t *own_column;    /* the gathered entries, owned */
	real *own_value;         /* these, or all entries of the dataset */
};

/* Room for max_rows rows; how: LB_ROWS_... Release with lb_csr_close, on failure too. */
int lb_csr_open(struct lb_csr *c, const struct lb_encoding *e, size_t max_rows, unsigned how, struct lb_err *err);
void lb_csr_gather(struct lb_csr *c, const struct lb_encoding *e, const uint32_t *rows, size_t b);
void lb_csr_close(struct lb_csr *c);

/* The numeric columns of a row of sparse data, dense: out (data->x.d). */
void lb_sparse_row(const struct lb_encoding *e, uint32_t row, real *out);

#endif
