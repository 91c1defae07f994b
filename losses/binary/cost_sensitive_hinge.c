#include "losses/support/margin.h"

enum { C_FN, C_FP };

static const struct lb_param params[] = {
	[C_FN] = { .name = "c_fn", .symbol = "c_1", .def = 1, .min = 0, .max = 1e6, .grid = { 1, 2, 5, 10, 100 }, .n_grid = 5,
		   .help = "cost of a positive taken for a negative" },
	[C_FP] = { .name = "c_fp", .symbol = "c_0", .def = 1, .min = 0, .max = 1e6, .help = "cost of a negative taken for a positive" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "", .other = "hinge", .other_set = "" },
	{ .set = "c_fn=3 c_fp=3", .other = "hinge", .other_set = "", .scale = 3 },
};

static const struct lb_example examples[] = {
	{ .set = "c_fn=5", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 2,
	  .source = "by hand: (0 + 0 + 1.5 + 5 * 1.3) / 4" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_margin m = lb_hinge(lb_margin_of(in, i, z));

	return lb_margin_row(&m, in->y[i], (real)in->par[in->y[i] ? C_FN : C_FP].v, g);
}

LB_ROW(cost_sensitive_hinge, row)

const struct lb_loss LB_LOSS(binary, cost_sensitive_hinge) = {
	.info = {
		.base = {
			.name = "cost_sensitive_hinge",
			.title = "Hinge loss with a cost for each kind of error",
			.cite = "K. Veropoulos, C. Campbell, N. Cristianini, Controlling the sensitivity of support vector "
				"machines, IJCAI workshop 1999",
			.formula = "c_y max(0, 1 - s),  c_1 = c_fn, c_0 = c_fp",
			.notes = "Calibrated for the error weighted by the costs, not for the plain one. The mean divides by "
				 "the number of rows. At the kink s = 1 the slope is 0.",
			.keywords = "weighted_svm class_weight biased_svm",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "unequal costs",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &cost_sensitive_hinge_form,
};
