#include "core/metrics/metric.h"

#include <math.h>

#define SOURCE "L. Prieto, M. Barsbey, P. A. M. Mediano, T. Birdal, Grokking at the edge of numerical stability, ICLR 2025"

static int share(const bool *flag, const struct lb_metric_inputs *o, bool right_only, double *value)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++)
		n += flag[i] && (!right_only || o->pred[i] == o->label[i]);
	*value = o->n ? (double)n / (double)o->n : (double)NAN;
	return 0;
}

static int collapse(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par, (void)err;
	return share(o->collapsed, o, false, value);
}

static int zero_gradient(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par, (void)err;
	return share(o->collapsed, o, true, value);
}

static int peak(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double sum = 0;

	(void)par, (void)err;
	for (size_t i = 0; i < o->n; i++)
		sum += o->peak[i];
	*value = o->n ? sum / (double)o->n : (double)NAN;
	return 0;
}

const struct lb_metric lb_metric_softmax_collapse = {
	.base = {
		.name = "softmax_collapse",
		.tasks = 1u << LB_MULTICLASS,
		.title = "Share of rows whose softmax has collapsed: all terms but the largest are lost in rounding",
		.cite = SOURCE ", section 3.1",
		.formula = "share of rows with fl(sum_k exp(z_k - max z)) = 1 in the working precision",
		.notes = "In float32 a row collapses once the gap to every other class exceeds about 17, in float64 about 37.",
		.keywords = "grokking underflow numerical_stability",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = collapse,
};

const struct lb_metric lb_metric_zero_gradient = {
	.base = {
		.name = "zero_gradient",
		.tasks = 1u << LB_MULTICLASS,
		.title = "Share of rows that are right and collapsed: a softmax that adds its terms gives them a gradient of exactly 0",
		.cite = SOURCE ", section 3.2",
		.formula = "share of rows with fl(sum_k exp(z_k - max z)) = 1 and argmax z = y",
		.notes = "What the usual frameworks give. The cross-entropy here sums what is small by itself, so that its gradient lives on "
			 "down to the smallest number of the precision; this metric tells what would be lost elsewhere.",
		.keywords = "grokking vanishing_gradient",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = zero_gradient,
};

const struct lb_metric lb_metric_score_peak = {
	.base = {
		.name = "score_peak",
		.tasks = 1u << LB_MULTICLASS,
		.title = "Mean over rows of the largest score in absolute value",
		.cite = SOURCE,
		.formula = "mean_i max_k |z_ik|",
		.notes = "Grows without bound where a loss goes on pushing rows that are right already.",
		.keywords = "logit_norm confidence",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = peak,
};
