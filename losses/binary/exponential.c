#include "losses/support/margin.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .y = { 1 }, .value = 1, .source = "by hand: exp(0)" },
	{ .set = "", .b = 1, .c = 1, .z = { 1 }, .y = { 0 }, .value = 2.7182818284590452, .source = "by hand: e" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.85877739335623651,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const real e = exp(-s);

	(void)par;
	return (struct lb_margin){ .loss = e, .slope = -e };
}

LB_MARGIN(exponential, phi)

const struct lb_loss LB_LOSS(binary, exponential) = {
	.info = {
		.base = {
			.name = "exponential",
			.title = "Exponential loss of AdaBoost",
			.cite = "Y. Freund, R. E. Schapire, A decision-theoretic generalization of on-line learning and an "
				"application to boosting, Journal of Computer and System Sciences 55(1), 1997",
			.formula = "exp(-s)",
			.notes = "Overflows for s below -88 in float32 and below -709 in float64: the value is +inf and a "
				 "training ends as diverged; clip_norm or a small learning rate keeps it. Its minimiser is "
				 "half the log-odds, so sigmoid(2 z) estimates the probability.",
			.keywords = "exp_loss adaboost boosting",
		},
		.kind = LB_BINARY,
		.good_for = "boosting",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_CALIBRATED,
		.exceptions = LB_OVERFLOWS,
		LB_EXAMPLES(examples),
	},
	.form = &exponential_form,
};
