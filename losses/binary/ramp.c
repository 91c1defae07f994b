#include "losses/support/margin.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .y = { 1 }, .value = 0.5, .source = "by hand: 1/2" },
	{ .set = "", .b = 1, .c = 1, .z = { 3 }, .y = { 0 }, .value = 1, .source = "by hand: cut at 1" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.35,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const real u = (1 - s) / 2;
	const bool low = u <= 0, high = u >= 1;

	(void)par;
	return (struct lb_margin){ .loss = low ? R(0.0) : high ? R(1.0) : u, .slope = low || high ? R(0.0) : R(-0.5) };
}

LB_MARGIN(ramp, phi)

const struct lb_loss LB_LOSS(binary, ramp) = {
	.info = {
		.base = {
			.name = "ramp",
			.title = "Ramp loss: the hinge cut at 1",
			.cite = "R. Collobert, F. Sinz, J. Weston, L. Bottou, Trading convexity for scalability, ICML 2006",
			.formula = "min(1, max(0, (1 - s)/2))",
			.notes = "Half of the paper's R with s = -1, so that it lies in [0, 1] and phi(s) + phi(-s) = 1. The "
				 "slope at both kinks is 0. Rows outside the ramp have no gradient: start from small "
				 "weights.",
			.keywords = "truncated_hinge robust_svm psi_learning",
		},
		.kind = LB_BINARY,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SYMMETRIC | LB_BOUNDED | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &ramp_form,
};
