/* The losses of the margin s, z for y = 1 and -z for y = 0: phi(s) with its derivative by s, and
 * the driver that makes a row of them. Margins move by constants in double, so that float32 scores
 * keep their last digits. */
#ifndef LB_MARGIN_H
#define LB_MARGIN_H

#include "losses/support/logistic_fn.h"

struct lb_margin {
	real loss, slope;
};

/* weight times phi(s) and its derivative by z. */
static inline real lb_margin_row(const struct lb_margin *m, int32_t y, real weight, real *g)
{
	if (g)
		g[0] = weight * (y ? m->slope : -m->slope);
	return weight * m->loss;
}

static inline real lb_margin_of(const struct lb_batch *in, size_t i, const real *z)
{
	return in->y[i] ? z[0] : -z[0];
}

/* One row of phi, without a weight. */
static inline real lb_phi_of_margin(const struct lb_batch *in, size_t i, const real *z, real *g,
				    struct lb_margin (*phi)(real s, const struct lb_arg *par))
{
	const struct lb_margin m = phi(lb_margin_of(in, i, z), in->par);

	return lb_margin_row(&m, in->y[i], R(1.0), g);
}

/* The form of a loss of the margin: struct lb_margin phi(real s, const struct lb_arg *par). */
#define LB_MARGIN(name, phi)                                                                                                    \
	static real name##_row(const struct lb_batch *in, size_t i, const real *z, real *g)                                     \
	{                                                                                                                       \
		return lb_phi_of_margin(in, i, z, g, phi);                                                                      \
	}                                                                                                                       \
	LB_ROW(name, name##_row)

/* log(1 + exp(-s)) */
static inline struct lb_margin lb_logistic(real s)
{
	const real u = exp(-fabs(s));

	return (struct lb_margin){ .loss = lb_softplus(-s, u), .slope = -lb_sigmoid(-s, u) };
}

/* max(0, 1 - s), slope 0 at the kink */
static inline struct lb_margin lb_hinge(real s)
{
	const real u = 1 - s;
	const bool hit = !(u <= 0);

	return (struct lb_margin){ .loss = hit ? u : R(0.0), .slope = hit ? R(-1.0) : R(0.0) };
}

/* Returns sigmoid(-k s) and its derivative. Losses that are a power of it multiply the result. */
static inline struct lb_margin lb_sigmoid_margin(real s, real k)
{
	const real x = k * s, u = exp(-fabs(x)), p = lb_sigmoid(-x, u);

	return (struct lb_margin){ .loss = p, .slope = -k * p * lb_sigmoid(x, u) };
}

/* q^g log(1 + exp(-s)), q = sigmoid(-s), with log q = -log(1 + exp(s)) */
static inline struct lb_margin lb_focal_margin(real s, real gamma)
{
	const real u = exp(-fabs(s)), q = lb_sigmoid(-s, u), loss = lb_softplus(-s, u);
	const real weight = exp(-gamma * lb_softplus(s, u));

	return (struct lb_margin){ .loss = weight * loss, .slope = -weight * (gamma * lb_sigmoid(s, u) * loss + q) };
}

#endif
