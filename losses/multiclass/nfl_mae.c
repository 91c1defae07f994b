#include "losses/support/active_passive.h"

enum { GAMMA = LB_BETA + 1 };

static const struct lb_param params[] = {
	[LB_ALPHA] = LB_ALPHA_PARAM(1),
	[LB_BETA] = LB_BETA_PARAM(1),
	[GAMMA] = { .name = "gamma", .symbol = "g", .def = 0.5, .min = 0, .max = 100, .grid = { 0, 0.5, 2 }, .n_grid = 3,
		    .help = "focus of the active loss; 0 is nce" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "gamma=0", .other = "nce_mae", .other_set = "" },
	{ .set = "alpha=0 beta=2", .other = "mae", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "alpha=2 beta=4", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 3.5,
	  .source = "by hand: 2/4 + 4 * 3/4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.70291555025376159,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi passive(const struct lb_softmax *s, const struct lb_arg *par)
{
	(void)par;
	return (struct lb_phi){ .loss = s->q, .f = s->p };
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_mix mix = { .alpha = in->par[LB_ALPHA].v, .beta = in->par[LB_BETA].v, .g = in->par[GAMMA].v };

	return lb_active_passive_row(in, i, z, g, mix, passive);
}

const struct lb_loss LB_LOSS(multiclass, nfl_mae) = {
	.info = {
		.base = {
			.name = "nfl_mae",
			.title = "Normalised focal loss plus mean absolute error",
			.cite = "X. Ma, H. Huang, Y. Wang, S. Romano, S. Erfani, J. Bailey, Normalized loss functions for deep learning "
				"with noisy labels, ICML 2020",
			.formula = "alpha f_y / sum_k f_k + beta q,  f_k = -(1 - p_k)^g log p_k",
			.notes = "The passive part is 1 - p_y, as in the code of the paper: half of mae. The sum over all labels is "
				 "alpha + beta (C - 1). The code holds the factors (1 - p_k)^g fixed in the gradient; here they are "
				 "part of the derivative. Not proper.",
			.keywords = "normalized_focal_loss normalised_focal_loss active_passive_loss apl mean_absolute_error nflmae",
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
