#include "losses/support/residual.h"

enum { DELTA };

static const struct lb_param params[] = {
	[DELTA] = { .name = "delta", .symbol = "d", .def = 1, .min = 1e-6, .max = 1e6, .log_scale = true, .grid = { 0.1, 1, 1.345, 10 },
		    .n_grid = 4, .help = "residual beyond which the loss grows linearly" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0.5, 3 }, .t = { 0, 0 }, .value = 1.3125,
	  .source = "by hand: (0.5^2 / 2 + 1 (3 - 1/2)) / 2" },
	{ .set = "delta=2", .b = 2, .c = 1, .z = { 1, -5 }, .t = { 2, 1 }, .value = 5.25,
	  .source = "by hand: (1/2 + 2 (6 - 1)) / 2" },
};

LB_ENTRIES_FUNCTION(huber)
{
	const real delta = (real)in->par[DELTA].v;

	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i];
		slope[i] = e > delta ? delta : e < -delta ? -delta : e;
		loss[i] = slope[i] * (e - slope[i] / 2);
	}
}

LB_RESIDUAL(huber)

const struct lb_loss LB_LOSS(regression, huber) = {
	.info = {
		.base = {
			.name = "huber",
			.title = "Huber loss: squared near 0, absolute far away",
			.cite = "P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35(1), 1964",
			.formula = "(1/T) sum_k h(e_k),  e = z - t,  h(e) = e^2 / 2 if |e| <= d, else d (|e| - d/2)",
			.notes = "The mean over the T targets of a row. delta 1.345 keeps 95 % efficiency for normal residuals of unit "
				 "variance. smooth_l1 of other libraries is this value divided by delta.",
			.keywords = "smooth_l1 robust huber_loss",
			LB_PARAMS(params),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(examples),
	},
	.form = &huber_form,
};
