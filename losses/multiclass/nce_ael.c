#include "losses/support/active_passive.h"
#include "losses/support/asymmetric.h"

enum { A = LB_BETA + 1 };

static const struct lb_param params[] = {
	[LB_ALPHA] = LB_ALPHA_PARAM(1),
	[LB_BETA] = LB_BETA_PARAM(4),
	[A] = { .name = "a", .symbol = "a", .def = 5, .min = 0.05, .max = 1e3,
		.grid = { 1.5, 2.5, 5 }, .n_grid = 3, .help = "scale of p_y" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "alpha=0 beta=3 a=2", .other = "ael", .other_set = "a=2", .scale = 3 },
};

static const struct lb_example examples[] = {
	{ .set = "alpha=2 beta=1 a=0.25", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 0.86787944117144233,
	  .source = "by hand: 2/4 + e^-1" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 3.8426145160813153,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi passive(const struct lb_softmax *s, const struct lb_arg *par)
{
	return lb_ael(s, (real)par[A].v);
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_mix mix = { .alpha = in->par[LB_ALPHA].v, .beta = in->par[LB_BETA].v };

	return lb_active_passive_row(in, i, z, g, mix, passive);
}

const struct lb_loss LB_LOSS(multiclass, nce_ael) = {
	.info = {
		.base = {
			.name = "nce_ael",
			.title = "Normalised cross-entropy plus asymmetric exponential loss",
			.cite = "X. Zhou, X. Liu, J. Jiang, X. Gao, X. Ji, Asymmetric loss functions for learning with noisy labels, "
				"ICML 2021; the active loss: X. Ma and others, Normalized loss functions for deep learning with noisy "
				"labels, ICML 2020",
			.formula = "alpha log p_y / sum_k log p_k + beta exp(-p_y / a)",
			.notes = "The defaults are those of the paper for CIFAR-10; for CIFAR-100 it sets alpha = 10, beta = 0.1, a = "
				 "1.5. The passive part is never 0: it lies between e^(-1/a) and 1. Not proper.",
			.keywords = "normalized_cross_entropy normalised_cross_entropy active_passive_loss apl "
				    "asymmetric_exponential_loss nceael",
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
