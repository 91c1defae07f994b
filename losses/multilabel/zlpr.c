#include "losses/support/label_matrix.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 0, 0, 0 }, .t = { 1, 0, 0 }, .value = 1.791759469228055, .source = "by hand: log 2 + log 3" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .t = { 1, 0, 0, 0, 1, 1 }, .value = 1.2250191640711072,
	  .source = "mpmath, 30 digits" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_strip s = lb_row_of(in, i, z);
	const struct lb_lse there = lb_lse_of(&s, 1, -1), away = lb_lse_of(&s, 0, 1);
	double pull, push;
	const double value = lb_softplus_and_slope(lb_lse_log(&there), &pull) + lb_softplus_and_slope(lb_lse_log(&away), &push);

	for (size_t k = 0; g && k < s.n; k++)
		g[k] = (real)(s.t[k] < 0 ? 0 : s.t[k] > 0 ? -pull * lb_lse_share(&there, (double)z[k]) : push * lb_lse_share(&away, (double)z[k]));
	return (real)(value + lb_strip_nan(&s));
}

LB_ROW(zlpr, row)

const struct lb_loss LB_LOSS(multilabel, zlpr) = {
	.info = {
		.base = {
			.name = "zlpr",
			.title = "Zero-bounded log-sum-exp and pairwise rank-based loss",
			.cite = "J. Su, M. Zhu, A. Murtadha, S. Pan, B. Wen, Y. Liu, ZLPR: a novel loss for multi-label classification, "
				"arXiv:2208.02955, 2022",
			.formula = "log(1 + sum_{k there} e^{-z_k}) + log(1 + sum_{k not there} e^{z_k})",
			.notes = "Ranks the labels that are there above 0 and 0 above the others. MLCD uses it with a share of the labels drawn at each "
				 "step; here all take part. A label that is not known has no part.",
			.keywords = "mlcd rank log_sum_exp multilabel_categorical_crossentropy",
		},
		.kind = LB_MULTILABEL,
		.good_for = "ranking of labels",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(examples),
	},
	.form = &zlpr_form,
};
