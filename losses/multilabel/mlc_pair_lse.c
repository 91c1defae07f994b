#include "losses/support/label_matrix.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 0, 0, 0 }, .t = { 1, 0, 0 }, .value = 1.0986122886681098, .source = "by hand: log(1 + 2)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .t = { 1, 0, 0, 0, 1, 1 }, .value = 0.4387152895946925,
	  .source = "mpmath, 30 digits" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_strip s = lb_row_of(in, i, z);
	const struct lb_lse there = lb_lse_of(&s, 1, -1), away = lb_lse_of(&s, 0, 1);
	double p;
	const double value = lb_softplus_and_slope(lb_lse_log(&there) + lb_lse_log(&away), &p);

	for (size_t k = 0; g && k < s.n; k++) {
		const bool part = s.t[k] >= 0 && there.n && away.n;
		g[k] = (real)(!part ? 0 : s.t[k] > 0 ? -p * lb_lse_share(&there, (double)z[k]) : p * lb_lse_share(&away, (double)z[k]));
	}
	return (real)(value + lb_strip_nan(&s));
}

LB_ROW(mlc_pair_lse, row)

const struct lb_loss LB_LOSS(multilabel, mlc_pair_lse) = {
	.info = {
		.base = {
			.name = "mlc_pair_lse",
			.title = "Log-sum-exp over all pairs of a label that is there and one that is not",
			.cite = "Multi-label cluster discrimination for visual representation learning (MLCD), ECCV 2024, eq. 4",
			.formula = "log(1 + sum_{i not there} sum_{j there} e^{z_i - z_j})",
			.notes = "One score of 0 apart from zlpr, which MLCD found better. A row without a label that is there, or without one that is "
				 "not, contributes 0. A label that is not known has no part.",
			.keywords = "mlcd pairwise rank log_sum_exp lsep",
		},
		.kind = LB_MULTILABEL,
		.good_for = "ranking of labels",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(examples),
	},
	.form = &mlc_pair_lse_form,
};
