#include "losses/support/margin.h"

enum { W_POS, W_NEG };

static const struct lb_param params[] = {
	[W_POS] = { .name = "w_pos", .symbol = "w_1", .def = 1, .min = 0, .max = 1e6, .grid = { 1, 2, 5, 10, 100 }, .n_grid = 5,
		    .help = "weight of rows with y = 1" },
	[W_NEG] = { .name = "w_neg", .symbol = "w_0", .def = 1, .min = 0, .max = 1e6, .help = "weight of rows with y = 0" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "", .other = "logistic", .other_set = "" },
	{ .set = "w_pos=0.5 w_neg=0.5", .other = "logistic", .other_set = "", .scale = 0.5 },
};

static const struct lb_example examples[] = {
	{ .set = "w_pos=3", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 1.3862943611198906,
	  .source = "by hand: (3 + 1) / 2 log 2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.55466067675740937,
	  .source = "mpmath, 30 digits" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_margin m = lb_logistic(lb_margin_of(in, i, z));

	return lb_margin_row(&m, in->y[i], (real)in->par[in->y[i] ? W_POS : W_NEG].v, g);
}

LB_ROW(weighted_bce, row)

const struct lb_loss LB_LOSS(binary, weighted_bce) = {
	.info = {
		.base = {
			.name = "weighted_bce",
			.title = "Logistic loss with a weight for each class",
			.cite = "C. Elkan, The foundations of cost-sensitive learning, IJCAI 2001",
			.formula = "w_y log(1 + exp(-s)),  w_1 = w_pos, w_0 = w_neg",
			.notes = "The mean divides by the number of rows, not by the sum of weights. Its minimiser decides "
				 "for y = 1 where w_pos P(1) > w_neg P(0): calibrated for the weighted error, not for the "
				 "plain one. Weights by the class counts of the training rows are train.class_weight.",
			.keywords = "pos_weight class_weight weighted_cross_entropy bce_with_logits",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "class imbalance",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &weighted_bce_form,
};
