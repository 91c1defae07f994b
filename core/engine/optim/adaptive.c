/* Optimisers that divide the step of each weight by the size of its gradients. */
#include "core/engine/optim/elementwise.h"

static const char coupled_or_not[] = "the decay shrinks the weights by 1 - eta lambda instead of entering the gradient";

/* ---- rmsprop ---- */

enum { RMSPROP_ALPHA = LB_OPT_OWN, RMSPROP_EPS, RMSPROP_MOMENTUM, RMSPROP_CENTERED };
static const struct lb_param rmsprop_params[] = {
	LB_OPT_PARAMS(0.01),
	[RMSPROP_ALPHA] = { .name = "alpha", .symbol = "a", .type = LB_REAL_PARAM, .def = 0.99, .min = 0, .max = 1, .max_open = true,
			    .help = "decay of the mean of squared gradients" },
	[RMSPROP_EPS] = { .name = "eps", .type = LB_REAL_PARAM, .def = 1e-8, .min = 0, .max = 1, .min_open = true, .help = "added to the root of the mean" },
	[RMSPROP_MOMENTUM] = { .name = "momentum", .symbol = "mu", .type = LB_REAL_PARAM, .min = 0, .max = 1, .max_open = true,
			       .grid = { 0, 0.9 }, .n_grid = 2, .help = "b = mu b + the divided gradient; 0: none" },
	[RMSPROP_CENTERED] = { .name = "centered", .type = LB_BOOL_PARAM, .help = "take the square of the mean gradient off the mean square" },
};

/* What a step of rmsprop is made of. */
struct root_mean {
	real a, c, eps, mu, eta, lambda;
};

LB_CLONES static void lb_by_root(size_t n, struct root_mean k, real *restrict w, const real *restrict g, real *restrict v)
{
	for (size_t i = 0; i < n; i++) {
		const real d = g[i] + k.lambda * w[i];
		v[i] = faded(k.a * v[i] + k.c * d * d);
		w[i] -= k.eta * (d / (sqrt(v[i]) + k.eps));
	}
}

LB_CLONES static void lb_by_root_momentum(size_t n, struct root_mean k, real *restrict w, const real *restrict g, real *restrict v,
					  real *restrict b)
{
	for (size_t i = 0; i < n; i++) {
		const real d = g[i] + k.lambda * w[i];
		v[i] = faded(k.a * v[i] + k.c * d * d);
		b[i] = faded(k.mu * b[i] + d / (sqrt(v[i]) + k.eps));
		w[i] -= k.eta * b[i];
	}
}

/* The root of the variance, which rounding may leave below 0. */
static inline real spread(real square, real mean)
{
	const real v = square - mean * mean;

	return sqrt(v > 0 ? v : 0);
}

LB_CLONES static void lb_by_spread(size_t n, struct root_mean k, real *restrict w, const real *restrict g, real *restrict v, real *restrict m)
{
	for (size_t i = 0; i < n; i++) {
		const real d = g[i] + k.lambda * w[i];
		v[i] = faded(k.a * v[i] + k.c * d * d);
		m[i] = faded(k.a * m[i] + k.c * d);
		w[i] -= k.eta * (d / (spread(v[i], m[i]) + k.eps));
	}
}

LB_CLONES static void lb_by_spread_momentum(size_t n, struct root_mean k, real *restrict w, const real *restrict g, real *restrict v,
					    real *restrict b, real *restrict m)
{
	for (size_t i = 0; i < n; i++) {
		const real d = g[i] + k.lambda * w[i];
		v[i] = faded(k.a * v[i] + k.c * d * d);
		m[i] = faded(k.a * m[i] + k.c * d);
		b[i] = faded(k.mu * b[i] + d / (spread(v[i], m[i]) + k.eps));
		w[i] -= k.eta * b[i];
	}
}

/* The mean of squares, then the momentum, then the mean, of those that there are. */
static int rmsprop_states(const struct lb_arg *par)
{
	return 1 + (par[RMSPROP_MOMENTUM].v != 0) + (par[RMSPROP_CENTERED].v != 0);
}

static void rmsprop_step(const struct lb_arg *par, int64_t t, double lr, double decay, size_t n, real *w, const real *g, real *const *opt_state)
{
	const double alpha = par[RMSPROP_ALPHA].v;
	const struct root_mean k = { .a = (real)alpha, .c = (real)(1 - alpha), .eps = (real)par[RMSPROP_EPS].v, .mu = (real)par[RMSPROP_MOMENTUM].v,
				     .eta = (real)lr, .lambda = (real)decay };
	const bool centered = par[RMSPROP_CENTERED].v != 0;

	(void)t;
	if (k.mu == 0)
		centered ? lb_by_spread(n, k, w, g, opt_state[0], opt_state[1]) : lb_by_root(n, k, w, g, opt_state[0]);
	else if (centered)
		lb_by_spread_momentum(n, k, w, g, opt_state[0], opt_state[1], opt_state[2]);
	else
		lb_by_root_momentum(n, k, w, g, opt_state[0], opt_state[1]);
}

/* ---- adagrad ---- */

enum { ADAGRAD_LR_DECAY = LB_OPT_OWN, ADAGRAD_INITIAL, ADAGRAD_EPS };
static const struct lb_param adagrad_params[] = {
	LB_OPT_PARAMS(0.01),
	[ADAGRAD_LR_DECAY] = { .name = "lr_decay", .symbol = "k", .type = LB_REAL_PARAM, .min = 0, .max = 1e6,
			       .help = "the rate of step t is lr / (1 + (t - 1) lr_decay)" },
	[ADAGRAD_INITIAL] = { .name = "initial", .symbol = "v0", .type = LB_REAL_PARAM, .min = 0, .max = 1e12, .help = "the sum of squares before the first step" },
	[ADAGRAD_EPS] = { .name = "eps", .type = LB_REAL_PARAM, .def = 1e-10, .min = 0, .max = 1, .min_open = true, .help = "added to the root of the sum" },
};

LB_CLONES static void lb_by_sum(size_t n, struct root_mean k, real initial, real *restrict w, const real *restrict g, real *restrict v)
{
	for (size_t i = 0; i < n; i++) {
		const real d = g[i] + k.lambda * w[i];
		v[i] = faded(v[i] + d * d);
		w[i] -= k.eta * (d / (sqrt(v[i] + initial) + k.eps));
	}
}

static void adagrad_step(const struct lb_arg *par, int64_t t, double lr, double decay, size_t n, real *w, const real *g, real *const *opt_state)
{
	const struct root_mean k = { .eps = (real)par[ADAGRAD_EPS].v, .eta = (real)(lr / (1 + (double)(t - 1) * par[ADAGRAD_LR_DECAY].v)),
				     .lambda = (real)decay };

	lb_by_sum(n, k, (real)par[ADAGRAD_INITIAL].v, w, g, opt_state[0]);
}

/* ---- adadelta ---- */

enum { ADADELTA_RHO = LB_OPT_OWN, ADADELTA_EPS };
static const struct lb_param adadelta_params[] = {
	LB_OPT_PARAMS_RATES(1, 0.1, 1, 10),
	[ADADELTA_RHO] = { .name = "rho", .symbol = "rho", .type = LB_REAL_PARAM, .def = 0.9, .min = 0, .max = 1, .max_open = true,
			   .help = "decay of both means of squares" },
	[ADADELTA_EPS] = { .name = "eps", .type = LB_REAL_PARAM, .def = 1e-6, .min = 0, .max = 1, .min_open = true, .help = "added to both means below their roots" },
};

LB_CLONES static void lb_by_ratio(size_t n, struct root_mean k, real *restrict w, const real *restrict g, real *restrict v, real *restrict s)
{
	for (size_t i = 0; i < n; i++) {
		const real d = g[i] + k.lambda * w[i];
		v[i] = faded(k.a * v[i] + k.c * d * d);
		const real move = sqrt(s[i] + k.eps) / sqrt(v[i] + k.eps) * d;
		s[i] = faded(k.a * s[i] + k.c * move * move);
		w[i] -= k.eta * move;
	}
}

static void adadelta_step(const struct lb_arg *par, int64_t t, double lr, double decay, size_t n, real *w, const real *g, real *const *opt_state)
{
	const double rho = par[ADADELTA_RHO].v;
	const struct root_mean k = { .a = (real)rho, .c = (real)(1 - rho), .eps = (real)par[ADADELTA_EPS].v, .eta = (real)lr, .lambda = (real)decay };

	(void)t;
	lb_by_ratio(n, k, w, g, opt_state[0], opt_state[1]);
}

/* ---- nadam and radam ---- */

enum { BETA1 = LB_OPT_OWN, BETA2, EPS, DECOUPLED, NADAM_PSI };
#define MOMENTS_PARAMS                                                                                                           \
	[BETA1] = { .name = "beta1", .symbol = "b1", .type = LB_REAL_PARAM, .def = 0.9, .min = 0, .max = 1, .max_open = true,     \
		    .help = "decay of the mean of gradients" },                                                                  \
	[BETA2] = { .name = "beta2", .symbol = "b2", .type = LB_REAL_PARAM, .def = 0.999, .min = 0, .max = 1, .max_open = true,   \
		    .help = "decay of the mean of squared gradients" },                                                          \
	[EPS] = { .name = "eps", .type = LB_REAL_PARAM, .def = 1e-8, .min = 0, .max = 1, .min_open = true,                        \
		  .help = "added to the root of the second moment" },                                                            \
	[DECOUPLED] = { .name = "decoupled", .type = LB_BOOL_PARAM, .help = coupled_or_not }

static const struct lb_param radam_params[] = { LB_OPT_PARAMS(1e-3), MOMENTS_PARAMS };
static const struct lb_param nadam_params[] = {
	LB_OPT_PARAMS(2e-3), MOMENTS_PARAMS,
	[NADAM_PSI] = { .name = "momentum_decay", .symbol = "psi", .type = LB_REAL_PARAM, .def = 4e-3, .min = 0, .max = 1,
			.help = "how fast the momentum goes from b1 / 2 to b1" },
};

/* What a step of either is made of. */
struct moment_step {
	real b1, b2, c1, c2, eps, of_gradient, of_mean, root, lambda, keep;
};

LB_CLONES static void lb_nesterov_moments(size_t n, struct moment_step a, real *restrict w, const real *restrict g, real *restrict m, real *restrict v)
{
	for (size_t i = 0; i < n; i++) {
		const real d = g[i] + a.lambda * w[i];
		m[i] = faded(a.b1 * m[i] + a.c1 * d);
		v[i] = faded(a.b2 * v[i] + a.c2 * d * d);
		w[i] = a.keep * w[i] - (a.of_gradient * d + a.of_mean * m[i]) / (sqrt(v[i]) * a.root + a.eps);
	}
}

LB_CLONES static void lb_rectified_moments(size_t n, struct moment_step a, real *restrict w, const real *restrict g, real *restrict m, real *restrict v)
{
	for (size_t i = 0; i < n; i++) {
		const real d = g[i] + a.lambda * w[i];
		m[i] = faded(a.b1 * m[i] + a.c1 * d);
		v[i] = faded(a.b2 * v[i] + a.c2 * d * d);
		w[i] = a.keep * w[i] - a.of_mean * m[i] / (sqrt(v[i]) + a.eps);
	}
}

LB_CLONES static void lb_mean_alone(size_t n, struct moment_step a, real *restrict w, const real *restrict g, real *restrict m, real *restrict v)
{
	for (size_t i = 0; i < n; i++) {
		const real d = g[i] + a.lambda * w[i];
		m[i] = faded(a.b1 * m[i] + a.c1 * d);
		v[i] = faded(a.b2 * v[i] + a.c2 * d * d);
		w[i] = a.keep * w[i] - a.of_mean * m[i];
	}
}

static struct moment_step moments_of(const struct lb_arg *par, double lr, double decay)
{
	const double beta1 = par[BETA1].v, beta2 = par[BETA2].v;
	const bool decoupled = par[DECOUPLED].v != 0;

	return (struct moment_step){ .b1 = (real)beta1, .b2 = (real)beta2, .c1 = (real)(1 - beta1), .c2 = (real)(1 - beta2), .eps = (real)par[EPS].v,
				     .lambda = (real)(decoupled ? 0 : decay), .keep = (real)(decoupled ? 1 - lr * decay : 1) };
}

/* b1 (1 - 0.96^(t psi)/2), with 0.96^(t psi) given. */
static double nadam_momentum(double beta1, double power)
{
	return beta1 * (1 - 0.5 * power);
}

/* The product of the momenta of steps 1 .. t. It is left at 0 once 1 less it is 1. */
static double nadam_product(double beta1, double psi, int64_t t)
{
	const double each = pow(0.96, psi);
	double product = 1, power = 1;

	for (int64_t i = 1; i <= t; i++) {
		power *= each;
		product *= nadam_momentum(beta1, power);
		if (product < 1e-17)
			return 0;
	}
	return product;
}

static void nadam_step(const struct lb_arg *par, int64_t t, double lr, double decay, size_t n, real *w, const real *g, real *const *opt_state)
{
	const double beta1 = par[BETA1].v, psi = par[NADAM_PSI].v, product = nadam_product(beta1, psi, t);
	const double now = nadam_momentum(beta1, pow(0.96, (double)t * psi)), next = nadam_momentum(beta1, pow(0.96, (double)(t + 1) * psi));
	struct moment_step a = moments_of(par, lr, decay);

	a.of_gradient = (real)(lr * (1 - now) / (1 - product));
	a.of_mean = (real)(lr * next / (1 - product * next));
	a.root = (real)(1 / sqrt(1 - pow(par[BETA2].v, (double)t)));
	lb_nesterov_moments(n, a, w, g, opt_state[0], opt_state[1]);
}

static void radam_step(const struct lb_arg *par, int64_t t, double lr, double decay, size_t n, real *w, const real *g, real *const *opt_state)
{
	const double beta2 = par[BETA2].v, power = pow(beta2, (double)t), most = 2 / (1 - beta2) - 1;
	const double length = most - 2 * (double)t * power / (1 - power), rate = lr / (1 - pow(par[BETA1].v, (double)t));
	struct moment_step a = moments_of(par, lr, decay);

	if (length > 5) {
		a.of_mean = (real)(rate * sqrt(1 - power) * sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)));
		lb_rectified_moments(n, a, w, g, opt_state[0], opt_state[1]);
	} else {
		a.of_mean = (real)rate;
		lb_mean_alone(n, a, w, g, opt_state[0], opt_state[1]);
	}
}

/* ---- descriptors ---- */

const struct lb_optim LB_OPTIMIZER(rmsprop) = {
	.base = { .name = "rmsprop", .tasks = LB_EVERY_TASK, .title = "RMSprop: gradients divided by the root of their mean square",
		  .cite = "Tieleman & Hinton, Lecture 6.5 of Neural Networks for Machine Learning, 2012; centered: Graves, Generating Sequences With "
			  "Recurrent Neural Networks, 2013; as torch.optim.RMSprop",
		  .formula = "d = g + lambda w; v = a v + (1-a) d^2; centered: m = a m + (1-a) d and v - m^2 below the root; b = mu b + d/(sqrt(v) + eps); "
			   "w = w - eta b",
		  .notes = "Where rounding leaves v - m^2 below 0 it is taken as 0. Subnormal states become 0, as in sgd.", LB_PARAMS(rmsprop_params) },
	.opt_states = rmsprop_states,
	.step = rmsprop_step,
};

const struct lb_optim LB_OPTIMIZER(adagrad) = {
	.base = { .name = "adagrad", .tasks = LB_EVERY_TASK, .title = "Adagrad: gradients divided by the root of the sum of their squares",
		  .cite = "Duchi, Hazan, Singer, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization, JMLR 12, 2011; as "
			  "torch.optim.Adagrad",
		  .formula = "d = g + lambda w; v = v + d^2; w = w - eta/(1 + (t-1) k) d / (sqrt(v0 + v) + eps)",
		  .notes = "Without weight decay a step on sparse rows touches the weights of its own columns alone.", LB_PARAMS(adagrad_params) },
	.opt_states = one_state,
	.step = adagrad_step,
	.idle = without_decay,
};

const struct lb_optim LB_OPTIMIZER(adadelta) = {
	.base = { .name = "adadelta", .tasks = LB_EVERY_TASK, .title = "Adadelta: Adagrad with fading means and steps in the unit of the weights",
		  .cite = "Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012, Algorithm 1; as torch.optim.Adadelta",
		  .formula = "d = g + lambda w; v = rho v + (1-rho) d^2; u = sqrt(s + eps)/sqrt(v + eps) d; s = rho s + (1-rho) u^2; w = w - eta u",
		  .notes = "The paper's eta is 1. Subnormal states become 0, as in sgd.", LB_PARAMS(adadelta_params) },
	.opt_states = two_states,
	.step = adadelta_step,
};

const struct lb_optim LB_OPTIMIZER(nadam) = {
	.base = { .name = "nadam", .tasks = LB_EVERY_TASK, .title = "Nadam: Adam with Nesterov's momentum",
		  .cite = "Dozat, Incorporating Nesterov Momentum into Adam, ICLR 2016 workshop; as torch.optim.NAdam",
		  .formula = "mu_t = b1 (1 - 0.96^(t psi)/2); P_t = mu_1 ... mu_t; d, m, v as adam; w = w - eta [(1-mu_t)/(1-P_t) d + "
			   "mu_{t+1}/(1-P_{t+1}) m] / (sqrt(v/(1-b2^t)) + eps)",
		  .notes = "decoupled as in PyTorch 2: w = (1 - eta lambda) w first. The loop form of PyTorch 1.13 multiplies mu_t into P_{t+1} twice; this "
			   "agrees with its foreach form and with PyTorch 2.", LB_PARAMS(nadam_params) },
	.opt_states = two_states,
	.step = nadam_step,
};

const struct lb_optim LB_OPTIMIZER(radam) = {
	.base = { .name = "radam", .tasks = LB_EVERY_TASK, .title = "Rectified Adam: no division as long as the second moment is uncertain",
		  .cite = "Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, ICLR 2020, Algorithm 2; as torch.optim.RAdam",
		  .formula = "r = 2/(1-b2) - 1; r_t = r - 2 t b2^t/(1-b2^t); d, m, v as adam; where r_t > 5: w = w - eta m/(1-b1^t) sqrt(1-b2^t) sqrt((r_t-4)"
			   "(r_t-2) r / ((r-4)(r-2) r_t)) / (sqrt(v) + eps), else w = w - eta m/(1-b1^t)",
		  .notes = "decoupled as in PyTorch 2: w = (1 - eta lambda) w first.", LB_PARAMS(radam_params) },
	.opt_states = two_states,
	.step = radam_step,
};
