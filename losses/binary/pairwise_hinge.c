#include "losses/support/sorted_pairs.h"

enum { MARGIN };

static const struct lb_param params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 100, .grid = { 0.1, 1, 5 }, .n_grid = 3,
		     .help = "what a positive should be above a negative" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 1, 0.5 }, .y = { 1, 0 }, .value = 0.5, .source = "by hand: 1 - 0.5" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.47500000000000001,
	  .source = "mpmath, 30 digits" },
};

static double batch(const struct lb_batch *in, real *g)
{
	return lb_hinge_pairs_batch(in, g, in->par[MARGIN].v, false);
}

const struct lb_loss LB_LOSS(binary, pairwise_hinge) = {
	.info = {
		.base = {
			.name = "pairwise_hinge",
			.title = "Hinge over all pairs of a positive and a negative",
			.cite = "R. Herbrich, T. Graepel, K. Obermayer, Large margin rank boundaries for ordinal regression, "
				"Advances in Large Margin Classifiers, MIT Press, 2000",
			.formula = "(1/(n1 n0)) sum over positives i, negatives j of max(0, m - (z_i - z_j))",
			.notes = "Exact in O(n log n), see pairwise_squared_hinge. Not consistent with AUC (W. Gao, Z.-H. "
				 "Zhou, IJCAI 2015), unlike its square. The slope of a pair at the kink is 0. A batch that "
				 "lacks a class has value and gradient 0. Adding one constant to all scores changes nothing, "
				 "so the threshold is not learnt.",
			.keywords = "auc ranking all_pairs ranksvm",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "ranking (AUC)",
		.claims = LB_NONNEGATIVE | LB_CONVEX,
		.needs = LB_NEEDS_BOTH_CLASSES,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.batch = batch,
};
