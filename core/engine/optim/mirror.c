/* Optimisers whose step is no multiple of the gradient: by its sign, as a factor, with a hint. */
#include "core/engine/optim/elementwise.h"

/* ---- lion ---- */

enum { LION_BETA1 = LB_OPT_OWN, LION_BETA2 };
static const struct lb_param lion_params[] = {
	LB_OPT_PARAMS_RATES(1e-4, 1e-5, 1e-4, 1e-3),
	[LION_BETA1] = { .name = "beta1", .symbol = "b1", .type = LB_REAL_PARAM, .def = 0.9, .min = 0, .max = 1, .max_open = true,
			 .help = "share of the mean in what the sign is taken of" },
	[LION_BETA2] = { .name = "beta2", .symbol = "b2", .type = LB_REAL_PARAM, .def = 0.99, .min = 0, .max = 1, .max_open = true,
			 .help = "decay of the mean of gradients" },
};

/* What a step of lion is made of. */
struct sign_step {
	real b1, c1, b2, c2, eta, keep;
};

LB_CLONES static void lb_by_sign(size_t n, struct sign_step a, real *restrict w, const real *restrict g, real *restrict m)
{
	for (size_t i = 0; i < n; i++) {
		const real u = a.b1 * m[i] + a.c1 * g[i];
		w[i] = a.keep * w[i] - (u > 0 ? a.eta : u < 0 ? -a.eta : 0);
		m[i] = faded(a.b2 * m[i] + a.c2 * g[i]);
	}
}

static void lion_step(const struct lb_arg *par, int64_t t, double lr, double decay, size_t n, real *w, const real *g, real *const *opt_state)
{
	const double beta1 = par[LION_BETA1].v, beta2 = par[LION_BETA2].v;
	const struct sign_step a = { .b1 = (real)beta1, .c1 = (real)(1 - beta1), .b2 = (real)beta2, .c2 = (real)(1 - beta2), .eta = (real)lr,
				     .keep = (real)(1 - lr * decay) };

	(void)t;
	lb_by_sign(n, a, w, g, opt_state[0]);
}

/* ---- expgrad ---- */

static const struct lb_param expgrad_params[] = { LB_OPT_PARAMS(0.1) };

static void expgrad_step(const struct lb_arg *par, int64_t t, double lr, double decay, size_t n, real *w, const real *g, real *const *opt_state)
{
	const real eta = (real)lr, lambda = (real)decay;

	(void)par, (void)t, (void)opt_state;
	for (size_t i = 0; i < n; i++) {
		const real d = g[i] + lambda * w[i];
		w[i] *= exp(w[i] < 0 ? eta * d : -eta * d);
	}
}

/* ---- omd_optimistic ---- */

static const struct lb_param optimistic_params[] = { LB_OPT_PARAMS(0.1) };

/* hint: the step that the last gradient made, which is expected again. */
LB_CLONES static void lb_with_hint(size_t n, real eta, real lambda, real *restrict w, const real *restrict g, real *restrict hint)
{
	for (size_t i = 0; i < n; i++) {
		const real step = eta * (g[i] + lambda * w[i]);
		w[i] = w[i] + hint[i] - step - step;
		hint[i] = step;
	}
}

static void optimistic_step(const struct lb_arg *par, int64_t t, double lr, double decay, size_t n, real *w, const real *g, real *const *opt_state)
{
	(void)par, (void)t;
	lb_with_hint(n, (real)lr, (real)decay, w, g, opt_state[0]);
}

/* ---- descriptors ---- */

const struct lb_optim LB_OPTIMIZER(lion) = {
	.base = { .name = "lion", .tasks = LB_EVERY_TASK, .title = "Lion: steps by the sign of a mean of gradients",
		  .cite = "Chen et al., Symbolic Discovery of Optimization Algorithms, NeurIPS 2023, Algorithm 2",
		  .formula = "w = (1 - eta lambda) w - eta sign(b1 m + (1-b1) g), sign(0) = 0; then m = b2 m + (1-b2) g",
		  .notes = "Every weight moves by the rate itself, which is therefore a tenth to a third of adam's. Weight decay is decoupled.",
		  .keywords = "evolved_sign_momentum", LB_PARAMS(lion_params) },
	.opt_states = one_state,
	.step = lion_step,
};

const struct lb_optim LB_OPTIMIZER(expgrad) = {
	.base = { .name = "expgrad", .tasks = LB_EVERY_TASK, .traits = LB_KEEPS_ZEROS, .title = "Exponentiated gradient: every weight keeps its sign",
		  .cite = "Kivinen & Warmuth, Exponentiated Gradient versus Gradient Descent for Linear Predictors, Information and Computation 132, 1997; "
			  "with signs as in Cornford et al., Brain-like learning with exponentiated gradients, 2024",
		  .formula = "d = g + lambda w; w = w exp(-eta sign(w) d)",
		  .notes = "A weight that is 0 stays 0, so that weights and biases that begin at 0 are refused; give model.init torch, xavier or he, and "
			   "bias_init uniform or none.",
		  .keywords = "exponentiated_gradient eg multiplicative dale", LB_PARAMS(expgrad_params) },
	.step = expgrad_step,
	.idle = without_decay,
};

const struct lb_optim LB_OPTIMIZER(omd_optimistic) = {
	.base = { .name = "omd_optimistic", .tasks = LB_EVERY_TASK, .title = "Optimistic mirror descent, Euclidean: the last gradient is the hint for the next",
		  .cite = "Rakhlin & Sridharan, Online Learning with Predictable Sequences, COLT 2013",
		  .formula = "d_t = g_t + lambda w_t; u_{t+1} = u_t - eta d_t; w_{t+1} = u_{t+1} - eta d_t; u_1 = w_1",
		  .notes = "The gradient is taken at w, which is what is evaluated and saved. Under a schedule both moves have the rate of the step that "
			   "made d.", .keywords = "ogd optimistic_gradient online", LB_PARAMS(optimistic_params) },
	.opt_states = one_state,
	.step = optimistic_step,
};
