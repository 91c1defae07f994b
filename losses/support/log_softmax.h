/* The softmax of a row in double, log p_k and 1 - p_k each without cancellation, and the chain from
 * probabilities back to scores. For losses that read the probabilities of every class. */
#ifndef LB_LOG_SOFTMAX_H
#define LB_LOG_SOFTMAX_H

#include "losses/loss.h"

/* The log of the sum of exp(z_k), as the largest score and what is above it. */
struct lb_log_softmax {
	double top, more;
	double rest;             /* sum of exp(z_k - top) over all classes but `at` */
	size_t at;               /* the class of the largest score, lowest index on ties */
};

/* A NaN score makes every number NaN. */
static inline struct lb_log_softmax lb_log_softmax(const real *z, size_t c)
{
	struct lb_log_softmax l = { .top = (double)z[0] };

	for (size_t k = 1; k < c; k++)
		if ((double)z[k] > l.top || isnan(z[k])) {
			l.top = (double)z[k];
			l.at = k;
		}
	for (size_t k = 0; k < c; k++)
		l.rest += k == l.at ? 0 : exp((double)z[k] - l.top);
	l.more = log1p(l.rest) + 0 * l.top;
	return l;
}

static inline double lb_log_p(real z, const struct lb_log_softmax *l)
{
	return ((double)z - l->top) - l->more;
}

static inline double lb_p(real z, const struct lb_log_softmax *l)
{
	return exp(lb_log_p(z, l));
}

/* 1 - p of class k, whose score is z. */
static inline double lb_one_minus_p(size_t k, real z, const struct lb_log_softmax *l)
{
	return k == l->at ? l->rest / (1 + l->rest) : 1 - lb_p(z, l);
}

/* g (c) <- scale p_k (v_k - sum_j p_j v_j), the gradient by scores of what has the derivatives v by
 * their probabilities. Only differences of v matter: they are taken from the likeliest class, which
 * so has no part in the sum. */
static inline void lb_through_softmax(size_t c, const real *z, const struct lb_log_softmax *l, const double *v, double scale, real *g)
{
	double mean = 0;

	for (size_t k = 0; k < c; k++)
		mean += lb_p(z[k], l) * (v[k] - v[l->at]);
	for (size_t k = 0; k < c; k++)
		g[k] = (real)(scale * lb_p(z[k], l) * (v[k] - v[l->at] - mean));
}

/* For a loss by batch: where the value is NaN, so is the whole gradient. Returns the value. */
static inline double lb_with_nan(const struct lb_batch *in, real *g, double value)
{
	for (size_t k = 0; g && isnan(value) && k < in->b * in->c; k++)
		g[k] = (real)value;
	return value;
}

#endif
