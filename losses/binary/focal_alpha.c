#include "losses/support/margin.h"

enum { ALPHA, GAMMA };

static const struct lb_param params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "a", .def = 0.25, .min = 0, .max = 1, .grid = { 0.25, 0.5, 0.75, 0.9 }, .n_grid = 4,
		    .help = "weight of rows with y = 1" },
	[GAMMA] = { .name = "gamma", .symbol = "g", .def = 2, .min = 0, .max = 100, .grid = { 0, 0.5, 1, 2, 5 }, .n_grid = 5,
		    .help = "down-weighting of easy rows" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "alpha=0.5", .other = "focal", .other_set = "", .scale = 0.5 },
	{ .set = "alpha=0.5 gamma=0", .other = "logistic", .other_set = "", .scale = 0.5 },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.08664339756999316,
	  .source = "by hand: (1/4 + 3/4) / 2 (1/4) log 2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.091142671141038808,
	  .source = "mpmath, 30 digits" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const double alpha = in->par[ALPHA].v;
	const struct lb_margin m = lb_focal_margin(lb_margin_of(in, i, z), (real)in->par[GAMMA].v);

	return lb_margin_row(&m, in->y[i], (real)(in->y[i] ? alpha : 1 - alpha), g);
}

LB_ROW(focal_alpha, row)

const struct lb_loss LB_LOSS(binary, focal_alpha) = {
	.info = {
		.base = {
			.name = "focal_alpha",
			.title = "Focal loss with a class weight",
			.cite = "T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollar, Focal loss for dense object detection, "
				"ICCV 2017, eq. 5",
			.formula = "a_y q^g log(1 + exp(-s)),  a_1 = a, a_0 = 1 - a,  q = sigmoid(-s)",
			.notes = "alpha = 0.25, gamma = 2 are the paper's best for its detector, where easy negatives "
				 "abound: a below 1/2 weighs positives down. At alpha = 1/2 it is half of focal.",
			.keywords = "focal_loss alpha_balanced sigmoid_focal_loss retinanet",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "class imbalance",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &focal_alpha_form,
};
