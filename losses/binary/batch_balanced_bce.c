#include "losses/support/balanced.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 0, 0, 0 }, .y = { 1, 0, 0 }, .value = 0.30806541358219791,
	  .source = "by hand: (2/3 + 1/3 + 1/3) / 3 log 2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.27733033837870469,
	  .source = "mpmath, 30 digits" },
};

static double batch(const struct lb_batch *in, real *g)
{
	return lb_balanced_bce(in, g);
}

LB_BATCH(batch_balanced_bce, batch)

const struct lb_loss LB_LOSS(binary, batch_balanced_bce) = {
	.info = {
		.base = {
			.name = "batch_balanced_bce",
			.title = "Logistic loss weighted by the class shares of the batch",
			.cite = "S. Han, N. Moniz, N. V. Chawla, AnyLoss: transforming classification metrics into loss "
				"functions, KDD 2024, arXiv 2405.14745: its weighted binary cross-entropy",
			.formula = "(1/B) sum_i w_y log(1 + exp(-s_i)),  w_1 = n0 / B, w_0 = n1 / B",
			.notes = "n1 and n0 are the positives and negatives of this batch, held fixed in the gradient. Both "
				 "classes weigh the same in all. The authors' code adds 1e-5 inside the logarithms. A batch "
				 "that lacks a class has value and gradient 0.",
			.keywords = "wbce weighted_bce balanced_cross_entropy",
		},
		.kind = LB_BINARY,
		.good_for = "class imbalance",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.needs = LB_NEEDS_BOTH_CLASSES,
		LB_EXAMPLES(examples),
	},
	.form = &batch_balanced_bce_form,
};
