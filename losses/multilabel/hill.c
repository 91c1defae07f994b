#include "losses/support/label_matrix.h"

enum { LAMBDA, MARGIN, GAMMA };

static const struct lb_param params[] = {
	[LAMBDA] = { .name = "lambda", .symbol = "lam", .def = 1.5, .min = 1, .max = 10, .grid = { 1, 1.5, 2 }, .n_grid = 3,
		     .help = "height of the hill: a label that seems missed weighs less above p = 2 lam / 3" },
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 10, .grid = { 0, 1, 2 }, .n_grid = 3,
		     .help = "what a label that is there should be above 0" },
	[GAMMA] = { .name = "gamma", .symbol = "g", .def = 2, .min = 0, .max = 10, .grid = { 0, 1, 2 }, .n_grid = 3,
		    .help = "down-weighting of easy labels that are there" },
};

static const struct lb_example examples[] = {
	{ .set = "margin=0", .b = 1, .c = 2, .z = { 0, 0 }, .t = { 1, 0 }, .value = 0.42328679513998635,
	  .source = "by hand: log 2 / 4 + (3/2 - 1/2) / 4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .t = { 1, 0, 0, 0, 1, 1 }, .value = 0.721704237459289,
	  .source = "mpmath, 30 digits" },
};

static struct lb_cell cell(const struct lb_batch *in, double z, real label, size_t k)
{
	const double gamma = in->par[GAMMA].v, lam = in->par[LAMBDA].v;
	const struct lb_logit l = lb_logit_of(label > 0 ? z - in->par[MARGIN].v : z);

	(void)k;
	if (!(label > 0))
		return (struct lb_cell){ (lam - 1 + l.q) * l.p * l.p, (2 * lam - 3 * l.p) * l.p * l.p * l.q };
	const double power = exp(gamma * l.log_q);
	return (struct lb_cell){ -power * l.log_p, power * (gamma * l.p * l.log_p - l.q) };
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_cells_row(in, i, z, g, false, cell);
}

LB_ROW(hill, row)

const struct lb_loss LB_LOSS(multilabel, hill) = {
	.info = {
		.base = {
			.name = "hill",
			.title = "Hill loss: labels that are not there but seem to be are taken for missed ones",
			.cite = "Y. Zhang, Y. Cheng, X. Huang, F. Wen, R. Feng, Y. Li, Y. Guo, Simple and robust loss design for multi-label "
				"learning with missing labels, arXiv:2112.07368, 2021",
			.formula = "sum_k -y_k (1 - q_k)^g log q_k + (1 - y_k) (lam - p_k) p_k^2,  p = sigmoid(z),  q = sigmoid(z - m)",
			.notes = "For data whose annotators missed labels: a row's missed labels are given as 0. The slope of such a label falls to 0 "
				 "again as p nears 1 (lam = 1.5). A label given as not known has no part at all.",
			.keywords = "missing_labels focal_margin partial_labels semi multilabel",
			LB_PARAMS(params),
		},
		.kind = LB_MULTILABEL,
		.good_for = "missed labels",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		LB_EXAMPLES(examples),
	},
	.form = &hill_form,
};
