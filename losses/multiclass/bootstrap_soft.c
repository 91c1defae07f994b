#include "losses/support/entropy.h"

enum { BETA };

static const struct lb_param params[] = {
	[BETA] = { .name = "beta", .symbol = "b", .def = 0.95, .min = 0, .max = 1, .min_open = true, .grid = { 0.4, 0.6, 0.8, 0.95 },
		   .n_grid = 4, .help = "share of the given label in the target, the rest is the prediction; 1 is cross-entropy" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "beta=1", .other = "ce", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "beta=0.5", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 2 }, .value = 1.3862943611198906,
	  .source = "by hand: every log p_k is -log 4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.79950733815647693,
	  .source = "mpmath, 30 digits" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_entropy_row(in, i, z, g, (real)in->par[BETA].v, (real)(1 - in->par[BETA].v));
}

LB_SOFTMAX_ROW(bootstrap_soft, row)

const struct lb_loss LB_LOSS(multiclass, bootstrap_soft) = {
	.info = {
		.base = {
			.name = "bootstrap_soft",
			.title = "Soft bootstrapping: cross-entropy to a mix of the label and the prediction",
			.cite = "S. Reed, H. Lee, D. Anguelov, C. Szegedy, D. Erhan, A. Rabinovich, Training deep neural networks on "
				"noisy labels with bootstrapping, ICLR 2015 workshop track",
			.formula = "-sum_k t_k log p_k,  t = b e + (1 - b) p",
			.notes = "The same as b times cross-entropy plus (1 - b) times the entropy of p. The gradient flows through the "
				 "target too. Programs that hold the target fixed have the gradient b (p - e), which is that of b times "
				 "ce and not of this value; that form is not offered, as ce with another learning rate gives the same "
				 "steps. The paper sets b = 0.95. Not proper unless beta = 1; with beta below 1/2 not convex even for "
				 "two classes.",
			.keywords = "bootstrapping soft_bootstrapping entropy_minimization reed",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &bootstrap_soft_form,
};
