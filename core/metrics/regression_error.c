/* Errors of a prediction other than rmse, mae and r2 (core/metrics/regression.c). */
#include "core/metrics/target_measure.h"

#include <stdlib.h>

#define SEVERAL "With several targets the mean over the targets."
#define FORECASTS "R. J. Hyndman, A. B. Koehler, Another look at measures of forecast accuracy, International Journal of Forecasting 22(4), 2006"
#define SKLEARN "F. Pedregosa et al., Scikit-learn: machine learning in Python, JMLR 12, 2011"

static double mse(const struct lb_target *t, const struct lb_arg *par)
{
	double sum = 0;

	(void)par;
	for (size_t i = 0; i < t->n; i++)
		sum += (t->f[i] - t->y[i]) * (t->f[i] - t->y[i]);
	return sum / (double)t->n;
}

LB_TARGET_METRIC(mse, false, .title = "Mean squared error, in squared units of the target", .cite = FORECASTS,
	.formula = "(1/n) sum_i (f_i - y_i)^2", .notes = SEVERAL " The square of rmse.", .keywords = "mean_squared_error l2 squared_error")

static double median_ae(const struct lb_target *t, const struct lb_arg *par)
{
	double *error = t->scratch;
	const size_t upper = t->n / 2, lower = (t->n - 1) / 2;

	(void)par;
	for (size_t i = 0; i < t->n; i++)
		error[i] = fabs(t->f[i] - t->y[i]);
	qsort(error, t->n, sizeof *error, lb_ascending_doubles);
	return error[lower] + (error[upper] - error[lower]) / 2;
}

LB_TARGET_METRIC(median_ae, false, .title = "Median absolute error, in units of the target", .cite = FORECASTS,
	.formula = "median over rows of |f_i - y_i|", .notes = "Half of the rows may be wrong by any amount. Of an even number of rows the mean of "
	"the middle two. " SEVERAL, .keywords = "median_absolute_error medae mdae")

static int max_error(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double most = 0;

	(void)par, (void)err;
	for (size_t i = 0; i < o->n * o->t; i++)
		most = fmax(most, fabs(o->pred_t[i] - o->target_t[i]));
	*value = o->n && o->t ? most : (double)NAN;
	return 0;
}

const struct lb_metric lb_metric_max_error = {
	.base = {
		.name = "max_error",
		.tasks = 1u << LB_REGRESSION,
		.title = "Largest absolute error, in units of the target",
		.cite = SKLEARN,
		.formula = "max over rows and targets of |f_it - y_it|",
		.notes = "One entry decides it, of whichever target.",
		.keywords = "maximum_error worst_case linf",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = max_error,
};

static double mape(const struct lb_target *t, const struct lb_arg *par)
{
	double sum = 0;

	(void)par;
	for (size_t i = 0; i < t->n; i++)
		sum += t->y[i] != 0 ? fabs((t->f[i] - t->y[i]) / t->y[i]) : (double)NAN;
	return sum / (double)t->n;
}

LB_TARGET_METRIC(mape, false, .title = "Mean absolute error as a share of the target", .cite = FORECASTS, .formula = "(1/n) sum_i |f_i - y_i| / |y_i|",
	.notes = "0.1 is 10 %. Undefined where a target is 0 (scikit-learn divides by 2e-16 there). " SEVERAL,
	.keywords = "mean_absolute_percentage_error percentage relative_error")

static double smape(const struct lb_target *t, const struct lb_arg *par)
{
	double sum = 0;

	(void)par;
	for (size_t i = 0; i < t->n; i++)
		sum += t->f[i] != t->y[i] ? 2 * (fabs(t->f[i] - t->y[i]) / (fabs(t->f[i]) + fabs(t->y[i]))) : 0;
	return sum / (double)t->n;
}

LB_TARGET_METRIC(smape, false, .title = "Symmetric mean absolute percentage error, from 0 to 2", .cite = FORECASTS,
	.formula = "(1/n) sum_i 2 |f_i - y_i| / (|f_i| + |y_i|)",
	.notes = "As a share, not in percent. A row with f = y = 0 counts 0; one whose prediction has the other sign, or is 0 where the target "
	"is not, counts 2. " SEVERAL, .keywords = "symmetric_mean_absolute_percentage_error percentage relative_error")

static double msle(const struct lb_target *t, const struct lb_arg *par)
{
	double sum = 0;

	(void)par;
	for (size_t i = 0; i < t->n; i++) {
		const double d = t->f[i] > -1 && t->y[i] > -1 ? log1p(t->f[i]) - log1p(t->y[i]) : (double)NAN;
		sum += d * d;
	}
	return sum / (double)t->n;
}

LB_TARGET_METRIC(msle, false, .title = "Mean squared error of log(1 + value)", .cite = SKLEARN, .formula = "(1/n) sum_i (ln(1 + f_i) - ln(1 + y_i))^2",
	.notes = "Undefined where a prediction or a target is -1 or less. " SEVERAL, .keywords = "mean_squared_log_error logarithmic")

static int rmsle(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const int rc = lb_mean_over_targets(o, par, msle, value, err);

	*value = sqrt(*value);
	return rc;
}

const struct lb_metric lb_metric_rmsle = {
	.base = {
		.name = "rmsle",
		.tasks = 1u << LB_REGRESSION,
		.title = "Root mean squared error of log(1 + value)",
		.cite = SKLEARN,
		.formula = "sqrt((1/(n T)) sum_i sum_t (ln(1 + f_it) - ln(1 + y_it))^2)",
		.notes = "Undefined where a prediction or a target is -1 or less. The root of msle, also with several targets.",
		.keywords = "root_mean_squared_log_error logarithmic",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = rmsle,
};

static double bias(const struct lb_target *t, const struct lb_arg *par)
{
	double sum = 0;

	(void)par;
	for (size_t i = 0; i < t->n; i++)
		sum += t->f[i] - t->y[i];
	return fabs(sum / (double)t->n);
}

LB_TARGET_METRIC(bias, false, .title = "Size of the mean error, in units of the target", .cite = FORECASTS, .formula = "|(1/n) sum_i (f_i - y_i)|",
	.notes = "Without its sign, so that less is better: 0 where the predictions are right on average, whatever their spread. " SEVERAL,
	.keywords = "mean_error mean_bias_error mbe me")
