#include "losses/support/residual.h"

enum { HALF };

static const struct lb_param params[] = {
	[HALF] = { .name = "half", .type = LB_BOOL_PARAM, .def = 0, .grid = { 0, 1 }, .n_grid = 2,
		   .help = "e^2 / 2 instead of e^2, so that the derivative is e" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "half=true", .other = "mse", .other_set = "half=false", .scale = 0.5 },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 1, 2, 3, 5 }, .t = { 0, 2, 1, 2 }, .value = 3.5,
	  .source = "by hand: (1 + 0 + 4 + 9) / 4" },
	{ .set = "half=true", .b = 1, .c = 1, .z = { 3 }, .t = { 1 }, .value = 2, .source = "by hand: 2^2 / 2" },
};

LB_ENTRIES_FUNCTION(mse)
{
	const real half = in->par[HALF].v > 0 ? R(0.5) : R(1.0);

	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i];
		loss[i] = half * (e * e);
		slope[i] = 2 * half * e;
	}
}

/* Adds exact squares, which several targets in float32 need. */
static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const real *t = in->target + i * in->c;
	const real share = (in->par[HALF].v > 0 ? R(0.5) : R(1.0)) / (real)in->c;
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		const real e = z[k] - t[k];
		sum += (double)e * (double)e;
		if (g)
			g[k] = 2 * share * e;
	}
	return share * (real)sum;
}

static const struct lb_form mse_form = { .row = row, .entries = LB_ENTRIES_OF(mse), .one_target = true };

const struct lb_loss LB_LOSS(regression, mse) = {
	.info = {
		.base = {
			.name = "mse",
			.title = "Mean squared error",
			.cite = "A.-M. Legendre, Nouvelles methodes pour la determination des orbites des cometes, 1805",
			.formula = "(1/T) sum_k e_k^2,  e = z - t",
			.notes = "The mean over the T targets of a row, so that the batch value is the mean over all B T entries. The best "
				 "constant is the mean of the targets.",
			.keywords = "squared_error mean_squared_error l2 least_squares quadratic ols",
			LB_PARAMS(params),
		},
		.kind = LB_REGRESSION,
		.good_for = "general use",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &mse_form,
};
