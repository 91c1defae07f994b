#include "losses/support/residual.h"

static const struct lb_same_as same_as[] = {
	{ .set = "", .other = "quantile", .other_set = "tau=0.5", .scale = 2 },
	{ .set = "", .other = "eps_insensitive", .other_set = "eps=0" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 1, 2, 3, 5 }, .t = { 0, 2, 1, 8 }, .value = 1.5, .source = "by hand: (1 + 0 + 2 + 3) / 4" },
};

LB_ENTRIES_FUNCTION(mae)
{
	(void)in;
	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i];
		loss[i] = fabs(e);
		slope[i] = lb_sign(e);
	}
}

LB_RESIDUAL(mae)

const struct lb_loss LB_LOSS(regression, mae) = {
	.info = {
		.base = {
			.name = "mae",
			.title = "Mean absolute error",
			.cite = "R. J. Boscovich, De litteraria expeditione per pontificiam ditionem, 1757; P. S. Laplace, 1786",
			.formula = "(1/T) sum_k |e_k|,  e = z - t",
			.notes = "The mean over the T targets of a row. The best constant is the median of the targets. No gradient at e = 0.",
			.keywords = "l1 absolute_error mean_absolute_error lad least_absolute_deviations median laplace",
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &mae_form,
};
