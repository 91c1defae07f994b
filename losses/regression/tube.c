/* Losses without a say within a tube around the target. */
#include "losses/support/residual.h"

static const struct lb_param params[] = {
	{ .name = "eps", .symbol = "eps", .def = 0.1, .min = 0, .max = 1e6, .log_scale = true, .grid = { 0.01, 0.1, 1 }, .n_grid = 3,
	  .help = "half the width of the tube" },
};

LB_ENTRIES_FUNCTION(eps_insensitive)
{
	const real eps = (real)in->par[0].v;

	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i], over = fabs(e) - eps;
		loss[i] = over <= 0 ? R(0.0) : over;
		slope[i] = over <= 0 ? R(0.0) : lb_sign(e);
	}
}
LB_RESIDUAL(eps_insensitive)

static const struct lb_example absolute_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 1, 0.05 }, .t = { 0, 0 }, .value = 0.45, .source = "by hand: (0.9 + 0) / 2" },
};

const struct lb_loss LB_LOSS(regression, eps_insensitive) = {
	.info = {
		.base = {
			.name = "eps_insensitive",
			.title = "Epsilon-insensitive loss: absolute error beyond a tube",
			.cite = "V. Vapnik, The nature of statistical learning theory, Springer, 1995, section 6.1",
			.formula = "(1/T) sum_k max(0, |e_k| - eps),  e = z - t",
			.notes = "The mean over the T targets of a row. The loss of support vector regression: with optimizer lbfgs and weight_decay it is "
				 "scikit-learn's LinearSVR. No gradient within the tube, its edge included.",
			.keywords = "svr epsilon_insensitive support_vector_regression tube",
			LB_PARAMS(params),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		LB_EXAMPLES(absolute_examples),
	},
	.form = &eps_insensitive_form,
};

LB_ENTRIES_FUNCTION(sq_eps_insensitive)
{
	const real eps = (real)in->par[0].v;

	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i], gap = fabs(e) - eps, over = gap <= 0 ? R(0.0) : gap;
		loss[i] = over * over;
		slope[i] = 2 * over * lb_sign(e);
	}
}
LB_RESIDUAL(sq_eps_insensitive)

static const struct lb_same_as squared_same[] = {
	{ .set = "eps=0", .other = "mse", .other_set = "" },
};
static const struct lb_example squared_examples[] = {
	{ .set = "eps=1", .b = 1, .c = 2, .z = { 3, 0.5 }, .t = { 0, 0 }, .value = 2, .source = "by hand: (2^2 + 0) / 2" },
};

const struct lb_loss LB_LOSS(regression, sq_eps_insensitive) = {
	.info = {
		.base = {
			.name = "sq_eps_insensitive",
			.title = "Squared epsilon-insensitive loss: squared error beyond a tube",
			.cite = "C.-H. Ho, C.-J. Lin, Large-scale linear support vector regression, JMLR 13, 2012, eq. 4",
			.formula = "(1/T) sum_k max(0, |e_k| - eps)^2,  e = z - t",
			.notes = "The mean over the T targets of a row. liblinear's L2-loss support vector regression (-s 11, 12).",
			.keywords = "squared_epsilon_insensitive l2_svr support_vector_regression tube",
			LB_PARAMS(params),
		},
		.kind = LB_REGRESSION,
		.good_for = "general use",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_SAME_AS(squared_same),
		LB_EXAMPLES(squared_examples),
	},
	.form = &sq_eps_insensitive_form,
};
