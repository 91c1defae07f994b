#include "losses/support/margin.h"

static const struct lb_same_as same_as[] = {
	{ .set = "", .other = "savage", .other_set = "scale=1" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .y = { 1 }, .value = 0.25, .source = "by hand: (1/2)^2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.19630748414849022,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const struct lb_margin p = lb_sigmoid_margin(s, R(1.0));

	(void)par;
	return (struct lb_margin){ .loss = p.loss * p.loss, .slope = 2 * p.loss * p.slope };
}

LB_MARGIN(mse_sigmoid, phi)

const struct lb_loss LB_LOSS(binary, mse_sigmoid) = {
	.info = {
		.base = {
			.name = "mse_sigmoid",
			.title = "Squared error of the probability: the Brier score of one score",
			.cite = "G. W. Brier, Verification of forecasts expressed in terms of probability, Monthly Weather "
				"Review 78(1), 1950",
			.formula = "(p - y)^2,  p = sigmoid(z)",
			.notes = "Half of the Brier score that sums over both classes. The gradient vanishes where a row is "
				 "badly wrong.",
			.keywords = "brier mse squared_error_sigmoid mean_squared_error",
		},
		.kind = LB_BINARY,
		.good_for = "calibrated probabilities",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED | LB_PROPER | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &mse_sigmoid_form,
};
