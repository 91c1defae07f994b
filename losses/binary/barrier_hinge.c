#include "losses/support/margin.h"

enum { BARRIER, RADIUS };

static const struct lb_param params[] = {
	[BARRIER] = { .name = "b", .symbol = "b", .def = 2, .min = 1, .max = 1e3, .grid = { 1, 2, 10 }, .n_grid = 3,
		      .help = "slope of the barriers" },
	[RADIUS] = { .name = "r", .symbol = "r", .def = 1, .min = 0.01, .max = 100, .log_scale = true, .grid = { 0.5, 1, 5 },
		     .n_grid = 3, .help = "where the barriers stand" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 3 }, .y = { 1 }, .value = 4, .source = "by hand: 2 (3 - 1)" },
	{ .set = "", .b = 1, .c = 1, .z = { 3 }, .y = { 0 }, .value = 5, .source = "by hand: -2 (1 - 3) + 1" },
	{ .set = "", .b = 1, .c = 1, .z = { 0.25 }, .y = { 0 }, .value = 1.25, .source = "by hand: 1 + 0.25" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 1.3,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const real b = (real)par[BARRIER].v, r = (real)par[RADIUS].v;

	if (r - b * (r + s) > r - s)
		return (struct lb_margin){ .loss = r - b * (r + s), .slope = -b };
	if (s > r)
		return (struct lb_margin){ .loss = b * (s - r), .slope = b };
	return (struct lb_margin){ .loss = r - s, .slope = s < r ? R(-1.0) : R(0.0) };
}

LB_MARGIN(barrier_hinge, phi)

const struct lb_loss LB_LOSS(binary, barrier_hinge) = {
	.info = {
		.base = {
			.name = "barrier_hinge",
			.title = "Barrier hinge: convex, and symmetric between its two barriers",
			.cite = "N. Charoenphakdee, J. Lee, M. Sugiyama, On symmetric losses for learning from corrupted "
				"labels, ICML 2019",
			.formula = "max(-b (r + s) + r, b (s - r), r - s)",
			.notes = "phi(s) + phi(-s) = 2 r for |s| <= r; barriers of slope b, from s = r up and from s = -b r "
				 "/ (b - 1) down, keep scores near there. The defaults are ours; LibAUC has b = r = 1. The "
				 "slope at the kink s = r is 0.",
			.keywords = "symmetric",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &barrier_hinge_form,
};
