#include "core/base/mem.h"
#include "core/metrics/metric.h"

#include <math.h>
#include <stdlib.h>

/* The value that row i tells by output k of target t. */
static double predicted(const struct lb_metric_inputs *o, size_t i, size_t t, size_t k)
{
	return o->said[(i * o->t + t) * o->outputs + k];
}

static double target(const struct lb_metric_inputs *o, size_t i, size_t t)
{
	return o->target_t[i * o->t + t];
}

static double mean_over(const struct lb_metric_inputs *o, double sum, size_t values)
{
	return o->n && o->t && values ? sum / ((double)o->n * (double)o->t * (double)values) : (double)NAN;
}

static int pinball(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	size_t levels = 0;
	double sum = 0;

	(void)par, (void)err;
	for (size_t k = 0; k < o->outputs; k++) {
		const double tau = o->output[k].level;
		if (o->output[k].says != LB_QUANTILE)
			continue;
		levels++;
		for (size_t i = 0; i < o->n; i++)
			for (size_t t = 0; t < o->t; t++) {
				const double u = target(o, i, t) - predicted(o, i, t, k);
				sum += u > 0 ? tau * u : (tau - 1) * u;
			}
	}
	*value = mean_over(o, sum, levels);
	return 0;
}

const struct lb_metric lb_metric_pinball = {
	.base = {
		.name = "pinball",
		.tasks = 1u << LB_REGRESSION,
		.title = "Mean pinball loss of the predicted quantiles, in units of the target",
		.cite = "R. Koenker, G. Bassett, Regression quantiles, Econometrica 46(1), 1978",
		.formula = "(1/(n T K)) sum_i sum_t sum_k max(tau_k u, (tau_k - 1) u),  u = y_it - q_itk",
		.notes = "The mean over the levels that the loss has outputs for (multi_quantile), so only models of the same levels compare. "
			 "Undefined for a loss without quantiles.",
		.keywords = "quantile_loss check_loss mean_pinball_loss",
		.on_request = true,
	},
	.higher_is_better = false,
	.statistics = 1u << LB_QUANTILE,
	.eval = pinball,
};

/* The outputs of the lowest and of the highest level; false when there are not two. */
static bool ends(const struct lb_metric_inputs *o, size_t *low, size_t *high)
{
	*low = *high = o->outputs;
	for (size_t k = 0; k < o->outputs; k++) {
		if (o->output[k].says != LB_QUANTILE)
			continue;
		*low = *low == o->outputs || o->output[k].level < o->output[*low].level ? k : *low;
		*high = *high == o->outputs || o->output[k].level > o->output[*high].level ? k : *high;
	}
	return *low != *high;
}

static int interval_coverage(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	size_t low, high;
	double inside = 0;

	(void)par, (void)err;
	const bool interval = ends(o, &low, &high);
	for (size_t i = 0; interval && i < o->n; i++)
		for (size_t t = 0; t < o->t; t++)
			inside += predicted(o, i, t, low) <= target(o, i, t) && target(o, i, t) <= predicted(o, i, t, high);
	*value = mean_over(o, inside, interval);
	return 0;
}

const struct lb_metric lb_metric_interval_coverage = {
	.base = {
		.name = "interval_coverage",
		.tasks = 1u << LB_REGRESSION,
		.title = "Share of targets within the lowest and the highest predicted quantile",
		.cite = "T. Gneiting, A. E. Raftery, Strictly proper scoring rules, prediction, and estimation, JASA 102, 2007",
		.formula = "(1/(n T)) sum_i sum_t [q_low <= y_it <= q_high]",
		.notes = "To be held against the difference of the two levels, 0.8 for levels 0.1 to 0.9, which a calibrated model reaches; read "
			 "it beside interval_width, since wide intervals cover all. Undefined for a loss with fewer than two quantiles.",
		.keywords = "prediction_interval picp empirical_coverage",
		.on_request = true,
	},
	.higher_is_better = true,
	.statistics = 1u << LB_QUANTILE,
	.eval = interval_coverage,
};

static int interval_width(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	size_t low, high;
	double sum = 0;

	(void)par, (void)err;
	const bool interval = ends(o, &low, &high);
	for (size_t i = 0; interval && i < o->n; i++)
		for (size_t t = 0; t < o->t; t++)
			sum += predicted(o, i, t, high) - predicted(o, i, t, low);
	*value = mean_over(o, sum, interval);
	return 0;
}

const struct lb_metric lb_metric_interval_width = {
	.base = {
		.name = "interval_width",
		.tasks = 1u << LB_REGRESSION,
		.title = "Mean distance of the lowest and the highest predicted quantile, in units of the target",
		.cite = "T. Gneiting, A. E. Raftery, Strictly proper scoring rules, prediction, and estimation, JASA 102, 2007",
		.formula = "(1/(n T)) sum_i sum_t (q_high - q_low)",
		.notes = "Narrower is better where interval_coverage is the same. Rows whose quantiles cross count negative. Undefined for a loss "
			 "with fewer than two quantiles.",
		.keywords = "prediction_interval sharpness mpiw",
		.on_request = true,
	},
	.higher_is_better = false,
	.statistics = 1u << LB_QUANTILE,
	.eval = interval_width,
};

static size_t find(const struct lb_metric_inputs *o, enum lb_statistic says)
{
	size_t k = 0;

	while (k < o->outputs && o->output[k].says != says)
		k++;
	return k;
}

static int gaussian_nll(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	static const double half_log_two_pi = 0.91893853320467274178;
	const size_t mean = find(o, LB_MEAN), deviation = find(o, LB_LOG_VARIANCE);
	double sum = 0;

	(void)par, (void)err;
	for (size_t i = 0; i < o->n; i++)
		for (size_t t = 0; t < o->t; t++) {
			const double sd = predicted(o, i, t, deviation), u = (target(o, i, t) - predicted(o, i, t, mean)) / sd;
			sum += log(sd) + u * u / 2 + half_log_two_pi;
		}
	*value = mean_over(o, sum, 1);
	return 0;
}

const struct lb_metric lb_metric_gaussian_nll = {
	.base = {
		.name = "gaussian_nll",
		.tasks = 1u << LB_REGRESSION,
		.title = "Mean negative log density of the targets under the predicted normal distributions",
		.cite = "T. Gneiting, A. E. Raftery, Strictly proper scoring rules, prediction, and estimation, JASA 102, 2007",
		.formula = "(1/(n T)) sum_i sum_t ( ln(sd_it) + (y_it - m_it)^2 / (2 sd_it^2) + ln(2 pi) / 2 )",
		.notes = "In units of the target: dividing targets by a takes ln a off. Undefined for a loss that gives no mean and variance, and "
			 "where a standard deviation is too small for the precision.",
		.keywords = "log_score nll negative_log_likelihood normal",
		.on_request = true,
	},
	.higher_is_better = false,
	.statistics = 1u << LB_MEAN | 1u << LB_LOG_VARIANCE,
	.eval = gaussian_nll,
};

/* A normal distribution: false where the outputs have no mean and variance; *mean and *deviation <-
 * their places. */
static bool is_normal(const struct lb_metric_inputs *o, size_t *mean, size_t *deviation)
{
	*mean = find(o, LB_MEAN);
	*deviation = find(o, LB_LOG_VARIANCE);
	return *mean < o->outputs && *deviation < o->outputs;
}

/* CRPS of a normal distribution; of a deviation of 0 its limit. */
static double normal_crps(double y, double mean, double sd)
{
	static const double root_half = 0.70710678118654752440, root_two_over_pi = 0.79788456080286535588, one_over_root_pi = 0.56418958354775628695;
	const double u = (y - mean) / sd;

	return sd > 0 ? sd * (u * erf(u * root_half) + root_two_over_pi * exp(-u * u / 2) - one_over_root_pi) : fabs(y - mean);
}

static int crps(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	size_t mean, deviation;
	double sum = 0;

	if (!is_normal(o, &mean, &deviation)) {
		const int rc = pinball(o, par, value, err);
		*value *= 2;
		return rc;
	}
	for (size_t i = 0; i < o->n; i++)
		for (size_t t = 0; t < o->t; t++)
			sum += normal_crps(target(o, i, t), predicted(o, i, t, mean), predicted(o, i, t, deviation));
	*value = mean_over(o, sum, 1);
	return 0;
}

const struct lb_metric lb_metric_crps = {
	.base = {
		.name = "crps",
		.tasks = 1u << LB_REGRESSION,
		.title = "Continuous ranked probability score of the predicted distributions, in units of the target",
		.cite = "T. Gneiting, A. E. Raftery, Strictly proper scoring rules, prediction, and estimation, JASA 102, 2007, eq. 20",
		.formula = "mean over rows and targets of the integral over x of (F(x) - [y <= x])^2, that is of sd (u (2 Phi(u) - 1) + 2 phi(u) - 1/sqrt(pi)), "
			   "u = (y - m) / sd; quantiles: 2 pinball",
		.notes = "Exact where the loss gives a mean and a variance. Of quantiles it is twice the mean pinball loss, which is the integral for levels that "
			 "are even and many: 0.05, 0.15, ... 0.95; compare losses of the same levels only. mae where a distribution is a single point. "
			 "Undefined for a loss that gives neither.",
		.keywords = "continuous_ranked_probability_score energy_score probabilistic_forecast",
		.on_request = true,
	},
	.higher_is_better = false,
	.statistics = 1u << LB_MEAN | 1u << LB_LOG_VARIANCE,
	.instead = 1u << LB_QUANTILE,
	.eval = crps,
};

/* The share of a normal distribution that is at most y; of a deviation of 0 all of it, or none. */
static double normal_share(double y, double mean, double sd)
{
	static const double root_half = 0.70710678118654752440;

	return sd > 0 ? erfc((mean - y) / sd * root_half) / 2 : y >= mean;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The largest distance of the values' distribution function from that of the uniform distribution;
 * sorts u. */
static double from_uniform(double *u, size_t n)
{
	double most = 0;

	qsort(u, n, sizeof *u, ascending);
	for (size_t i = 0; i < n; i++)
		most = fmax(most, fmax((double)(i + 1) / (double)n - u[i], u[i] - (double)i / (double)n));
	return most;
}

/* The largest distance of a level from the share of target t that its quantiles are not below. */
static double from_levels(const struct lb_metric_inputs *o, size_t t)
{
	double most = 0;

	for (size_t k = 0; k < o->outputs; k++) {
		double below = 0;
		for (size_t i = 0; i < o->n; i++)
			below += target(o, i, t) <= predicted(o, i, t, k);
		most = o->output[k].says == LB_QUANTILE ? fmax(most, fabs(below / (double)o->n - o->output[k].level)) : most;
	}
	return most;
}

static int pit_deviation(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double *pit = lb_alloc(o->n, sizeof *pit, err), sum = 0;
	size_t mean, deviation;
	const bool normal = is_normal(o, &mean, &deviation);

	(void)par;
	if (!pit)
		return -1;
	for (size_t t = 0; t < o->t && o->n; t++) {
		for (size_t i = 0; i < o->n && normal; i++)
			pit[i] = normal_share(target(o, i, t), predicted(o, i, t, mean), predicted(o, i, t, deviation));
		sum += normal ? from_uniform(pit, o->n) : from_levels(o, t);
	}
	*value = o->n && o->t ? sum / (double)o->t : (double)NAN;
	free(pit);
	return 0;
}

const struct lb_metric lb_metric_pit_deviation = {
	.base = {
		.name = "pit_deviation",
		.tasks = 1u << LB_REGRESSION,
		.title = "Largest gap between a level and the share of targets that are within their predicted quantile of it",
		.cite = "T. Gneiting, F. Balabdaoui, A. E. Raftery, Probabilistic forecasts, calibration and sharpness, JRSS B 69(2), 2007",
		.formula = "max over levels a of |(1/n) sum_i [F_i(y_i) <= a] - a|, F_i the predicted distribution function",
		.notes = "0 is calibrated. Over all levels where the loss gives a mean and a variance: the Kolmogorov-Smirnov distance of the probability integral "
			 "transforms from the uniform distribution, about 0.9 / sqrt(n) for a calibrated model. Over the levels of its outputs for a loss of quantiles; "
			 "compare losses of the same levels only. With several targets the mean over the targets. Undefined for a loss that gives neither.",
		.keywords = "pit probability_integral_transform calibration quantile_calibration",
		.on_request = true,
	},
	.higher_is_better = false,
	.statistics = 1u << LB_MEAN | 1u << LB_LOG_VARIANCE,
	.instead = 1u << LB_QUANTILE,
	.eval = pit_deviation,
};
