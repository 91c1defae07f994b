#include "losses/support/margin.h"

enum { GAMMA };

static const struct lb_param params[] = {
	[GAMMA] = { .name = "gamma", .symbol = "g", .def = 2, .min = 0, .max = 100, .grid = { 0, 0.5, 1, 2, 5 }, .n_grid = 5,
		    .help = "down-weighting of easy rows; 0 is logistic" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "gamma=0", .other = "logistic", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .y = { 1 }, .value = 0.17328679513998632, .source = "by hand: (1/4) log 2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.16881144470006353,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	return lb_focal_margin(s, (real)par[GAMMA].v);
}

LB_MARGIN(focal, phi)

const struct lb_loss LB_LOSS(binary, focal) = {
	.info = {
		.base = {
			.name = "focal",
			.title = "Focal loss: logistic with easy rows weighted down",
			.cite = "T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollar, Focal loss for dense object detection, "
				"ICCV 2017, eq. 4",
			.formula = "q^g log(1 + exp(-s)),  q = sigmoid(-s)",
			.notes = "The paper's binary form without its class weight, which is focal_alpha. The factor q^g is "
				 "part of the derivative. Calibrated for the decision, but sigmoid(z) is not the probability "
				 "unless gamma = 0; convex only at gamma = 0.",
			.keywords = "focal_loss sigmoid_focal_loss retinanet",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "hard examples, class imbalance",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &focal_form,
};
