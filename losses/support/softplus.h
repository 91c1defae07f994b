/* Stable log(1 + e^x) and its derivative, in double. */
#ifndef LB_SOFTPLUS_H
#define LB_SOFTPLUS_H

#include <math.h>

/* Returns log(1 + exp(x)). */
static inline double lb_softplus_of(double x)
{
	return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

/* Returns 1 / (1 + exp(-x)). */
static inline double lb_logistic_of(double x)
{
	const double u = exp(-fabs(x));

	return (x >= 0 ? 1 : u) / (1 + u);
}

#endif
