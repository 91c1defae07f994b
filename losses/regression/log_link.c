/* Likelihoods and deviances of counts and amounts; the model gives the log of the mean. */
#include "losses/support/link.h"

/* d = z - log t, and expm1 of it times sign */
static inline void lead(size_t n, const real *z, const real *t, real sign, real *d, real *expm1_d)
{
	lb_kernel()->log_all(n, t, d);
	for (size_t i = 0; i < n; i++)
		d[i] = sign * (z[i] - d[i]);
	lb_kernel()->expm1_all(n, d, expm1_d);
}

/* ---- poisson ---- */

static const struct lb_param full_params[] = {
	{ .name = "full", .type = LB_BOOL_PARAM, .def = 0, .grid = { 0, 1 }, .n_grid = 2,
	  .help = "adds log(t!), so that the value is minus the log probability" },
};

static double log_factorial(double t)
{
	int sign;

	return lgamma_r(t + 1, &sign);
}

LB_ENTRIES_FUNCTION(poisson)
{
	lb_kernel()->exp_terms(z, n, 0, 1, n, slope);
	for (size_t i = 0; i < n; i++) {
		loss[i] = slope[i] - t[i] * z[i];
		slope[i] -= t[i];
	}
	for (size_t i = 0; in->par[0].v > 0 && i < n; i++)
		loss[i] += (real)log_factorial((double)t[i]);
}
LB_RESIDUAL(poisson)

static const struct lb_example poisson_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 1 }, .t = { 3, 2 }, .value = 0.8591409142295226, .source = "by hand: ((1 - 0) + (e - 2)) / 2" },
	{ .set = "full=true", .b = 1, .c = 1, .z = { 0.5 }, .t = { 3 }, .value = 1.9404807399281844, .source = "scipy.stats.poisson.logpmf" },
};

const struct lb_loss LB_LOSS(regression, poisson) = {
	.info = {
		.base = {
			.name = "poisson",
			.title = "Poisson negative log-likelihood of counts, with a log link",
			.cite = "J. A. Nelder, R. W. M. Wedderburn, Generalized linear models, Journal of the Royal Statistical Society A 135(3), 1972",
			.formula = "(1/T) sum_k (exp(z_k) - t_k z_k)",
			.notes = LB_LINKED "Its minima are those of poisson_deviance. The best constant is the log of the mean of the targets. PyTorch's "
				"PoissonNLLLoss with log_input; its full adds Stirling's approximation, this one log(t!) itself.",
			.keywords = "count rate poissonnllloss counts exposure log_linear glm",
			LB_PARAMS(full_params),
		},
		.kind = LB_REGRESSION,
		.good_for = "counts",
		.properties = LB_CONVEX | LB_SMOOTH,
		.exceptions = LB_OVERFLOWS,
		.needs = LB_TAKES_EXPOSURE,
		.targets = LB_TARGETS_NOT_NEGATIVE,
		LB_EXAMPLES(poisson_examples),
	},
	.form = &poisson_form,
	.predict = lb_predict_mean,
};

/* 2 (t log(t / mu) - t + mu) = 2 t (exp(d) - 1 - d); 2 mu of a target of 0, whose d is not
 * defined. */
LB_ENTRIES_FUNCTION(poisson_deviance)
{
	real d[LB_ENTRIES], grown[LB_ENTRIES], above[LB_ENTRIES];

	for (size_t i = 0; i < n; i++)
		above[i] = t[i] > 0 ? t[i] : R(1.0);
	lead(n, z, above, 1, d, grown);
	lb_kernel()->exp_terms(z, n, 0, 1, n, slope);
	for (size_t i = 0; i < n; i++) {
		const real positive = 2 * t[i] * lb_exp_less_line(d[i], grown[i]);
		loss[i] = t[i] > 0 ? positive : 2 * slope[i];
		slope[i] = t[i] > 0 ? 2 * t[i] * grown[i] : 2 * slope[i];
	}
	(void)in;
}
LB_RESIDUAL(poisson_deviance)

static const struct lb_example deviance_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .t = { 3, 0 }, .value = 2.2958368660043291, .source = "by hand: (2 (3 log 3 - 2) + 2) / 2" },
};

const struct lb_loss LB_LOSS(regression, poisson_deviance) = {
	.info = {
		.base = {
			.name = "poisson_deviance",
			.title = "Poisson deviance of counts, with a log link",
			.cite = "P. McCullagh, J. A. Nelder, Generalized linear models, 2nd edition, Chapman and Hall, 1989, section 2.3",
			.formula = "(1/T) sum_k 2 (t_k log(t_k / m_k) - t_k + m_k),  m = exp(z), 0 log 0 = 0",
			.notes = LB_LINKED "0 where every prediction meets its target. Twice scikit-learn's PoissonRegressor loss less a constant.",
			.keywords = "count counts glm poissonregressor",
		},
		.kind = LB_REGRESSION,
		.good_for = "counts",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.exceptions = LB_OVERFLOWS,
		.needs = LB_TAKES_EXPOSURE,
		.targets = LB_TARGETS_NOT_NEGATIVE,
		LB_EXAMPLES(deviance_examples),
	},
	.form = &poisson_deviance_form,
	.predict = lb_predict_mean,
};

/* ---- gamma ---- */

LB_ENTRIES_FUNCTION(gamma_nll)
{
	(void)in;
	for (size_t i = 0; i < n; i++)
		loss[i] = -z[i];
	lb_kernel()->exp_terms(loss, n, 0, 1, n, slope);
	for (size_t i = 0; i < n; i++) {
		loss[i] = z[i] + t[i] * slope[i];
		slope[i] = 1 - t[i] * slope[i];
	}
}
LB_RESIDUAL(gamma_nll)

static const struct lb_example gamma_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .t = { 3, 2 }, .value = 2.5, .source = "by hand: (3 + 2) / 2" },
};

const struct lb_loss LB_LOSS(regression, gamma_nll) = {
	.info = {
		.base = {
			.name = "gamma_nll",
			.title = "Gamma negative log-likelihood of amounts, of shape 1, with a log link",
			.cite = "P. McCullagh, J. A. Nelder, Generalized linear models, 2nd edition, Chapman and Hall, 1989, chapter 8",
			.formula = "(1/T) sum_k (z_k + t_k exp(-z_k))",
			.notes = LB_LINKED "The likelihood at shape 1, the exponential distribution; another shape multiplies it and adds a constant, which "
				"changes no minimum. XGBoost's reg:gamma.",
			.keywords = "amount severity exponential glm gammaregressor",
		},
		.kind = LB_REGRESSION,
		.good_for = "amounts above 0",
		.properties = LB_CONVEX | LB_SMOOTH,
		.exceptions = LB_OVERFLOWS,
		.needs = LB_TAKES_EXPOSURE,
		.targets = LB_TARGETS_POSITIVE,
		LB_EXAMPLES(gamma_examples),
	},
	.form = &gamma_nll_form,
	.predict = lb_predict_mean,
};

/* 2 (log(mu / t) + t / mu - 1) = 2 (exp(d) - 1 - d), d = log t - z */
LB_ENTRIES_FUNCTION(gamma_deviance)
{
	(void)in;
	lead(n, z, t, -1, loss, slope);
	for (size_t i = 0; i < n; i++) {
		loss[i] = 2 * lb_exp_less_line(loss[i], slope[i]);
		slope[i] *= -2;
	}
}
LB_RESIDUAL(gamma_deviance)

static const struct lb_example gamma_deviance_examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .t = { 2 }, .value = 0.61370563888010943, .source = "by hand: 2 (2 - 1 - log 2)" },
};

const struct lb_loss LB_LOSS(regression, gamma_deviance) = {
	.info = {
		.base = {
			.name = "gamma_deviance",
			.title = "Gamma deviance of amounts, with a log link",
			.cite = "P. McCullagh, J. A. Nelder, Generalized linear models, 2nd edition, Chapman and Hall, 1989, section 2.3",
			.formula = "(1/T) sum_k 2 (log(m_k / t_k) + t_k / m_k - 1),  m = exp(z)",
			.notes = LB_LINKED "0 where every prediction meets its target. It sees relative errors: both scaled by a factor give the same value.",
			.keywords = "amount severity glm gammaregressor",
		},
		.kind = LB_REGRESSION,
		.good_for = "amounts above 0",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.exceptions = LB_OVERFLOWS,
		.needs = LB_TAKES_EXPOSURE,
		.targets = LB_TARGETS_POSITIVE,
		LB_EXAMPLES(gamma_deviance_examples),
	},
	.form = &gamma_deviance_form,
	.predict = lb_predict_mean,
};

/* (t / mu - 1)^2 / t, t / mu = exp(d) */
LB_ENTRIES_FUNCTION(inverse_gaussian_deviance)
{
	real share[LB_ENTRIES];

	(void)in;
	lead(n, z, t, -1, loss, slope);
	lb_kernel()->exp_terms(loss, n, 0, 1, n, share);
	for (size_t i = 0; i < n; i++) {
		loss[i] = slope[i] * slope[i] / t[i];
		slope[i] = -2 * slope[i] * share[i] / t[i];
	}
}
LB_RESIDUAL(inverse_gaussian_deviance)

static const struct lb_example inverse_examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .t = { 2 }, .value = 0.5, .source = "by hand: (2 - 1)^2 / (1 * 2)" },
};

const struct lb_loss LB_LOSS(regression, inverse_gaussian_deviance) = {
	.info = {
		.base = {
			.name = "inverse_gaussian_deviance",
			.title = "Inverse Gaussian deviance of amounts with long tails, with a log link",
			.cite = "P. McCullagh, J. A. Nelder, Generalized linear models, 2nd edition, Chapman and Hall, 1989, section 2.3",
			.formula = "(1/T) sum_k (t_k - m_k)^2 / (m_k^2 t_k),  m = exp(z)",
			.notes = LB_LINKED "0 where every prediction meets its target. Not convex in z.",
			.keywords = "wald amount severity glm",
		},
		.kind = LB_REGRESSION,
		.good_for = "amounts above 0",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		.exceptions = LB_OVERFLOWS,
		.needs = LB_TAKES_EXPOSURE,
		.targets = LB_TARGETS_POSITIVE,
		LB_EXAMPLES(inverse_examples),
	},
	.form = &inverse_gaussian_deviance_form,
	.predict = lb_predict_mean,
};
