#include "losses/support/active_passive.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 3 }, .value = 0.25, .source = "by hand: log(1/4) / (4 log(1/4))" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.20038167624756107,
	  .source = "mpmath, 30 digits" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_mix mix = { .alpha = 1 };

	return lb_active_passive_row(in, i, z, g, mix, NULL);
}

const struct lb_loss LB_LOSS(multiclass, nce) = {
	.info = {
		.base = {
			.name = "nce",
			.title = "Normalised cross-entropy: the share of the label in the sum of cross-entropies",
			.cite = "X. Ma, H. Huang, Y. Wang, S. Romano, S. Erfani, J. Bailey, Normalized loss functions for deep learning "
				"with noisy labels, ICML 2020",
			.formula = "log p_y / sum_k log p_k",
			.notes = "Between 0 and 1; the sum over all labels is 1. Robust by the paper, and underfitting for the same "
				 "reason; it is meant as the active part of a pair such as nce_rce. Neither proper nor, with three "
				 "classes or more, calibrated: the risk comes as near as one likes to the smallest class probability "
				 "with any other class on top, as soon as the score of the least likely class goes to minus infinity.",
			.keywords = "normalized_cross_entropy normalised_cross_entropy",
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.claims = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.row = row,
	.softmax = true,
};
