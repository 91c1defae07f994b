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
	{ .set = "alpha=1 act=none", .b = 2, .c = 1, .z = { 1, 0 }, .y = { 1, 0 }, .value = -0.25,
	  .source = "by hand: p = 1/2, (0 + 2 (1 - 1) - 1) / 4" },
	{ .set = "a=0.6 b=0.3 alpha=0.4", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.14200210576681604,
	  .source = "mpmath, 30 digits" },
};

/* p (1 - p) times aucm_v2 */
static double batch(const struct X(lb_batch) *in, real *g)
{
	const struct lb_arg *par = in->par;
	const bool squash = par[ACT].v > NONE;
	const struct lb_spread s = lb_spread(in, squash);
	const double centre[2] = { par[B].v, par[A].v }, alpha = par[ALPHA].v, gap = par[MARGIN].v + s.mean[0] - s.mean[1];
	double sum = alpha * (2 * gap - alpha);

	if (!(s.n[0] > 0 && s.n[1] > 0))
		return lb_flat(in, g, 0);
	const double weight = s.n[0] * s.n[1] / ((double)in->b * (double)in->b);
	for (int y = 0; y < 2; y++)
		sum += s.var[y] + (s.origin + s.mean[y] - centre[y]) * (s.origin + s.mean[y] - centre[y]);
	for (size_t i = 0; g && i < in->b; i++) {
		const int y = in->y[i] == 1;
		const struct lb_squashed h = lb_squash((double)in->z[i], squash);
		g[i] = (real)(weight * 2 / s.n[y] * (h.v - centre[y] + (y ? -alpha : alpha)) * h.slope);
	}
	return weight * sum;
}

const struct X(lb_loss) X(lb_binary_aucm_v1) = {
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
