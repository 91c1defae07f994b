/* log(1 + e^x) and 1 / (1 + e^-x), finite and exact to rounding for every x. */
#ifndef LB_LOGISTIC_FN_H
#define LB_LOGISTIC_FN_H

#include "losses/loss.h"

/* The two share one exponential: u is exp(-|x|). */
static inline real lb_softplus(real x, real u)
{
	return (x <= 0 ? R(0.0) : x) + log1p(u);
}

static inline real lb_sigmoid(real x, real u)
{
	return (x >= 0 ? R(1.0) : u) / (1 + u);
}

#endif
