/* What losses of a time to an event share: the event of each row, its weight, logs of sums and
 * tails. */
#ifndef LB_SURVIVAL_SUPPORT_H
#define LB_SURVIVAL_SUPPORT_H

#include "losses/loss.h"
#include "losses/support/softplus.h"

/* Returns whether the event of row i was seen; else its time is that of the censoring. */
static inline bool lb_saw_event(const struct lb_batch *in, size_t i)
{
	return in->y[i] == 1;
}

/* Returns the weight of row i, as R's survival has it: a row of weight 0 has no part. */
static inline double lb_row_weight(const struct lb_batch *in, size_t i)
{
	return in->row_weight ? (double)in->row_weight[i] : 1;
}

/* A sum of exponentials, sum exp(a - top), whose logarithm is top + log(sum). */
struct lb_log_sum {
	double top, sum;
};

static inline void lb_log_sum_add(struct lb_log_sum *s, double a)
{
	if (!(s->sum > 0))
		*s = (struct lb_log_sum){ a, 1 };
	else if (a > s->top)
		*s = (struct lb_log_sum){ a, 1 + s->sum * exp(s->top - a) };
	else
		s->sum += exp(a - s->top);
}

/* Returns the logarithm of the sum; -inf where nothing was added. */
static inline double lb_log_sum_value(const struct lb_log_sum *s)
{
	return s->sum > 0 ? s->top + log(s->sum) : -(double)INFINITY;
}

/* Returns log(1 - exp(-x)), x > 0. */
static inline double lb_log_one_minus_exp(double x)
{
	return x < 0.6931471805599453 ? log(-expm1(-x)) : log1p(-exp(-x));
}

#endif
