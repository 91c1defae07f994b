/* Hinges of several classes: a power of each class's own margin, and the reinforced mixture. */
#include "losses/support/row_lanes.h"

/* ---- multi_margin ---- */

enum { POWER, MARGIN };
static const struct lb_param margin_params[] = {
	[POWER] = { .name = "p", .symbol = "p", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = 2, .grid = { 1, 2 }, .n_grid = 2,
		    .help = "power of a violation" },
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 1e3, .min_open = true, .log_scale = true, .grid = { 0.1, 1, 10 },
		     .n_grid = 3, .help = "lead that the label's score must have over every other" },
};

static const struct lb_same_as margin_same_as[] = {
	{ .set = "", .other = "ww", .other_set = "reduction=mean" },
	{ .set = "margin=0.5", .other = "ww", .other_set = "reduction=mean margin=0.5" },
};

static const struct lb_example margin_examples[] = {
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.28333333333333333,
	  .source = "by hand: (0.2 + 1.5) / 3 / 2" },
	{ .set = "p=2", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.38166666666666667,
	  .source = "by hand: (0.04 + 2.25) / 3 / 2" },
};

LB_BODY void margin_body(size_t n, const struct lb_arg *par, struct lb_lane_rows *at)
{
	const real margin = (real)par[MARGIN].v, share = 1 / (real)at->c;
	const bool squared = par[POWER].v > 1;
	double sum[LB_PANEL] = { 0 }, pull[LB_PANEL] = { 0 };

	for (size_t k = 0; k < at->c; k++)
		for (size_t i = 0; i < n; i++) {
			const real u = at->z[k * n + i] - at->own[i] + margin;
			const bool hit = ((real)k < at->label[i] || (real)k > at->label[i]) && !(u <= 0);
			const real slope = hit ? squared ? 2 * u : R(1.0) : R(0.0);
			sum[i] += hit ? squared ? (double)u * (double)u : (double)u : 0;
			pull[i] += (double)slope;
			at->g[k * n + i] = share * slope;
		}
	for (size_t i = 0; i < n; i++) {
		at->loss[i] = share * (real)sum[i];
		at->g[(size_t)at->label[i] * n + i] = -share * (real)pull[i];
	}
}
LB_SIDE_BY_SIDE(multi_margin, false, margin_body)

const struct lb_loss LB_LOSS(multiclass, multi_margin) = {
	.info = {
		.base = {
			.name = "multi_margin",
			.title = "Margin violations of all classes, or their squares, divided by the number of classes",
			.cite = "J. Weston, C. Watkins, Support vector machines for multi-class pattern recognition, ESANN 1999; the form of torch's "
				"MultiMarginLoss",
			.formula = "(1/C) sum_{k != y} max(0, m - z_y + z_k)^p",
			.notes = "With p = 1 it is ww with reduction=mean. A hinge at exactly 0 has slope 0.",
			.keywords = "multimarginloss multi_margin_loss squared weston_watkins multiclass_hinge",
			LB_PARAMS(margin_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "large margins",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SHIFT_INVARIANT,
		LB_SAME_AS(margin_same_as),
		LB_EXAMPLES(margin_examples),
	},
	.form = &multi_margin_form,
};

/* ---- reinforced_hinge ---- */

static const struct lb_param reinforced_params[] = {
	{ .name = "gamma", .symbol = "g", .def = 0.5, .min = 0, .max = 1, .grid = { 0, 0.5, 1 }, .n_grid = 3,
	  .help = "weight of the label's own hinge; 0 is llw" },
};

static const struct lb_same_as reinforced_same_as[] = {
	{ .set = "gamma=0", .other = "llw", .other_set = "" },
};

static const struct lb_example reinforced_examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 0, 0, 0 }, .y = { 0 }, .value = 2, .source = "by hand: (2 + 1 + 1) / 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 1.4916666666666667,
	  .source = "by hand: means 0.7/3 and 0.1/3, ((3.7/3 + 3.7/3) / 2 + (5.2/3 + 5.3/3) / 2) / 2" },
};

static real reinforced_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const size_t y = (size_t)in->y[i], c = in->c;
	const double gamma = in->par[0].v;
	double mean = 0, sum = 0, slopes = 0;

	for (size_t k = 0; k < c; k++)
		mean += (double)z[k] / (double)c;
	for (size_t k = 0; k < c; k++) {
		const double f = (double)z[k] - mean, u = k == y ? (double)c - 1 - f : 1 + f, weight = k == y ? gamma : 1 - gamma;
		const double slope = u <= 0 ? 0 : k == y ? -weight : weight;
		sum += u <= 0 ? 0 : weight * u;
		slopes += slope;
		if (g)
			g[k] = (real)slope;
	}
	for (size_t k = 0; g && k < c; k++)
		g[k] -= (real)(slopes / (double)c);
	return (real)sum;
}
LB_ROW(reinforced_hinge, reinforced_row)

const struct lb_loss LB_LOSS(multiclass, reinforced_hinge) = {
	.info = {
		.base = {
			.name = "reinforced_hinge",
			.title = "Reinforced multi-category hinge: the label's score up and every other down",
			.cite = "Y. Liu, M. Yuan, Reinforced multicategory support vector machines, Journal of Computational and Graphical Statistics 20(4), 2011",
			.formula = "g max(0, C - 1 - f_y) + (1 - g) sum_{k != y} max(0, 1 + f_k),  f = z - mean(z)",
			.notes = "The scores are centred in place of the paper's constraint that they sum to 0. By the paper it is Fisher consistent for g "
				 "up to 1/2. A hinge at exactly 0 has slope 0.",
			.keywords = "reinforced_multicategory_svm rmsvm multiclass_hinge",
			LB_PARAMS(reinforced_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "large margins",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SHIFT_INVARIANT,
		LB_SAME_AS(reinforced_same_as),
		LB_EXAMPLES(reinforced_examples),
	},
	.form = &reinforced_hinge_form,
};
