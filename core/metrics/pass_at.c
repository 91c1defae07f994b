/* The chance that one of several guesses drawn from the model is right. */
#include "core/metrics/metric.h"

#include <math.h>

enum { N };
static const struct lb_param pass_at_params[] = {
	[N] = { .name = "n", .symbol = "N", .type = LB_INT_PARAM, .def = 16, .min = 1, .max = 1e6, .grid = { 1, 4, 16, 64 }, .n_grid = 4,
		.help = "guesses drawn for a row" },
};

/* 1 - (1 - p)^N by log(1 - p), to the last digits near p = 0 and near p = 1. */
static double chance(double logp, double n)
{
	const double p = exp(logp);

	return 0 - expm1(n * (p < 0.5 ? log1p(-p) : log(0 - expm1(logp))));
}

static int pass_at(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double sum = 0;

	(void)err;
	for (size_t i = 0; i < o->n; i++)
		sum += chance(o->logp[i], par[N].v);
	*value = o->n ? sum / (double)o->n : (double)NAN;
	return 0;
}

const struct lb_metric lb_metric_pass_at = {
	.base = {
		.name = "pass_at",
		.tasks = LB_CLASS_TASKS,
		.title = "Mean chance that one of N guesses drawn from the model is right (pass@N)",
		.cite = "F. Chen, A. Raventos, N. Cheng, S. Ganguli, S. Druckmann, Rethinking fine-tuning when scaling test-time compute: limiting "
			"confidence improves mathematical reasoning, NeurIPS 2025 (coverage)",
		.formula = "(1/n) sum_i 1 - (1 - p_i(y_i))^N;  p = softmax(z), or sigmoid(z) with two classes and one score",
		.notes = "Guesses are drawn with replacement, each class by its probability. N = 1 is the mean probability of the true class.",
		.keywords = "pass@n pass@k coverage dco best_of_n",
		LB_PARAMS(pass_at_params),
		.on_request = true,
	},
	.higher_is_better = true,
	.eval = pass_at,
};
