/* Several quantiles of a target at once: each free, or in order by construction. */
#include "losses/support/several_outputs.h"

#include <string.h>

enum { LEVELS };

static const double usual_levels[] = { 0.1, 0.5, 0.9 };

static const struct lb_param params[] = {
	[LEVELS] = { .name = "levels", .symbol = "tau", .type = LB_REALS_PARAM, .def_list = usual_levels, .n_def_list = 3, .min = 0, .max = 1,
		     .min_open = true, .max_open = true, .help = "levels of the quantiles, ascending; the model has an output for each" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { -1, 0, 2 }, .t = { 1 }, .value = 0.8 / 3,
	  .source = "by hand: (0.1 * 2 + 0.5 * 1 + 0.1 * 1) / 3" },
	{ .set = "levels=[0.25,0.75]", .b = 2, .c = 4, .z = { 0, 1, 5, 7, 2, 2.5, -1, 0 }, .t = { 3, 6, 1, -2 }, .value = 0.640625,
	  .source = "by hand, targets (3, 6) and (1, -2): (0.25*3 + 0.75*2 + 0.25*1 + 0.25*1 + 0.75*1 + 0.25*1.5 + 0.75*1 + 0.25*2) / 8" },
};

static int check(const struct lb_arg *par, struct lb_err *err)
{
	const struct lb_arg *levels = &par[LEVELS];

	if (!levels->n || levels->n > LB_MOST_OUTPUTS)
		return lb_fail(err, LB_CONFIG, "levels: found %zu, allowed: 1 to %d levels, such as [0.1, 0.5, 0.9]", levels->n, LB_MOST_OUTPUTS);
	for (size_t k = 1; k < levels->n; k++)
		if (!(levels->list[k - 1] < levels->list[k]))
			return lb_fail(err, LB_CONFIG, "levels: found %g before %g, allowed: ascending levels, each once, such as [0.1, 0.5, 0.9]",
				       levels->list[k - 1], levels->list[k]);
	return 0;
}

static bool output(const struct lb_arg *par, size_t k, struct lb_output *out)
{
	if (k >= par[LEVELS].n)
		return false;
	*out = (struct lb_output){ .says = LB_QUANTILE, .level = par[LEVELS].list[k] };
	return true;
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_arg *levels = &in->par[LEVELS];
	const real *t = in->target + i * (in->c / levels->n), share = 1 / (real)in->c;
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		const real u = t[k / levels->n] - z[k], tau = (real)levels->list[k % levels->n];
		const real slope = u > 0 ? tau : u < 0 ? tau - 1 : 0 * u;
		sum += (double)(slope * u);
		if (g)
			g[k] = -share * slope;
	}
	return share * (real)sum;
}

/* The level nearest 1/2, the lower of two that are as near. */
static size_t middle(const struct lb_arg *levels)
{
	size_t best = 0;

	for (size_t k = 1; k < levels->n; k++)
		if (fabs(levels->list[k] - 0.5) < fabs(levels->list[best] - 0.5))
			best = k;
	return best;
}

static void predict(const struct lb_batch *in, real *out)
{
	const size_t n = in->par[LEVELS].n, targets = in->c / n, best = middle(&in->par[LEVELS]);

	for (size_t i = 0; i < in->b; i++, out += targets + in->c) {
		const real *z = in->output.value + i * in->output.stride;
		for (size_t t = 0; t < targets; t++)
			out[t] = z[t * n + best];
		memcpy(out + targets, z, in->c * sizeof *z);
	}
}

LB_ROW(multi_quantile, row)

const struct lb_loss LB_LOSS(regression, multi_quantile) = {
	.info = {
		.base = {
			.name = "multi_quantile",
			.title = "Pinball loss of several quantiles at once",
			.cite = "R. Koenker, G. Bassett, Regression quantiles, Econometrica 46(1), 1978",
			.formula = "(1/(T K)) sum_t sum_k max(tau_k u_tk, (tau_k - 1) u_tk),  u_tk = t_t - z_tk",
			.notes = "The model has K outputs for each of the T targets: those of the first target, then those of the second. The best "
				 "constants are the quantiles of the targets. The point prediction of the other metrics is the quantile whose level "
				 "is nearest 1/2, the lower of two that are as near. Each output is free, so quantiles of one row can cross. "
				 "Predictions hold every quantile; pinball, interval_coverage and interval_width judge them.",
			.keywords = "quantile pinball check_loss quantile_regression interval multiquantile",
			LB_PARAMS(params),
			.check = check,
		},
		.kind = LB_REGRESSION,
		.good_for = "prediction intervals",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		.output = output,
		LB_EXAMPLES(examples),
	},
	.form = &multi_quantile_form,
	.predict = predict,
};

/* ---- multi_quantile_nocross ---- */

static double softplus(double x)
{
	return -lb_log_sigmoid(-x);
}

/* q_1 = z_1, q_k = q_(k-1) + softplus(z_k); the slope by z_k is that by all quantiles from k on. */
static double ordered_of(const struct lb_arg *par, size_t outputs, const double *z, double t, const double *fixed, double *g)
{
	const double *tau = par[LEVELS].list;
	double q = 0, sum = 0, later = 0;

	(void)fixed;
	for (size_t k = 0; k < outputs; k++) {
		q += k ? softplus(z[k]) : z[0];
		const double u = t - q, slope = u > 0 ? tau[k] : u < 0 ? tau[k] - 1 : 0 * u;
		sum += slope * u;
		g[k] = -slope / (double)outputs;
	}
	for (size_t k = outputs; k-- > 0;) {
		later += g[k];
		g[k] = later * (k ? lb_sigmoid_of(z[k]) : 1);
	}
	return sum / (double)outputs;
}

static real ordered_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_outputs_row(in, i, z, g, in->par[LEVELS].n, ordered_of);
}
LB_ROW(multi_quantile_nocross, ordered_row)

static double ordered_tell(const struct lb_arg *par, size_t outputs, const double *z, double *say)
{
	for (size_t k = 1; k < outputs; k++)
		say[k] = say[k - 1] + softplus(z[k]);
	return say[middle(&par[LEVELS])];
}

static void ordered_predict(const struct lb_batch *in, real *out)
{
	lb_outputs_predict(in, out, in->par[LEVELS].n, ordered_tell);
}

static const struct lb_example ordered_examples[] = {
	{ .set = "", .b = 2, .c = 3, .z = { -1, 0.2, 0.5, 0.3, -0.4, 1 }, .t = { 0.1, 2 }, .value = 0.18404536974286919, .source = "mpmath, 30 digits" },
};

const struct lb_loss LB_LOSS(regression, multi_quantile_nocross) = {
	.info = {
		.base = {
			.name = "multi_quantile_nocross",
			.title = "Pinball loss of several quantiles that cannot cross",
			.cite = "Y. Park, D. Maddix, F.-X. Aubet, K. Kan, J. Gasthaus, Y. Wang, Learning quantile functions without quantile crossing for "
				"distribution-free time series forecasting, AISTATS 2022, section 3",
			.formula = "(1/(T K)) sum_t sum_k max(tau_k u_tk, (tau_k - 1) u_tk),  u = t - q,  q_1 = z_1, q_k = q_(k-1) + log(1 + exp(z_k))",
			.notes = "As multi_quantile, but each quantile is the one below it plus a step above 0. The point prediction is the quantile whose "
				 "level is nearest 1/2. Targets are not scaled: a step is no linear function of the model's output.",
			.keywords = "quantile pinball monotone quantile_regression interval crossing",
			LB_PARAMS(params),
			.check = check,
		},
		.kind = LB_REGRESSION,
		.good_for = "prediction intervals",
		.properties = LB_NONNEGATIVE,
		.output = output,
		LB_EXAMPLES(ordered_examples),
	},
	.form = &multi_quantile_nocross_form,
	.predict = ordered_predict,
};
