#include "losses/support/active_passive.h"

enum { GAMMA };

static const struct lb_param params[] = {
	[GAMMA] = { .name = "gamma", .symbol = "g", .def = 0.5, .min = 0, .max = 100, .grid = { 0, 0.5, 2 }, .n_grid = 3,
		    .help = "down-weighting of easy classes; 0 is nce" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "gamma=0", .other = "nce", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 3 }, .value = 0.25, .source = "by hand: four equal terms" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.17303594583775693,
	  .source = "mpmath, 30 digits" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_mix mix = { .alpha = 1, .g = in->par[GAMMA].v };

	return lb_active_passive_row(in, i, z, g, mix, NULL);
}

const struct lb_loss LB_LOSS(multiclass, nfl) = {
	.info = {
		.base = {
			.name = "nfl",
			.title = "Normalised focal loss: the share of the label in the sum of focal losses",
			.cite = "X. Ma, H. Huang, Y. Wang, S. Romano, S. Erfani, J. Bailey, Normalized loss functions for deep learning "
				"with noisy labels, ICML 2020",
			.formula = "f_y / sum_k f_k,  f_k = -(1 - p_k)^g log p_k",
			.notes = "Between 0 and 1; the sum over all labels is 1. The code of the paper holds the factors (1 - p_k)^g "
				 "fixed in the gradient; here they are part of the derivative. Meant as the active part of a pair such "
				 "as nfl_rce. Neither proper nor, with three classes or more, calibrated, for the reason given at nce.",
			.keywords = "normalized_focal_loss normalised_focal_loss",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.claims = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED,
		.same_as = same_as,
		.n_same_as = sizeof same_as / sizeof *same_as,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.row = row,
	.softmax = true,
};
