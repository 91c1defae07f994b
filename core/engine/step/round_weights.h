/* Weights of so many bits. */
#ifndef LB_ROUND_WEIGHTS_H
#define LB_ROUND_WEIGHTS_H

#include "core/engine/model/net.h"

#include <math.h>

/* The size of the largest of the weights into one output. */
static inline double lb_largest_weight(const struct lb_layer *layer, size_t out, const real *w)
{
	double most = 0;

	for (size_t i = 0; i < layer->in; i++)
		most = fmax(most, fabs((double)w[lb_weight_at(layer, out, i)]));
	return most;
}

/* The weights into one output <- s round(w/s), s = max |w| / (2^(bits-1) - 1). */
static inline void lb_round_weights(const struct lb_layer *layer, size_t out, double bits, real *w)
{
	const double step = lb_largest_weight(layer, out, w) / (exp2(bits - 1) - 1);

	for (size_t i = 0; step > 0 && i < layer->in; i++) {
		real *at = &w[lb_weight_at(layer, out, i)];
		*at = (real)(step * nearbyint((double)*at / step));
	}
}

#endif
