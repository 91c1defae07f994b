#include "losses/support/soft_confusion.h"

enum { EPS };

static const struct lb_param params[] = {
	[EPS] = { .name = "eps", .symbol = "e", .def = 1, .min = 0, .max = 1e3, .grid = { 0, 1e-5, 1 }, .n_grid = 3,
		  .help = "added above and below" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "eps=0", .other = "metric_fbeta", .other_set = "amp=identity" },
	{ .set = "eps=0", .other = "tversky", .other_set = "a_fp=0.5 b_fn=0.5 eps=0" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.33333333333333333,
	  .source = "by hand: 1 - (1 + 1) / (1 + 1 + 1)" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.29990179888889681,
	  .source = "mpmath, 30 digits" },
};

static struct lb_soft metric(const struct lb_counts *c, const struct lb_arg *par)
{
	const double e = par[EPS].v, den = c->tp + c->p + c->fp + e, loss = (c->fp + c->fn) / den;

	if (!(den > 0))
		return lb_undefined();
	return (struct lb_soft){ .loss = loss, .by_tp = -(1 + loss) / den, .by_fp = (2 * c->tp + e) / den / den };
}

static double batch(const struct lb_batch *in, real *g)
{
	return lb_soft_batch(in, g, &(const struct lb_amp){ .kind = LB_AMP_IDENTITY }, metric);
}

const struct lb_loss LB_LOSS(binary, dice) = {
	.info = {
		.base = {
			.name = "dice",
			.title = "Dice loss: overlap of the probabilities with the positives",
			.cite = "F. Milletari, N. Navab, S.-A. Ahmadi, V-Net: fully convolutional neural networks for "
				"volumetric medical image segmentation, 3DV 2016; the form with plain sums",
			.formula = "1 - (2 sum p y + e) / (sum p + sum y + e)",
			.notes = "The form of the SeaBird code (CVPR 2024), whose other code base has e = 0 above and 1e-5 "
				 "below. At e = 0 it is metric_fbeta of amp identity. e keeps a batch without positives "
				 "finite and drives its p to 0; as it is a constant, a batch written twice has another "
				 "value. Where the denominator is 0 the value is 1. p = sigmoid(z).",
			.keywords = "dice_loss soft_dice f1 sorensen segmentation",
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
