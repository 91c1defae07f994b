#include "losses/support/margin.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .y = { 1 }, .value = 1, .source = "by hand: (0 - 1)^2" },
	{ .set = "", .b = 1, .c = 1, .z = { 1 }, .y = { 1 }, .value = 0.32580844668254642, .source = "by hand: (pi/2 - 1)^2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 2.0650697947968728,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const real u = 2 * atan(s) - 1;

	(void)par;
	return (struct lb_margin){ .loss = u * u, .slope = 4 * u / (1 + s * s) };
}

LB_MARGIN(tangent, phi)

const struct lb_loss LB_LOSS(binary, tangent) = {
	.info = {
		.base = {
			.name = "tangent",
			.title = "Tangent loss: bounded; penalises over-confident correct scores",
			.cite = "H. Masnadi-Shirazi, V. Mahadevan, N. Vasconcelos, On the design of robust classifiers for "
				"computer vision, CVPR 2010",
			.formula = "(2 atan(s) - 1)^2",
			.notes = "Smallest, 0, at s = tan(1/2); it grows again above, to (pi - 1)^2 = 4.59, and to (pi + 1)^2 = "
				 "17.2 on the wrong side. The link is p = atan(z) + 1/2. The gradient vanishes far from 0.",
			.keywords = "tangentboost",
		},
		.kind = LB_BINARY,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &tangent_form,
};
