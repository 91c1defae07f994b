/* The loss contract, compiled once per precision. A loss is one file in losses/<kind>/ and one line in losses/list.def.
 *
 * A loss gives, for a batch, the MEAN loss over its rows and the gradient of that mean with respect to the scores it was given.
 * Exactly one of .row and .batch is set:
 *   .row    the loss of one row and its gradient; the shared driver X(lb_loss_apply) sums rows in double, applies row weights
 *           and divides by B once for value and gradient, so no row loss ever divides by B;
 *   .batch  for losses whose rows see each other (pairs, lists): the batch value and its whole gradient.
 *
 * Both are pure: same inputs, same bytes, no writing outside `g` and `scratch`, `state` only read. A loss with memory for each
 * training row sets .init, .free and .visit; the trainer calls .visit once for a batch, before .row/.batch, and it alone changes
 * the state. So value and gradient can be asked for as often as one likes (differences, sharpness-aware steps). .init and .free without
 * .visit hold what is made once a run from parameters and facts, such as one number a class.
 *
 * Every loss must hold, in both precisions: the gradient is the derivative of the value; finite value and gradient for finite
 * scores up to +-1e4 wherever the mathematics is finite; right for B = 1, a class with no row, a batch of one class; NaN in gives
 * NaN out (never a silent 0); at a kink any subgradient, 0 for hinges at exactly 0; ties go to the lowest index. */
#ifndef LB_LOSS_H
#define LB_LOSS_H

#include "core/base/err.h"
#include "core/numeric/real.h"
#include "losses/loss_info.h"

/* Facts of the training split, fixed for a run. */
struct lb_loss_facts {
	size_t n_rows;           /* training rows; sample ids are below it */
	size_t n_classes;        /* columns of z */
	const double *counts;    /* training rows of each class after corruption; NULL in regression */
};

struct X(lb_batch) {
	size_t b, c;             /* rows, columns of z; c = 1 for a binary loss */
	const real *z;           /* (b,c) scores or predictions, row-major */
	const int32_t *y;        /* (b) labels in 0..c-1, or 0/1 in binary; NULL in regression */
	const real *t;           /* (b,c) targets in regression, else NULL */
	const uint32_t *id;      /* (b) index of each row within the training split, < facts->n_rows; NULL outside training */
	const real *w;           /* (b) row weights of mean 1 over the training split, or NULL; only for separable losses */
	const struct lb_arg *par; /* validated values in the order of info.base.params */
	const struct lb_loss_facts *facts;
	void *state;             /* what .init returned, or NULL */
	real *scratch;           /* (b * (c + 4)) values, contents undefined */
};

struct X(lb_loss) {
	struct lb_loss_info info;
	/* loss of row i; z = in->z + i*c; g (c values) gets its derivative unless NULL */
	real (*row)(const struct X(lb_batch) *in, size_t i, const real *z, real *g);
	/* mean loss of the batch; g (b,c) gets its derivative unless NULL */
	double (*batch)(const struct X(lb_batch) *in, real *g);
	void *(*init)(const struct lb_arg *par, const struct lb_loss_facts *facts, struct lb_err *err);
	void (*visit)(const struct X(lb_batch) *in);
	void (*free)(void *state);
};

/* The i-th registered loss; same order as lb_loss_at. */
const struct X(lb_loss) *X(lb_loss_get)(size_t i);
/* The functions that belong to a descriptor; NULL when it is not registered. */
const struct X(lb_loss) *X(lb_loss_of)(const struct lb_loss_info *info);

/* Mean loss of the batch; g (b,c), or NULL for the value alone, gets the gradient. Weighted value: (1/B) sum_i w_i L_i, with
 * weights of mean 1 over the training split, so that over the whole split it is sum w_i L_i / sum w_i. Cannot fail. */
double X(lb_loss_apply)(const struct X(lb_loss) *loss, const struct X(lb_batch) *in, real *g);

#endif
