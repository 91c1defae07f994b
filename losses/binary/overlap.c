/* Losses of the overlap between the predicted and the true positives. */
#include "losses/support/soft_confusion.h"

/* ---- dice ---- */

enum { DICE_EPS };

static const struct lb_param dice_params[] = {
	[DICE_EPS] = { .name = "eps", .symbol = "e", .def = 1, .min = 0, .max = 1e3, .grid = { 0, 1e-5, 1 }, .n_grid = 3,
		  .help = "added above and below" },
};

static const struct lb_same_as dice_same_as[] = {
	{ .set = "eps=0", .other = "metric_fbeta", .other_set = "amp=identity" },
	{ .set = "eps=0", .other = "tversky", .other_set = "a_fp=0.5 b_fn=0.5 eps=0" },
};

static const struct lb_example dice_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.33333333333333333,
	  .source = "by hand: 1 - (1 + 1) / (1 + 1 + 1)" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.29990179888889681,
	  .source = "mpmath, 30 digits" },
};

static struct lb_soft dice_metric(const struct lb_counts *c, const struct lb_arg *par)
{
	const double e = par[DICE_EPS].v, den = c->tp + c->p + c->fp + e, loss = (c->fp + c->fn) / den;

	if (!(den > 0))
		return lb_undefined();
	return (struct lb_soft){ .loss = loss, .by_tp = -(1 + loss) / den, .by_fp = (2 * c->tp + e) / den / den };
}

LB_CONFUSION(dice, dice_metric)

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
			LB_PARAMS(dice_params),
		},
		.kind = LB_BINARY,
		.good_for = "overlap of regions",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		.exceptions = LB_SIZE_MATTERS,
		LB_SAME_AS(dice_same_as),
		LB_EXAMPLES(dice_examples),
	},
	.form = &dice_form,
};

/* ---- dice_squared ---- */

enum { DICE_SQUARED_EPS };

static const struct lb_param dice_squared_params[] = {
	[DICE_SQUARED_EPS] = { .name = "eps", .symbol = "e", .def = 1, .min = 0, .max = 1e3, .grid = { 0, 1e-5, 1 }, .n_grid = 3,
		  .help = "added above and below" },
};

static const struct lb_example dice_squared_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.2,
	  .source = "by hand: (1/4 + 1/4) / (1/4 + 1/4 + 1 + 1)" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.17854497892602572,
	  .source = "mpmath, 30 digits" },
};

static const struct lb_amp dice_squared_plain = { .kind = LB_AMP_IDENTITY };

/* wrong = sum (p - y)^2, den = sum p^2 + sum y^2 + e */
static double dice_squared_batch(const struct lb_batch *in, real *g)
{
	double wrong = 0, den = in->par[DICE_SQUARED_EPS].v + (double)lb_positives(in);

	for (size_t i = 0; i < in->b; i++) {
		const struct lb_amplified p = lb_amplify((double)in->output.value[i], &dice_squared_plain);
		wrong += in->y[i] ? p.rest * p.rest : p.a * p.a;
		den += p.a * p.a;
	}
	if (!(den > 0))
		return lb_flat(in, g, 1);
	const double loss = wrong / den;
	for (size_t i = 0; g && i < in->b; i++) {
		const struct lb_amplified p = lb_amplify((double)in->output.value[i], &dice_squared_plain);
		g[i] = (real)(2 * ((in->y[i] ? -p.rest : p.a) - loss * p.a) / den * p.slope);
	}
	return loss;
}

LB_BATCH(dice_squared, dice_squared_batch)

const struct lb_loss LB_LOSS(binary, dice_squared) = {
	.info = {
		.base = {
			.name = "dice_squared",
			.title = "Dice loss with squares in the denominator",
			.cite = "F. Milletari, N. Navab, S.-A. Ahmadi, V-Net: fully convolutional neural networks for "
				"volumetric medical image segmentation, 3DV 2016",
			.formula = "1 - (2 sum p y + e) / (sum p^2 + sum y^2 + e)",
			.notes = "The paper's form with e added. By hand it is sum (p - y)^2 / (sum p^2 + sum y^2 + e). e "
				 "keeps a batch without positives finite and drives its p to 0; as it is a constant, a batch "
				 "written twice has another value. Where the denominator is 0 the value is 1. p = "
				 "sigmoid(z).",
			.keywords = "dice_loss vnet segmentation",
			LB_PARAMS(dice_squared_params),
		},
		.kind = LB_BINARY,
		.good_for = "overlap of regions",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(dice_squared_examples),
	},
	.form = &dice_squared_form,
};

/* ---- soft_jaccard ---- */

enum { SOFT_JACCARD_EPS };

static const struct lb_param soft_jaccard_params[] = {
	[SOFT_JACCARD_EPS] = { .name = "eps", .symbol = "e", .def = 1, .min = 0, .max = 1e3, .grid = { 0, 1e-5, 1 }, .n_grid = 3,
		  .help = "added above and below" },
};

static const struct lb_same_as soft_jaccard_same_as[] = {
	{ .set = "eps=0", .other = "metric_csi", .other_set = "amp=identity" },
	{ .set = "", .other = "tversky", .other_set = "a_fp=1 b_fn=1" },
};

static const struct lb_example soft_jaccard_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.4,
	  .source = "by hand: 1 - 1.5 / (1 + 1 - 0.5 + 1)" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.40155845081984039,
	  .source = "mpmath, 30 digits" },
};

static struct lb_soft soft_jaccard_metric(const struct lb_counts *c, const struct lb_arg *par)
{
	const double e = par[SOFT_JACCARD_EPS].v, den = c->p + c->fp + e;

	if (!(den > 0))
		return lb_undefined();
	return (struct lb_soft){ .loss = (c->fp + c->fn) / den, .by_tp = -1 / den, .by_fp = (c->tp + e) / den / den };
}

LB_CONFUSION(soft_jaccard, soft_jaccard_metric)

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
			LB_PARAMS(soft_jaccard_params),
		},
		.kind = LB_BINARY,
		.good_for = "overlap of regions",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		.exceptions = LB_SIZE_MATTERS,
		LB_SAME_AS(soft_jaccard_same_as),
		LB_EXAMPLES(soft_jaccard_examples),
	},
	.form = &soft_jaccard_form,
};

/* ---- tversky ---- */

enum { TVERSKY_A_FP, TVERSKY_B_FN, TVERSKY_EPS };

static const struct lb_param tversky_params[] = {
	[TVERSKY_A_FP] = { .name = "a_fp", .symbol = "a", .def = 0.3, .min = 0, .max = 10, .grid = { 0.1, 0.3, 0.5, 0.7 }, .n_grid = 4,
		   .help = "weight of false positives" },
	[TVERSKY_B_FN] = { .name = "b_fn", .symbol = "b", .def = 0.7, .min = 0, .max = 10, .grid = { 0.3, 0.5, 0.7, 0.9 }, .n_grid = 4,
		   .help = "weight of false negatives" },
	[TVERSKY_EPS] = { .name = "eps", .symbol = "e", .def = 1, .min = 0, .max = 1e3, .grid = { 0, 1e-5, 1 }, .n_grid = 3,
		  .help = "added above and below" },
};

static const struct lb_same_as tversky_same_as[] = {
	{ .set = "a_fp=0.5 b_fn=0.5 eps=0.5", .other = "dice", .other_set = "eps=1" },
	{ .set = "a_fp=1 b_fn=1", .other = "soft_jaccard", .other_set = "" },
	{ .set = "a_fp=1 b_fn=1 eps=0", .other = "metric_csi", .other_set = "amp=identity" },
};

static const struct lb_example tversky_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.25, .source = "by hand: 0.5 / (0.5 + 0.5 + 1)" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.24334352548000696,
	  .source = "mpmath, 30 digits" },
};

static struct lb_soft tversky_metric(const struct lb_counts *c, const struct lb_arg *par)
{
	const double e = par[TVERSKY_EPS].v, wrong = par[TVERSKY_A_FP].v * c->fp + par[TVERSKY_B_FN].v * c->fn, right = c->tp + e, den = right + wrong;

	if (!(den > 0))
		return lb_undefined();
	return (struct lb_soft){ .loss = wrong / den, .by_tp = -(par[TVERSKY_B_FN].v * right + wrong) / den / den,
				 .by_fp = par[TVERSKY_A_FP].v * right / den / den };
}

LB_CONFUSION(tversky, tversky_metric)

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
			LB_PARAMS(tversky_params),
		},
		.kind = LB_BINARY,
		.good_for = "overlap of regions",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		.exceptions = LB_SIZE_MATTERS,
		LB_SAME_AS(tversky_same_as),
		LB_EXAMPLES(tversky_examples),
	},
	.form = &tversky_form,
};

/* ---- focal_tversky ---- */

enum { FOCAL_TVERSKY_A_FP, FOCAL_TVERSKY_B_FN, FOCAL_TVERSKY_GAMMA, FOCAL_TVERSKY_EPS };

static const struct lb_param focal_tversky_params[] = {
	[FOCAL_TVERSKY_A_FP] = { .name = "a_fp", .symbol = "a", .def = 0.3, .min = 0, .max = 10, .grid = { 0.1, 0.3, 0.5, 0.7 }, .n_grid = 4,
		   .help = "weight of false positives" },
	[FOCAL_TVERSKY_B_FN] = { .name = "b_fn", .symbol = "b", .def = 0.7, .min = 0, .max = 10, .grid = { 0.3, 0.5, 0.7, 0.9 }, .n_grid = 4,
		   .help = "weight of false negatives" },
	[FOCAL_TVERSKY_GAMMA] = { .name = "gamma", .symbol = "g", .def = 1.3333333333333333, .min = 0.5, .max = 3, .grid = { 1, 1.3333333333333333, 2 },
		    .n_grid = 3, .help = "the root; 1 is tversky" },
	[FOCAL_TVERSKY_EPS] = { .name = "eps", .symbol = "e", .def = 1, .min = 0, .max = 1e3, .grid = { 0, 1e-5, 1 }, .n_grid = 3,
		  .help = "added above and below" },
};

static const struct lb_same_as focal_tversky_same_as[] = {
	{ .set = "gamma=1", .other = "tversky", .other_set = "" },
};

static const struct lb_example focal_tversky_examples[] = {
	{ .set = "gamma=2", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.5, .source = "by hand: sqrt(1/4)" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.346469370308324,
	  .source = "mpmath, 30 digits" },
};

static struct lb_soft focal_tversky_metric(const struct lb_counts *c, const struct lb_arg *par)
{
	const double right = c->tp + par[FOCAL_TVERSKY_EPS].v, wrong = par[FOCAL_TVERSKY_A_FP].v * c->fp + par[FOCAL_TVERSKY_B_FN].v * c->fn, den = right + wrong;

	if (!(den > 0))
		return lb_undefined();
	const double share = wrong / den, loss = pow(share, 1 / par[FOCAL_TVERSKY_GAMMA].v), by_share = share > 0 ? loss / share / par[FOCAL_TVERSKY_GAMMA].v : 0;
	return (struct lb_soft){ .loss = loss, .by_tp = -by_share * (par[FOCAL_TVERSKY_B_FN].v * right + wrong) / den / den,
				 .by_fp = by_share * par[FOCAL_TVERSKY_A_FP].v * right / den / den };
}

LB_CONFUSION(focal_tversky, focal_tversky_metric)

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
			LB_PARAMS(focal_tversky_params),
		},
		.kind = LB_BINARY,
		.good_for = "overlap of regions",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		.exceptions = LB_SIZE_MATTERS,
		LB_SAME_AS(focal_tversky_same_as),
		LB_EXAMPLES(focal_tversky_examples),
	},
	.form = &focal_tversky_form,
};
