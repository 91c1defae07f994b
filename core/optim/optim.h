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
};

const struct X(lb_optim) *X(lb_optim_at)(size_t i);

#endif
