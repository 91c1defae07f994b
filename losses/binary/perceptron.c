#include "losses/support/margin.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0.5 }, .y = { 0 }, .value = 0.5, .source = "by hand: the score is wrong by 0.5" },
	{ .set = "", .b = 2, .c = 1, .z = { 1, -2 }, .y = { 1, 1 }, .value = 1, .source = "by hand: (0 + 2) / 2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.2,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const bool wrong = !(s > 0);

	(void)par;
	return (struct lb_margin){ .loss = wrong ? -s : R(0.0), .slope = wrong ? R(-1.0) : R(0.0) };
}

LB_MARGIN(perceptron, phi)

const struct lb_loss LB_LOSS(binary, perceptron) = {
	.info = {
		.base = {
			.name = "perceptron",
			.title = "Perceptron loss: the margin by which a row is wrong",
			.cite = "F. Rosenblatt, The perceptron: a probabilistic model for information storage and "
				"organization in the brain, Psychological Review 65(6), 1958",
			.formula = "max(0, -s)",
			.notes = "At the kink s = 0 the slope is -1, the one of the wrong side: all scores are 0 when "
				 "weights start at 0, and slope 0 would leave them there. Not calibrated: the kink is at the "
				 "decision, and scores 0 for all rows have loss 0.",
			.keywords = "perceptron_criterion rosenblatt",
		},
		.kind = LB_BINARY,
		.good_for = "separable data",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		LB_EXAMPLES(examples),
	},
	.form = &perceptron_form,
};
