#include "losses/support/margin.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 3 }, .y = { 1 }, .value = 4, .source = "by hand: (1 - 3)^2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 1.245,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const real u = 1 - s;

	(void)par;
	return (struct lb_margin){ .loss = u * u, .slope = -2 * u };
}

LB_MARGIN(squared_margin, phi)

const struct lb_loss LB_LOSS(binary, squared_margin) = {
	.info = {
		.base = {
			.name = "squared_margin",
			.title = "Squared error of the score against labels +1 and -1 (ADALINE)",
			.cite = "B. Widrow, M. E. Hoff, Adaptive switching circuits, IRE WESCON Convention Record 4, 1960",
			.formula = "(1 - s)^2",
			.notes = "Also penalises over-confident correct scores. Its minimiser is 2 P(y = 1) - 1, so (1 + z)/2 "
				 "estimates the probability. The value is 4 times the squared error on labels 0 and 1 with "
				 "(1 + z)/2.",
			.keywords = "least_squares_classification adaline lssvm squared_loss mse",
		},
		.kind = LB_BINARY,
		.good_for = "general use",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &squared_margin_form,
};
