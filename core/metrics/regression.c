#include "core/metrics/metric.h"

#include <math.h>

static double square(double x)
{
	return x * x;
}

/* Mean of f(prediction - target) over all rows and targets. */
static double mean_error(const struct lb_metric_inputs *o, double (*f)(double))
{
	const size_t n = o->n * o->t;
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += f(o->pred_t[i] - o->target_t[i]);
	return n ? sum / (double)n : (double)NAN;
}

static int rmse(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par, (void)err;
	*value = sqrt(mean_error(o, square));
	return 0;
}

const struct lb_metric lb_metric_rmse = {
	.base = {
		.name = "rmse",
		.tasks = 1u << LB_REGRESSION,
		.title = "Root mean squared error, in units of the target",
		.formula = "sqrt((1/(n T)) sum_i sum_t (f_it - y_it)^2)",
		.notes = "With several targets the mean is over all entries, so the target of the largest scale dominates.",
		.keywords = "root_mean_squared_error l2",
	},
	.higher_is_better = false,
	.eval = rmse,
};

static int mae(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par, (void)err;
	*value = mean_error(o, fabs);
	return 0;
}

const struct lb_metric lb_metric_mae = {
	.base = {
		.name = "mae",
		.tasks = 1u << LB_REGRESSION,
		.title = "Mean absolute error, in units of the target",
		.formula = "(1/(n T)) sum_i sum_t |f_it - y_it|",
		.notes = "With several targets the mean is over all entries.",
		.keywords = "mean_absolute_error l1",
	},
	.higher_is_better = false,
	.eval = mae,
};

/* Deviations are taken from the first row's target before its mean, so a constant target gives
 * exactly 0. */
static double r2_of(const struct lb_metric_inputs *o, size_t t)
{
	const double first = o->n ? o->target_t[t] : 0;
	double mean = 0, residual = 0, total = 0;

	for (size_t i = 0; i < o->n; i++)
		mean += o->target_t[i * o->t + t] - first;
	mean /= (double)o->n;
	for (size_t i = 0; i < o->n; i++) {
		const double y = o->target_t[i * o->t + t];
		residual += square(o->pred_t[i * o->t + t] - y);
		total += square(y - first - mean);
	}
	return total > 0 ? 1 - residual / total : (double)NAN;
}

static int r2(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double sum = 0;

	(void)par, (void)err;
	for (size_t t = 0; t < o->t; t++)
		sum += r2_of(o, t);
	*value = o->t ? sum / (double)o->t : (double)NAN;
	return 0;
}

const struct lb_metric lb_metric_r2 = {
	.base = {
		.name = "r2",
		.tasks = 1u << LB_REGRESSION,
		.title = "Coefficient of determination: share of the target's variance that is explained",
		.formula = "mean over targets of  1 - sum_i (f_i - y_i)^2 / sum_i (y_i - mean y)^2",
		.notes = "1 is perfect, 0 is as good as the mean of this split, negative is worse. Undefined where a target is constant "
			 "(a single row among them).",
		.keywords = "r_squared coefficient_of_determination",
	},
	.higher_is_better = true,
	.eval = r2,
};
