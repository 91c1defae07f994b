#include "losses/support/asymmetric.h"

enum { A, Q };

static const struct lb_param params[] = {
	[A] = { .name = "a", .symbol = "a", .def = 6, .min = 1, .max = 100, .min_open = true, .grid = { 1.5, 3, 5.5, 6 }, .n_grid = 4,
		.help = "distance of p_y from which the power is taken; larger is nearer to mae" },
	[Q] = { .name = "q", .symbol = "b", .def = 1.5, .min = 0, .max = 10, .min_open = true, .grid = { 0.1, 0.9, 1.5, 3 }, .n_grid = 4,
		.help = "exponent; 1 is half of mae" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "q=1", .other = "mae", .other_set = "", .scale = 0.5 },
	{ .set = "a=1.5 q=1", .other = "taylor_ce", .other_set = "order=1" },
};

static const struct lb_example examples[] = {
	{ .set = "a=3 q=2", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 1.125,
	  .source = "by hand: p_y = 1/2, (2.5^2 - 2^2) / 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 1.217441080509619,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	return lb_aul(s, (real)(par[A].v - 1), (real)par[Q].v);
}

LB_LABEL_PROBABILITY(aul, phi)

const struct lb_loss LB_LOSS(multiclass, aul) = {
	.info = {
		.base = {
			.name = "aul",
			.title = "Asymmetric unhinged loss",
			.cite = "X. Zhou, X. Liu, J. Jiang, X. Gao, X. Ji, Asymmetric loss functions for learning with noisy "
				"labels, ICML 2021",
			.formula = "((a - p_y)^b - (a - 1)^b) / b",
			.notes = "b is the parameter q of the paper; here q = 1 - p_y. The paper sets (a, q) = (3, 0.1) for "
				 "MNIST, (5.5, 3) for CIFAR; the default is that of its program in pairs with a normalised loss. "
				 "Symmetric only at q = 1.",
			.keywords = "asymmetric_unhinged_loss",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &aul_form,
};
