/* Losses of the shift e = z - t of an interval of known length: those of the distance, and those of
 * the overlap of the interval shifted with the interval as it is. */
#include "losses/support/residual.h"

#define SOURCE "A. Kumar, Y. Guo, X. Huang, L. Ren, X. Liu, SeaBird: segmentation in bird's view with dice loss improves monocular 3D " \
	       "detection of large objects, CVPR 2024, section 3.2"

static const struct lb_param length[] = {
	{ .name = "length", .symbol = "l", .def = 4, .min = 1e-6, .max = 1e6, .min_open = true, .log_scale = true, .grid = { 1, 4, 12 }, .n_grid = 3,
	  .help = "length of the interval, in units of the target" },
};

/* ---- by the distance ---- */

LB_ENTRIES_FUNCTION(shift_l1)
{
	(void)in;
	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i];
		loss[i] = fabs(e);
		slope[i] = lb_sign(e);
	}
}
LB_RESIDUAL(shift_l1)

static const struct lb_same_as l1_same[] = { { .set = "", .other = "mae", .other_set = "" } };
static const struct lb_example l1_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 1, -3 }, .t = { 0, 0 }, .value = 2, .source = "by hand: (1 + 3) / 2" },
};

const struct lb_loss LB_LOSS(regression, shift_l1) = {
	.info = {
		.base = {
			.name = "shift_l1",
			.title = "Shift of an interval: its absolute size",
			.cite = SOURCE,
			.formula = "(1/T) sum_k |e_k|,  e = z - t",
			.notes = "The mean over the T targets of a row. It is mae, beside shift_dice in the study of how a gradient varies with noise: with "
				 "shifts e ~ N(0, s^2) the mean square of the gradient is 1. No gradient at e = 0.",
			.keywords = "seabird l1 gradient_variance localisation localization",
		},
		.kind = LB_REGRESSION,
		.good_for = "intervals",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		LB_SAME_AS(l1_same),
		LB_EXAMPLES(l1_examples),
	},
	.form = &shift_l1_form,
};

LB_ENTRIES_FUNCTION(shift_l2)
{
	(void)in;
	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i];
		loss[i] = e * e / 2;
		slope[i] = e;
	}
}
LB_RESIDUAL(shift_l2)

static const struct lb_same_as l2_same[] = { { .set = "", .other = "mse", .other_set = "half=true" } };
static const struct lb_example l2_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 1, -3 }, .t = { 0, 0 }, .value = 2.5, .source = "by hand: (1/2 + 9/2) / 2" },
};

const struct lb_loss LB_LOSS(regression, shift_l2) = {
	.info = {
		.base = {
			.name = "shift_l2",
			.title = "Shift of an interval: half its square",
			.cite = SOURCE,
			.formula = "(1/T) sum_k e_k^2 / 2,  e = z - t",
			.notes = "The mean over the T targets of a row. It is mse with half, beside shift_dice in the study of how a gradient varies with "
				 "noise: with shifts e ~ N(0, s^2) the mean square of the gradient is s^2.",
			.keywords = "seabird l2 gradient_variance localisation localization",
		},
		.kind = LB_REGRESSION,
		.good_for = "intervals",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_SAME_AS(l2_same),
		LB_EXAMPLES(l2_examples),
	},
	.form = &shift_l2_form,
};

LB_ENTRIES_FUNCTION(shift_smooth_l1)
{
	(void)in;
	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i], size = fabs(e);
		loss[i] = size <= 1 ? e * e / 2 : size - R(0.5);
		slope[i] = size <= 1 ? e : lb_sign(e);
	}
}
LB_RESIDUAL(shift_smooth_l1)

static const struct lb_same_as smooth_same[] = {
	{ .set = "", .other = "huber", .other_set = "delta=1" },
	{ .set = "", .other = "smooth_l1", .other_set = "beta=1" },
};
static const struct lb_example smooth_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0.5, -3 }, .t = { 0, 0 }, .value = 1.3125, .source = "by hand: (1/8 + 5/2) / 2" },
};

const struct lb_loss LB_LOSS(regression, shift_smooth_l1) = {
	.info = {
		.base = {
			.name = "shift_smooth_l1",
			.title = "Shift of an interval: squared up to 1, then linear",
			.cite = SOURCE,
			.formula = "(1/T) sum_k (e_k^2 / 2 if |e_k| <= 1, else |e_k| - 1/2),  e = z - t",
			.notes = "The mean over the T targets of a row. It is huber with delta 1, beside shift_dice in the study of how a gradient varies "
				 "with noise.",
			.keywords = "seabird smooth_l1 huber gradient_variance localisation localization",
		},
		.kind = LB_REGRESSION,
		.good_for = "intervals",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_SAME_AS(smooth_same),
		LB_EXAMPLES(smooth_examples),
	},
	.form = &shift_smooth_l1_form,
};

/* ---- by the overlap ---- */

/* 1 - 2 (l - |e|) / (l + l) while the two overlap */
LB_ENTRIES_FUNCTION(shift_dice)
{
	const real l = (real)in->par[0].v;

	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i], size = fabs(e);
		loss[i] = size > l ? R(1.0) : size / l;
		slope[i] = size > l ? R(0.0) : lb_sign(e) / l;
	}
}
LB_RESIDUAL(shift_dice)

static const struct lb_example dice_examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 1, -3, 9 }, .t = { 0, 0, 0 }, .value = 0.66666666666666667, .source = "by hand: (1/4 + 3/4 + 1) / 3" },
	{ .set = "length=12", .b = 1, .c = 1, .z = { 3 }, .t = { 0 }, .value = 0.25, .source = "by hand: 1 - 2 * 9 / 24" },
};

const struct lb_loss LB_LOSS(regression, shift_dice) = {
	.info = {
		.base = {
			.name = "shift_dice",
			.title = "Shift of an interval: the dice loss of its overlap with its place",
			.cite = SOURCE,
			.formula = "(1/T) sum_k min(1, |e_k| / l),  e = z - t",
			.notes = "The mean over the T targets of a row. One less twice the common length over the sum of the lengths. With shifts e ~ N(0, s^2) "
				 "the mean square of the gradient is erf(l / (s sqrt 2)) / l^2: below that of shift_l1 for every s when l > 1, and the "
				 "smaller the longer the interval. An interval that does not touch its place gets no gradient, so that training has to "
				 "begin near it. No gradient at e = 0 either.",
			.keywords = "seabird dice overlap gradient_variance localisation localization",
			LB_PARAMS(length),
		},
		.kind = LB_REGRESSION,
		.good_for = "intervals",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		LB_EXAMPLES(dice_examples),
	},
	.form = &shift_dice_form,
};

/* 1 - (l - |e|) / (l + |e|) while the two overlap */
LB_ENTRIES_FUNCTION(shift_iou)
{
	const real l = (real)in->par[0].v;

	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i], size = fabs(e), joint = l + size;
		loss[i] = size > l ? R(1.0) : 2 * size / joint;
		slope[i] = size > l ? R(0.0) : 2 * (l / joint) * lb_sign(e) / joint;
	}
}
LB_RESIDUAL(shift_iou)

static const struct lb_example iou_examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 1, -4, 9 }, .t = { 0, 0, 0 }, .value = 0.8, .source = "by hand: (2/5 + 1 + 1) / 3" },
};

const struct lb_loss LB_LOSS(regression, shift_iou) = {
	.info = {
		.base = {
			.name = "shift_iou",
			.title = "Shift of an interval: one less the intersection over the union with its place",
			.cite = "J. Yu, Y. Jiang, Z. Wang, Z. Cao, T. Huang, UnitBox: an advanced object detection network, ACM Multimedia 2016; in one "
				"dimension as in SeaBird, CVPR 2024",
			.formula = "(1/T) sum_k min(1, 2 |e_k| / (l + |e_k|)),  e = z - t",
			.notes = "The mean over the T targets of a row. 2 d / (1 + d) of shift_dice's d. An interval that does not touch its place gets no "
				 "gradient. No gradient at e = 0 either.",
			.keywords = "seabird iou jaccard overlap localisation localization",
			LB_PARAMS(length),
		},
		.kind = LB_REGRESSION,
		.good_for = "intervals",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		LB_EXAMPLES(iou_examples),
	},
	.form = &shift_iou_form,
};
