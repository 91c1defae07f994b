/* Losses that cost errors of one sign more than those of the other; u = t - z is the target's
 * lead over the prediction. */
#include "losses/support/residual.h"

enum { TAU, DELTA };
static const struct lb_param params[] = {
	[TAU] = { .name = "tau", .symbol = "tau", .def = 0.5, .min = 0, .max = 1, .min_open = true, .max_open = true, .grid = { 0.1, 0.5, 0.9 },
		  .n_grid = 3, .help = "level: weight of targets above the prediction, 1 - tau of those below" },
	[DELTA] = { .name = "delta", .symbol = "d", .def = 1, .min = 1e-6, .max = 1e6, .log_scale = true, .grid = { 0.1, 1, 10 }, .n_grid = 3,
		    .help = "residual from which the loss grows linearly" },
};
static const struct lb_param linex_params[] = {
	{ .name = "a", .symbol = "a", .def = 1, .min = -100, .max = 100, .grid = { -1, 0.5, 1 }, .n_grid = 3,
	  .help = "above 0, predictions above the target cost exponentially more; below 0, those below it" },
};

/* ---- quantile ---- */

LB_ENTRIES_FUNCTION(quantile)
{
	const real tau = (real)in->par[TAU].v, rest = (real)(1 - in->par[TAU].v);

	for (size_t i = 0; i < n; i++) {
		const real u = t[i] - z[i], by = u > 0 ? tau : u < 0 ? -rest : R(0.0);
		loss[i] = u == 0 ? R(0.0) : by * u + 0 * u;
		slope[i] = -by;
	}
}
LB_RESIDUAL(quantile)

static const struct lb_same_as pinball_same[] = {
	{ .set = "tau=0.3", .other = "multi_quantile", .other_set = "levels=[0.3]" },
};
static const struct lb_example pinball_examples[] = {
	{ .set = "tau=0.9", .b = 1, .c = 2, .z = { 1, 1 }, .t = { 3, 0 }, .value = 0.95, .source = "by hand: (0.9 * 2 + 0.1 * 1) / 2" },
};

const struct lb_loss LB_LOSS(regression, quantile) = {
	.info = {
		.base = {
			.name = "quantile",
			.title = "Quantile loss (pinball)",
			.cite = "R. Koenker, G. Bassett, Regression quantiles, Econometrica 46(1), 1978",
			.formula = "(1/T) sum_k max(tau u_k, (tau - 1) u_k),  u = t - z",
			.notes = "The mean over the T targets of a row. The best constant is the tau-quantile of the targets. multi_quantile learns several "
				 "levels at once. No gradient at u = 0.",
			.keywords = "pinball check_loss quantile_regression tilted_absolute",
			.params = params,
			.n_params = 1,
		},
		.kind = LB_REGRESSION,
		.good_for = "prediction intervals",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		LB_SAME_AS(pinball_same),
		LB_EXAMPLES(pinball_examples),
	},
	.form = &quantile_form,
};

/* ---- quantile_huber ---- */

LB_ENTRIES_FUNCTION(quantile_huber)
{
	const real tau = (real)in->par[TAU].v, rest = (real)(1 - in->par[TAU].v), d = (real)in->par[DELTA].v;

	for (size_t i = 0; i < n; i++) {
		const real u = t[i] - z[i], w = u >= 0 ? tau : rest, a = u > d ? R(1.0) : u < -d ? R(-1.0) : u / d;
		loss[i] = w * (a * (u - a * d / 2));
		slope[i] = -w * a;
	}
}
LB_RESIDUAL(quantile_huber)

static const struct lb_same_as rounded_same[] = {
	{ .set = "tau=0.5 delta=2", .other = "smooth_l1", .other_set = "beta=2", .scale = 0.5 },
};
static const struct lb_example rounded_examples[] = {
	{ .set = "tau=0.9", .b = 1, .c = 2, .z = { 1, 1 }, .t = { 3, 0.5 }, .value = 0.68125, .source = "by hand: (0.9 (2 - 1/2) + 0.1 * 0.5^2 / 2) / 2" },
};

const struct lb_loss LB_LOSS(regression, quantile_huber) = {
	.info = {
		.base = {
			.name = "quantile_huber",
			.title = "Quantile loss with a rounded corner",
			.cite = "W. Dabney, M. Rowland, M. G. Bellemare, R. Munos, Distributional reinforcement learning with quantile regression, AAAI 2018, "
				"eq. 10; divided by delta",
			.formula = "(1/T) sum_k w_k h(u_k) / d,  u = t - z,  w = tau if u >= 0, else 1 - tau,  h = Huber loss of width d",
			.notes = "The mean over the T targets of a row. Divided by delta, so that it becomes quantile as delta goes to 0.",
			.keywords = "huberized_pinball smooth_quantile qr_dqn",
			LB_PARAMS(params),
		},
		.kind = LB_REGRESSION,
		.good_for = "prediction intervals",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_SAME_AS(rounded_same),
		LB_EXAMPLES(rounded_examples),
	},
	.form = &quantile_huber_form,
};

/* ---- expectile ---- */

LB_ENTRIES_FUNCTION(expectile)
{
	const real tau = (real)in->par[TAU].v, rest = (real)(1 - in->par[TAU].v);

	for (size_t i = 0; i < n; i++) {
		const real u = t[i] - z[i], w = u >= 0 ? tau : rest;
		loss[i] = w * (u * u);
		slope[i] = -2 * w * u;
	}
}
LB_RESIDUAL(expectile)

static const struct lb_same_as expectile_same[] = {
	{ .set = "tau=0.5", .other = "mse", .other_set = "half=true" },
};
static const struct lb_example expectile_examples[] = {
	{ .set = "tau=0.9", .b = 1, .c = 2, .z = { 1, 1 }, .t = { 3, 0 }, .value = 1.85, .source = "by hand: (0.9 * 4 + 0.1 * 1) / 2" },
};

const struct lb_loss LB_LOSS(regression, expectile) = {
	.info = {
		.base = {
			.name = "expectile",
			.title = "Expectile loss: asymmetric squared error",
			.cite = "W. K. Newey, J. L. Powell, Asymmetric least squares estimation and testing, Econometrica 55(4), 1987",
			.formula = "(1/T) sum_k w_k u_k^2,  u = t - z,  w = tau if u >= 0, else 1 - tau",
			.notes = "The mean over the T targets of a row. The best constant is the tau-expectile of the targets, the mean at tau 0.5.",
			.keywords = "asymmetric_least_squares als",
			.params = params,
			.n_params = 1,
		},
		.kind = LB_REGRESSION,
		.good_for = "costs that differ by sign",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_SAME_AS(expectile_same),
		LB_EXAMPLES(expectile_examples),
	},
	.form = &expectile_form,
};

/* ---- linex ---- */

LB_ENTRIES_FUNCTION(linex)
{
	const real a = (real)in->par[0].v;

	for (size_t i = 0; i < n; i++)
		loss[i] = a * (z[i] - t[i]);
	lb_kernel()->expm1_all(n, loss, slope);
	for (size_t i = 0; i < n; i++) {
		loss[i] = lb_exp_less_line(loss[i], slope[i]);
		slope[i] *= a;
	}
}
LB_RESIDUAL(linex)

static int check_linex(const struct lb_arg *par, struct lb_err *err)
{
	return par[0].v != 0 ? 0 : lb_fail(err, LB_CONFIG, "a: found 0, allowed: a number other than 0; as a goes to 0 linex / (a^2 / 2) becomes mse");
}

static const struct lb_example linex_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 1, 0 }, .t = { 0, 1 }, .value = 0.54308063481524377, .source = "by hand: (e - 2 + 1/e) / 2" },
};

const struct lb_loss LB_LOSS(regression, linex) = {
	.info = {
		.base = {
			.name = "linex",
			.title = "LINEX loss: exponential for errors of one sign, linear for the other",
			.cite = "H. R. Varian, A Bayesian approach to real estate assessment, 1975; A. Zellner, Bayesian estimation and prediction using "
				"asymmetric loss functions, JASA 81(394), 1986",
			.formula = "(1/T) sum_k (exp(a e_k) - a e_k - 1),  e = z - t",
			.notes = "The mean over the T targets of a row. Near 0 it is a^2 e^2 / 2.",
			.keywords = "linear_exponential asymmetric",
			LB_PARAMS(linex_params),
			.check = check_linex,
		},
		.kind = LB_REGRESSION,
		.good_for = "costs that differ by sign",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.exceptions = LB_OVERFLOWS,
		LB_EXAMPLES(linex_examples),
	},
	.form = &linex_form,
};
