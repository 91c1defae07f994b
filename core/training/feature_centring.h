/* A change of variables that makes full-batch minimisation short: the first layer reads centred
 * features. W x + b = W (x - mean) + b' with b' = b + W mean, so the objective is the same, value
 * for value, and without the features' common part its curvature is far more even (LeCun, Bottou,
 * Orr, Mueller, Efficient BackProp, 1998, section 4.3). Parameters in the plain order of the net
 * (core/engine/model/net.h). */
#ifndef LB_FEATURE_CENTRING_H
#define LB_FEATURE_CENTRING_H

#include <stddef.h>

struct lb_centring {
	size_t in, out;          /* of the first layer */
	const double *mean;      /* (in) of the features, or NULL: nothing is changed */
};

/* b' <- b, in place, and back. */
void lb_centring_to(const struct lb_centring *c, double *w);
void lb_centring_from(const struct lb_centring *c, double *w);

/* The gradient by (W, b) becomes that by (W, b'), in place. */
void lb_centring_gradient(const struct lb_centring *c, double *g);

/* Of a gradient by (W, b'), n entries: the largest size of an entry of that by (W, b); NaN if one
 * is. */
double lb_centring_largest(const struct lb_centring *c, const double *g, size_t n);

#endif
