#include "losses/support/active_passive.h"

enum { A = LB_BETA + 1 };

static const struct lb_param params[] = {
	[LB_ALPHA] = LB_ALPHA_PARAM(1),
	[LB_BETA] = LB_BETA_PARAM(1),
	[A] = { .name = "a", .symbol = "A", .def = 9.2103403719761827, .min = 0, .max = 1e3, .min_open = true,
		.grid = { 4, 9.2103403719761827 }, .n_grid = 2, .help = "log 0 := -A in the reverse cross-entropy; -log(1e-4)" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "alpha=0 beta=3 a=2.5", .other = "rce", .other_set = "a=2.5", .scale = 3 },
	{ .set = "alpha=3 beta=2 a=0.5", .other = "nce_mae", .other_set = "alpha=3 beta=1" },
};

static const struct lb_example examples[] = {
	{ .set = "alpha=2 beta=1 a=4", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 3.5,
	  .source = "by hand: 2/4 + 4 * 3/4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 5.0807531890870575,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi passive(const struct lb_softmax *s, const struct lb_arg *par)
{
	const real a = (real)par[A].v;

	return (struct lb_phi){ .loss = a * s->q, .f = a * s->p };
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_mix mix = { .alpha = in->par[LB_ALPHA].v, .beta = in->par[LB_BETA].v };

	return lb_active_passive_row(in, i, z, g, mix, passive);
}

const struct lb_loss LB_LOSS(multiclass, nce_rce) = {
	.info = {
		.base = {
			.name = "nce_rce",
			.title = "Normalised cross-entropy plus reverse cross-entropy",
			.cite = "X. Ma, H. Huang, Y. Wang, S. Romano, S. Erfani, J. Bailey, Normalized loss functions for deep learning "
				"with noisy labels, ICML 2020",
			.formula = "alpha log p_y / sum_k log p_k + beta A q",
			.notes = "The sum over all labels is alpha + beta A (C - 1). The paper sets (alpha, beta) = (1, 1) for "
				 "CIFAR-10, (10, 1) for CIFAR-100 and (1, 100) for MNIST; the grids are those of the comparison of "
				 "label-distributionally robust losses, where beta = 10 - alpha. A is log 0 cut at 1e-4, as in the code "
				 "of the paper. Not proper.",
			.keywords = "normalized_cross_entropy normalised_cross_entropy active_passive_loss apl reverse_cross_entropy "
				    "ncerce",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.claims = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED | LB_CALIBRATED,
		.same_as = same_as,
		.n_same_as = sizeof same_as / sizeof *same_as,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.row = row,
	.softmax = true,
};
