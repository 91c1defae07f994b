/* Gradient descent and its next of kin, and the descriptors of lbfgs and newton. */
#include "core/engine/optim/elementwise.h"
#include "core/training/newton.h"

enum { SGD_MOMENTUM = LB_OPT_OWN, SGD_NESTEROV };
static const struct lb_param sgd_params[] = {
	LB_OPT_PARAMS(0.1),
	[SGD_MOMENTUM] = { .name = "momentum", .symbol = "mu", .type = LB_REAL_PARAM, .min = 0, .max = 1, .max_open = true,
			   .grid = { 0, 0.9 }, .n_grid = 2, .help = "v = mu v + g; 0 is plain SGD" },
	[SGD_NESTEROV] = { .name = "nesterov", .type = LB_BOOL_PARAM, .help = "step along g + mu v instead of v" },
};

LB_CLONES static void lb_plain_sgd(size_t n, real eta, real lambda, real *restrict w, const real *restrict g)
{
	for (size_t i = 0; i < n; i++)
		w[i] -= eta * (g[i] + lambda * w[i]);
}

LB_CLONES static void lb_heavy_ball(size_t n, real eta, real lambda, real mu, real *restrict w, const real *restrict g, real *restrict v)
{
	for (size_t i = 0; i < n; i++) {
		v[i] = faded(mu * v[i] + (g[i] + lambda * w[i]));
		w[i] -= eta * v[i];
	}
}

LB_CLONES static void lb_nesterov(size_t n, real eta, real lambda, real mu, real *restrict w, const real *restrict g, real *restrict v)
{
	for (size_t i = 0; i < n; i++) {
		const real d = g[i] + lambda * w[i];
		v[i] = faded(mu * v[i] + d);
		w[i] -= eta * (d + mu * v[i]);
	}
}

static void sgd_step(const struct lb_arg *par, int64_t t, double lr, double decay, size_t n, real *w, const real *g,
		     real *const *opt_state)
{
	const real eta = (real)lr, lambda = (real)decay, mu = (real)par[SGD_MOMENTUM].v;

	(void)t;
	if (mu == 0)
		lb_plain_sgd(n, eta, lambda, w, g);
	else
		(par[SGD_NESTEROV].v != 0 ? lb_nesterov : lb_heavy_ball)(n, eta, lambda, mu, w, g, opt_state[0]);
}

static bool sgd_idle(const struct lb_arg *par)
{
	return par[SGD_MOMENTUM].v == 0;
}

static int sgd_states(const struct lb_arg *par)
{
	return par[SGD_MOMENTUM].v != 0;
}

enum { ADAM_BETA1 = LB_OPT_OWN, ADAM_BETA2, ADAM_EPS, ADAM_AMSGRAD };
static const struct lb_param adam_params[] = {
	LB_OPT_PARAMS(1e-3),
	[ADAM_BETA1] = { .name = "beta1", .symbol = "b1", .type = LB_REAL_PARAM, .def = 0.9, .min = 0, .max = 1, .max_open = true,
			 .help = "decay of the mean of gradients" },
	[ADAM_BETA2] = { .name = "beta2", .symbol = "b2", .type = LB_REAL_PARAM, .def = 0.999, .min = 0, .max = 1, .max_open = true,
			 .help = "decay of the mean of squared gradients" },
	[ADAM_EPS] = { .name = "eps", .type = LB_REAL_PARAM, .def = 1e-8, .min = 0, .max = 1, .min_open = true,
		       .help = "added to the root of the second moment" },
	[ADAM_AMSGRAD] = { .name = "amsgrad", .type = LB_BOOL_PARAM, .help = "divide by the root of the largest v so far instead" },
};


/* What a step of Adam is made of, as `real`. */
struct moments {
	real b1, b2, c1, c2, eps, rate, root, lambda, keep;
};

LB_CLONES static void lb_follow_largest(size_t n, struct moments a, real *restrict w, const real *restrict g, real *restrict m,
				     real *restrict v, real *restrict most)
{
	for (size_t i = 0; i < n; i++) {
		const real d = g[i] + a.lambda * w[i];
		m[i] = faded(a.b1 * m[i] + a.c1 * d);
		v[i] = faded(a.b2 * v[i] + a.c2 * d * d);
		most[i] = v[i] > most[i] ? v[i] : most[i];
		w[i] = a.keep * w[i] - a.rate * m[i] / (sqrt(most[i]) * a.root + a.eps);
	}
}

LB_CLONES static void lb_follow_moments(size_t n, struct moments a, real *restrict w, const real *restrict g, real *restrict m,
				     real *restrict v)
{
	for (size_t i = 0; i < n; i++) {
		const real d = g[i] + a.lambda * w[i];
		m[i] = faded(a.b1 * m[i] + a.c1 * d);
		v[i] = faded(a.b2 * v[i] + a.c2 * d * d);
		w[i] = a.keep * w[i] - a.rate * m[i] / (sqrt(v[i]) * a.root + a.eps);
	}
}

static void adam(const struct lb_arg *par, int64_t t, double lr, double coupled, double shrink, size_t n, real *w, const real *g,
		 real *const *opt_state)
{
	const double beta1 = par[ADAM_BETA1].v, beta2 = par[ADAM_BETA2].v;
	const struct moments a = { .b1 = (real)beta1, .b2 = (real)beta2, .c1 = (real)(1 - beta1), .c2 = (real)(1 - beta2),
				   .eps = (real)par[ADAM_EPS].v, .rate = (real)(lr / (1 - pow(beta1, (double)t))),
				   .root = (real)(1 / sqrt(1 - pow(beta2, (double)t))), .lambda = (real)coupled,
				   .keep = (real)(1 - shrink) };

	if (par[ADAM_AMSGRAD].v != 0)
		lb_follow_largest(n, a, w, g, opt_state[0], opt_state[1], opt_state[2]);
	else
		lb_follow_moments(n, a, w, g, opt_state[0], opt_state[1]);
}

static int adam_states(const struct lb_arg *par)
{
	return par[ADAM_AMSGRAD].v != 0 ? 3 : 2;
}

static void adam_step(const struct lb_arg *par, int64_t t, double lr, double decay, size_t n, real *w, const real *g,
		      real *const *opt_state)
{
	adam(par, t, lr, decay, 0, n, w, g, opt_state);
}

static void adamw_step(const struct lb_arg *par, int64_t t, double lr, double decay, size_t n, real *w, const real *g,
		       real *const *opt_state)
{
	adam(par, t, lr, 0, lr * decay, n, w, g, opt_state);
}

static const char *const divisors[] = { "derivative", "length", NULL };
enum { BY_DERIVATIVE, BY_LENGTH };
enum { NORMALIZED_BY = LB_OPT_OWN };
static const struct lb_param normalized_params[] = {
	LB_OPT_PARAMS(1),
	[NORMALIZED_BY] = { .name = "by", .type = LB_CHOICE_PARAM, .choices = divisors,
			    .help = "derivative: mean size of the loss's derivative by the score; length: of the whole gradient" },
};

static bool always_idle(const struct lb_arg *par)
{
	(void)par;
	return true;
}

static void plain_step(const struct lb_arg *par, int64_t t, double lr, double decay, size_t n, real *w, const real *g, real *const *opt_state)
{
	(void)par, (void)t, (void)opt_state;
	lb_plain_sgd(n, (real)lr, (real)decay, w, g);
}

static double normalized_output_gradient(const struct lb_arg *par, int64_t t, const struct lb_scored_batch *s)
{
	(void)t;
	return par[NORMALIZED_BY].v == BY_DERIVATIVE ? lb_by_derivative(s) : 1;
}

static bool normalized_length(const struct lb_arg *par)
{
	return par[NORMALIZED_BY].v == BY_LENGTH;
}

enum { PERCEPTRON_NORMALIZE = LB_OPT_OWN };
static const struct lb_param perceptron_params[] = {
	LB_OPT_PARAMS(1),
	[PERCEPTRON_NORMALIZE] = { .name = "normalize", .type = LB_BOOL_PARAM, .help = "divide by the share of wrong rows instead of averaging over all" },
};

static double perceptron_output_gradient(const struct lb_arg *par, int64_t t, const struct lb_scored_batch *s)
{
	return lb_by_mistakes(t, par[PERCEPTRON_NORMALIZE].v != 0, s);
}

static const struct lb_param lbfgs_params[] = {
	[LB_LBFGS_WEIGHT_DECAY] = { .name = "weight_decay", .symbol = "lambda", .type = LB_REAL_PARAM, .min = 0, .max = 1e6,
				    .grid = { 1e-4, 1e-3, 1e-2 }, .n_grid = 3, .help = "L2 penalty lambda/2 ||W||^2 on the weights" },
	[LB_LBFGS_DECAY_BIAS] = { .name = "decay_bias", .type = LB_BOOL_PARAM, .help = "apply the penalty to biases too" },
	[LB_LBFGS_TOLERANCE] = { .name = "tolerance", .symbol = "tol", .type = LB_REAL_PARAM, .def = 1e-8, .min = 0, .max = 1,
				 .min_open = true, .help = "done when no entry of the gradient is larger" },
	[LB_LBFGS_MAX_ITERATIONS] = { .name = "max_iterations", .type = LB_INT_PARAM, .def = 2000, .min = 1, .max = 1e6,
				      .help = "ends a minimisation that does not get there" },
	[LB_LBFGS_MEMORY] = { .name = "memory", .symbol = "m", .type = LB_INT_PARAM, .def = 30, .min = 1, .max = 1000,
			      .help = "pairs of steps and gradient changes that are kept" },
	[LB_LBFGS_OBJECTIVE_TOLERANCE] = { .name = "objective_tolerance", .type = LB_REAL_PARAM, .min = 0, .max = 1,
					   .help = "done, too, when the objective has fallen by a smaller share of itself in the last 10 iterations; 0: never" },
};

static const struct lb_param newton_params[] = {
	[LB_NEWTON_WEIGHT_DECAY] = { .name = "weight_decay", .symbol = "lambda", .type = LB_REAL_PARAM, .min = 0, .max = 1e6,
				     .grid = { 1e-4, 1e-3, 1e-2 }, .n_grid = 3, .help = "L2 penalty lambda/2 ||W||^2 on the weights" },
	[LB_NEWTON_DECAY_BIAS] = { .name = "decay_bias", .type = LB_BOOL_PARAM, .help = "apply the penalty to biases too" },
	[LB_NEWTON_STEPS] = { .name = "steps", .symbol = "k", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = 1000, .help = "steps, each with a Hessian of its own" },
	[LB_NEWTON_DAMPING] = { .name = "damping", .symbol = "mu", .type = LB_REAL_PARAM, .min = 0, .max = 1e6, .grid = { 1e-3, 1e-2, 1e-1 }, .n_grid = 3,
				.help = "added to the diagonal of the Hessian" },
	[LB_NEWTON_TOLERANCE] = { .name = "tolerance", .symbol = "tol", .type = LB_REAL_PARAM, .def = 1e-8, .min = 0, .max = 1, .min_open = true,
				  .help = "a step is solved when what is left is no more than this times the gradient" },
	[LB_NEWTON_MAX_ITERATIONS] = { .name = "max_iterations", .type = LB_INT_PARAM, .def = 500, .min = 1, .max = 1e6,
				       .help = "ends the solution of a step that does not get there" },
};

/* ---- descriptors ---- */

const struct lb_optim LB_OPTIMIZER(sgd) = {
	.base = { .name = "sgd", .tasks = LB_EVERY_TASK, .traits = LB_DESCENDS, .title = "Stochastic gradient descent, with momentum or Nesterov's",
		  .cite = "Robbins & Monro 1951; Polyak 1964; Nesterov 1983 in the form of Sutskever et al., ICML 2013",
		  .formula = "d = g + lambda w; v = mu v + d; w = w - eta v (nesterov: w - eta (d + mu v))",
		  .notes = "A subnormal v (below 1.2e-38 in float32) becomes 0: it would never fade by itself, and slow every step.", LB_PARAMS(sgd_params) },
	.opt_states = sgd_states,
	.step = sgd_step,
	.idle = sgd_idle,
};

const struct lb_optim LB_OPTIMIZER(adam) = {
	.base = { .name = "adam", .tasks = LB_EVERY_TASK, .title = "Adam, weight decay as L2 in the gradient",
		  .cite = "Kingma & Ba, Adam: A Method for Stochastic Optimization, ICLR 2015, Algorithm 1",
		  .formula = "d = g + lambda w; m = b1 m + (1-b1) d; v = b2 v + (1-b2) d^2; "
			   "w = w - eta (m/(1-b1^t)) / (sqrt(v/(1-b2^t)) + eps)",
		  .notes = "Subnormal m and v (below 1.2e-38 in float32) become 0, as in sgd. amsgrad (Reddi, Kale, Kumar, ICLR 2018): the largest v "
			   "of all steps stands in the place of v below the root.", LB_PARAMS(adam_params) },
	.opt_states = adam_states,
	.step = adam_step,
};

const struct lb_optim LB_OPTIMIZER(adamw) = {
	.base = { .name = "adamw", .tasks = LB_EVERY_TASK, .title = "Adam with decoupled weight decay",
		  .cite = "Loshchilov & Hutter, Decoupled Weight Decay Regularization, ICLR 2019, Algorithm 2",
		  .formula = "as adam with d = g, and w = (1 - eta lambda) w first", LB_PARAMS(adam_params) },
	.opt_states = adam_states,
	.step = adamw_step,
};

const struct lb_optim LB_OPTIMIZER(normalized_gd) = {
	.base = { .name = "normalized_gd", .tasks = LB_EVERY_TASK, .title = "Gradient descent by a normalised gradient",
		  .cite = "Tyurin, From Logistic Regression to the Perceptron Algorithm: Exploring Gradient Descent with Large Step Sizes, AAAI 2025, "
			  "section 6 (by: derivative); Nesterov 1984 (by: length)",
		  .formula = "g = gradient / mean_i |dl_i/dz_i| (derivative; half the sum over the columns where there are several) or gradient / "
			   "|gradient| (length); w = w - eta (g + lambda w)",
		  .notes = "With logistic the divisor is mean_i sigmoid(-margin_i), the rule of the paper; with the loss perceptron it is the share of "
			   "wrong rows. The divisor is that of the minibatch. A gradient that is 0 moves nothing.",
		  .keywords = "normalised ngd step_rule normalized_logistic", LB_PARAMS(normalized_params) },
	.idle = always_idle,
	.step = plain_step,
	.transform_output_gradient = normalized_output_gradient,
	.unit_length = normalized_length,
};

const struct lb_optim LB_OPTIMIZER(batch_perceptron) = {
	.base = { .name = "batch_perceptron", .tasks = LB_CLASS_TASKS, .title = "The batch perceptron: the mean of the wrong rows, whatever the loss",
		  .cite = "Rosenblatt 1958; in the form of Tyurin, From Logistic Regression to the Perceptron Algorithm, AAAI 2025, Algorithm 1 and "
			  "section 5",
		  .formula = "w = w + eta (1/B) sum over rows with margin <= 0 of y x; in the first step a margin of 0 counts half; normalize: divided by "
			   "the number of such rows instead of B",
		  .notes = "The limit of logistic regression with ever larger steps, its weights divided by the step size. The loss is only reported. "
			   "Multi-class: margin is z_y less the largest other score, and the step turns from that class to y. Binary and multi-class "
			   "tasks only.",
		  .keywords = "rosenblatt large_steps", LB_PARAMS(perceptron_params) },
	.idle = always_idle,
	.step = plain_step,
	.transform_output_gradient = perceptron_output_gradient,
};

const struct lb_optim LB_OPTIMIZER(lbfgs) = {
	.base = { .name = "lbfgs", .tasks = LB_EVERY_TASK, .traits = LB_FULL_BATCH, .title = "Limited-memory BFGS on all training rows at once",
		  .cite = "Liu & Nocedal, On the limited memory BFGS method for large scale optimization, Math. Programming 45, 1989; "
			  "line search of More & Thuente, ACM TOMS 20, 1994; library liblbfgs",
		  .formula = "J(W, b) = mean loss over all training rows + lambda/2 ||W||^2, minimised until max |dJ| < tol",
		  .notes = "The reference that stochastic training is compared with. The minimum is found in double, after a "
			   "beginning in float32 on large data; features are centred and, for a linear regression on at most 128 of them, "
			   "whitened on the way, of which the result tells nothing. With train.precision float32 the "
			   "result is rounded for the evaluation. train.epochs, train.batch and train.shuffle have no effect; early "
			   "stopping, a schedule, clip_norm, dropout and losses that keep state for each row are refused. "
			   "result.objective is the J that was reached, result.gradient its largest gradient entry, result.steps the "
			   "iterations. At the optimum of a loss with kinks (hinges, quantile) the gradient need not be small, so that "
			   "result.gradient does not tell how near it is.",
		  .keywords = "l-bfgs full_batch quasi-newton batch", LB_PARAMS(lbfgs_params) },
	.minimise = lb_lbfgs,
	.takes_rough = true,
};

const struct lb_optim LB_OPTIMIZER(newton) = {
	.base = { .name = "newton", .tasks = LB_EVERY_TASK, .traits = LB_FULL_BATCH, .title = "Newton's step on all training rows at once, the influence function",
		  .cite = "P. W. Koh, P. Liang, Understanding black-box predictions via influence functions, ICML 2017; for unlearning C. Guo, T. Goldstein, "
			  "A. Hannun, L. van der Maaten, Certified data removal from machine learning models, ICML 2020; solved as J. Martens, "
			  "Deep learning via Hessian-free optimization, ICML 2010",
		  .formula = "w = w - (H + mu I)^-1 dJ, k times; J(W, b) = mean loss over all training rows + lambda/2 ||W||^2, H its Hessian",
		  .notes = "With model.start and data.forget: {..., train: retain} one step forgets the other rows in one go: exactly where the loss is squared and the "
			   "model linear, to first order in their number else. From drawn parameters it is Newton's method. Always in double, by conjugate gradients; "
			   "a product with H is a difference of two gradients, each over all rows. A direction in which J does not curve up ends the solution before "
			   "it, and where the gradient is such a one no step is taken: result.steps tells how many were. mu keeps steps short where H is singular, as for networks. No step is checked for a fall of J. What lbfgs refuses is refused.",
		  .keywords = "unlearning influence_function newton_cg hessian_free second_order full_batch certified_removal", LB_PARAMS(newton_params) },
	.minimise = lb_newton,
};
