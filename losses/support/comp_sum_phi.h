/* One row of the comp-sum family ((1 + u)^(1-tau) - 1) / (1 - tau), u = sum_{k != y} exp((z_k -
 * z_y) / rho), whose parameters come first. */
#ifndef LB_COMP_SUM_PHI_H
#define LB_COMP_SUM_PHI_H

#include "losses/support/softmax.h"

enum { LB_COMP_SUM_TAU, LB_COMP_SUM_RHO, LB_COMP_SUM_OWN };

#define LB_COMP_SUM_PARAMS                                                                                                              \
	[LB_COMP_SUM_TAU] = { .name = "tau", .symbol = "tau", .def = 1, .min = 0, .max = 100, .grid = { 0, 0.5, 1, 1.5, 2 },           \
			      .n_grid = 5, .help = "0 sum of exponentials, 1 cross-entropy, between 1 and 2 gce, 2 half of mae" },      \
	[LB_COMP_SUM_RHO] = { .name = "rho", .symbol = "rho", .def = 1, .min = 1e-3, .max = 1e3, .log_scale = true,                    \
			      .grid = { 0.5, 1, 2 }, .n_grid = 3,                                                                      \
			      .help = "scores are divided by it; the gradient holds the factor 1/rho" }

/* tau >= 1: p_y^(tau-1) is at most 1. */
static inline struct lb_phi lb_comp_sum_phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	const real a = (real)(par[LB_COMP_SUM_TAU].v - 1);

	return (struct lb_phi){ .loss = lb_box_cox(s, a), .f = exp(a * s->lp) };
}

/* tau < 1: F = p_y^(tau-1) is large where p_k is small; their product is one exponential, in double
 * as its argument is large too. */
static inline real lb_comp_sum_steep(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const double a = in->par[LB_COMP_SUM_TAU].v - 1, scale = 1 / in->par[LB_COMP_SUM_RHO].v;
	real *e = lb_terms(in, g);
	const struct lb_softmax s = lb_softmax_of(in, i, z, (real)scale, e);
	const double most = (double)z[s.top], log_sum = log((double)s.sum);
	const double lp = e[s.y] >= 1 ? (double)s.lp : ((double)z[s.y] - most) * scale - log_sum;

	if (g) {
		for (size_t k = 0; k < in->c; k++)
			g[k] = (real)(scale * exp(a * lp + ((double)z[k] - most) * scale - log_sum));
		g[s.y] = (real)(-scale * exp(a * lp + log((double)s.q)));
	}
	return (real)(-expm1(a * lp) / a);
}

static inline real lb_comp_sum_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	if (in->par[LB_COMP_SUM_TAU].v < 1)
		return lb_comp_sum_steep(in, i, z, g);
	return lb_phi_row(in, i, z, g, (real)(1 / in->par[LB_COMP_SUM_RHO].v), lb_comp_sum_phi);
}

#endif
