#include "losses/binary/spread.h"

enum { MARGIN, A, B, ALPHA, ACT };
enum { NONE, SIGMOID };

static const char *const acts[] = { [NONE] = "none", [SIGMOID] = "sigmoid", NULL };

static const struct lb_param params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 100, .grid = { 0.1, 1, 5 }, .n_grid = 3,
		     .help = "what a positive should be above a negative" },
	[A] = { .name = "a", .symbol = "a", .def = 1, .min = -1e3, .max = 1e3, .help = "what the positives should score" },
	[B] = { .name = "b", .symbol = "b", .def = 0, .min = -1e3, .max = 1e3, .help = "what the negatives should score" },
	[ALPHA] = { .name = "alpha", .symbol = "alpha", .def = 0, .min = 0, .max = 1e3, .grid = { 0, 0.5, 1 }, .n_grid = 3,
		    .help = "multiplier of the margin between the classes" },
	[ACT] = { .name = "act", .symbol = "h", .type = LB_CHOICE_PARAM, .def = SIGMOID, .choices = acts,
		  .help = "h = sigmoid(z), or none: h = z" },
};

static const struct lb_example examples[] = {
	{ .set = "alpha=1 act=none", .b = 2, .c = 1, .z = { 1, 0 }, .y = { 1, 0 }, .value = -1,
	  .source = "by hand: 0 + 0 + 2 (1 + 0 - 1) - 1" },
	{ .set = "a=0.6 b=0.3 alpha=0.4", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.56800842306726416,
	  .source = "mpmath, 30 digits" },
};

static double batch(const struct X(lb_batch) *in, real *g)
{
	const struct lb_arg *par = in->par;
	const bool squash = par[ACT].v > NONE;
	const struct lb_spread s = lb_spread(in, squash);
	const double centre[2] = { par[B].v, par[A].v }, alpha = par[ALPHA].v, gap = par[MARGIN].v + s.mean[0] - s.mean[1];
	double sum = alpha * (2 * gap - alpha);

	if (!(s.n[0] > 0 && s.n[1] > 0))
		return lb_flat(in, g, 0);
	for (int y = 0; y < 2; y++)
		sum += s.var[y] + (s.origin + s.mean[y] - centre[y]) * (s.origin + s.mean[y] - centre[y]);
	for (size_t i = 0; g && i < in->b; i++) {
		const int y = in->y[i] == 1;
		const struct lb_squashed h = lb_squash((double)in->z[i], squash);
		g[i] = (real)(2 / s.n[y] * (h.v - centre[y] + (y ? -alpha : alpha)) * h.slope);
	}
	return sum;
}

const struct X(lb_loss) X(lb_binary_aucm_v2) = {
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
			LB_PARAMS(params),
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
