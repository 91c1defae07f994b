/* Losses of the overlap between predicted and true classes: one value a batch. */
#include "losses/support/class_overlap.h"

LB_CLASSES_CHOICES;

#define COMMON \
	"One value a batch, of the probabilities p = softmax(z) of its rows. With classes=all an absent class costs 1 unless eps is above " \
	"0, which shrinks the p of such classes; as eps is a constant, a batch written twice has another value then."
#define EPS_PARAM { .name = "eps", .symbol = "e", .def = 0, .min = 0, .max = 1e3, .grid = { 0, 1 }, .n_grid = 2, .help = "added above and below" }
#define TRAITS LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED

/* How much wrong rows weigh against right ones. */
struct weights {
	double fp, fn, eps;
};

/* 1 - (tp + e) / (tp + a fp + b fn + e) of a class; 1 where that is 0/0. */
static double overlap_of(const struct lb_class_counts *n, const struct weights *w, struct lb_class_slope *slope)
{
	const double wrong = w->fp * n->fp + w->fn * n->fn, all = n->tp + wrong + w->eps, loss = wrong / all;

	if (!(all > 0) && !isnan(all))
		return 1;
	slope->by_own = -(w->fn + loss * (1 - w->fn)) / all;
	slope->by_other = w->fp * (n->tp + w->eps) / all / all;
	return loss;
}

/* The same with sums of p^2 in place of those of p, even weights. */
static double squared_of(const struct lb_class_counts *n, double eps, struct lb_class_slope *slope)
{
	const double all = n->square + n->n + eps, loss = n->wrong / all;

	if (!(all > 0) && !isnan(all))
		return 1;
	slope->by_own = -2 / all;
	slope->by_p = 2 * (1 - loss) / all;
	return loss;
}

/* The mean over the classes. */
static double mean_overlap(const struct lb_batch *in, real *g, const struct weights *w, double which, bool squared)
{
	const struct lb_class_table t = lb_count_classes(in);
	double sum = 0, n = 0;

	for (size_t k = 0; k < in->c; k++) {
		if (!lb_class_counts_in(t.count[k].n, which))
			continue;
		sum += squared ? squared_of(&t.count[k], w->eps, &t.slope[k]) : overlap_of(&t.count[k], w, &t.slope[k]);
		n++;
	}
	for (size_t k = 0; k < in->c; k++) {
		t.slope[k].by_own /= n;
		t.slope[k].by_other /= n;
		t.slope[k].by_p /= n;
	}
	return lb_by_classes(in, &t, g, sum / n);
}

/* ---- dice_multiclass ---- */

enum { DICE_EPS, DICE_CLASSES, DICE_SQUARED };
static const struct lb_param dice_params[] = {
	[DICE_EPS] = EPS_PARAM,
	[DICE_CLASSES] = LB_CLASSES_PARAM,
	[DICE_SQUARED] = { .name = "squared", .type = LB_BOOL_PARAM, .def = 0, .help = "sum p^2 in place of sum p below, as V-Net has it" },
};

static const struct lb_same_as dice_same_as[] = {
	{ .set = "", .other = "tversky_multiclass", .other_set = "a_fp=0.5 b_fn=0.5" },
	{ .set = "eps=2 classes=all", .other = "fbeta_multiclass", .other_set = "eps=2 classes=all" },
};

static const struct lb_example dice_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 0, 0, 0, 0 }, .y = { 0, 1 }, .value = 0.5, .source = "by hand: of each class 1 - 2 (1/2) / (1 + 1)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.4144888913, .source = "mpmath, 80 digits" },
};

static double dice_batch(const struct lb_batch *in, real *g)
{
	const bool squared = in->par[DICE_SQUARED].v > 0;
	const struct weights w = { .fp = 0.5, .fn = 0.5, .eps = in->par[DICE_EPS].v / (squared ? 1 : 2) };

	return mean_overlap(in, g, &w, in->par[DICE_CLASSES].v, squared);
}
LB_BATCH(dice_multiclass, dice_batch)

const struct lb_loss LB_LOSS(multiclass, dice_multiclass) = {
	.info = {
		.base = {
			.name = "dice_multiclass",
			.title = "Dice loss of every class: overlap of its probabilities with its rows",
			.cite = "F. Milletari, N. Navab, S.-A. Ahmadi, V-Net: fully convolutional neural networks for volumetric medical image "
				"segmentation, 3DV 2016; over classes as in MONAI",
			.formula = "1 - mean_{k in S} (2 TP_k + e) / (M_k + N_k + e),  TP = sum over rows of class k of p_k, M = sum p_k, N rows of the class",
			.notes = COMMON " It is one minus the macro F1 where the probabilities are 0 and 1.",
			.keywords = "dice soft_dice f1 macro segmentation sorensen",
			LB_PARAMS(dice_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "overlap of regions",
		.properties = TRAITS,
		LB_SAME_AS(dice_same_as),
		LB_EXAMPLES(dice_examples),
	},
	.form = &dice_multiclass_form,
	.workspace = lb_class_room,
};

/* ---- generalised_dice ---- */

static const struct lb_param generalised_params[] = {
	{ .name = "power", .symbol = "w", .def = 2, .min = 0, .max = 10, .grid = { 0, 1, 2 }, .n_grid = 3,
	  .help = "classes weigh by this negative power of their rows: 0 alike" },
};

static const struct lb_example generalised_examples[] = {
	{ .set = "", .b = 3, .c = 2, .z = { 0, 0, 0, 0, 0, 0 }, .y = { 0, 1, 1 }, .value = 0.55555555555555558,
	  .source = "by hand: weights 1 and 1/4, (3/2 + 3/8) / (5/2 + 7/8)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.40621646, .source = "mpmath, 80 digits" },
};

/* Wrong sums over all sums, each weighted by class. */
static double generalised_batch(const struct lb_batch *in, real *g)
{
	const struct lb_class_table t = lb_count_classes(in);
	double wrong = 0, all = 0;

	for (size_t k = 0; k < in->c; k++) {
		const struct lb_class_counts *n = &t.count[k];
		const double weight = n->n > 0 ? pow(n->n, -in->par[0].v) : 0;
		wrong += weight * (n->fp + n->fn);
		all += weight * (n->tp + n->fp + n->n);
		t.slope[k].by_own = t.slope[k].by_other = weight;
	}
	for (size_t k = 0; k < in->c; k++) {
		t.slope[k].by_own *= -(1 + wrong / all) / all;
		t.slope[k].by_other *= (1 - wrong / all) / all;
	}
	return lb_by_classes(in, &t, g, wrong / all);
}
LB_BATCH(generalised_dice, generalised_batch)

const struct lb_loss LB_LOSS(multiclass, generalised_dice) = {
	.info = {
		.base = {
			.name = "generalised_dice",
			.title = "Generalised Dice loss: one ratio of all classes, rare ones weighted up",
			.cite = "C. H. Sudre, W. Li, T. Vercauteren, S. Ourselin, M. J. Cardoso, Generalised Dice overlap as a deep learning loss function for "
				"highly unbalanced segmentations, DLMIA 2017",
			.formula = "1 - 2 sum_k v_k TP_k / sum_k v_k (M_k + N_k),  v_k = N_k^-w",
			.notes = "One value a batch; classes without rows have no part. TP, M, N as in dice_multiclass.",
			.keywords = "generalized_dice gdl segmentation",
			LB_PARAMS(generalised_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "overlap of regions",
		.properties = TRAITS,
		LB_EXAMPLES(generalised_examples),
	},
	.form = &generalised_dice_form,
	.workspace = lb_class_room,
};

/* ---- iou_multiclass ---- */

enum { IOU_EPS, IOU_CLASSES };
static const struct lb_param iou_params[] = {
	[IOU_EPS] = EPS_PARAM,
	[IOU_CLASSES] = LB_CLASSES_PARAM,
};

static const struct lb_same_as iou_same_as[] = {
	{ .set = "eps=0.5", .other = "tversky_multiclass", .other_set = "a_fp=1 b_fn=1 eps=0.5" },
};

static const struct lb_example iou_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 0, 0, 0, 0 }, .y = { 0, 1 }, .value = 0.66666666666666667, .source = "by hand: of each class 1 - (1/2) / (3/2)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.5755377251, .source = "mpmath, 80 digits" },
};

static double iou_batch(const struct lb_batch *in, real *g)
{
	const struct weights w = { .fp = 1, .fn = 1, .eps = in->par[IOU_EPS].v };

	return mean_overlap(in, g, &w, in->par[IOU_CLASSES].v, false);
}
LB_BATCH(iou_multiclass, iou_batch)

const struct lb_loss LB_LOSS(multiclass, iou_multiclass) = {
	.info = {
		.base = {
			.name = "iou_multiclass",
			.title = "Soft Jaccard loss of every class: intersection over union",
			.cite = "M. A. Rahman, Y. Wang, Optimizing intersection-over-union in deep neural networks for image segmentation, ISVC 2016",
			.formula = "1 - mean_{k in S} (TP_k + e) / (M_k + N_k - TP_k + e)",
			.notes = COMMON " TP, M, N as in dice_multiclass. It is one minus the macro Jaccard where the probabilities are 0 and 1.",
			.keywords = "jaccard intersection_over_union macro segmentation",
			LB_PARAMS(iou_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "overlap of regions",
		.properties = TRAITS,
		LB_SAME_AS(iou_same_as),
		LB_EXAMPLES(iou_examples),
	},
	.form = &iou_multiclass_form,
	.workspace = lb_class_room,
};

/* ---- tversky_multiclass ---- */

enum { A_FP, B_FN, TVERSKY_EPS, TVERSKY_CLASSES };
static const struct lb_param tversky_params[] = {
	[A_FP] = { .name = "a_fp", .symbol = "a", .def = 0.3, .min = 0, .max = 100, .min_open = true, .grid = { 0.3, 0.5, 1 }, .n_grid = 3,
		   .help = "weight of rows that are predicted and not of the class" },
	[B_FN] = { .name = "b_fn", .symbol = "b", .def = 0.7, .min = 0, .max = 100, .min_open = true, .grid = { 0.5, 0.7, 1 }, .n_grid = 3,
		   .help = "weight of rows of the class that are missed" },
	[TVERSKY_EPS] = EPS_PARAM,
	[TVERSKY_CLASSES] = LB_CLASSES_PARAM,
};

static const struct lb_example tversky_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 0, 0, 0, 0 }, .y = { 0, 1 }, .value = 0.5, .source = "by hand: of each class 1 - (1/2) / (1/2 + 0.15 + 0.35)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.4674136401, .source = "mpmath, 80 digits" },
};

static double tversky_batch(const struct lb_batch *in, real *g)
{
	const struct weights w = { .fp = in->par[A_FP].v, .fn = in->par[B_FN].v, .eps = in->par[TVERSKY_EPS].v };

	return mean_overlap(in, g, &w, in->par[TVERSKY_CLASSES].v, false);
}
LB_BATCH(tversky_multiclass, tversky_batch)

const struct lb_loss LB_LOSS(multiclass, tversky_multiclass) = {
	.info = {
		.base = {
			.name = "tversky_multiclass",
			.title = "Tversky loss of every class: overlap with weights of their own for false and missed rows",
			.cite = "S. S. M. Salehi, D. Erdogmus, A. Gholipour, Tversky loss function for image segmentation using 3D fully convolutional deep "
				"networks, MLMI 2017",
			.formula = "1 - mean_{k in S} (TP_k + e) / (TP_k + a (M_k - TP_k) + b (N_k - TP_k) + e)",
			.notes = COMMON " TP, M, N as in dice_multiclass. b above a asks for recall.",
			.keywords = "tversky recall precision segmentation",
			LB_PARAMS(tversky_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "overlap of regions",
		.properties = TRAITS,
		LB_EXAMPLES(tversky_examples),
	},
	.form = &tversky_multiclass_form,
	.workspace = lb_class_room,
};

/* ---- fbeta_multiclass ---- */

enum { BETA, FBETA_EPS, FBETA_CLASSES };
static const struct lb_param fbeta_params[] = {
	[BETA] = { .name = "beta", .symbol = "b", .def = 1, .min = 0, .max = 100, .min_open = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		   .help = "how many times as much recall counts as precision" },
	[FBETA_EPS] = EPS_PARAM,
	[FBETA_CLASSES] = LB_CLASSES_PARAM,
};

static const struct lb_same_as fbeta_same_as[] = {
	{ .set = "", .other = "dice_multiclass", .other_set = "" },
	{ .set = "beta=2", .other = "tversky_multiclass", .other_set = "a_fp=0.2 b_fn=0.8" },
};

static const struct lb_example fbeta_examples[] = {
	{ .set = "beta=2", .b = 2, .c = 2, .z = { 0, 0, 0, 0 }, .y = { 0, 0 }, .value = 0.44444444444444444,
	  .source = "by hand: 1 - 5 * 1 / (1 + 4 * 2)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.4144888913, .source = "mpmath, 80 digits" },
};

static double fbeta_batch(const struct lb_batch *in, real *g)
{
	const double b = in->par[BETA].v * in->par[BETA].v;
	const struct weights w = { .fp = 1 / (1 + b), .fn = b / (1 + b), .eps = in->par[FBETA_EPS].v / (1 + b) };

	return mean_overlap(in, g, &w, in->par[FBETA_CLASSES].v, false);
}
LB_BATCH(fbeta_multiclass, fbeta_batch)

const struct lb_loss LB_LOSS(multiclass, fbeta_multiclass) = {
	.info = {
		.base = {
			.name = "fbeta_multiclass",
			.title = "One minus the soft F-beta of every class",
			.cite = "C. J. van Rijsbergen, Information retrieval, 2nd edition, Butterworth, 1979 (the measure, on soft counts)",
			.formula = "1 - mean_{k in S} ((1 + b^2) TP_k + e) / (M_k + b^2 N_k + e)",
			.notes = COMMON " TP, M, N as in dice_multiclass. It is one minus the macro F-beta where the probabilities are 0 and 1.",
			.keywords = "f1 f_beta macro soft_f1",
			LB_PARAMS(fbeta_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "F-beta",
		.properties = TRAITS,
		LB_SAME_AS(fbeta_same_as),
		LB_EXAMPLES(fbeta_examples),
	},
	.form = &fbeta_multiclass_form,
	.workspace = lb_class_room,
};
