#include "losses/support/label_matrix.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 0, 0, 0 }, .t = { 1, 0, 0 }, .value = 0.66666666666666667, .source = "by hand: (1 + 1) / 3" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .t = { 1, 0, 0, 0, 1, 1 }, .value = 0.033333333333333333,
	  .source = "by hand: 0.2 / 3 / 2" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_strip s = lb_row_of(in, i, z);
	const real share = 1 / (real)s.n;
	double sum = 0;

	for (size_t k = 0; g && k < s.n; k++)
		g[k] = 0;
	for (size_t j = 0; j < s.n; j++)
		for (size_t k = 0; s.t[j] > 0 && k < s.n; k++) {
			const double u = 1 - ((double)z[j] - (double)z[k]);
			if (s.t[k] > 0 || s.t[k] < 0 || u <= 0)
				continue;
			sum += u;
			if (g) {
				g[j] -= share;
				g[k] += share;
			}
		}
	return (real)(sum / (double)s.n + lb_strip_nan(&s));
}

LB_ROW(multilabel_margin, row)

const struct lb_loss LB_LOSS(multilabel, multilabel_margin) = {
	.info = {
		.base = {
			.name = "multilabel_margin",
			.title = "Margin violations of all pairs of a label that is there and one that is not",
			.cite = "K. Crammer, Y. Singer, A family of additive online algorithms for category ranking, JMLR 3, 2003; the form of torch's "
				"MultiLabelMarginLoss",
			.formula = "(1/C) sum_{j there} sum_{k not there} max(0, 1 - (z_j - z_k))",
			.notes = "Divided by the number of labels, not of pairs. A row without a label that is there, or without one that is not, contributes "
				 "0. A label that is not known has no part. A hinge at exactly 0 has slope 0.",
			.keywords = "multilabelmarginloss multi_label_margin_loss hinge pairwise rank",
		},
		.kind = LB_MULTILABEL,
		.good_for = "ranking of labels",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(examples),
	},
	.form = &multilabel_margin_form,
};
