/* Mean and variance of the scores, or of their sigmoids, of each class. */
#ifndef LB_CLASS_MOMENTS_H
#define LB_CLASS_MOMENTS_H

#include "losses/support/degenerate_batch.h"

struct lb_squashed {
	double v, slope;
};

static inline struct lb_squashed lb_squash(double z, bool squash)
{
	const double u = exp(-fabs(z));

	return squash ? (struct lb_squashed){ (z >= 0 ? 1 : u) / (1 + u), u / (1 + u) / (1 + u) } : (struct lb_squashed){ z, 1 };
}

/* By class: rows, mean, variance (divided by n); all 0 for a class without rows. Means are counted
 * from origin, the first row's value, so that scores in one heap far from 0 keep their digits. */
struct lb_spread {
	double origin, n[2], mean[2], var[2];
};

static inline struct lb_spread lb_spread(const struct lb_batch *in, bool squash)
{
	struct lb_spread s = { .origin = lb_squash((double)in->output.value[0], squash).v };

	for (size_t i = 0; i < in->b; i++) {
		s.n[in->y[i] == 1]++;
		s.mean[in->y[i] == 1] += lb_squash((double)in->output.value[i], squash).v - s.origin;
	}
	for (int y = 0; y < 2; y++)
		s.mean[y] /= s.n[y] > 0 ? s.n[y] : 1;
	for (size_t i = 0; i < in->b; i++) {
		const int y = in->y[i] == 1;
		const double off = lb_squash((double)in->output.value[i], squash).v - s.origin - s.mean[y];
		s.var[y] += off * off / s.n[y];
	}
	return s;
}

#endif
