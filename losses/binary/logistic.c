#include "losses/support/margin.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .y = { 1 }, .value = 0.69314718055994531, .source = "by hand: log 2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.55466067675740937,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	(void)par;
	return lb_logistic(s);
}

LB_MARGIN(logistic, phi)

const struct lb_loss LB_LOSS(binary, logistic) = {
	.info = {
		.base = {
			.name = "logistic",
			.title = "Logistic loss: binary cross-entropy of one score",
			.cite = "D. R. Cox, The regression analysis of binary sequences, Journal of the Royal Statistical Society B 20(2), 1958",
			.formula = "log(1 + exp(-s)),  s = z for y = 1, -z for y = 0",
			.notes = "Takes scores, not probabilities: p = 1 / (1 + exp(-z)). Natural logarithm; divide by log 2 for the form that "
				 "bounds the 0-1 loss.",
			.keywords = "bce binary_cross_entropy bce_with_logits log_loss sigmoid_cross_entropy logloss nll",
		},
		.kind = LB_BINARY,
		.good_for = "general use",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_PROPER | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &logistic_form,
};
