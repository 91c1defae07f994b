#include "losses/support/softmax.h"

enum { Q, K };

static const struct lb_param params[] = {
	[Q] = { .name = "q", .symbol = "a", .def = 0.7, .min = 0, .max = 1, .min_open = true, .grid = { 0.05, 0.7, 0.95 }, .n_grid = 3,
		.help = "robustness: towards 0 cross-entropy, at 1 half of mae, both truncated" },
	[K] = { .name = "k", .symbol = "k", .def = 0.5, .min = 0, .max = 1, .max_open = true, .grid = { 0, 0.1, 0.5 }, .n_grid = 3,
		.help = "rows with p_y <= k have a constant loss and no gradient; 0 is gce" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "k=0", .other = "gce", .other_set = "" },
	{ .set = "q=1 k=0", .other = "mae", .other_set = "", .scale = 0.5 },
};

static const struct lb_example examples[] = {
	{ .set = "q=1 k=0.3", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 2 }, .value = 0.7,
	  .source = "by hand: p_y = 1/4 <= 0.3, so (1 - 0.3) / 1" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.49054002692951515,
	  .source = "mpmath, 30 digits" },
};

/* Compared as logarithms: with k = 0 no row is cut, also where p_y is 0 in working precision. */
static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	const real a = (real)par[Q].v;
	const struct lb_softmax cut = { .lp = (real)log(par[K].v) };

	if (s->lp <= cut.lp)
		return (struct lb_phi){ .loss = lb_box_cox(&cut, a) };
	return lb_box_cox_phi(s, a);
}

LB_LABEL_PROBABILITY(tgce, phi)

const struct lb_loss LB_LOSS(multiclass, tgce) = {
	.info = {
		.base = {
			.name = "tgce",
			.title = "Truncated generalized cross-entropy: rows with a small p_y are left out",
			.cite = "Z. Zhang, M. R. Sabuncu, Generalized cross entropy loss for training deep neural networks with "
				"noisy labels, NeurIPS 2018, section 3.3",
			.formula = "(1 - max(p_y, k)^a) / a",
			.notes = "a is the parameter q of the paper; here q = 1 - p_y. The row loss itself, judged anew at every "
				 "visit; the paper alternates between training and pruning of rows, as tgce_pruned does. At "
				 "p_y = k exactly the slope is 0. With random initial weights p_y is near 1/C: a k above that "
				 "leaves nothing to learn from.",
			.keywords = "truncated_generalized_cross_entropy truncated_gce truncated_lq trunc_loss",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &tgce_form,
};
