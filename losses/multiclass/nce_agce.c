#include "losses/support/active_passive.h"
#include "losses/support/asymmetric.h"

enum { A = LB_BETA + 1, Q };

static const struct lb_param params[] = {
	[LB_ALPHA] = LB_ALPHA_PARAM(1),
	[LB_BETA] = LB_BETA_PARAM(4),
	[A] = { .name = "a", .symbol = "a", .def = 6, .min = 0, .max = 100, .min_open = true,
		.grid = { 0.6, 1.8, 3, 6 }, .n_grid = 4, .help = "shift of p_y; the larger, the closer to mae" },
	[Q] = { .name = "q", .symbol = "b", .def = 1.5, .min = 0, .max = 10, .min_open = true,
		.grid = { 0.6, 1.5, 2, 3 }, .n_grid = 4, .help = "exponent; 1 is mae / 2" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "q=1 alpha=2 beta=3", .other = "nce_mae", .other_set = "alpha=2 beta=3" },
	{ .set = "alpha=0 beta=3 a=2 q=0.5", .other = "agce", .other_set = "a=2 q=0.5", .scale = 3 },
};

static const struct lb_example examples[] = {
	{ .set = "alpha=2 beta=1 a=1 q=2", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 1.71875,
	  .source = "by hand: 2/4 + (2^2 - (5/4)^2) / 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 5.6941785997210646,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi passive(const struct lb_softmax *s, const struct lb_arg *par)
{
	return lb_agce(s, (real)par[A].v, (real)par[Q].v);
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_mix mix = { .alpha = in->par[LB_ALPHA].v, .beta = in->par[LB_BETA].v };

	return lb_active_passive_row(in, i, z, g, mix, passive);
}

const struct lb_loss LB_LOSS(multiclass, nce_agce) = {
	.info = {
		.base = {
			.name = "nce_agce",
			.title = "Normalised cross-entropy plus asymmetric generalized cross-entropy",
			.cite = "X. Zhou, X. Liu, J. Jiang, X. Gao, X. Ji, Asymmetric loss functions for learning with noisy labels, "
				"ICML 2021; the active loss: X. Ma and others, Normalized loss functions for deep learning with noisy "
				"labels, ICML 2020",
			.formula = "alpha log p_y / sum_k log p_k + beta ((a + 1)^b - (a + p_y)^b) / b",
			.notes = "The defaults are those of the paper for CIFAR-10; for CIFAR-100 it sets alpha = 10, beta = 0.1, a = "
				 "1.8, q = 3. The comparison of label-distributionally robust losses uses a = 3, q = 1.5 and beta = 10 "
				 "- alpha, alpha in 0.1, 5, 9.9. b is the parameter q of the paper; here q = 1 - p_y. Symmetric only at "
				 "q = 1. Not proper.",
			.keywords = "normalized_cross_entropy normalised_cross_entropy active_passive_loss apl "
				    "asymmetric_generalized_cross_entropy nceagce",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.claims = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_CALIBRATED,
		.same_as = same_as,
		.n_same_as = sizeof same_as / sizeof *same_as,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.row = row,
	.softmax = true,
};
