#include "losses/support/softmax.h"

enum { GAMMA };

static const struct lb_param params[] = {
	[GAMMA] = { .name = "gamma", .symbol = "g", .def = 2, .min = 0, .max = 100, .grid = { 0, 0.5, 1, 2, 5 }, .n_grid = 5,
		    .help = "down-weighting of easy rows; 0 is cross-entropy" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "gamma=0", .other = "ce", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "gamma=2", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.17328679513998632,
	  .source = "by hand: p_y = 1/2, (1/4) log 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.27341879504161727,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	return lb_focal_phi(s, (real)par[GAMMA].v);
}

LB_LABEL_PROBABILITY(focal, phi)

const struct lb_loss LB_LOSS(multiclass, focal) = {
	.info = {
		.base = {
			.name = "focal",
			.title = "Focal loss: cross-entropy with easy rows weighted down",
			.cite = "T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollar, Focal loss for dense object detection, ICCV 2017, eq. 4",
			.formula = "-q^g log p_y",
			.notes = "The softmax form; the paper's is binary. The factor q^g is part of the derivative. Calibrated for the "
				 "decision, but its minimiser is not the vector of true probabilities unless gamma = 0; convex "
				 "only at gamma = 0.",
			.keywords = "focal_loss retinanet",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "hard examples, class imbalance",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &focal_form,
};
