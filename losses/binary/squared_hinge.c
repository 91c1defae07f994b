#include "losses/support/margin.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0.5 }, .y = { 0 }, .value = 2.25, .source = "by hand: (1 + 0.5)^2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.98499999999999999,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const struct lb_margin m = lb_hinge(s);

	(void)par;
	return (struct lb_margin){ .loss = m.loss * m.loss, .slope = -2 * m.loss };
}

LB_MARGIN(squared_hinge, phi)

const struct lb_loss LB_LOSS(binary, squared_hinge) = {
	.info = {
		.base = {
			.name = "squared_hinge",
			.title = "Squared hinge loss (L2-SVM)",
			.cite = "C.-J. Hsieh, K.-W. Chang, C.-J. Lin, S. S. Keerthi, S. Sundararajan, A dual coordinate "
				"descent method for large-scale linear SVM, ICML 2008",
			.formula = "max(0, 1 - s)^2,  s = z for y = 1, -z for y = 0",
			.notes = "Without the factor 1/2 that some texts have. Its slope is continuous, so line searches and "
				 "second-order methods take it.",
			.keywords = "l2_svm squared_hinge_loss hinge2",
		},
		.kind = LB_BINARY,
		.good_for = "large margins",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &squared_hinge_form,
};
