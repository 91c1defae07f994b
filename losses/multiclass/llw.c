#include "losses/loss.h"

enum { MARGIN, CENTER };

static const struct lb_param params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 1e3, .min_open = true, .log_scale = true,
		     .grid = { 0.1, 1, 10 }, .n_grid = 3, .help = "every other score must lie this far below the mean of all" },
	[CENTER] = { .name = "center", .type = LB_BOOL_PARAM, .def = 1,
		     .help = "subtract the mean of the row's scores first, in place of the constraint that they sum to 0" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 1, -0.5, -0.5 }, .y = { 0 }, .value = 1, .source = "by hand: two times 1 - 0.5" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 1.5,
	  .source = "by hand: means 0.7/3 and 0.1/3, (0.8/3 + 2.9/3 + 0 + 5.3/3) / 2" },
	{ .set = "center=false", .b = 1, .c = 3, .z = { 1, -0.5, 0.2 }, .y = { 0 }, .value = 1.7, .source = "by hand: 0.5 + 1.2" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const size_t y = (size_t)in->y[i], c = in->c;
	const bool center = in->par[CENTER].v > 0;
	double mean = 0, sum = 0;
	size_t active = 0;

	for (size_t k = 0; k < c; k++)
		mean += (double)z[k];
	mean /= (double)c;
	for (size_t k = 0; k < c; k++) {
		const double u = (double)z[k] - (center ? mean : 0 * mean) + in->par[MARGIN].v;
		const bool hit = k != y && !(u <= 0);
		sum += hit ? u : 0;
		active += hit;
		if (g)
			g[k] = hit;
	}
	for (size_t k = 0; g && center && k < c; k++)
		g[k] -= (real)active / (real)c;
	return (real)sum;
}

LB_ROW(llw, row)

const struct lb_loss LB_LOSS(multiclass, llw) = {
	.info = {
		.base = {
			.name = "llw",
			.title = "Lee-Lin-Wahba hinge: every other score below a level of its own",
			.cite = "Y. Lee, Y. Lin, G. Wahba, Multicategory support vector machines: theory and application to the classification of "
				"microarray data and satellite radiance data, JASA 99(465), 2004",
			.formula = "sum_{k != y} max(0, m + f_k),  f = z - mean(z), or z",
			.notes = "The paper constrains f to sum to 0 and has m = 1/(C - 1), which makes f = e - (1 - e)/(C - 1) the fitted "
				 "row; m only sets the scale of f, and 1 is the default here. With center=false the score of the label does "
				 "not enter and the loss is 0 once all scores are below -m, whatever the label: for models that centre "
				 "their scores themselves. Shift-invariant and calibrated only with center=true. A hinge at exactly 0 "
				 "has slope 0.",
			.keywords = "lee_lin_wahba multicategory_svm multiclass_hinge",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "large margins",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		LB_EXAMPLES(examples),
	},
	.form = &llw_form,
};
