#include "losses/support/label_matrix.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 0, 0, 0 }, .t = { 1, 0, -1 }, .value = 1.3862943611198906, .source = "by hand: 2 log 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .t = { 1, 0, 0, 0, 1, 1 }, .value = 1.4120975695072244,
	  .source = "mpmath, 30 digits" },
};

static struct lb_cell cell(const struct lb_batch *in, double z, real label, size_t k)
{
	const struct lb_logit l = lb_logit_of(z);

	(void)in, (void)k;
	return label > 0 ? (struct lb_cell){ -l.log_p, -l.q } : (struct lb_cell){ -l.log_q, l.p };
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_cells_row(in, i, z, g, false, cell);
}

LB_ROW(ml_bce, row)

const struct lb_loss LB_LOSS(multilabel, ml_bce) = {
	.info = {
		.base = {
			.name = "ml_bce",
			.title = "Binary cross-entropy, summed over the labels",
			.cite = "M. R. Boutell, J. Luo, X. Shen, C. M. Brown, Learning multi-label scene classification, Pattern Recognition 37, "
				"2004 (one binary problem a label)",
			.formula = "sum_k log(1 + e^{z_k}) - y_k z_k, over the labels that are known",
			.notes = "The sum over labels, not their mean: libraries that average are smaller by the number of labels. A label that is not "
				 "known has no part.",
			.keywords = "bce binary_cross_entropy bce_with_logits binary_relevance logistic multilabel",
		},
		.kind = LB_MULTILABEL,
		.good_for = "several labels a row",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(examples),
	},
	.form = &ml_bce_form,
};
