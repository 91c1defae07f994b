#include "losses/support/class_moments.h"

enum { MARGIN };

static const struct lb_param params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 100, .grid = { 0.1, 1, 5 }, .n_grid = 3,
		     .help = "what a positive should be above a negative" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 1, 0.5 }, .y = { 1, 0 }, .value = 0.25, .source = "by hand: (1 - 0.5)^2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 2.0849999999999999,
	  .source = "mpmath, 30 digits" },
};

static double batch(const struct lb_batch *in, real *g)
{
	const struct lb_spread s = lb_spread(in, false);
	const double short_by = in->par[MARGIN].v - (s.mean[1] - s.mean[0]);

	if (!(s.n[0] > 0 && s.n[1] > 0))
		return lb_flat(in, g, 0);
	for (size_t i = 0; g && i < in->b; i++) {
		const int y = in->y[i] == 1;
		g[i] = (real)(2 / s.n[y] * ((double)in->z[i] - s.origin - s.mean[y] + (y ? -short_by : short_by)));
	}
	return s.var[0] + s.var[1] + short_by * short_by;
}

const struct lb_loss LB_LOSS(binary, pairwise_squared) = {
	.info = {
		.base = {
			.name = "pairwise_squared",
			.title = "Squared error over all pairs of a positive and a negative",
			.cite = "W. Gao, R. Jin, S. Zhu, Z.-H. Zhou, One-pass AUC optimization, ICML 2013",
			.formula = "(1/(n1 n0)) sum over positives i, negatives j of (m - (z_i - z_j))^2",
			.notes = "Exact in O(n): it is var_1 + var_0 + (m - (mean_1 - mean_0))^2, with means and variances "
				 "of the scores of each class. The paper halves it. A batch that lacks a class has value and "
				 "gradient 0. Adding one constant to all scores changes nothing, so the threshold is not "
				 "learnt.",
			.keywords = "auc ranking all_pairs opauc pairwise_least_squares",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "ranking (AUC)",
		.claims = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.needs = LB_NEEDS_BOTH_CLASSES,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.batch = batch,
};
