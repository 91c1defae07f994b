#include "losses/support/row_lanes.h"

enum { MARGIN };

static const struct lb_param params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 1e3, .min_open = true, .log_scale = true,
		     .grid = { 0.1, 1, 10 }, .n_grid = 3, .help = "lead that the label's score must have over every other" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 1, -0.5, 0.2 }, .y = { 0 }, .value = 0.2, .source = "by hand: 0.2 - 1 + 1" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.85,
	  .source = "by hand: (0.2 + 1.5) / 2" },
};

LB_BODY void body(size_t n, const struct lb_arg *par, struct lb_lane_rows *at)
{
	const real margin = (real)par[MARGIN].v;
	real loss[LB_PANEL] = { 0 }, worst[LB_PANEL];

	for (size_t i = 0; i < n; i++)
		worst[i] = at->label[i];
	for (size_t k = 0; k < at->c; k++)
		for (size_t i = 0; i < n; i++) {
			const real u = at->z[k * n + i] - at->own[i] + margin;
			const bool other = (real)k < at->label[i] || (real)k > at->label[i];
			const bool more = (other && u > loss[i]) || isnan(u);
			loss[i] = more ? u : loss[i];
			worst[i] = more ? (real)k : worst[i];
			at->g[k * n + i] = 0;
		}
	for (size_t i = 0; i < n; i++) {
		at->loss[i] = loss[i];
		at->g[(size_t)worst[i] * n + i] += 1;
		at->g[(size_t)at->label[i] * n + i] -= 1;
	}
}

LB_SIDE_BY_SIDE(cs, false, body)

const struct lb_loss LB_LOSS(multiclass, cs) = {
	.info = {
		.base = {
			.name = "cs",
			.title = "Crammer-Singer hinge: the largest margin violation",
			.cite = "K. Crammer, Y. Singer, On the algorithmic implementation of multiclass kernel-based vector machines, "
				"JMLR 2, 2001",
			.formula = "max_k (z_k - z_y + m [k != y])",
			.notes = "The term k = y is 0, so the value is never negative. On ties the lowest index takes the slope; a hinge at "
				 "exactly 0 has slope 0. Not calibrated when no class has probability above 1/2.",
			.keywords = "crammer_singer multiclass_hinge multi_margin svm",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "large margins",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(examples),
	},
	.form = &cs_form,
};
