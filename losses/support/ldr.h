/* Label-distributionally robust losses: max over p of sum_k p_k g_k - lambda KL(p || uniform), g_k
 * = f_k - f_y + m [k != y], where f are the scores of a row, as they are or normalised. In double
 * throughout: margins over a small lambda are exponents. */
#ifndef LB_LDR_H
#define LB_LDR_H

#include "losses/loss.h"

/* f = u / mean |u|, u = z or softplus(z) */
enum lb_norm { LB_NORM_NONE, LB_NORM_SOFTPLUS, LB_NORM_L1 };

struct lb_scores {
	const real *z;
	size_t c, top;           /* classes; the class of the largest score, lowest index on ties */
	enum lb_norm norm;
	double mean;             /* of |u|, or 1; NaN when a score is */
	bool tiny;               /* all scores are so low that softplus(z) is e^z: then u = exp(z - z_top) */
};

static inline double lb_score_u(const struct lb_scores *s, size_t k)
{
	const double z = (double)s->z[k];

	if (s->norm != LB_NORM_SOFTPLUS)
		return z;
	if (s->tiny)
		return exp(z - (double)s->z[s->top]);
	return (z > 0 ? z : 0) + log1p(exp(-fabs(z)));
}

static inline struct lb_scores lb_scores(const real *z, size_t c, enum lb_norm norm)
{
	struct lb_scores s = { .z = z, .c = c, .norm = norm };
	double sum = 0;

	for (size_t k = 1; k < c; k++)
		if (z[k] > z[s.top])
			s.top = k;
	s.tiny = z[s.top] < R(-40.0);
	for (size_t k = 0; k < c; k++)
		sum += fabs(lb_score_u(&s, k));
	s.mean = norm == LB_NORM_NONE && !isnan(sum) ? 1 : sum / (double)c;
	return s;
}

/* f_k; 0 where all scores are 0 and their mean would divide them. */
static inline double lb_score(const struct lb_scores *s, size_t k)
{
	return s->mean <= 0 ? 0 : lb_score_u(s, k) / s->mean;
}

static inline double lb_score_sign(const struct lb_scores *s, size_t k)
{
	return s->norm == LB_NORM_L1 && s->z[k] < 0 ? -1 : 1;
}

/* u'(z_k) / mean */
static inline double lb_score_rise(const struct lb_scores *s, size_t k)
{
	if (s->norm == LB_NORM_L1)
		return 1 / s->mean;
	return s->tiny ? lb_score(s, k) : 1 / (1 + exp(-(double)s->z[k])) / s->mean;
}

/* Slopes g of f into those of z. With s_k the sign of f_k, h_k = s_k g_k and weights a_k = |f_k| /
 * C, whose sum is 1, that of z_j is rise_j s_j (h_j - sum_k a_k h_k). The sum is taken as h_t -
 * gap, t the class of the largest |f|, so that nothing is lost where one class outweighs all
 * others. A score of 0 has no s_j in l1: its |z_j| is given the slope 0. */
static inline void lb_scores_back(const struct lb_scores *s, real *g)
{
	size_t t = s->top;
	double gap = 0;

	if (s->norm == LB_NORM_NONE)
		return;
	for (size_t k = 0; s->norm == LB_NORM_L1 && k < s->c; k++)
		if (fabs(s->z[k]) > fabs(s->z[t]))
			t = k;
	const double h_t = lb_score_sign(s, t) * (double)g[t];
	for (size_t k = 0; k < s->c; k++)
		gap += fabs(lb_score(s, k)) / (double)s->c * (h_t - lb_score_sign(s, k) * (double)g[k]);
	for (size_t k = 0; k < s->c; k++) {
		const double sign = lb_score_sign(s, k), h = sign * (double)g[k];
		const bool kink = s->norm == LB_NORM_L1 && s->z[k] >= 0 && s->z[k] <= 0;
		g[k] = s->mean <= 0 ? R(0.0) : (real)(lb_score_rise(s, k) * (kink ? h : sign * (h - h_t + gap)));
	}
}

/* The largest g and its class; 0 and y when no other exceeds that. */
struct lb_lead {
	size_t k;
	double g;
};

static inline struct lb_lead lb_lead(const struct lb_scores *s, size_t y, double m)
{
	size_t other = y == 0;

	for (size_t k = 0; k < s->c; k++)
		if (k != y && s->z[k] > s->z[other])
			other = k;
	const double g = lb_score(s, other) - lb_score(s, y) + m;

	if (g <= 0)
		return (struct lb_lead){ .k = y };
	return (struct lb_lead){ .k = other, .g = g };
}

/* lambda log mean_k exp(g_k / lambda), 0 < lambda < inf; into w (c values) its slopes in f,
 * softmax(g / lambda) - e. A large lambda would lose the value in a mean near 1: what the terms
 * lack of 1 is summed. */
static inline double lb_ldr_kl(const struct lb_scores *s, size_t y, double m, double lambda, real *w)
{
	const double f_y = lb_score(s, y), top = lb_lead(s, y, m).g;
	double lack = 0, rest = 0, own = 0;

	for (size_t k = 0; k < s->c; k++) {
		const double u = ((k == y ? 0 * f_y : lb_score(s, k) - f_y + m) - top) / lambda;
		const double x = u > -1 ? expm1(u) : 0, e = u > -1 ? 1 + x : exp(u);
		lack += u > -1 ? x : e - 1;
		*(k == y ? &own : &rest) += e;
		w[k] = (real)e;
	}
	for (size_t k = 0; k < s->c; k++)
		w[k] = (real)((double)w[k] / (rest + own));
	w[y] = (real)(-rest / (rest + own));
	return top + lambda * log1p(lack / (double)s->c);
}

#endif
