/* A change of variables that makes full-batch minimisation short: the first layer reads other
 * features, of which its output is the same. Parameters in the plain order of the net
 * (core/engine/model/net.h).
 *
 * Centred: W x + b = W (x - mean) + b' with b' = b + W mean. Without the features' common part the
 * curvature is far more even (LeCun, Bottou, Orr, Mueller, Efficient BackProp, 1998, section 4.3).
 * Whitened too: W (x - mean) = V L^-1 (x - mean) with V = W L, where L L' is their covariance. The
 * curvature by V is even where the loss's own is the same for all rows (ibid.). */
#ifndef LB_FEATURE_WHITENING_H
#define LB_FEATURE_WHITENING_H

#include <stdbool.h>
#include <stddef.h>

struct lb_whitening {
	size_t in, out;          /* of the first layer */
	const double *mean;      /* (in) of the features, or NULL: nothing is changed */
	const double *factor;    /* (in, in) L, lower triangle by rows, or NULL: centred alone */
};

/* a (n, n), symmetric, <- the lower triangle of its Cholesky factor; what is above the diagonal is
 * not read. Returns false where it is not positive definite. */
bool lb_cholesky(size_t n, double *a);
/* x (n) <- the solution y of L L' y = x, with L as lb_cholesky made it. */
void lb_cholesky_solve(size_t n, const double *l, double *x);

/* (V, b') <- (W, b), in place, and back. */
void lb_whitening_to(const struct lb_whitening *c, double *w);
void lb_whitening_from(const struct lb_whitening *c, double *w);

/* The gradient by (W, b) becomes that by (V, b'), in place. */
void lb_whitening_gradient(const struct lb_whitening *c, double *g);

/* Of a gradient by (V, b'), n entries: the largest size of an entry of that by (W, b); NaN if one
 * is. */
double lb_whitening_largest(const struct lb_whitening *c, const double *g, size_t n);

#endif
