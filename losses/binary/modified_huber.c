#include "losses/support/margin.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 2 }, .y = { 0 }, .value = 8, .source = "by hand: -4 (-2)" },
	{ .set = "", .b = 1, .c = 1, .z = { 0.5 }, .y = { 0 }, .value = 2.25, .source = "by hand: 1.5^2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.98499999999999999,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const struct lb_margin m = lb_hinge(s);

	(void)par;
	if (s < -1)
		return (struct lb_margin){ .loss = -4 * s, .slope = R(-4.0) };
	return (struct lb_margin){ .loss = m.loss * m.loss, .slope = -2 * m.loss };
}

LB_MARGIN(modified_huber, phi)

const struct lb_loss LB_LOSS(binary, modified_huber) = {
	.info = {
		.base = {
			.name = "modified_huber",
			.title = "Modified Huber loss: squared hinge, linear where badly wrong",
			.cite = "T. Zhang, Solving large scale linear prediction problems using stochastic gradient descent "
				"algorithms, ICML 2004",
			.formula = "max(0, 1 - s)^2 if s >= -1;  -4 s else",
			.notes = "Its minimiser is 2 P(y = 1) - 1 cut to [-1, 1], so (1 + z)/2 cut to [0, 1] estimates the "
				 "probability; that link is not the sigmoid, so the claim proper is not made.",
			.keywords = "huber_classification",
		},
		.kind = LB_BINARY,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &modified_huber_form,
};
