#include "losses/support/aucm.h"

static const struct lb_example examples[] = {
	{ .set = "alpha=1 act=none", .b = 2, .c = 1, .z = { 1, 0 }, .y = { 1, 0 }, .value = -1,
	  .source = "by hand: 0 + 0 + 2 (1 + 0 - 1) - 1" },
	{ .set = "a=0.6 b=0.3 alpha=0.4", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.56800842306726416,
	  .source = "mpmath, 30 digits" },
};

static double batch(const struct lb_batch *in, real *g)
{
	return lb_aucm(in, g, false);
}

const struct lb_loss LB_LOSS(binary, aucm_v2) = {
	.info = {
		.base = {
			.name = "aucm_v2",
			.title = "AUC margin loss at given a, b and alpha",
			.cite = "Z. Yuan, Y. Yan, M. Sonka, T. Yang, Large-scale robust deep AUC maximization: a new "
				"surrogate loss and empirical studies on medical image classification, ICCV 2021, arXiv "
				"2012.03173",
			.formula = "mean_1((h - a)^2) + mean_0((h - b)^2) + 2 alpha (m + mean_0(h) - mean_1(h)) - alpha^2",
			.notes = "LibAUC's second version, which needs no class ratio. a, b and alpha are trained beside the "
				 "model in the paper (descent in a and b, ascent in alpha >= 0); here they are constants, so "
				 "that the value can be compared with other software: aucm_exact is the loss to train with. "
				 "LibAUC's code misplaces a bracket: its alpha term has (n0/B) mean_0; the formula is "
				 "followed here. The value may be negative.",
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
