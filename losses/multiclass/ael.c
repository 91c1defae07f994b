#include "losses/support/asymmetric.h"

enum { A };

static const struct lb_param params[] = {
	[A] = { .name = "a", .symbol = "a", .def = 2.5, .min = 0.05, .max = 1e3, .grid = { 1.5, 2.5, 3.5, 5 }, .n_grid = 4,
		.help = "larger is nearer to a multiple of mae" },
};

static const struct lb_example examples[] = {
	{ .set = "a=0.5", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.36787944117144233,
	  .source = "by hand: p_y = 1/2, exp(-1)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.8296577038725323,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	return lb_ael(s, (real)par[A].v);
}

LB_LABEL_PROBABILITY(ael, phi)

const struct lb_loss LB_LOSS(multiclass, ael) = {
	.info = {
		.base = {
			.name = "ael",
			.title = "Asymmetric exponential loss",
			.cite = "X. Zhou, X. Liu, J. Jiang, X. Gao, X. Ji, Asymmetric loss functions for learning with noisy "
				"labels, ICML 2021",
			.formula = "exp(-p_y / a)",
			.notes = "Between exp(-1/a) and 1: the value of a perfectly fitted row is not 0. The paper sets a = 3.5 "
				 "for MNIST and 2.5 for CIFAR.",
			.keywords = "asymmetric_exponential_loss",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &ael_form,
};
