#include "losses/support/softmax.h"

enum { ALPHA, BETA, A };

static const struct lb_param params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "alpha", .def = 0.5, .min = 0, .max = 1e3, .grid = { 0.05, 0.5, 0.95 }, .n_grid = 3,
		    .help = "weight of cross-entropy" },
	[BETA] = { .name = "beta", .symbol = "beta", .def = 0.5, .min = 0, .max = 1e3, .grid = { 0.05, 0.5, 0.95 }, .n_grid = 3,
		   .help = "weight of the reverse cross-entropy" },
	[A] = { .name = "a", .symbol = "A", .def = 4, .min = 0, .max = 1e3, .min_open = true, .grid = { 4 }, .n_grid = 1,
		.help = "log 0 := -A in the reverse cross-entropy" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "alpha=1 beta=0", .other = "ce", .other_set = "" },
	{ .set = "alpha=0 beta=1 a=2", .other = "mae", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "alpha=1 beta=1", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 2.6931471805599453,
	  .source = "by hand: p_y = 1/2, log 2 + 4/2" },
	{ .set = "alpha=0.1 beta=1", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 2.1988338040873222,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	const real alpha = (real)par[ALPHA].v, beta = (real)(par[BETA].v * par[A].v);

	return (struct lb_phi){ .loss = -alpha * s->lp + beta * s->q, .f = alpha + beta * s->p };
}

LB_LABEL_PROBABILITY(sce, phi)

const struct lb_loss LB_LOSS(multiclass, sce) = {
	.info = {
		.base = {
			.name = "sce",
			.title = "Symmetric cross-entropy: cross-entropy plus reverse cross-entropy",
			.cite = "Y. Wang, X. Ma, Z. Chen, Y. Luo, J. Yi, J. Bailey, Symmetric cross entropy for robust learning with noisy "
				"labels, ICCV 2019",
			.formula = "-alpha log p_y + beta A q",
			.notes = "The reverse cross-entropy -sum_k p_k log e_k is A q, with log 0 := -A. The default 0.5, 0.5 is the middle of "
				 "the label-distributionally robust study's grid (alpha = 1 - beta: move both with zip); the paper "
				 "sets (0.1, 1) for CIFAR-10 and (6, 0.1) for CIFAR-100. Calibrated unless alpha = beta = 0; despite "
				 "the name symmetric only at alpha = 0; convex for small beta A / alpha.",
			.keywords = "symmetric_cross_entropy reverse_cross_entropy rce",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &sce_form,
};
