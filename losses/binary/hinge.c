#include "losses/support/margin.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0.25 }, .y = { 0 }, .value = 1.25, .source = "by hand: 1 + 0.25" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.7,
	  .source = "by hand: (0 + 0 + 1.5 + 1.3) / 4" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	(void)par;
	return lb_hinge(s);
}

LB_MARGIN(hinge, phi)

const struct lb_loss LB_LOSS(binary, hinge) = {
	.info = {
		.base = {
			.name = "hinge",
			.title = "Hinge loss of the support vector machine",
			.cite = "C. Cortes, V. Vapnik, Support-vector networks, Machine Learning 20(3), 1995",
			.formula = "max(0, 1 - s),  s = z for y = 1, -z for y = 0",
			.notes = "At the kink s = 1 the slope is 0. Its minimiser is the sign of the Bayes decision, so scores carry no probability.",
			.keywords = "svm hinge_loss l1_svm max_margin",
		},
		.kind = LB_BINARY,
		.good_for = "large margins",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &hinge_form,
};
