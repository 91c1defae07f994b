#include "losses/support/margin.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 3 }, .y = { 1 }, .value = -2, .source = "by hand: 1 - 3" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.40000000000000001,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	(void)par;
	return (struct lb_margin){ .loss = 1 - s, .slope = R(-1.0) };
}

LB_MARGIN(unhinged, phi)

const struct lb_loss LB_LOSS(binary, unhinged) = {
	.info = {
		.base = {
			.name = "unhinged",
			.title = "Unhinged loss: linear, 1 - s",
			.cite = "B. van Rooyen, A. K. Menon, R. C. Williamson, Learning with symmetric label noise: the "
				"importance of being unhinged, NeurIPS 2015",
			.formula = "1 - s",
			.notes = "Unbounded below: weights grow without end unless weight_decay holds them. With weight "
				 "decay on a linear model the minimiser is the difference of the class sums. phi(s) + "
				 "phi(-s) = 2.",
			.keywords = "linear_loss symmetric centroid",
		},
		.kind = LB_BINARY,
		.good_for = "label noise",
		.properties = LB_CONVEX | LB_SMOOTH | LB_SYMMETRIC | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &unhinged_form,
};
