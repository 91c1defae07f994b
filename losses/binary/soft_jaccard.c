#include "losses/support/soft_confusion.h"

enum { EPS };

static const struct lb_param params[] = {
	[EPS] = { .name = "eps", .symbol = "e", .def = 1, .min = 0, .max = 1e3, .grid = { 0, 1e-5, 1 }, .n_grid = 3,
		  .help = "added above and below" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "eps=0", .other = "metric_csi", .other_set = "amp=identity" },
	{ .set = "", .other = "tversky", .other_set = "a_fp=1 b_fn=1" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.4,
	  .source = "by hand: 1 - 1.5 / (1 + 1 - 0.5 + 1)" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.40155845081984039,
	  .source = "mpmath, 30 digits" },
};

static struct lb_soft metric(const struct lb_counts *c, const struct lb_arg *par)
{
	const double e = par[EPS].v, den = c->p + c->fp + e;

	if (!(den > 0))
		return lb_undefined();
	return (struct lb_soft){ .loss = (c->fp + c->fn) / den, .by_tp = -1 / den, .by_fp = (c->tp + e) / den / den };
}

static double batch(const struct lb_batch *in, real *g)
{
	return lb_soft_batch(in, g, &(const struct lb_amp){ .kind = LB_AMP_IDENTITY }, metric);
}

const struct lb_loss LB_LOSS(binary, soft_jaccard) = {
	.info = {
		.base = {
			.name = "soft_jaccard",
			.title = "Soft Jaccard loss: intersection over union of the probabilities",
			.cite = "M. A. Rahman, Y. Wang, Optimizing intersection-over-union in deep neural networks for image "
				"segmentation, ISVC 2016",
			.formula = "1 - (I + e) / (sum p + sum y - I + e),  I = sum p y",
			.notes = "At e = 0 it is metric_csi of amp identity. e keeps a batch without positives finite and "
				 "drives its p to 0; as it is a constant, a batch written twice has another value. Where the "
				 "denominator is 0 the value is 1. p = sigmoid(z).",
			.keywords = "iou_loss jaccard_loss segmentation",
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
