/* Cross-entropy with the entropy of the prediction: what confidence_penalty and bootstrap_soft have
 * in common. */
#ifndef LB_ENTROPY_H
#define LB_ENTROPY_H

#include "losses/support/softmax.h"

/* -a log p_y + b H(p). With m the class of the largest score and d_k = z_m - z_k: gap = sum_k p_k
 * d_k, H = gap - log p_m and log p_k + H = gap - d_k, so nothing is lost as p_m nears 1. */
static inline real lb_entropy_row(const struct lb_batch *in, size_t i, const real *z, real *g, real a, real b)
{
	const size_t c = in->c;
	real *e = lb_terms(in, g);
	const struct lb_softmax s = lb_softmax_of(in, i, z, R(1.0), e);
	double others = 0, lag = 0;

	for (size_t k = 0; k < c; k++) {
		others += k == s.top ? 0 : (double)e[k];
		lag += (double)(e[k] * (z[s.top] - z[k]));
	}
	const real gap = (real)lag / s.sum, entropy = gap + log1p((real)others);
	if (g) {
		for (size_t k = 0; k < c; k++)
			g[k] = e[k] / s.sum * (a + b * (z[s.top] - z[k] - gap));
		g[s.y] = -a * s.q + b * s.p * (z[s.top] - z[s.y] - gap);
	}
	return -a * s.lp + b * entropy;
}

#endif
