#include "losses/support/margin.h"

static const struct lb_same_as same_as[] = {
	{ .set = "", .other = "sigmoid", .other_set = "scale=1" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .y = { 1 }, .value = 0.5, .source = "by hand: 1/2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.38689499663415337,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	(void)par;
	return lb_sigmoid_margin(s, R(1.0));
}

LB_MARGIN(mae_sigmoid, phi)

const struct lb_loss LB_LOSS(binary, mae_sigmoid) = {
	.info = {
		.base = {
			.name = "mae_sigmoid",
			.title = "Absolute error of the probability",
			.cite = "A. Ghosh, N. Manwani, P. S. Sastry, Making risk minimization tolerant to label noise, "
				"Neurocomputing 160, 2015",
			.formula = "|p - y|,  p = sigmoid(z)",
			.notes = "phi(s) + phi(-s) = 1, so uniform label noise leaves the minimiser where it is. The "
				 "gradient vanishes where a row is badly wrong.",
			.keywords = "mae absolute_error_sigmoid l1 symmetric",
		},
		.kind = LB_BINARY,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SYMMETRIC | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &mae_sigmoid_form,
};
