#include "losses/support/soft_confusion.h"

enum { A_FP, B_FN, EPS };

static const struct lb_param params[] = {
	[A_FP] = { .name = "a_fp", .symbol = "a", .def = 0.3, .min = 0, .max = 10, .grid = { 0.1, 0.3, 0.5, 0.7 }, .n_grid = 4,
		   .help = "weight of false positives" },
	[B_FN] = { .name = "b_fn", .symbol = "b", .def = 0.7, .min = 0, .max = 10, .grid = { 0.3, 0.5, 0.7, 0.9 }, .n_grid = 4,
		   .help = "weight of false negatives" },
	[EPS] = { .name = "eps", .symbol = "e", .def = 1, .min = 0, .max = 1e3, .grid = { 0, 1e-5, 1 }, .n_grid = 3,
		  .help = "added above and below" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "a_fp=0.5 b_fn=0.5 eps=0.5", .other = "dice", .other_set = "eps=1" },
	{ .set = "a_fp=1 b_fn=1", .other = "soft_jaccard", .other_set = "" },
	{ .set = "a_fp=1 b_fn=1 eps=0", .other = "metric_csi", .other_set = "amp=identity" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.25, .source = "by hand: 0.5 / (0.5 + 0.5 + 1)" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.24334352548000696,
	  .source = "mpmath, 30 digits" },
};

static struct lb_soft metric(const struct lb_counts *c, const struct lb_arg *par)
{
	const double e = par[EPS].v, wrong = par[A_FP].v * c->fp + par[B_FN].v * c->fn, right = c->tp + e, den = right + wrong;

	if (!(den > 0))
		return lb_undefined();
	return (struct lb_soft){ .loss = wrong / den, .by_tp = -(par[B_FN].v * right + wrong) / den / den,
				 .by_fp = par[A_FP].v * right / den / den };
}

static double batch(const struct lb_batch *in, real *g)
{
	return lb_soft_batch(in, g, &(const struct lb_amp){ .kind = LB_AMP_IDENTITY }, metric);
}

const struct lb_loss LB_LOSS(binary, tversky) = {
	.info = {
		.base = {
			.name = "tversky",
			.title = "Tversky loss: overlap with a weight for each kind of error",
			.cite = "S. S. M. Salehi, D. Erdogmus, A. Gholipour, Tversky loss function for image segmentation "
				"using 3D fully convolutional deep networks, MLMI 2017",
			.formula = "1 - (TP + e) / (TP + a FP + b FN + e)",
			.notes = "TP = sum of p over the positives, FP over the negatives, FN = P - TP. a = b = 1/2 is dice with "
				 "half its e, a = b = 1 soft_jaccard. e keeps a batch without positives finite and drives its p "
				 "to 0; as it is a constant, a batch written twice has another value. Where the denominator is "
				 "0 the value is 1. p = sigmoid(z).",
			.keywords = "tversky_index f_beta segmentation",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "overlap of regions",
		.claims = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		.limits = LB_SIZE_MATTERS,
		.same_as = same_as,
		.n_same_as = sizeof same_as / sizeof *same_as,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.batch = batch,
};
