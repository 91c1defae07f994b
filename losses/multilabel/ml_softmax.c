#include "losses/support/label_matrix.h"

enum { PER_POSITIVE };

static const struct lb_param params[] = {
	[PER_POSITIVE] = { .name = "per_positive", .type = LB_BOOL_PARAM, .def = 0, .help = "mean over the labels that are there, not the sum" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 0, 0, 0 }, .t = { 1, 1, 0 }, .value = 2.1972245773362196, .source = "by hand: 2 log 3" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .t = { 1, 0, 0, 0, 1, 1 }, .value = 1.0791601920557552,
	  .source = "mpmath, 30 digits" },
};

/* log softmax over the known labels from the largest score on, so that nothing cancels where one
 * label takes all. */
static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_strip s = lb_row_of(in, i, z);
	const real *t = s.t;
	double top = -HUGE_VAL, sum = 0, value = 0, there = 0;
	size_t at = s.n;

	for (size_t k = 0; k < s.n; k++)
		if (t[k] >= 0 && (at == s.n || (double)z[k] > top)) {
			top = (double)z[k];
			at = k;
		}
	for (size_t k = 0; k < s.n; k++) {
		sum += t[k] >= 0 && k != at ? exp((double)z[k] - top) : 0;
		there += t[k] > 0;
	}
	const double by = in->par[PER_POSITIVE].v != 0 && there > 0 ? 1 / there : 1;
	for (size_t k = 0; k < s.n; k++)
		value += t[k] > 0 ? by * (log1p(sum) - ((double)z[k] - top)) : 0;
	for (size_t k = 0; g && k < s.n; k++) {
		const double p = k == at ? 1 / (1 + sum) : exp((double)z[k] - top) / (1 + sum);
		const double wrong = k == at && there == 1 && t[k] > 0 ? -sum / (1 + sum) : there * p - (t[k] > 0 ? 1 : 0);
		g[k] = (real)(t[k] >= 0 ? by * wrong : 0);
	}
	return (real)(value + lb_strip_nan(&s));
}

LB_ROW(ml_softmax, row)

const struct lb_loss LB_LOSS(multilabel, ml_softmax) = {
	.info = {
		.base = {
			.name = "ml_softmax",
			.title = "Softmax cross-entropy of every label that is there",
			.cite = "A. K. Menon, A. S. Rawat, S. J. Reddi, S. Kumar, Multilabel reductions: what is my loss optimising?, NeurIPS 2019 "
				"(pick-all-labels)",
			.formula = "-sum_{k there} log softmax(z)_k",
			.notes = "The labels that are there compete with each other: with n of them it is at least n log n. The softmax is over the known "
				 "labels. A row without a label that is there contributes 0.",
			.keywords = "softmax pick_all_labels normalized_multilabel cross_entropy",
			LB_PARAMS(params),
		},
		.kind = LB_MULTILABEL,
		.good_for = "ranking of labels",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(examples),
	},
	.form = &ml_softmax_form,
};
