/* The logistic loss in which both classes of a batch weigh the same. */
#ifndef LB_BALANCED_H
#define LB_BALANCED_H

#include "losses/support/margin.h"
#include "losses/support/soft_confusion.h"

/* (1/B) sum_i w_y log(1 + exp(-s_i)), w_1 = n0 / B, w_0 = n1 / B */
static inline double lb_balanced_bce(const struct lb_batch *in, real *g)
{
	const double b = (double)in->b, n1 = (double)lb_positives(in);
	double sum = 0;

	for (size_t i = 0; i < in->b; i++) {
		const double weight = (in->y[i] ? b - n1 : n1) / b;
		const struct lb_margin m = lb_logistic(lb_margin_of(in, i, in->output.value + i));
		sum += weight * (double)m.loss;
		if (g)
			g[i] = (real)(weight / b * (double)(in->y[i] ? m.slope : -m.slope));
	}
	return sum / b;
}

#endif
