/* What the optimisers have in common that take the step of each weight by itself. */
#ifndef LB_ELEMENTWISE_H
#define LB_ELEMENTWISE_H

#include "core/engine/optim/optim.h"
#include "core/training/optim_params.h"
#include "losses/loss_info.h"

/* The common parameters, with the default learning rate and the rates that a sweep tries. */
#define LB_OPT_PARAMS_RATES(rate, ...)                                                                                          \
	[LB_OPT_LR] = { .name = "lr", .symbol = "eta", .type = LB_REAL_PARAM, .def = (rate), .min = 0, .max = 1e6, .min_open = true, \
			.log_scale = true, .grid = { __VA_ARGS__ }, .n_grid = 3, .help = "learning rate" },                     \
	[LB_OPT_WEIGHT_DECAY] = { .name = "weight_decay", .symbol = "lambda", .type = LB_REAL_PARAM, .min = 0, .max = 1e6,      \
				  .grid = { 0, 1e-4, 1e-3 }, .n_grid = 3, .help = "L2 penalty lambda/2 ||W||^2 on the weights" }, \
	[LB_OPT_DECAY_BIAS] = { .name = "decay_bias", .type = LB_BOOL_PARAM, .help = "apply the decay to biases too" },        \
	[LB_OPT_PROJECT] = { .name = "project", .type = LB_CHOICE_PARAM, .choices = (const char *const[]){ "none", "perpendicular", NULL }, \
			     .help = "perpendicular: the gradient of each weight matrix is turned at right angles to it (perpGrad)" }

#define LB_OPT_PARAMS(rate) LB_OPT_PARAMS_RATES(rate, 1e-3, 1e-2, 1e-1)

/* What an optimiser remembers, decayed: subnormal numbers are 0. One would never fade, since 0.9
 * times the smallest rounds to itself, and many processors are slow at arithmetic on it: a weight
 * whose gradient stays 0 would slow every later step. */
static inline real faded(real x)
{
	return fabs(x) < REAL_MIN ? R(0.0) : x;
}

/* For .opt_states and .idle. */
static inline int one_state(const struct lb_arg *par)
{
	(void)par;
	return 1;
}

static inline int two_states(const struct lb_arg *par)
{
	(void)par;
	return 2;
}

static inline bool without_decay(const struct lb_arg *par)
{
	return par[LB_OPT_WEIGHT_DECAY].v == 0;
}

#endif
