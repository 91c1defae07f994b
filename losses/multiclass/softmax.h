/* Softmax of one row, without cancellation: the terms e_k = exp((z_k - max z) / T) are formed once a score, and what is small is
 * summed, never got by subtracting from 1. p_k = e_k / sum. */
#ifndef LB_SOFTMAX_H
#define LB_SOFTMAX_H

#include "losses/loss.h"

struct lb_softmax {
	size_t y, top;           /* the label; the class of the largest score, lowest index on ties */
	real sum, rest;          /* of the terms; of the terms of all classes but y */
	real lp, p, q;           /* log p_y, p_y, 1 - p_y: each to full relative accuracy */
};

/* The place for the terms of row i: its gradient, which is written last, or scratch when only the value is wanted. */
static inline real *lb_terms(const struct X(lb_batch) *in, size_t i, real *g)
{
	return g ? g : in->scratch + i * in->c;
}

/* Terms into e (c values); inv_t = 1/T. A NaN score makes every field but y and top NaN. */
static inline struct lb_softmax lb_softmax(const real *z, size_t c, size_t y, real inv_t, real *e)
{
	struct lb_softmax s = { .y = y };
	double rest = 0;

	for (size_t k = 1; k < c; k++)
		if (z[k] > z[s.top])
			s.top = k;
	for (size_t k = 0; k < c; k++) {
		e[k] = exp((z[k] - z[s.top]) * inv_t);
		rest += k == y ? 0 : (double)e[k];
	}
	s.rest = (real)rest;
	s.sum = (real)(rest + (double)e[y]);
	s.lp = e[y] >= 1 ? -log1p(s.rest) : (z[y] - z[s.top]) * inv_t - log(s.sum);
	s.p = e[y] / s.sum;
	s.q = s.rest / s.sum;
	return s;
}

/* A loss phi(p_y), and F = -p_y phi'(p_y). */
struct lb_phi {
	real loss, f;
};

/* The one kernel of all losses that depend on p_y alone: grad = F (p - e) / T. */
static inline real lb_phi_row(const struct X(lb_batch) *in, size_t i, const real *z, real *g, real inv_t,
			      struct lb_phi (*phi)(const struct lb_softmax *s, const struct lb_arg *par))
{
	real *e = lb_terms(in, i, g);
	const struct lb_softmax s = lb_softmax(z, in->c, (size_t)in->y[i], inv_t, e);
	const struct lb_phi at = phi(&s, in->par);
	const real f = at.f * inv_t;

	if (g) {
		for (size_t k = 0; k < in->c; k++)
			g[k] = f * (e[k] / s.sum);
		g[s.y] = -f * s.q;
	}
	return at.loss;
}

#endif
