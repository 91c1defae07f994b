/* Losses of a distribution with a location and a scale for each target: two outputs, the first the
 * location m, the second the log of a scale s. In double: exp(-s) spans more than float32 has. */
#include "losses/support/several_outputs.h"

enum { LOCATION, SPREAD, OUTPUTS };

/* The outputs of each target: a location, and the log of a variance or of a scale. */
static bool output_of(size_t k, bool of_scale, struct lb_output *out)
{
	static const enum lb_statistic says[OUTPUTS] = { [LOCATION] = LB_MEAN, [SPREAD] = LB_LOG_VARIANCE };

	*out = (struct lb_output){ .says = k < OUTPUTS ? says[k] : LB_MEAN, .of_scale = of_scale };
	return k < OUTPUTS;
}

static bool with_variance(const struct lb_arg *par, size_t k, struct lb_output *out)
{
	(void)par;
	return output_of(k, false, out);
}

static bool with_scale(const struct lb_arg *par, size_t k, struct lb_output *out)
{
	(void)par;
	return output_of(k, true, out);
}

/* The form and the prediction of a loss of one target. */
#define OF_EACH(name, of, tell)                                                                                                 \
	static real name##_row(const struct lb_batch *in, size_t i, const real *z, real *g)                                     \
	{                                                                                                                       \
		return lb_outputs_row(in, i, z, g, OUTPUTS, of);                                                                \
	}                                                                                                                       \
	LB_ROW(name, name##_row)                                                                                                \
	static void name##_predict(const struct lb_batch *in, real *out)                                                        \
	{                                                                                                                       \
		lb_outputs_predict(in, out, OUTPUTS, tell);                                                                     \
	}

/* The location, and lift exp(per s) as the standard deviation. */
static double tell(const double *z, double lift, double per, double *say)
{
	say[SPREAD] = lift * exp(per * z[SPREAD]);
	return z[LOCATION];
}

static double tell_variance(const struct lb_arg *par, size_t outputs, const double *z, double *say)
{
	(void)par, (void)outputs;
	return tell(z, 1, 0.5, say);
}

static double tell_laplace(const struct lb_arg *par, size_t outputs, const double *z, double *say)
{
	(void)par, (void)outputs;
	return tell(z, 1.41421356237309504880, 1, say);
}

static double tell_deviation(const struct lb_arg *par, size_t outputs, const double *z, double *say)
{
	(void)par, (void)outputs;
	return tell(z, 1, 1, say);
}

/* The mean exp(m + sigma^2 / 2) and the standard deviation of the target itself. */
static double tell_amount(const struct lb_arg *par, size_t outputs, const double *z, double *say)
{
	const double variance = exp(2 * z[SPREAD]);

	(void)par, (void)outputs;
	say[LOCATION] = exp(z[LOCATION] + variance / 2);
	say[SPREAD] = say[LOCATION] * sqrt(expm1(variance));
	return say[LOCATION];
}

/* ---- beta_nll ---- */

static const struct lb_param beta_params[] = {
	{ .name = "beta", .symbol = "b", .def = 0.5, .min = 0, .max = 1, .grid = { 0, 0.5, 1 }, .n_grid = 3,
	  .help = "power of the variance that weights a row: 0 the plain likelihood, 1 rows count for the mean as in mse" },
};

static double beta_of(const struct lb_arg *par, size_t outputs, const double *z, double t, const double *fixed, double *g)
{
	const double m = z[LOCATION], s = z[SPREAD], b = par[0].v, weight = exp(b * fixed[SPREAD]), e = m - t, v = e != 0 ? e * exp((b * fixed[SPREAD] - s) / 2) : 0 * s; /* v^2: w e^2 exp(-s) */

	(void)outputs;
	g[LOCATION] = e != 0 ? e * exp(b * fixed[SPREAD] - s) : 0 * s;
	g[SPREAD] = (weight - v * v) / 2;
	return (weight * s + v * v) / 2;
}
OF_EACH(beta_nll, beta_of, tell_variance)

static const struct lb_same_as beta_same[] = {
	{ .set = "beta=0", .other = "gaussian_nll", .other_set = "" },
};
static const struct lb_example beta_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 1, 0 }, .t = { 3 }, .value = 2, .source = "by hand: 1 (0 + 2^2) / 2" },
	{ .set = "beta=1", .b = 1, .c = 2, .z = { 1, 2 }, .t = { 3 }, .value = 9.3890560989306504, .source = "by hand: (2 e^2 + 4) / 2" },
};

const struct lb_loss LB_LOSS(regression, beta_nll) = {
	.info = {
		.base = {
			.name = "beta_nll",
			.title = "Gaussian negative log-likelihood with rows weighted by a power of their variance",
			.cite = "M. Seitzer, A. Tavakoli, D. Antic, G. Martius, On the pitfalls of heteroscedastic uncertainty estimation with probabilistic "
				"neural networks, ICLR 2022, eq. 5",
			.formula = "(1/T) sum_t w_t (s_t + (t_t - m_t)^2 exp(-s_t)) / 2,  w = exp(b s), held fixed in the gradient",
			.notes = "The model has two outputs for each of the T targets, the mean and the log variance. The weight is a constant in the "
				 "gradient, which is therefore not the derivative of the value. With beta 1 the mean's gradient is that of mse with half. "
				 "The metric gaussian_nll judges both outputs.",
			.keywords = "heteroscedastic uncertainty variance gaussian",
			LB_PARAMS(beta_params),
		},
		.kind = LB_REGRESSION,
		.good_for = "uncertainty of predictions",
		.exceptions = LB_OVERFLOWS | LB_HOLDS_FACTORS,
		.output = with_variance,
		LB_SAME_AS(beta_same),
		LB_EXAMPLES(beta_examples),
	},
	.form = &beta_nll_form,
	.predict = beta_nll_predict,
};

/* ---- laplace_nll ---- */

static double laplace_of(const struct lb_arg *par, size_t outputs, const double *z, double t, const double *fixed, double *g)
{
	const double s = z[SPREAD], e = z[LOCATION] - t, u = e != 0 ? fabs(e) * exp(-s) : 0 * s;

	(void)par, (void)outputs, (void)fixed;
	g[LOCATION] = (double)((e > 0) - (e < 0)) * exp(-s);
	g[SPREAD] = 1 - u;
	return 0.69314718055994530942 + s + u;
}
OF_EACH(laplace_nll, laplace_of, tell_laplace)

static const struct lb_example laplace_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 1, 0 }, .t = { 3 }, .value = 2.6931471805599453, .source = "scipy.stats.laplace.logpdf" },
};

const struct lb_loss LB_LOSS(regression, laplace_nll) = {
	.info = {
		.base = {
			.name = "laplace_nll",
			.title = "Laplace negative log-likelihood: a median and a scale for each target",
			.cite = "A. Kendall, Y. Gal, What uncertainties do we need in Bayesian deep learning for computer vision?, NeurIPS 2017, section 3",
			.formula = "(1/T) sum_t (log 2 + s_t + |t_t - m_t| exp(-s_t)),  s = log scale",
			.notes = "The model has two outputs for each of the T targets, the median and the log of the scale b. What is told of a target is the "
				 "median, which is the mean too, and the standard deviation sqrt(2) b. No gradient of m at m = t.",
			.keywords = "heteroscedastic uncertainty absolute l1 robust",
		},
		.kind = LB_REGRESSION,
		.good_for = "uncertainty of predictions",
		.exceptions = LB_OVERFLOWS,
		.output = with_scale,
		LB_EXAMPLES(laplace_examples),
	},
	.form = &laplace_nll_form,
	.predict = laplace_nll_predict,
};

/* ---- crps_gaussian ---- */

/* sigma (u (2 Phi(u) - 1) + 2 phi(u) - 1 / sqrt(pi)), u = (t - m) / sigma */
static double crps_of(const struct lb_arg *par, size_t outputs, const double *z, double t, const double *fixed, double *g)
{
	const double s = z[SPREAD], sigma = exp(s), e = t - z[LOCATION], u = e != 0 ? e / sigma : 0 * s, rise = erf(u * 0.70710678118654752440);
	const double density = 0.39894228040143267794 * exp(-u * u / 2), mass = 2 * density - 0.56418958354775628695;

	(void)par, (void)outputs, (void)fixed;
	g[LOCATION] = -rise;
	g[SPREAD] = sigma * mass;
	return (e != 0 ? e * rise : 0 * s) + sigma * mass;
}
OF_EACH(crps_gaussian, crps_of, tell_deviation)

static const struct lb_example crps_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .t = { 0 }, .value = 0.23369497725510914, .source = "by hand: (sqrt 2 - 1) / sqrt(pi)" },
};

const struct lb_loss LB_LOSS(regression, crps_gaussian) = {
	.info = {
		.base = {
			.name = "crps_gaussian",
			.title = "Continuous ranked probability score of a Gaussian: a mean and a standard deviation for each target",
			.cite = "T. Gneiting, A. E. Raftery, A. H. Westveld, T. Goldman, Calibrated probabilistic forecasting using ensemble model output "
				"statistics and minimum CRPS estimation, Monthly Weather Review 133(5), 2005, eq. 5",
			.formula = "(1/T) sum_t sigma_t (u_t (2 Phi(u_t) - 1) + 2 phi(u_t) - 1 / sqrt(pi)),  u = (t - m) / sigma, sigma = exp(s)",
			.notes = "The model has two outputs for each of the T targets, the mean and the log of the standard deviation. In units of the target; "
				 "with sigma going to 0 it becomes mae. A proper score of the whole distribution that grows linearly with an outlier's "
				 "distance.",
			.keywords = "crps probabilistic forecast ensemble_model_output_statistics emos uncertainty",
		},
		.kind = LB_REGRESSION,
		.good_for = "uncertainty of predictions",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		.exceptions = LB_OVERFLOWS,
		.output = with_scale,
		LB_EXAMPLES(crps_examples),
	},
	.form = &crps_gaussian_form,
	.predict = crps_gaussian_predict,
};

/* ---- log_normal ---- */

static double log_normal_of(const struct lb_arg *par, size_t outputs, const double *z, double t, const double *fixed, double *g)
{
	const double s = z[SPREAD], lt = log(t), e = z[LOCATION] - lt, precision = exp(-s), u = e != 0 ? e * precision : 0 * s;

	(void)par, (void)outputs, (void)fixed;
	g[LOCATION] = u * precision;
	g[SPREAD] = 1 - u * u;
	return lt + s + 0.91893853320467274178 + u * u / 2;
}
OF_EACH(log_normal, log_normal_of, tell_amount)

static const struct lb_example log_normal_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 0.5, -0.2, 0, 0.3 }, .t = { 1.2, 0.4 }, .value = 0.7547865438494865, .source = "scipy.stats.lognorm.logpdf" },
};

const struct lb_loss LB_LOSS(regression, log_normal) = {
	.info = {
		.base = {
			.name = "log_normal",
			.title = "Log-normal negative log-likelihood of amounts: a mean and a scale of the log for each target",
			.cite = "J. Aitchison, J. A. C. Brown, The lognormal distribution, Cambridge University Press, 1957",
			.formula = "(1/T) sum_t (log t_t + s_t + log(2 pi) / 2 + ((log t_t - m_t) exp(-s_t))^2 / 2)",
			.notes = "The model has two outputs for each of the T targets, the mean m of the target's log and the log s of its standard "
				 "deviation sigma. The point prediction is the mean exp(m + sigma^2 / 2), in units of the target, with its standard "
				 "deviation beside it; data.exposure multiplies both. Targets have to be above 0.",
			.keywords = "lognormal log_transform amount heteroscedastic",
		},
		.kind = LB_REGRESSION,
		.good_for = "amounts above 0",
		.exceptions = LB_OVERFLOWS,
		.needs = LB_TAKES_EXPOSURE,
		.targets = LB_TARGETS_POSITIVE,
		.output = with_scale,
		LB_EXAMPLES(log_normal_examples),
	},
	.form = &log_normal_form,
	.predict = log_normal_predict,
};
