#include "losses/support/label_matrix.h"

enum { MARGIN };

static const struct lb_param params[] = {
	[MARGIN] = { .name = "margin", .symbol = "C_m", .def = 3, .min = 0, .max = 100, .grid = { 0, 1, 3 }, .n_grid = 3,
		     .help = "margin of a label that one training row has" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "margin=0", .other = "ml_bce", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "margin=2", .b = 1, .c = 2, .z = { 2, 0 }, .t = { 1, 0 }, .value = 1.3862943611198906, .source = "by hand: n = 1, 2 log 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .t = { 1, 0, 0, 0, 1, 1 }, .value = 4.39126621683409,
	  .source = "mpmath, 30 digits" },
};

static struct lb_cell cell(const struct lb_batch *in, double z, real label, size_t k)
{
	const double n = in->stats->counts[k], root = sqrt(sqrt(n > 0 ? n : 1.0));
	const struct lb_logit l = lb_logit_of(label > 0 ? z - in->par[MARGIN].v / root : z);

	return label > 0 ? (struct lb_cell){ -l.log_p, -l.q } : (struct lb_cell){ -l.log_q, l.p };
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_cells_row(in, i, z, g, false, cell);
}

LB_ROW(ldam_bce, row)

const struct lb_loss LB_LOSS(multilabel, ldam_bce) = {
	.info = {
		.base = {
			.name = "ldam_bce",
			.title = "Binary cross-entropy with a margin that is larger for rarer labels",
			.cite = "B. Biswas, T.-H. Pham, P. Zhang, TransICD: transformer based code-wise attention model for explainable ICD coding, "
				"AIME 2021 (the authors' code), after K. Cao et al., NeurIPS 2019",
			.formula = "sum_k log(1 + e^{z'_k}) - y_k z'_k,  z'_k = z_k - y_k C_m / n_k^{1/4}",
			.notes = "n_k training rows have label k; none counts as one. The margin is taken off the scores of labels that are there, in "
				 "training alone: metrics see z. The sum over labels, as in ml_bce; the code has the mean over all entries. A label that is not known has no part.",
			.keywords = "ldam label_distribution_aware_margin transicd bce multilabel",
			LB_PARAMS(params),
		},
		.kind = LB_MULTILABEL,
		.good_for = "long-tailed labels",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.needs = LB_NEEDS_CLASS_COUNTS,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &ldam_bce_form,
};
