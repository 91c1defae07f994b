#include "losses/support/margin.h"

enum { POWER };

static const struct lb_param params[] = {
	[POWER] = { .name = "p", .symbol = "p", .def = 3, .min = 1, .max = 8, .grid = { 1, 1.5, 2, 3 }, .n_grid = 4,
		    .help = "power of the hinge: 1 hinge, 2 squared_hinge" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "p=1", .other = "hinge", .other_set = "" },
	{ .set = "p=2", .other = "squared_hinge", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 1.393,
	  .source = "by hand: (0 + 0 + 1.5^3 + 1.3^3) / 4" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const struct lb_margin m = lb_hinge(s);
	const real power = m.loss <= 0 ? R(0.0) : pow(m.loss, (real)(par[POWER].v - 1));

	return (struct lb_margin){ .loss = power * m.loss, .slope = -(real)par[POWER].v * power };
}

LB_MARGIN(poly_hinge, phi)

const struct lb_loss LB_LOSS(binary, poly_hinge) = {
	.info = {
		.base = {
			.name = "poly_hinge",
			.title = "Power of the hinge loss",
			.cite = "Y. Lin, A note on margin-based loss functions in classification, Statistics and Probability Letters 68(1), 2004",
			.formula = "max(0, 1 - s)^p,  s = z for y = 1, -z for y = 0",
			.notes = "At the kink s = 1 the slope is 0; above p = 1 there is none. The larger p, the more rows far on the wrong side count.",
			.keywords = "hinge_power cubic_hinge polynomial svm",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "large margins",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &poly_hinge_form,
};
