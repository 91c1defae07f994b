#include "losses/support/margin.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 2 }, .y = { 1 }, .value = -0.5, .source = "by hand: 1/2 - 1" },
	{ .set = "", .b = 1, .c = 1, .z = { 0.5 }, .y = { 0 }, .value = 1.5, .source = "by hand: 1 + 0.5" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.53333333333333334,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const real inv = 1 / (s > 1 ? s : R(1.0));

	(void)par;
	return (struct lb_margin){ .loss = s > 1 ? (1 - s) * inv : 1 - s, .slope = -inv * inv };
}

LB_MARGIN(inv_hinge, phi)

const struct lb_loss LB_LOSS(binary, inv_hinge) = {
	.info = {
		.base = {
			.name = "inv_hinge",
			.title = "Inverse hinge: linear, then 1/s beyond the margin",
			.cite = "B. Dai, EnsLoss: stochastic calibrated loss ensembles for preventing overfitting in "
				"classification, ICML 2025 (PMLR 267), and its repository",
			.formula = "1 - s if s <= 1;  1/s - 1 else",
			.notes = "Falls on, to -1, so right rows keep a gradient. From the paper's repository, where it is "
				 "one of the fixed losses.",
			.keywords = "inverse_hinge heavy_tail",
		},
		.kind = LB_BINARY,
		.good_for = "overfitting",
		.properties = LB_CONVEX | LB_SMOOTH | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &inv_hinge_form,
};
