/* Errors relative to the size of what is predicted. */
#include "losses/support/residual.h"

static const struct lb_param params[] = {
	{ .name = "eps", .symbol = "eps", .def = 1e-8, .min = 1e-12, .max = 1e6, .log_scale = true, .grid = { 1e-8, 1e-2, 1 }, .n_grid = 3,
	  .help = "smallest size that an error is divided by" },
};

LB_ENTRIES_FUNCTION(mape)
{
	const real eps = (real)in->par[0].v;

	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i], size = fabs(t[i]) < eps ? eps : fabs(t[i]);
		loss[i] = fabs(e) / size;
		slope[i] = lb_sign(e) / size;
	}
}
LB_RESIDUAL(mape)

static const struct lb_example target_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 3, -1 }, .t = { 2, -4 }, .value = 0.625, .source = "by hand: (1/2 + 3/4) / 2" },
	{ .set = "eps=1", .b = 1, .c = 1, .z = { 3 }, .t = { 0 }, .value = 3, .source = "by hand: 3 / 1" },
};

const struct lb_loss LB_LOSS(regression, mape) = {
	.info = {
		.base = {
			.name = "mape",
			.title = "Mean absolute percentage error, as a fraction",
			.cite = "A. de Myttenaere, B. Golden, B. Le Grand, F. Rossi, Mean absolute percentage error for regression models, Neurocomputing "
				"192, 2016",
			.formula = "(1/T) sum_k |z_k - t_k| / max(|t_k|, eps)",
			.notes = "The mean over the T targets of a row; times 100 it is a percentage. A target of 0 is divided by eps: with the default 1e-8 "
				 "it outweighs all others; give eps a size that matters, or take smape. With targets above 0 the best constant is a "
				 "weighted median that lies below the median. No gradient at e = 0.",
			.keywords = "mean_absolute_percentage_error relative_error percentage",
			LB_PARAMS(params),
		},
		.kind = LB_REGRESSION,
		.good_for = "relative errors",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		LB_EXAMPLES(target_examples),
	},
	.form = &mape_form,
};

LB_ENTRIES_FUNCTION(smape)
{
	const real eps = (real)in->par[0].v;

	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i], both = fabs(z[i]) + fabs(t[i]);
		const bool small = both <= eps;
		loss[i] = fabs(e) / (small ? eps : both);
		slope[i] = lb_sign(e) * (small ? 1 / eps : z[i] * t[i] < 0 ? R(0.0) : 2 * (fabs(t[i]) / both) / both);
	}
}
LB_RESIDUAL(smape)

static const struct lb_example both_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 3, -1 }, .t = { 2, 4 }, .value = 0.6, .source = "by hand: (1/5 + 5/5) / 2" },
};

const struct lb_loss LB_LOSS(regression, smape) = {
	.info = {
		.base = {
			.name = "smape",
			.title = "Symmetric mean absolute percentage error, as a fraction of 1",
			.cite = "B. E. Flores, A pragmatic view of accuracy measurement in forecasting, Omega 14(2), 1986",
			.formula = "(1/T) sum_k |z_k - t_k| / max(|z_k| + |t_k|, eps)",
			.notes = "The mean over the T targets of a row, in [0, 1]; the form of 0 to 200 % is 200 times it. It is 1, with no gradient, where "
				 "prediction and target have different signs. Not convex.",
			.keywords = "symmetric_mean_absolute_percentage_error percentage relative_error",
			LB_PARAMS(params),
		},
		.kind = LB_REGRESSION,
		.good_for = "relative errors",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		LB_EXAMPLES(both_examples),
	},
	.form = &smape_form,
};
