#include "losses/support/label_matrix.h"

enum { WEIGHT };

static const struct lb_param params[] = {
	[WEIGHT] = { .name = "weight", .symbol = "w", .def = 1, .min = 0, .max = 1, .grid = { 0, 0.1, 1 }, .n_grid = 3,
		     .help = "of a label that is not known; 0 leaves it out" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "weight=0", .other = "ml_bce", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "weight=0.5", .b = 1, .c = 2, .z = { 0, 0 }, .t = { 1, -1 }, .value = 1.0397207708399179, .source = "by hand: 3/2 log 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .t = { 1, -1, 0, -1, -1, 1 }, .value = 1.5620975695072246,
	  .source = "mpmath, 30 digits" },
};

static struct lb_cell cell(const struct lb_batch *in, double z, real label, size_t k)
{
	const struct lb_logit l = lb_logit_of(z);
	const double w = label < 0 ? in->par[WEIGHT].v : 1;

	(void)k;
	return label > 0 ? (struct lb_cell){ -l.log_p, -l.q } : (struct lb_cell){ -w * l.log_q, w * l.p };
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_cells_row(in, i, z, g, true, cell);
}

LB_ROW(an_bce, row)

const struct lb_loss LB_LOSS(multilabel, an_bce) = {
	.info = {
		.base = {
			.name = "an_bce",
			.title = "Binary cross-entropy that takes unknown labels for labels that are not there, with a weight",
			.cite = "E. Cole, O. Mac Aodha, T. Lorieul, P. Perona, D. Morris, N. Jojic, Multi-label learning from single positive labels, "
				"CVPR 2021 (assume negative, weak assume negative)",
			.formula = "sum over known k of [log(1 + e^{z_k}) - y_k z_k] + w sum over unknown k of log(1 + e^{z_k})",
			.notes = "w = 1 assumes negatives, w = 1/(C - 1) is the weak form, as in the authors' code (an, wan). The sum over labels, "
				 "where the paper has the mean.",
			.keywords = "assume_negative an wan single_positive unknown_labels partial_labels multilabel",
			LB_PARAMS(params),
		},
		.kind = LB_MULTILABEL,
		.good_for = "unknown labels",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &an_bce_form,
};
