/* Errors of regression beyond rmse, mae and r2: means of a term over all entries, deviances, and
 * the D2 scores, which hold a mean against that of the best constant. */
#include "core/base/mem.h"
#include "core/metrics/metric.h"

#include <math.h>
#include <stdlib.h>

/* Returns what one entry adds, of its target y, its prediction f and the metric's parameter. */
typedef double term_fn(double y, double f, double par);

static double target_mean(const struct lb_metric_inputs *o, size_t t, term_fn *term, double par)
{
	double sum = 0;

	for (size_t i = 0; i < o->n; i++)
		sum += term(o->target_t[i * o->t + t], o->pred_t[i * o->t + t], par);
	return sum / (double)o->n;
}

static double mean_of(const struct lb_metric_inputs *o, term_fn *term, double par)
{
	double sum = 0;

	for (size_t t = 0; t < o->t; t++)
		sum += target_mean(o, t, term, par);
	return o->n && o->t ? sum / (double)o->t : (double)NAN;
}

static double squared(double y, double f, double par)
{
	(void)par;
	return (f - y) * (f - y);
}

static double signed_error(double y, double f, double par)
{
	(void)par;
	return f - y;
}

/* Undefined at a target of 0, where scikit-learn divides by the machine epsilon. */
static double percentage(double y, double f, double par)
{
	(void)par;
	return y != 0 ? fabs(f - y) / fabs(y) : (double)NAN;
}

static double symmetric_percentage(double y, double f, double par)
{
	const double sum = fabs(y) + fabs(f);

	(void)par;
	return sum > 0 ? 2 * fabs(f - y) / sum : 0;
}

static double squared_log(double y, double f, double par)
{
	(void)par;
	return y > -1 && f > -1 ? squared(log1p(y), log1p(f), 0) : (double)NAN;
}

static double pinball_at(double y, double f, double level)
{
	return y > f ? level * (y - f) : (1 - level) * (f - y);
}

/* Twice the difference in log likelihood to the perfect model; NAN outside of the domain. */
static double deviance(double y, double f, double power)
{
	if (power == 0)
		return squared(y, f, 0);
	if (f <= 0 || (power >= 1 && y < 0) || (power >= 2 && y <= 0))
		return (double)NAN;
	if (power == 1)
		return 2 * ((y > 0 ? y * log(y / f) : 0) - y + f);
	if (power == 2)
		return 2 * (log(f / y) + y / f - 1);
	const double a = 1 - power, b = 2 - power;
	return 2 * ((y > 0 ? pow(y, b) / (a * b) : 0) - y * pow(f, a) / a + pow(f, b) / b);
}

#define ENTRY_MEAN(name, term, par)                                                                                            \
	static int name(const struct lb_metric_inputs *o, const struct lb_arg *args, double *value, struct lb_err *err)             \
	{                                                                                                                      \
		(void)args, (void)err;                                                                                         \
		*value = mean_of(o, term, par);                                                                                \
		return 0;                                                                                                      \
	}

enum { FIRST };

ENTRY_MEAN(mse, squared, 0)
ENTRY_MEAN(bias, signed_error, 0)
ENTRY_MEAN(mape, percentage, 0)
ENTRY_MEAN(smape, symmetric_percentage, 0)
ENTRY_MEAN(msle, squared_log, 0)
ENTRY_MEAN(poisson_deviance, deviance, 1)
ENTRY_MEAN(gamma_deviance, deviance, 2)
ENTRY_MEAN(tweedie_deviance, deviance, args[FIRST].v)

static int rmsle(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par, (void)err;
	*value = sqrt(mean_of(o, squared_log, 0));
	return 0;
}

static int max_error(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double most = 0;

	(void)par, (void)err;
	for (size_t i = 0; i < o->n * o->t; i++)
		most = fmax(most, fabs(o->pred_t[i] - o->target_t[i]));
	*value = o->n && o->t ? most : (double)NAN;
	return 0;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Mean over targets of the median of |f - y|; of an even number of rows the mean of the middle
 * two. */
static int median_ae(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double *error = lb_alloc(o->n, sizeof *error, err), sum = 0;

	(void)par;
	if (!error)
		return -1;
	for (size_t t = 0; o->n && t < o->t; t++) {
		for (size_t i = 0; i < o->n; i++)
			error[i] = fabs(o->pred_t[i * o->t + t] - o->target_t[i * o->t + t]);
		qsort(error, o->n, sizeof *error, ascending);
		sum += (error[(o->n - 1) / 2] + error[o->n / 2]) / 2;
	}
	*value = o->n && o->t ? sum / (double)o->t : (double)NAN;
	free(error);
	return 0;
}

/* Deviations are taken from the first row's, as in r2, so a constant target gives exactly 0. */
static double variance(const struct lb_metric_inputs *o, size_t t, bool residual)
{
	const double *y = o->target_t + t, *f = o->pred_t + t, first = residual ? *f - *y : *y;
	double mean = 0, sum = 0;

	for (size_t i = 0; i < o->n; i++)
		mean += (residual ? f[i * o->t] - y[i * o->t] : y[i * o->t]) - first;
	mean /= (double)o->n;
	for (size_t i = 0; i < o->n; i++)
		sum += squared((residual ? f[i * o->t] - y[i * o->t] : y[i * o->t]) - first, mean, 0);
	return sum;
}

static int explained_variance(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double sum = 0;

	(void)par, (void)err;
	for (size_t t = 0; o->n && t < o->t; t++) {
		const double total = variance(o, t, false);
		sum += total > 0 ? 1 - variance(o, t, true) / total : (double)NAN;
	}
	*value = o->n && o->t ? sum / (double)o->t : (double)NAN;
	return 0;
}

/* Mean over targets of 1 - (mean of the term) / (its mean for the constant c[t]). */
static double against_constant(const struct lb_metric_inputs *o, const double *c, term_fn *term, double par)
{
	double sum = 0;

	for (size_t t = 0; o->n && t < o->t; t++) {
		double constant = 0;
		for (size_t i = 0; i < o->n; i++)
			constant += term(o->target_t[i * o->t + t], c[t], par);
		constant /= (double)o->n;
		sum += variance(o, t, false) > 0 ? 1 - target_mean(o, t, term, par) / constant : (double)NAN;
	}
	return o->n && o->t ? sum / (double)o->t : (double)NAN;
}

/* The empirical quantile of level `level` has the least pinball loss of all constants. */
static int d2_at(const struct lb_metric_inputs *o, double level, double *value, struct lb_err *err)
{
	double *y = lb_alloc(o->n, sizeof *y, err), *c = y ? lb_alloc(o->t, sizeof *c, err) : NULL;

	for (size_t t = 0; c && o->n && t < o->t; t++) {
		for (size_t i = 0; i < o->n; i++)
			y[i] = o->target_t[i * o->t + t];
		qsort(y, o->n, sizeof *y, ascending);
		c[t] = y[(size_t)fmin(floor(level * (double)o->n), (double)(o->n - 1))];
	}
	*value = c ? against_constant(o, c, pinball_at, level) : (double)NAN;
	free(y);
	free(c);
	return c ? 0 : -1;
}

static int d2_absolute(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par;
	return d2_at(o, 0.5, value, err);
}

static int d2_pinball(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	return d2_at(o, par[FIRST].v, value, err);
}

/* The mean has the least deviance of all constants. */
static int d2_tweedie(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double *c = lb_alloc(o->t, sizeof *c, err);

	if (!c)
		return -1;
	for (size_t t = 0; o->n && t < o->t; t++) {
		const double first = o->target_t[t];
		for (size_t i = 0; i < o->n; i++)
			c[t] += o->target_t[i * o->t + t] - first;
		c[t] = first + c[t] / (double)o->n;
	}
	*value = against_constant(o, c, deviance, par[FIRST].v);
	free(c);
	return 0;
}

static const struct lb_param level_params[] = {
	[FIRST] = { .name = "level", .symbol = "tau", .def = 0.5, .min = 0, .max = 1, .min_open = true, .max_open = true,
		    .grid = { 0.1, 0.5, 0.9 }, .n_grid = 3, .help = "level of the quantile" },
};
static const struct lb_param power_params[] = {
	[FIRST] = { .name = "power", .symbol = "p", .def = 1.5, .min = 1, .max = 3, .grid = { 1, 1.5, 2, 3 }, .n_grid = 4,
		    .help = "the variance is the mean to this power: 1 Poisson, 2 gamma, 3 inverse Gaussian" },
};

const struct lb_metric lb_metric_mse = {
	.base = {
		.name = "mse",
		.tasks = 1u << LB_REGRESSION,
		.title = "Mean squared error, in squared units of the target",
		.formula = "(1/(n T)) sum_i sum_t (f_it - y_it)^2",
		.notes = "With several targets the mean is over all entries.",
		.keywords = "mean_squared_error l2",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = mse,
};

const struct lb_metric lb_metric_median_ae = {
	.base = {
		.name = "median_ae",
		.tasks = 1u << LB_REGRESSION,
		.title = "Median absolute error, in units of the target",
		.formula = "mean over targets of  median_i |f_i - y_i|",
		.notes = "Half of the rows may be far off without being seen.",
		.keywords = "median_absolute_error medae",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = median_ae,
};

const struct lb_metric lb_metric_max_error = {
	.base = {
		.name = "max_error",
		.tasks = 1u << LB_REGRESSION,
		.title = "Largest absolute error, in units of the target",
		.formula = "max_it |f_it - y_it|",
		.notes = "Of all targets together.",
		.keywords = "maximum_error worst_case linf",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = max_error,
};

const struct lb_metric lb_metric_bias = {
	.base = {
		.name = "bias",
		.tasks = 1u << LB_REGRESSION,
		.title = "Mean error, in units of the target",
		.formula = "(1/(n T)) sum_i sum_t (f_it - y_it)",
		.notes = "Above 0 where predictions are too high on the whole. 0 is best, so its sign is to be read, not its "
			 "rank.",
		.keywords = "mean_error mbe mean_bias_error",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = bias,
};

const struct lb_metric lb_metric_mape = {
	.base = {
		.name = "mape",
		.tasks = 1u << LB_REGRESSION,
		.title = "Mean absolute error in shares of the target",
		.formula = "(1/(n T)) sum_i sum_t |f_it - y_it| / |y_it|",
		.notes = "0.1 is ten percent. Undefined where a target is 0 (scikit-learn divides by the machine epsilon).",
		.keywords = "mean_absolute_percentage_error",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = mape,
};

const struct lb_metric lb_metric_smape = {
	.base = {
		.name = "smape",
		.tasks = 1u << LB_REGRESSION,
		.title = "Mean absolute error in shares of the mean size of target and prediction",
		.formula = "(1/(n T)) sum_i sum_t 2 |f_it - y_it| / (|y_it| + |f_it|)",
		.notes = "From 0 to 2. An entry of 0 and 0 counts 0.",
		.keywords = "symmetric_mean_absolute_percentage_error",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = smape,
};

const struct lb_metric lb_metric_msle = {
	.base = {
		.name = "msle",
		.tasks = 1u << LB_REGRESSION,
		.title = "Mean squared error of ln(1 + target)",
		.formula = "(1/(n T)) sum_i sum_t (ln(1 + f_it) - ln(1 + y_it))^2",
		.notes = "Undefined where a target or a prediction is -1 or less.",
		.keywords = "mean_squared_log_error squared_logarithmic",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = msle,
};

const struct lb_metric lb_metric_rmsle = {
	.base = {
		.name = "rmsle",
		.tasks = 1u << LB_REGRESSION,
		.title = "Root mean squared error of ln(1 + target)",
		.formula = "sqrt((1/(n T)) sum_i sum_t (ln(1 + f_it) - ln(1 + y_it))^2)",
		.notes = "Undefined where a target or a prediction is -1 or less.",
		.keywords = "root_mean_squared_log_error",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = rmsle,
};

const struct lb_metric lb_metric_explained_variance = {
	.base = {
		.name = "explained_variance",
		.tasks = 1u << LB_REGRESSION,
		.title = "Share of the target's variance that predictions explain up to a constant",
		.formula = "mean over targets of  1 - var(f - y) / var(y)",
		.notes = "r2 without the penalty of a bias. Undefined where a target is constant.",
		.keywords = "explained_variance_score evs",
		.on_request = true,
	},
	.higher_is_better = true,
	.eval = explained_variance,
};

const struct lb_metric lb_metric_poisson_deviance = {
	.base = {
		.name = "poisson_deviance",
		.tasks = 1u << LB_REGRESSION,
		.title = "Mean deviance of a Poisson distribution",
		.formula = "(1/(n T)) sum_i sum_t 2 (y ln(y / f) - y + f)",
		.notes = "Undefined where a prediction is 0 or less, or a target below 0.",
		.keywords = "mean_poisson_deviance counts",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = poisson_deviance,
};

const struct lb_metric lb_metric_gamma_deviance = {
	.base = {
		.name = "gamma_deviance",
		.tasks = 1u << LB_REGRESSION,
		.title = "Mean deviance of a gamma distribution",
		.formula = "(1/(n T)) sum_i sum_t 2 (ln(f / y) + y / f - 1)",
		.notes = "Sees ratios only. Undefined where a prediction or a target is 0 or less.",
		.keywords = "mean_gamma_deviance",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = gamma_deviance,
};

const struct lb_metric lb_metric_tweedie_deviance = {
	.base = {
		.name = "tweedie_deviance",
		.tasks = 1u << LB_REGRESSION,
		.title = "Mean deviance of a Tweedie distribution",
		.formula = "(1/(n T)) sum_i sum_t 2 (y^(2-p) / ((1-p)(2-p)) - y f^(1-p) / (1-p) + f^(2-p) / (2-p))",
		.notes = "p = 1 is poisson_deviance, p = 2 gamma_deviance. Undefined where a prediction is 0 or less, a "
			 "target below 0, or, from p = 2, 0.",
		.keywords = "mean_tweedie_deviance",
		.on_request = true,
		LB_PARAMS(power_params),
	},
	.higher_is_better = false,
	.eval = tweedie_deviance,
};

const struct lb_metric lb_metric_d2_absolute = {
	.base = {
		.name = "d2_absolute",
		.tasks = 1u << LB_REGRESSION,
		.title = "Share of the absolute error of the median that is saved",
		.formula = "mean over targets of  1 - sum_i |f_i - y_i| / sum_i |y_i - median y|",
		.notes = "As r2 of absolute errors. Undefined where a target is constant.",
		.keywords = "d2_absolute_error_score",
		.on_request = true,
	},
	.higher_is_better = true,
	.eval = d2_absolute,
};

const struct lb_metric lb_metric_d2_pinball = {
	.base = {
		.name = "d2_pinball",
		.tasks = 1u << LB_REGRESSION,
		.title = "Share of the pinball loss of the best constant that is saved",
		.formula = "mean over targets of  1 - sum_i l(y_i, f_i) / min_c sum_i l(y_i, c),  l = max(tau (y - f), (tau - "
			 "1)(y - f))",
		.notes = "Level 0.5 is d2_absolute. Undefined where a target is constant.",
		.keywords = "d2_pinball_score quantile",
		.on_request = true,
		LB_PARAMS(level_params),
	},
	.higher_is_better = true,
	.eval = d2_pinball,
};

const struct lb_metric lb_metric_d2_tweedie = {
	.base = {
		.name = "d2_tweedie",
		.tasks = 1u << LB_REGRESSION,
		.title = "Share of the Tweedie deviance of the mean that is saved",
		.formula = "mean over targets of  1 - deviance(y, f) / deviance(y, mean y)",
		.notes = "Undefined where a target is constant, and where tweedie_deviance is.",
		.keywords = "d2_tweedie_score",
		.on_request = true,
		LB_PARAMS(power_params),
	},
	.higher_is_better = true,
	.eval = d2_tweedie,
};
