#include "losses/support/asymmetric.h"

enum { A, Q };

static const struct lb_param params[] = {
	[A] = { .name = "a", .symbol = "a", .def = 3, .min = 0, .max = 100, .min_open = true, .grid = { 0.6, 1, 3, 4 }, .n_grid = 4,
		.help = "added to p_y before the power is taken; larger is nearer to mae" },
	[Q] = { .name = "q", .symbol = "b", .def = 1.5, .min = 0, .max = 10, .min_open = true, .grid = { 0.2, 0.6, 1.5, 2 }, .n_grid = 4,
		.help = "exponent; 1 is half of mae" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "q=1", .other = "mae", .other_set = "", .scale = 0.5 },
	{ .set = "a=0.6 q=1", .other = "comp_sum", .other_set = "tau=2" },
};

static const struct lb_example examples[] = {
	{ .set = "a=1 q=2", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.875,
	  .source = "by hand: p_y = 1/2, (2^2 - 1.5^2) / 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 1.0216543461634955,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	return lb_agce(s, (real)par[A].v, (real)par[Q].v);
}

LB_LABEL_PROBABILITY(agce, phi)

const struct lb_loss LB_LOSS(multiclass, agce) = {
	.info = {
		.base = {
			.name = "agce",
			.title = "Asymmetric generalized cross-entropy",
			.cite = "X. Zhou, X. Liu, J. Jiang, X. Gao, X. Ji, Asymmetric loss functions for learning with noisy "
				"labels, ICML 2021",
			.formula = "((a + 1)^b - (a + p_y)^b) / b",
			.notes = "b is the parameter q of the paper; here q = 1 - p_y. As a goes to 0 it becomes gce. The paper "
				 "sets (a, q) = (4, 0.2) for MNIST, (0.6, 0.6) for CIFAR; the default is that of its program in "
				 "pairs with a normalised loss. Symmetric only at q = 1.",
			.keywords = "asymmetric_generalized_cross_entropy asymmetric_gce",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &agce_form,
};
