/* Probabilities of scores over a temperature, and the divergence of two of them class by class, in
 * double: at a high temperature both are nearly uniform, and what is compared is small. */
#ifndef LB_SOFT_TARGETS_H
#define LB_SOFT_TARGETS_H

#include "losses/loss.h"

/* Scores over the temperature: log softmax of class k is scale * (v_k - most) - log. */
struct lb_softened {
	double scale, most, log;
};

/* The softmax over all classes but `skip`; none is skipped when it is c. */
static inline struct lb_softened lb_soften_without(const real *v, size_t c, size_t skip, double temperature)
{
	struct lb_softened s = { .scale = 1 / temperature, .most = -(double)INFINITY };
	double sum = 0;

	for (size_t k = 0; k < c; k++)
		s.most = k == skip ? s.most : fmax(s.most, (double)v[k]);
	for (size_t k = 0; k < c; k++)
		sum += k == skip ? 0 : exp(s.scale * ((double)v[k] - s.most));
	s.log = log(sum);
	return s;
}

static inline struct lb_softened lb_soften(const real *v, size_t c, double temperature)
{
	return lb_soften_without(v, c, c, temperature);
}

static inline double lb_soft_log_p(const struct lb_softened *s, real v)
{
	return s->scale * ((double)v - s->most) - s->log;
}

/* q - p, of their logarithms. */
static inline double lb_probability_change(double lp, double lq)
{
	return fabs(lp - lq) < 1 ? exp(lp) * expm1(lq - lp) : exp(lq) - exp(lp);
}

/* p log(p / q) + q - p, never below 0 but for rounding: what an outcome has part in the divergence
 * of p from q. *change <- q - p. */
static inline double lb_divergence_term(double lp, double lq, double *change)
{
	*change = lb_probability_change(lp, lq);
	return exp(lp) * (lp - lq) + *change;
}

/* log cosh x */
static inline double lb_log_cosh(double x)
{
	const double a = fabs(x), s = sinh(fmin(a, 1));

	return a < 0.5 ? 0.5 * log1p(s * s) : a + log1p(exp(-2 * a)) - 0.69314718055994531;
}

#endif
