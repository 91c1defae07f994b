#include "losses/support/class_moments.h"

enum { MARGIN, ACT };
enum { NONE, SIGMOID };

static const char *const acts[] = { [NONE] = "none", [SIGMOID] = "sigmoid", NULL };

static const struct lb_param params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 100, .grid = { 0.1, 1, 5 }, .n_grid = 3,
		     .help = "what a positive should be above a negative" },
	[ACT] = { .name = "act", .symbol = "h", .type = LB_CHOICE_PARAM, .def = SIGMOID, .choices = acts,
		  .help = "h = sigmoid(z), or none: h = z" },
};

static const struct lb_example examples[] = {
	{ .set = "act=none", .b = 2, .c = 1, .z = { 1, 0.5 }, .y = { 1, 0 }, .value = 0.25, .source = "by hand: (1 - 0.5)^2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.68877887033530885,
	  .source = "mpmath, 30 digits" },
};

static double batch(const struct lb_batch *in, real *g)
{
	const bool squash = in->par[ACT].v > NONE;
	const struct lb_spread s = lb_spread(in, squash);
	const double gap = in->par[MARGIN].v + s.mean[0] - s.mean[1], alpha = gap < 0 ? 0 : gap;

	if (!(s.n[0] > 0 && s.n[1] > 0))
		return lb_flat(in, g, 0);
	for (size_t i = 0; g && i < in->b; i++) {
		const int y = in->y[i] == 1;
		const struct lb_squashed h = lb_squash((double)in->z[i], squash);
		g[i] = (real)(2 / s.n[y] * (h.v - s.origin - s.mean[y] + (y ? -alpha : alpha)) * h.slope);
	}
	return s.var[0] + s.var[1] + alpha * alpha;
}

const struct lb_loss LB_LOSS(binary, aucm_exact) = {
	.info = {
		.base = {
			.name = "aucm_exact",
			.title = "AUC margin loss with its inner problem solved",
			.cite = "Z. Yuan, Y. Yan, M. Sonka, T. Yang, Large-scale robust deep AUC maximization: a new "
				"surrogate loss and empirical studies on medical image classification, ICCV 2021, arXiv "
				"2012.03173",
			.formula = "var_1(h) + var_0(h) + max(0, m + mean_0(h) - mean_1(h))^2",
			.notes = "The min-max form of LibAUC (aucm_v2) at its best a, b and alpha for the batch: a and b are "
				 "the class means, alpha = max(0, m + mean_0 - mean_1). Derived, not in the paper; variances "
				 "divide by the number of rows of the class. A batch that lacks a class has value and "
				 "gradient 0.",
			.keywords = "auc_margin libauc aucm pesg",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "ranking (AUC)",
		.claims = LB_NONNEGATIVE | LB_SMOOTH,
		.needs = LB_NEEDS_BOTH_CLASSES,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.batch = batch,
};
