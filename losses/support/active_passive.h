/* Normalised losses f_y / sum_k f_k, f_k = -(1 - p_k)^g log p_k (g = 0: cross-entropy), and their
 * sum with a passive loss, one that depends on p_y alone. In double throughout: scores far apart
 * are subtracted from each other. */
#ifndef LB_ACTIVE_PASSIVE_H
#define LB_ACTIVE_PASSIVE_H

#include "losses/support/softmax.h"

/* f(p_k), and F_k = -p_k f'(p_k). */
struct lb_part {
	double f, slope;
};

struct lb_share {
	double g, top_z;
	double ties, rest, sum;  /* classes of the largest score; the terms of all others; ties + rest */
	double top_u;            /* -log p of the largest score */
	struct lb_part top, y;
	double total, cross;     /* sum_k f_k; sum of f_k F_y - f_y F_k over the classes below the largest score */
};

/* Of a class with term e, d = z_top - z_k. A (1 - p)^g with p < 1/2 is raised through p, as g
 * multiplies its rounding. */
static inline struct lb_part lb_share_part(const struct lb_share *a, double e, double d)
{
	const double others = e < 1 ? a->sum - e : a->ties - 1 + a->rest, p = e / a->sum, q = others / a->sum;
	const double u = d + a->top_u;

	if (!(a->g > 0))
		return (struct lb_part){ .f = u, .slope = 1 };
	const double weight = p < q ? exp(a->g * log1p(-p)) : pow(q, a->g);
	return (struct lb_part){ .f = weight * u, .slope = q > 0 ? weight * (1 + a->g * p * (u / q)) : weight };
}

static inline struct lb_share lb_share(const real *z, size_t c, const struct lb_softmax *s, const real *e, double g)
{
	struct lb_share a = { .g = g, .top_z = (double)z[s->top] };

	for (size_t k = 0; k < c; k++)
		if (e[k] >= 1)
			a.ties++;
		else
			a.rest += (double)e[k];
	a.sum = a.ties + a.rest;
	a.top_u = log1p(a.ties - 1 + a.rest);
	a.top = lb_share_part(&a, 1, 0);
	a.y = lb_share_part(&a, (double)e[s->y], a.top_z - (double)z[s->y]);
	a.total = a.ties * a.top.f;
	for (size_t k = 0; k < c; k++) {
		if (e[k] >= 1)
			continue;
		const struct lb_part at = lb_share_part(&a, (double)e[k], a.top_z - (double)z[k]);
		a.total += at.f;
		a.cross += at.f * a.y.slope - a.y.f * at.slope;
	}
	return a;
}

/* The derivative with respect to the score of a class other than y. It is (p_k W + f_y F_k) /
 * total^2, W the sum of f_j F_y - f_y F_j over all j; the tied largest scores are taken apart,
 * since theirs cancel against f_y F_k. */
static inline double lb_share_slope(const struct lb_share *a, double e, double z)
{
	const double slope = lb_share_part(a, e, a->top_z - z).slope;
	const double tied = e * a->top.f * a->y.slope + a->y.f * (slope - e * a->top.slope);

	return (e * a->cross + a->ties * tied + a->rest * a->y.f * slope) / a->sum / (a->total * a->total);
}

/* The parameters that every pair begins with. beta > 0, since an active loss alone is not
 * calibrated. */
enum { LB_ALPHA, LB_BETA };
#define LB_ALPHA_PARAM(value) { .name = "alpha", .symbol = "alpha", .def = (value), .min = 0, .max = 1e3,                        \
				.grid = { 0.1, 1, 5, 9.9 }, .n_grid = 4, .help = "weight of the active loss" }
#define LB_BETA_PARAM(value) { .name = "beta", .symbol = "beta", .def = (value), .min = 0, .max = 1e3, .min_open = true,          \
			       .grid = { 0.1, 1, 5, 9.9 }, .n_grid = 4, .help = "weight of the passive loss" }

struct lb_mix {
	double alpha, beta;      /* weights of the active and the passive loss */
	double g;                /* of the active loss */
};

/* alpha f_y / sum_k f_k + beta passive; passive may be NULL. */
static inline real lb_active_passive_row(const struct lb_batch *in, size_t i, const real *z, real *g, struct lb_mix mix,
					 struct lb_phi (*passive)(const struct lb_softmax *s, const struct lb_arg *par))
{
	real *e = lb_terms(in, g);
	const struct lb_softmax s = lb_softmax_of(in, i, z, R(1.0), e);
	const struct lb_share a = lb_share(z, in->c, &s, e, mix.g);
	const struct lb_phi at = passive ? passive(&s, in->par) : (struct lb_phi){ 0 };
	const double f = mix.beta * (double)at.f;
	double sum = 0;

	for (size_t k = 0; g && k < in->c; k++) {
		if (k == s.y)
			continue;
		const double slope = mix.alpha * lb_share_slope(&a, (double)e[k], (double)z[k]);
		sum += slope;
		g[k] = (real)(slope + f * (double)(e[k] / s.sum));
	}
	if (g)
		g[s.y] = (real)(-sum - f * (double)s.q);
	return (real)(mix.alpha * (a.y.f / a.total) + mix.beta * (double)at.loss);
}

/* The form of such a loss; the weights are members of struct lb_mix, which may read in->par. */
#define LB_ACTIVE_PASSIVE(name, passive, ...)                                                                                   \
	static real name##_row(const struct lb_batch *in, size_t i, const real *z, real *g)                                     \
	{                                                                                                                       \
		return lb_active_passive_row(in, i, z, g, (struct lb_mix){ __VA_ARGS__ }, passive);                             \
	}                                                                                                                       \
	LB_SOFTMAX_ROW(name, name##_row)

#endif
