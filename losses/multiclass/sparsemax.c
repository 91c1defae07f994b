#include "losses/support/tempered.h"

static const struct lb_same_as same_as[] = {
	{ .set = "", .other = "entmax", .other_set = "alpha=2" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 0.375, .source = "by hand: p = 1/4, (1 - 4/16) / 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.28625,
	  .source = "by hand: p = (0.9, 0, 0.1), ((1 - 0.9)^2 + 0.1^2)/2; p = (0, 1/4, 3/4), ((3/4)^2 + (3/4)^2)/2" },
	{ .set = "", .b = 1, .c = 2, .z = { 0, 3 }, .y = { 0 }, .value = 3, .source = "by hand: p = (0, 1), 3 + 0 - 0" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_entmax_row(in, i, z, g, 2);
}

LB_ROW(sparsemax, row)

const struct lb_loss LB_LOSS(multiclass, sparsemax) = {
	.info = {
		.base = {
			.name = "sparsemax",
			.title = "Sparsemax loss: the scores projected onto the simplex in place of softmax",
			.cite = "A. F. T. Martins, R. F. Astudillo, From softmax to sparsemax: a sparse model of attention and multi-label "
				"classification, ICML 2016",
			.formula = "<p, z> + (1 - sum_k p_k^2) / 2 - z_y,  p the point of the simplex nearest to z",
			.notes = "The gradient is p - e. Value and gradient are exactly 0 once z_y leads by 1. With two classes it is a "
				 "smoothed hinge: quadratic for a lead between -1 and 1, linear below. It is proper for its own link p; "
				 "metrics on probabilities use softmax.",
			.keywords = "sparsemax_loss fenchel_young simplex_projection modified_huber smoothed_hinge",
		},
		.kind = LB_MULTICLASS,
		.good_for = "sparse probabilities",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &sparsemax_form,
};
