#include "losses/support/aucm.h"

static const struct lb_example examples[] = {
	{ .set = "alpha=1 act=none", .b = 2, .c = 1, .z = { 1, 0 }, .y = { 1, 0 }, .value = -0.25,
	  .source = "by hand: p = 1/2, (0 + 2 (1 - 1) - 1) / 4" },
	{ .set = "a=0.6 b=0.3 alpha=0.4", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.14200210576681604,
	  .source = "mpmath, 30 digits" },
};

static double batch(const struct lb_batch *in, real *g)
{
	return lb_aucm(in, g, true);
}

const struct lb_loss LB_LOSS(binary, aucm_v1) = {
	.info = {
		.base = {
			.name = "aucm_v1",
			.title = "AUC margin loss of the paper at given a, b and alpha",
			.cite = "Z. Yuan, Y. Yan, M. Sonka, T. Yang, Large-scale robust deep AUC maximization: a new "
				"surrogate loss and empirical studies on medical image classification, ICCV 2021, arXiv "
				"2012.03173",
			.formula = "(1 - p) mean(y (h - a)^2) + p mean((1 - y) (h - b)^2) + 2 alpha (p (1 - p) m + mean(p h "
				   "(1 - y) - (1 - p) h y)) - p (1 - p) alpha^2",
			.notes = "Means run over all rows, p is the share of positives of the batch: then it is p (1 - p) "
				 "aucm_v2. a, b and alpha are trained beside the model in the paper (descent in a and b, "
				 "ascent in alpha >= 0); here they are constants, so that the value can be compared with "
				 "other software: aucm_exact is the loss to train with. The value may be negative.",
			.keywords = "auc_margin libauc aucm pesg",
			LB_PARAMS(lb_aucm_params),
		},
		.kind = LB_BINARY,
		.good_for = "ranking (AUC)",
		.claims = LB_SMOOTH,
		.needs = LB_NEEDS_BOTH_CLASSES,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.batch = batch,
};
