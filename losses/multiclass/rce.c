#include "losses/support/softmax.h"

enum { A };

static const struct lb_param params[] = {
	[A] = { .name = "a", .symbol = "A", .def = 4, .min = 0, .max = 1e3, .min_open = true, .grid = { 4, 9.210340371976182 }, .n_grid = 2,
		.help = "log 0 := -A; 4 in the paper, -log(1e-4) in the program of the active-passive losses" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "a=2", .other = "mae", .other_set = "" },
	{ .set = "", .other = "sce", .other_set = "alpha=0 beta=1" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 1 }, .value = 3,
	  .source = "by hand: p_y = 1/4, 4 (1 - 1/4)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 2.1195184176640187,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	const real a = (real)par[A].v;

	return (struct lb_phi){ .loss = a * s->q, .f = a * s->p };
}

LB_LABEL_PROBABILITY(rce, phi)

const struct lb_loss LB_LOSS(multiclass, rce) = {
	.info = {
		.base = {
			.name = "rce",
			.title = "Reverse cross-entropy: label and prediction change places",
			.cite = "Y. Wang, X. Ma, Z. Chen, Y. Luo, J. Yi, J. Bailey, Symmetric cross entropy for robust learning "
				"with noisy labels, ICCV 2019",
			.formula = "-sum_k p_k log e_k = A q",
			.notes = "log 0 := -A. A multiple of mae: A only scales the step. The sum over all labels is A (C - 1).",
			.keywords = "reverse_cross_entropy",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &rce_form,
};
