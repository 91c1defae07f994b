#include "losses/support/sorted_scores.h"

enum { K, MARGIN };

static const struct lb_param params[] = {
	[K] = { .name = "k", .symbol = "k", .type = LB_INT_PARAM, .def = 2, .min = 1, .max = 1e6, .grid = { 1, 2, 3, 5, 10 }, .n_grid = 5,
		.help = "margins in the mean; cut at the number of classes" },
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 1e3, .log_scale = true, .grid = { 0.1, 1, 10 },
		     .n_grid = 3, .help = "lead that the label's score must have over every other" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "k=1", .other = "cs", .other_set = "" },
	{ .set = "k=3 margin=0.5", .other = "ldr_k_kl", .other_set = "k=3 lam=0 margin=0.5" },
	{ .set = "k=1000000 margin=0.5", .other = "ldr_kl", .other_set = "lam=inf margin=0.5" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 1, -0.5, 0.2 }, .y = { 0 }, .value = 0.1,
	  .source = "by hand: g = (0, -0.5, 0.2), (0.2 + 0) / 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.425,
	  .source = "by hand: ((0.2 + 0) / 2 + (1.5 + 0) / 2) / 2" },
	{ .set = "k=9", .b = 1, .c = 3, .z = { 1, -0.5, 0.2 }, .y = { 0 }, .value = -0.1,
	  .source = "by hand: k is cut at 3, (0 - 0.5 + 0.2) / 3" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_ldr_k_row(in, i, z, g, lb_cut_k(&in->par[K], in->c), in->par[MARGIN].v);
}

LB_ROW(ldr_k, row)

const struct lb_loss LB_LOSS(multiclass, ldr_k) = {
	.info = {
		.base = {
			.name = "ldr_k",
			.title = "LDR-k hinge: the mean of the k largest margin violations",
			.cite = "D. Zhu, Y. Ying, T. Yang, Label distributionally robust losses for multi-class classification: consistency, "
				"robustness and adaptivity, ICML 2023; M. Lapin, M. Hein, B. Schiele, Top-k multiclass SVM, NeurIPS 2015",
			.formula = "(sum of the k largest g_j) / k,  g_j = z_j - z_y + m [j != y]",
			.notes = "The entry of the label, 0, is one of the g_j. The top-k hinge of Lapin and others (variant alpha) is the "
				 "larger of this value and 0; here, as for the robust losses, p sums to 1 and the value falls below 0 "
				 "without bound for k > 1. A k above the number of classes C is cut at C: then the value is the mean of "
				 "all g_j, a linear and symmetric loss. On ties the label's entry is taken first, then the lowest "
				 "index. Not calibrated.",
			.keywords = "top_k_svm top_k_hinge lapin ldr label_distributionally_robust",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "top-k accuracy",
		.properties = LB_CONVEX | LB_SHIFT_INVARIANT,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &ldr_k_form,
};
