#include "losses/support/margin.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 2.718281828459045 }, .y = { 1 }, .value = -1, .source = "by hand: -log e" },
	{ .set = "", .b = 1, .c = 1, .z = { 0.5 }, .y = { 0 }, .value = 1.5, .source = "by hand: 1 + 0.5" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.48113281566152502,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const bool above = s > 1;

	(void)par;
	return (struct lb_margin){ .loss = above ? -log(s) : 1 - s, .slope = above ? -1 / s : R(-1.0) };
}

LB_MARGIN(log_hinge, phi)

const struct lb_loss LB_LOSS(binary, log_hinge) = {
	.info = {
		.base = {
			.name = "log_hinge",
			.title = "Logarithmic hinge: linear, then -log s beyond the margin",
			.cite = "B. Dai, EnsLoss: stochastic calibrated loss ensembles for preventing overfitting in "
				"classification, ICML 2025 (PMLR 267), and its repository",
			.formula = "1 - s if s <= 1;  -log s else",
			.notes = "Unbounded below, though slowly: a little weight_decay keeps separable data from running "
				 "away. From the paper's repository, where it is one of the fixed losses.",
			.keywords = "log_tail heavy_tail",
		},
		.kind = LB_BINARY,
		.good_for = "overfitting",
		.properties = LB_CONVEX | LB_SMOOTH | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &log_hinge_form,
};
