#include "losses/support/label_matrix.h"

enum { TEMPERATURE };

static const struct lb_param params[] = {
	[TEMPERATURE] = { .name = "temperature", .symbol = "T", .def = 1, .min = 0.01, .max = 100, .log_scale = true, .grid = { 0.05, 0.5, 1 },
			  .n_grid = 3, .help = "scores are divided by it first; 0.05 for cosines" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 0, 0, 0 }, .t = { 1, 1, 0 }, .value = 0.69314718055994531, .source = "by hand: log 2 each" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .t = { 1, 0, 0, 0, 1, 1 }, .value = 0.3556440525000823,
	  .source = "mpmath, 30 digits" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_strip s = lb_row_of(in, i, z);
	const double scale = 1 / in->par[TEMPERATURE].v;
	const struct lb_lse away = lb_lse_of(&s, 0, scale);
	double value = 0, push = 0, there = 0;

	for (size_t k = 0; k < s.n; k++)
		there += s.t[k] > 0;
	for (size_t k = 0; k < s.n; k++) {
		double p = 0;
		if (s.t[k] > 0 && away.n)
			value += lb_softplus_and_slope(lb_lse_log(&away) - scale * (double)z[k], &p) / there;
		push += p;
		if (g)
			g[k] = (real)(-p * scale / (there > 0 ? there : 1));
	}
	for (size_t k = 0; g && there > 0 && k < s.n; k++)
		if (s.t[k] == 0)
			g[k] = (real)(push * scale / there * lb_lse_share(&away, (double)z[k]));
	return (real)(value + lb_strip_nan(&s));
}

LB_ROW(decoupled_softmax, row)

const struct lb_loss LB_LOSS(multilabel, decoupled_softmax) = {
	.info = {
		.base = {
			.name = "decoupled_softmax",
			.title = "Decoupled softmax: each label that is there against those that are not, never against another that is",
			.cite = "N. Gupta, D. Khatri, A. S. Rawat, S. Bhojanapalli, P. Jain, I. Dhillon, Dual-encoders for extreme multi-label "
				"classification, ICLR 2024",
			.formula = "mean_{j there} log(1 + e^{-z_j / T} sum_{i not there} e^{z_i / T})",
			.notes = "The paper's scores are cosines, divided by 0.05. A row without a label that is there, or without one that is not, "
				 "contributes 0. A label that is not known has no part.",
			.keywords = "dexml dual_encoder softmax extreme multilabel",
			LB_PARAMS(params),
		},
		.kind = LB_MULTILABEL,
		.good_for = "many labels",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(examples),
	},
	.form = &decoupled_softmax_form,
};
