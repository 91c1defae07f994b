#include "losses/support/soft_confusion.h"

enum { A_FP, B_FN, GAMMA, EPS };

static const struct lb_param params[] = {
	[A_FP] = { .name = "a_fp", .symbol = "a", .def = 0.3, .min = 0, .max = 10, .grid = { 0.1, 0.3, 0.5, 0.7 }, .n_grid = 4,
		   .help = "weight of false positives" },
	[B_FN] = { .name = "b_fn", .symbol = "b", .def = 0.7, .min = 0, .max = 10, .grid = { 0.3, 0.5, 0.7, 0.9 }, .n_grid = 4,
		   .help = "weight of false negatives" },
	[GAMMA] = { .name = "gamma", .symbol = "g", .def = 1.3333333333333333, .min = 0.5, .max = 3, .grid = { 1, 1.3333333333333333, 2 },
		    .n_grid = 3, .help = "the root; 1 is tversky" },
	[EPS] = { .name = "eps", .symbol = "e", .def = 1, .min = 0, .max = 1e3, .grid = { 0, 1e-5, 1 }, .n_grid = 3,
		  .help = "added above and below" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "gamma=1", .other = "tversky", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "gamma=2", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.5, .source = "by hand: sqrt(1/4)" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.346469370308324,
	  .source = "mpmath, 30 digits" },
};

static struct lb_soft metric(const struct lb_counts *c, const struct lb_arg *par)
{
	const double right = c->tp + par[EPS].v, wrong = par[A_FP].v * c->fp + par[B_FN].v * c->fn, den = right + wrong;

	if (!(den > 0))
		return lb_undefined();
	const double share = wrong / den, loss = pow(share, 1 / par[GAMMA].v), by_share = share > 0 ? loss / share / par[GAMMA].v : 0;
	return (struct lb_soft){ .loss = loss, .by_tp = -by_share * (par[B_FN].v * right + wrong) / den / den,
				 .by_fp = by_share * par[A_FP].v * right / den / den };
}

static double batch(const struct lb_batch *in, real *g)
{
	return lb_soft_batch(in, g, &(const struct lb_amp){ .kind = LB_AMP_IDENTITY }, metric);
}

const struct lb_loss LB_LOSS(binary, focal_tversky) = {
	.info = {
		.base = {
			.name = "focal_tversky",
			.title = "Focal Tversky loss: a root of the Tversky loss",
			.cite = "N. Abraham, N. M. Khan, A novel focal Tversky loss function with improved attention U-Net "
				"for lesion segmentation, ISBI 2019, arXiv 1810.07842",
			.formula = "(1 - (TP + e) / (TP + a FP + b FN + e))^(1/g)",
			.notes = "Form and defaults of the authors' code, whose alpha = 0.7 weighs the false negatives and whose "
				 "power 0.75 is 1/g; figure 1 of the paper draws 1 - (Tversky index)^(1/g) instead. g above 1 "
				 "steepens the loss where the overlap is good. At a loss of exactly 0 there is no slope: 0 is "
				 "given. e keeps a batch without positives finite and drives its p to 0; as it is a constant, "
				 "a batch written twice has another value. Where the denominator is 0 the value is 1. p = "
				 "sigmoid(z).",
			.keywords = "focal_tversky_loss segmentation",
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
