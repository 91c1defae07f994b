/* The squared AUC margin losses. */
#include "losses/support/aucm.h"
#include "losses/support/class_moments.h"

#define CITE_YUAN \
	"Z. Yuan, Y. Yan, M. Sonka, T. Yang, Large-scale robust deep AUC maximization: a new " \
	"surrogate loss and empirical studies on medical image classification, ICCV 2021, arXiv " \
	"2012.03173"

/* ---- aucm_v1 ---- */

static const struct lb_example aucm_v1_examples[] = {
	{ .set = "alpha=1 act=none", .b = 2, .c = 1, .z = { 1, 0 }, .y = { 1, 0 }, .value = -0.25,
	  .source = "by hand: p = 1/2, (0 + 2 (1 - 1) - 1) / 4" },
	{ .set = "a=0.6 b=0.3 alpha=0.4", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.14200210576681604,
	  .source = "mpmath, 30 digits" },
};

static double aucm_v1_batch(const struct lb_batch *in, real *g)
{
	return lb_aucm(in, g, true);
}

LB_BATCH(aucm_v1, aucm_v1_batch)

const struct lb_loss LB_LOSS(binary, aucm_v1) = {
	.info = {
		.base = {
			.name = "aucm_v1",
			.title = "AUC margin loss of the paper at given a, b and alpha",
			.cite = CITE_YUAN,
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
		.properties = LB_SMOOTH,
		.needs = LB_NEEDS_BOTH_CLASSES,
		LB_EXAMPLES(aucm_v1_examples),
	},
	.form = &aucm_v1_form,
};

/* ---- aucm_v2 ---- */

static const struct lb_example aucm_v2_examples[] = {
	{ .set = "alpha=1 act=none", .b = 2, .c = 1, .z = { 1, 0 }, .y = { 1, 0 }, .value = -1,
	  .source = "by hand: 0 + 0 + 2 (1 + 0 - 1) - 1" },
	{ .set = "a=0.6 b=0.3 alpha=0.4", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.56800842306726416,
	  .source = "mpmath, 30 digits" },
};

static double aucm_v2_batch(const struct lb_batch *in, real *g)
{
	return lb_aucm(in, g, false);
}

LB_BATCH(aucm_v2, aucm_v2_batch)

const struct lb_loss LB_LOSS(binary, aucm_v2) = {
	.info = {
		.base = {
			.name = "aucm_v2",
			.title = "AUC margin loss at given a, b and alpha",
			.cite = CITE_YUAN,
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
		.properties = LB_SMOOTH,
		.needs = LB_NEEDS_BOTH_CLASSES,
		LB_EXAMPLES(aucm_v2_examples),
	},
	.form = &aucm_v2_form,
};

/* ---- aucm_exact ---- */

enum { AUCM_EXACT_MARGIN, AUCM_EXACT_ACT };
enum { NONE, SIGMOID };

static const char *const acts[] = { [NONE] = "none", [SIGMOID] = "sigmoid", NULL };

static const struct lb_param aucm_exact_params[] = {
	[AUCM_EXACT_MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 100, .grid = { 0.1, 1, 5 }, .n_grid = 3,
		     .help = "what a positive should be above a negative" },
	[AUCM_EXACT_ACT] = { .name = "act", .symbol = "h", .type = LB_CHOICE_PARAM, .def = SIGMOID, .choices = acts,
		  .help = "h = sigmoid(z), or none: h = z" },
};

static const struct lb_example aucm_exact_examples[] = {
	{ .set = "act=none", .b = 2, .c = 1, .z = { 1, 0.5 }, .y = { 1, 0 }, .value = 0.25, .source = "by hand: (1 - 0.5)^2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.68877887033530885,
	  .source = "mpmath, 30 digits" },
};

static double aucm_exact_batch(const struct lb_batch *in, real *g)
{
	const bool squash = in->par[AUCM_EXACT_ACT].v > NONE;
	const struct lb_spread s = lb_spread(in, squash);
	const double gap = in->par[AUCM_EXACT_MARGIN].v + s.mean[0] - s.mean[1], alpha = gap < 0 ? 0 : gap;

	if (!(s.n[0] > 0 && s.n[1] > 0))
		return lb_flat(in, g, 0);
	for (size_t i = 0; g && i < in->b; i++) {
		const int y = in->y[i] == 1;
		const struct lb_squashed h = lb_squash((double)in->output.value[i], squash);
		g[i] = (real)(2 / s.n[y] * (h.v - s.origin - s.mean[y] + (y ? -alpha : alpha)) * h.slope);
	}
	return s.var[0] + s.var[1] + alpha * alpha;
}

LB_BATCH(aucm_exact, aucm_exact_batch)

const struct lb_loss LB_LOSS(binary, aucm_exact) = {
	.info = {
		.base = {
			.name = "aucm_exact",
			.title = "AUC margin loss with its inner problem solved",
			.cite = CITE_YUAN,
			.formula = "var_1(h) + var_0(h) + max(0, m + mean_0(h) - mean_1(h))^2",
			.notes = "The min-max form of LibAUC (aucm_v2) at its best a, b and alpha for the batch: a and b are "
				 "the class means, alpha = max(0, m + mean_0 - mean_1). Derived, not in the paper; variances "
				 "divide by the number of rows of the class. A batch that lacks a class has value and "
				 "gradient 0.",
			.keywords = "auc_margin libauc aucm pesg",
			LB_PARAMS(aucm_exact_params),
		},
		.kind = LB_BINARY,
		.good_for = "ranking (AUC)",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		.needs = LB_NEEDS_BOTH_CLASSES,
		LB_EXAMPLES(aucm_exact_examples),
	},
	.form = &aucm_exact_form,
};
