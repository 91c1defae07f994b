/* Degenerate batches: the value when a class is missing or the ratio is 0/0. The gradient is 0. */
#ifndef LB_DEGENERATE_BATCH_H
#define LB_DEGENERATE_BATCH_H

#include "losses/support/logistic_fn.h"

/* 0, or NaN when a score is. */
static inline double lb_nothing(const struct lb_batch *in)
{
	double sum = 0;

	for (size_t i = 0; i < in->b; i++)
		sum += 0 * (double)in->output.value[i];
	return sum;
}

/* The value, with gradient 0; a NaN score still shows. */
static inline double lb_flat(const struct lb_batch *in, real *g, double value)
{
	for (size_t i = 0; g && i < in->b; i++)
		g[i] = 0 * in->output.value[i];
	return value + lb_nothing(in);
}

static inline size_t lb_positives(const struct lb_batch *in)
{
	size_t n1 = 0;

	for (size_t i = 0; i < in->b; i++)
		n1 += in->y[i] == 1;
	return n1;
}

#endif
