#include "losses/support/row_lanes.h"

enum { MARGIN, REDUCTION };
enum { SUM, MEAN };

static const char *const reductions[] = { [SUM] = "sum", [MEAN] = "mean", NULL };

static const struct lb_param params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 1e3, .min_open = true, .log_scale = true,
		     .grid = { 0.1, 1, 10 }, .n_grid = 3, .help = "lead that the label's score must have over every other" },
	[REDUCTION] = { .name = "reduction", .type = LB_CHOICE_PARAM, .def = SUM, .choices = reductions, .symbol = "R",
			.help = "sum over the other classes (R = 1), or that divided by the number of classes (R = C)" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.85,
	  .source = "by hand: (0.2 + 1.5) / 2" },
	{ .set = "reduction=mean", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 0.75, .source = "by hand: 3 * 1 / 4" },
};

LB_BODY void body(size_t n, const struct lb_arg *par, struct lb_lane_rows *at)
{
	const real margin = (real)par[MARGIN].v;
	const real share = par[REDUCTION].v > SUM ? 1 / (real)at->c : R(1.0);
	double sum[LB_PANEL] = { 0 };
	real active[LB_PANEL] = { 0 };

	for (size_t k = 0; k < at->c; k++)
		for (size_t i = 0; i < n; i++) {
			const real u = at->z[k * n + i] - at->own[i] + margin;
			const bool hit = ((real)k < at->label[i] || (real)k > at->label[i]) && !(u <= 0);
			sum[i] += (double)(hit ? u : R(0.0));
			active[i] += hit ? R(1.0) : R(0.0);
			at->g[k * n + i] = hit ? share : R(0.0);
		}
	for (size_t i = 0; i < n; i++) {
		at->loss[i] = share * (real)sum[i];
		at->g[(size_t)at->label[i] * n + i] = -active[i] * share;
	}
}

LB_SIDE_BY_SIDE(ww, false, body)

const struct lb_loss LB_LOSS(multiclass, ww) = {
	.info = {
		.base = {
			.name = "ww",
			.title = "Weston-Watkins hinge: the sum of margin violations",
			.cite = "J. Weston, C. Watkins, Support vector machines for multi-class pattern recognition, ESANN 1999",
			.formula = "(1/R) sum_{k != y} max(0, z_k - z_y + m)",
			.notes = "reduction=mean divides by C, not by C - 1: it is the form of the program released with the "
				 "label-distributionally robust losses. A hinge at exactly 0 has slope 0. Not calibrated. With two "
				 "classes and reduction=sum it is cs.",
			.keywords = "weston_watkins multiclass_svm multi_class_hinge",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "large margins",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(examples),
	},
	.form = &ww_form,
};
