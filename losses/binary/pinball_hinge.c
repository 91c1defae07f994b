#include "losses/support/margin.h"

enum { TAU };

static const struct lb_param params[] = {
	[TAU] = { .name = "tau", .symbol = "tau", .def = 0.5, .min = 0, .max = 1, .grid = { 0, 0.1, 0.5, 1 }, .n_grid = 4,
		  .help = "slope above the margin 1" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "tau=0", .other = "hinge", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 3 }, .y = { 1 }, .value = 1, .source = "by hand: (3 - 1)/2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.84999999999999999,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const real tau = (real)par[TAU].v, u = 1 - s;

	if (u < 0)
		return (struct lb_margin){ .loss = tau * -u, .slope = tau };
	return (struct lb_margin){ .loss = u, .slope = u > 0 ? R(-1.0) : R(0.0) };
}

LB_MARGIN(pinball_hinge, phi)

const struct lb_loss LB_LOSS(binary, pinball_hinge) = {
	.info = {
		.base = {
			.name = "pinball_hinge",
			.title = "Pinball hinge: also charges margins above 1 (pin-SVM)",
			.cite = "X. Huang, L. Shi, J. A. K. Suykens, Support vector machine classifier with pinball loss, "
				"IEEE TPAMI 36(5), 2014",
			.formula = "1 - s if s <= 1;  tau (s - 1) else",
			.notes = "tau = 0 is hinge, tau = 1 the absolute error |1 - s|. The slope at the kink is 0.",
			.keywords = "pin_svm quantile",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "feature noise",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &pinball_hinge_form,
};
