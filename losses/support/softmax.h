/* Softmax of one row, without cancellation: the terms e_k = exp((z_k - max z) / T) are formed once
 * a score, and what is small is summed, never got by subtracting from 1. p_k = e_k / sum. */
#ifndef LB_SOFTMAX_H
#define LB_SOFTMAX_H

#include "core/engine/kernels/kernels.h"
#include "losses/loss.h"
#include "losses/support/stable_powers.h"

struct lb_softmax {
	size_t y, top;           /* the label; the class of the largest score, lowest index on ties */
	real sum, rest;          /* of the terms; of the terms of all classes but y */
	real lp, p, q;           /* log p_y, p_y, 1 - p_y: each to full relative accuracy */
};

/* Terms into e (c values, may be z itself); inv_t = 1/T. A NaN score makes every field but y and
 * top NaN. */
static inline struct lb_softmax lb_softmax(const real *z, size_t c, size_t y, real inv_t, real *e)
{
	const struct lb_kernels *kernel = lb_kernel();
	struct lb_softmax s = { .y = y, .top = kernel->largest(z, c) };
	const real most = z[s.top], own = (z[y] - most) * inv_t;
	const double rest = kernel->exp_terms(z, c, most, inv_t, y, e);

	s.rest = (real)rest;
	s.sum = (real)(rest + (double)e[y]);
	s.lp = e[y] >= 1 ? -log1p(s.rest) : own - log(s.sum);
	s.p = e[y] / s.sum;
	s.q = s.rest / s.sum;
	return s;
}

/* The same for row i of the batch, whose scores are z; what the driver made for all rows is used. e
 * is lb_terms. */
static inline struct lb_softmax lb_softmax_of(const struct lb_batch *in, size_t i, const real *z, real inv_t, real *e)
{
	const struct lb_softmax_sums *at = in->soft;
	const size_t y = (size_t)in->y[i];

	if (!at || inv_t != 1)
		return lb_softmax(z, in->c, y, inv_t, e);
	return (struct lb_softmax){ .y = y, .top = (size_t)at->top[i], .sum = at->sum[i], .rest = at->rest[i], .lp = at->lp[i],
				    .p = e[y] / at->sum[i], .q = at->rest[i] / at->sum[i] };
}

/* A loss phi(p_y), and F = -p_y phi'(p_y). */
struct lb_phi {
	real loss, f;
};

/* (1 - p_y^a) / a, which tends to -log p_y as a goes to 0; a may be negative. */
static inline real lb_box_cox(const struct lb_softmax *s, real a)
{
	return a > 0 || a < 0 ? -lb_expm1_times(a, s->lp) / a : -s->lp;
}

/* As a loss of p_y: generalized cross-entropy. */
static inline struct lb_phi lb_box_cox_phi(const struct lb_softmax *s, real a)
{
	return (struct lb_phi){ .loss = lb_box_cox(s, a), .f = lb_exp_times(a, s->lp) };
}

/* -q^g log p_y. F = q^g - g p_y q^(g-1) log p_y, with log p_y / q taken together: it tends to -1
 * where q^(g-1) would overflow. */
static inline struct lb_phi lb_focal_phi(const struct lb_softmax *s, real gamma)
{
	const real weight = lb_power_of_rest(s->p, s->q, gamma);

	return (struct lb_phi){ .loss = -weight * s->lp,
				.f = s->q > 0 ? weight * (1 - gamma * s->p * (s->lp / s->q)) : weight };
}

/* The one kernel of all losses that depend on p_y alone: grad = F (p - e) / T. */
static inline real lb_phi_row(const struct lb_batch *in, size_t i, const real *z, real *g, real inv_t,
			      struct lb_phi (*phi)(const struct lb_softmax *s, const struct lb_arg *par))
{
	real *e = lb_terms(in, g);
	const struct lb_softmax s = lb_softmax_of(in, i, z, inv_t, e);
	const struct lb_phi at = phi(&s, in->par);
	const real f = at.f * inv_t, share = f / s.sum;

	if (g) {
		for (size_t k = 0; k < in->c; k++)
			g[k] = share * e[k];
		g[s.y] = -f * s.q;
	}
	return at.loss;
}

/* lb_phi_row of LB_PANEL rows side by side, at temperature 1 */
static inline __attribute__((always_inline)) void lb_phi_lanes(const struct lb_arg *par, struct lb_lane_rows *at,
							       struct lb_phi (*phi)(const struct lb_softmax *s, const struct lb_arg *par))
{
	real share[LB_PANEL], own[LB_PANEL], loss[LB_PANEL];

	for (size_t i = 0; i < LB_PANEL; i++) {
		const struct lb_softmax s = { .sum = at->sum[i], .rest = at->rest[i], .lp = at->lp[i], .p = at->term[i] / at->sum[i],
					      .q = at->rest[i] / at->sum[i] };
		const struct lb_phi is = phi(&s, par);
		loss[i] = is.loss;
		share[i] = is.f / s.sum;
		own[i] = -is.f * s.q;
	}
	for (size_t i = 0; i < LB_PANEL; i++)
		at->loss[i] = loss[i];
	for (size_t k = 0; k < at->c; k++)
		for (size_t i = 0; i < LB_PANEL; i++)
			at->g[k * LB_PANEL + i] *= share[i];
	for (size_t i = 0; i < LB_PANEL; i++)
		at->g[(size_t)at->label[i] * LB_PANEL + i] = own[i];
}

/* The form of a loss that depends on p_y alone: struct lb_phi phi(const struct lb_softmax *s, const
 * struct lb_arg *par). It reads neither s->y nor s->top. */
#define LB_LABEL_PROBABILITY(name, phi) LB_LABEL_PROBABILITY_(name, phi, R(1.0), NULL)

/* The same at a temperature: real inverse(const struct lb_arg *par) returns 1/T. Rows side by side
 * are made at T = 1. */
#define LB_LABEL_PROBABILITY_AT(name, phi, inverse)                                                                             \
	static bool name##_at_temperature_1(const struct lb_arg *par)                                                                  \
	{                                                                                                                       \
		return !(inverse(par) < 1) && !(inverse(par) > 1);                                                              \
	}                                                                                                                       \
	LB_LABEL_PROBABILITY_(name, phi, inverse(in->par), name##_at_temperature_1)

#define LB_LABEL_PROBABILITY_(name, phi, inv_t, hold)                                                                           \
	static real name##_row(const struct lb_batch *in, size_t i, const real *z, real *g)                                     \
	{                                                                                                                       \
		return lb_phi_row(in, i, z, g, inv_t, phi);                                                                     \
	}                                                                                                                       \
	LB_CLONES static void LB_LANES(name)(const struct lb_batch *in, struct lb_lane_rows *at)                                \
	{                                                                                                                       \
		lb_phi_lanes(in->par, at, phi);                                                                                 \
	}                                                                                                                       \
	static const struct lb_form name##_form = { .row = name##_row, .softmax = true, .lanes = LB_LANES(name), .lanes_hold = hold };

#endif
