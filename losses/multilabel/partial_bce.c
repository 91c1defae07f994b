#include "losses/support/label_matrix.h"

enum { BOOST, GAMMA };

static const struct lb_param params[] = {
	[BOOST] = { .name = "boost", .symbol = "b", .def = 5.45, .min = 1, .max = 1e3, .grid = { 1, 5.45 }, .n_grid = 2,
		    .help = "weight of a row of which next to nothing is known; 1: all rows weigh the same" },
	[GAMMA] = { .name = "gamma", .symbol = "g", .def = 1, .min = 0.01, .max = 10, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		    .help = "power of the known share" },
};

static const struct lb_example examples[] = {
	{ .set = "boost=5", .b = 1, .c = 2, .z = { 0, 0 }, .t = { 1, -1 }, .value = 1.0397207708399179,
	  .source = "by hand: (5 - 4/2) / 2 log 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .t = { 1, -1, 0, -1, -1, 1 }, .value = 0.7053351152045653,
	  .source = "mpmath, 30 digits" },
};

static double weight(const struct lb_batch *in, size_t i)
{
	const real *t = in->label_matrix + i * in->c;
	size_t known = 0;

	for (size_t k = 0; k < in->c; k++)
		known += t[k] >= 0;
	return (in->par[BOOST].v - (in->par[BOOST].v - 1) * pow((double)known / (double)in->c, in->par[GAMMA].v)) / (double)in->c;
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const real *t = in->label_matrix + i * in->c;
	const double w = weight(in, i);
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		const struct lb_logit l = lb_logit_of((double)z[k]);
		const bool known = t[k] >= 0;
		sum += known ? w * (t[k] > 0 ? -l.log_p : -l.log_q) : isnan(z[k]) ? (double)z[k] : 0;
		if (g)
			g[k] = (real)(known ? w * (t[k] > 0 ? -l.q : l.p) : 0);
	}
	return (real)sum;
}

LB_ROW(partial_bce, row)

const struct lb_loss LB_LOSS(multilabel, partial_bce) = {
	.info = {
		.base = {
			.name = "partial_bce",
			.title = "Partial binary cross-entropy: rows weigh by how many of their labels are known",
			.cite = "T. Durand, N. Mehrasa, G. Mori, Learning a deep convnet for multi-label classification with partial labels, CVPR "
				"2019",
			.formula = "(b - (b - 1) s^g) / C  sum over known k of log(1 + e^{z_k}) - y_k z_k,  s the share of known labels",
			.notes = "The paper's alpha s^gamma + beta with alpha = -4.45, beta = 5.45, gamma = 1, tied by the weight 1 of a row that "
				 "is all known; a tenth known weighs 5. Checked against an implementation by others. The mean over all C labels: "
				 "with b = 1 it is ml_bce divided by C. A row of which nothing is known contributes 0.",
			.keywords = "partial_labels unknown_labels missing_labels multilabel",
			LB_PARAMS(params),
		},
		.kind = LB_MULTILABEL,
		.good_for = "unknown labels",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(examples),
	},
	.form = &partial_bce_form,
};
