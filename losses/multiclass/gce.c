#include "losses/support/softmax.h"

enum { Q };

static const struct lb_param params[] = {
	[Q] = { .name = "q", .symbol = "a", .def = 0.7, .min = 0, .max = 1, .min_open = true, .grid = { 0.05, 0.7, 0.95 }, .n_grid = 3,
		.help = "robustness: towards 0 cross-entropy, at 1 half of mae" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "q=1", .other = "mae", .other_set = "", .scale = 0.5 },
};

static const struct lb_example examples[] = {
	{ .set = "q=0.5", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 2 }, .value = 1,
	  .source = "by hand: p_y = 1/4, (1 - 1/2) / (1/2)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.59296770246431322,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	return lb_box_cox_phi(s, (real)par[Q].v);
}

LB_LABEL_PROBABILITY(gce, phi)

const struct lb_loss LB_LOSS(multiclass, gce) = {
	.info = {
		.base = {
			.name = "gce",
			.title = "Generalized cross-entropy: between cross-entropy and mean absolute error",
			.cite = "Z. Zhang, M. R. Sabuncu, Generalized cross entropy loss for training deep neural networks with noisy "
				"labels, NeurIPS 2018",
			.formula = "(1 - p_y^a) / a",
			.notes = "The plain form, without the paper's truncation. a is the parameter q of the paper; here q = 1 - p_y. "
				 "Symmetric only at q = 1.",
			.keywords = "generalized_cross_entropy generalised_cross_entropy lq_loss box_cox",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &gce_form,
};
