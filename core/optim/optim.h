/* Optimisers: one descriptor each, compiled once per precision. Weight decay is L2 added to the gradient (decoupled in adamw), on
 * weights; on biases too with decay_bias. */
#ifndef LB_OPTIM_H
#define LB_OPTIM_H

#include "core/base/info.h"
#include "core/numeric/real.h"

#include <stdint.h>

#define LB_MAX_SLOTS 2

struct X(lb_optim) {
	struct lb_info base;
	bool full_batch;         /* reads all training rows at once (core/train/full_batch.c); has no slots and no step */
	int slots;               /* extra vectors a parameter: 1 for momentum, 2 for adam */
	/* One step on n parameters: w -= ..., from gradient g; t counts steps from 1; decay is the weight decay that applies here
	 * (0 for biases unless decay_bias). slot[i] holds n values, 0 before the first step. */
	void (*step)(const struct lb_arg *par, int64_t t, double lr, double decay, size_t n, real *w, const real *g,
		     real *const *slot);
	/* True when a weight whose gradient is 0 changes by its decay alone, so that steps may be left out and caught up with; NULL: never */
	bool (*idle)(const struct lb_arg *par);
};

const struct X(lb_optim) *X(lb_optim_at)(size_t i);

/* project: perpendicular. g (n) <- its part at right angles to w (n), stretched to the length g had:
 * g - <w,g> / (<w,w> + 1e-30) w, times |g| / (|that| + 1e-30). Where nothing but rounding is left of it, 0. */
void X(lb_optim_project)(size_t n, const real *w, real *g);

#endif
