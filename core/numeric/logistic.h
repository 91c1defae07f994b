/* The logistic function and its antiderivative, of any size of the argument. */
#ifndef LB_LOGISTIC_H
#define LB_LOGISTIC_H

#include <math.h>

/* 1 / (1 + e^-z) */
static inline double lb_expit(double z)
{
	return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
}

/* log(1 + e^z) */
static inline double lb_log1p_exp(double z)
{
	return fmax(z, 0) + log1p(exp(-fabs(z)));
}

#endif
