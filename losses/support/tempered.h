/* Probabilities p_k = [1 - (1 - t)(nu + u_k)]_+^(1/(1 - t)) of the gaps u_k = max z - z_k >= 0,
 * with nu such that they sum to 1: the tempered softmax for t >= 1 (softmax at t = 1), alpha-entmax
 * for t = 2 - alpha in [0, 1]. And the Bregman divergence of sum p^(2 - t) that belongs to them.
 * All in double: nu is the root of a sum, and every gap counts against it. */
#ifndef LB_TEMPERED_H
#define LB_TEMPERED_H

#include "losses/loss.h"

/* (e^(ax) - 1) / a, its limit x at a = 0. */
static inline double lb_expm1_over(double a, double x)
{
	return a < 0 || a > 0 ? expm1(a * x) / a : x;
}

struct lb_tempered {
	size_t c, top;       /* classes; that of the largest score, lowest index on ties */
	double b, nu;        /* t - 1 */
	double rest, lp_top; /* sum of p over all classes but top; log p of top */
	const real *z;
};

/* 1 + b (nu + u_k) = p_k^(-b), or below 0 where p_k is 0. */
static inline double lb_tempered_base(const struct lb_tempered *s, size_t k)
{
	return 1 + s->b * (s->nu + ((double)s->z[s->top] - (double)s->z[k]));
}

/* log p_k, -infinity where p_k is 0. */
static inline double lb_tempered_log(const struct lb_tempered *s, size_t k)
{
	const double x = s->nu + ((double)s->z[s->top] - (double)s->z[k]);

	if (s->b * x <= -1)
		return -HUGE_VAL;
	return s->b < 0 || s->b > 0 ? -log1p(s->b * x) / s->b : -x;
}

/* Newton's method on log_t f = (1 - f^-b) / b, where f(nu) is the sum. It is convex and falls,
 * since f^-b is a concave mean of the p_k^-b (b > 0), or -f^-b one of them (b < 0), and those are
 * linear in nu. So from nu = 0, where f >= 1, the steps go up to the root; the first that goes down
 * takes back what rounding has overstepped, and is the last. */
static inline void lb_tempered_solve(struct lb_tempered *s)
{
	double step = 1;

	for (int n = 0; n < 100 && step > 4e-16 * (1 + s->nu); n++) {
		double f = 0, slope = 0;
		for (size_t k = 0; k < s->c; k++) {
			const double lp = lb_tempered_log(s, k);
			if (lp <= -HUGE_VAL)
				continue;
			f += exp(lp);
			slope += exp((1 + s->b) * lp);
		}
		step = lb_expm1_over(-s->b, log(f)) * pow(f, 1 + s->b) / slope;
		s->nu += step;
	}
}

static inline struct lb_tempered lb_tempered(const real *z, size_t c, double t)
{
	struct lb_tempered s = { .c = c, .b = t - 1, .z = z };

	for (size_t k = 1; k < c; k++)
		if (z[k] > z[s.top])
			s.top = k;
	lb_tempered_solve(&s);
	for (size_t k = 0; k < c; k++)
		s.rest += k == s.top ? 0 : exp(lb_tempered_log(&s, k));
	s.lp_top = s.rest < 0.5 ? log1p(-s.rest) : lb_tempered_log(&s, s.top);
	return s;
}

/* log p_k and 1 - p_k, to full relative accuracy also near p = 1. */
static inline double lb_tempered_lp(const struct lb_tempered *s, size_t k)
{
	return k == s->top ? s->lp_top : lb_tempered_log(s, k);
}

static inline double lb_tempered_q(const struct lb_tempered *s, size_t k)
{
	return k == s->top ? s->rest : -expm1(lb_tempered_log(s, k));
}

/* Integral of (1 - x) x^-t from r to 1, given log r and 1 - r: the divergence of 1 from r. Near 1
 * by its series in 1 - r, since the closed form subtracts equals there. */
static inline double lb_bregman_from_one(double t, double log_r, double u)
{
	double sum = 0;

	if (!(fabs(u) < 0.25))
		return lb_expm1_over(2 - t, log_r) - lb_expm1_over(1 - t, log_r);
	double term = u * u;
	for (int j = 0; fabs(term) > 1e-18 * sum; j++) {
		sum += term / (j + 2);
		term *= u * (t + j) / (j + 1);
	}
	return sum;
}

/* D(target || p) of one class: target^(2-t) times that of 1 from p/target; p^(2-t) / (2-t) for
 * target 0. */
static inline double lb_bregman(double t, double target, double log_p, double target_minus_p)
{
	if (target <= 0)
		return exp((2 - t) * log_p) / (2 - t);
	return pow(target, 2 - t) * lb_bregman_from_one(t, log_p - log(target), target_minus_p / target);
}

/* The Fenchel-Young loss of alpha-entmax: the divergence with t = 2 - alpha, and, where p_y is 0,
 * how far z_y lies below the scores that have a share. So no sum of scores is formed that would
 * cancel. */
static inline real lb_entmax_row(const struct lb_batch *in, size_t i, const real *z, real *g, double alpha)
{
	const size_t y = (size_t)in->y[i];
	const double t = 2 - alpha;
	const struct lb_tempered s = lb_tempered(z, in->c, t);
	const double base = lb_tempered_base(&s, y);
	double loss = base < 0 ? base / s.b : 0;

	for (size_t k = 0; k < in->c; k++) {
		const double lp = lb_tempered_lp(&s, k);
		loss += k == y ? lb_bregman(t, 1, lp, lb_tempered_q(&s, y)) : lb_bregman(t, 0, lp, 0);
		if (g)
			g[k] = (real)(k == y ? -lb_tempered_q(&s, y) : exp(lp));
	}
	return (real)loss;
}

#endif
