/* Weights of which a step reads some rows only: those of the first layer, where the rows of the
 * data are sparse and a batch has entries for a few columns. Compiled once per precision.
 *
 * The gradient of a row that was not read is 0. Where the optimiser then changes a weight by its
 * decay alone, the row is left as it is (lazy) and decays when it is next read. */
#ifndef LB_ROW_SPARSE_H
#define LB_ROW_SPARSE_H

#include "core/base/err.h"
#include "core/engine/precision.h"
#include "core/training/persist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lb_layer;

struct lb_row_sparse {
	bool on;                 /* false: every step reads all rows, and the functions below do nothing */
	size_t at, rows;         /* place of the weights among the parameters; rows */
	size_t panels, width;    /* a row's weights: panels of LB_PANEL, or one alone in a layer of one output (width 1) */
	bool filled;             /* something writes the gradient of all rows: all of it is cleared before each step */
	uint32_t *read;          /* (rows) the n_read rows that the last step read */
	size_t n_read;
	bool lazy;
	bool leaves_zero;        /* the update goes by the batch's entries and clears the gradient: no list of rows is kept */
	double log_decay;        /* logarithm of the product of all steps' decay factors */
	double *log_decay_applied; /* (rows) its value when the row was last brought up to date; NULL without decay */
};

/* For the weights of a layer, of which a row is those of an input. Release with
 * lb_row_sparse_close, on failure too. */
int lb_row_sparse_open(struct lb_row_sparse *s, const struct lb_layer *l, bool filled, bool lazy, bool decays, struct lb_persisted *state,
		       struct lb_err *err);
void lb_row_sparse_close(struct lb_row_sparse *s);

/* Begins a step that reads n rows: brings these up to date in w, and clears in g what the step
 * before left there. */
void lb_row_sparse_begin(struct lb_row_sparse *s, const uint32_t *row, size_t n, real *w, real *g);

/* Brings all rows of w up to date, before anyone reads it. */
void lb_row_sparse_flush(struct lb_row_sparse *s, real *w);

/* Place among the parameters of the `width` weights that connect `row` to one panel of columns. */
size_t lb_row_sparse_tile(const struct lb_row_sparse *s, size_t row, size_t panel);

/* Notes that the rows read have decayed by the factor of this step, 1 - rate, and the others have
 * yet to. */
void lb_row_sparse_decay(struct lb_row_sparse *s, double rate);

#endif
