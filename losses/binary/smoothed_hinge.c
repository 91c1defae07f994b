#include "losses/support/margin.h"

enum { GAMMA };

static const struct lb_param params[] = {
	[GAMMA] = { .name = "gamma", .symbol = "g", .def = 1, .min = 1e-3, .max = 100, .log_scale = true, .grid = { 0.1, 0.5, 1, 2 },
		    .n_grid = 4, .help = "width of the quadratic part" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0.5 }, .y = { 1 }, .value = 0.125, .source = "by hand: (1/2)^2 / 2" },
	{ .set = "gamma=0.5", .b = 1, .c = 1, .z = { 2 }, .y = { 0 }, .value = 2.75, .source = "by hand: 3 - 0.5/2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.45,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const real u = 1 - s, width = (real)par[GAMMA].v;

	if (u <= 0)
		return (struct lb_margin){ 0 };
	if (u < width)
		return (struct lb_margin){ .loss = u * (u / width) / 2, .slope = -u / width };
	return (struct lb_margin){ .loss = u - width / 2, .slope = R(-1.0) };
}

LB_MARGIN(smoothed_hinge, phi)

const struct lb_loss LB_LOSS(binary, smoothed_hinge) = {
	.info = {
		.base = {
			.name = "smoothed_hinge",
			.title = "Smoothed hinge loss: quadratic near the margin",
			.cite = "S. Shalev-Shwartz, T. Zhang, Stochastic dual coordinate ascent methods for regularized loss "
				"minimization, JMLR 14, 2013; gamma = 1: J. D. M. Rennie, Smooth hinge classification, MIT, "
				"2005",
			.formula = "0 if u <= 0;  u^2 / (2 g) if u < g;  u - g/2 else;  u = 1 - s",
			.notes = "Tends to hinge as gamma falls to 0.",
			.keywords = "smooth_hinge rennie",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "large margins",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &smoothed_hinge_form,
};
