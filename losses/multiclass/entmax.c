#include "losses/support/tempered.h"

enum { ALPHA };

static const struct lb_param params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "a", .def = 1.5, .min = 1, .max = 2, .grid = { 1, 1.25, 1.5, 2 }, .n_grid = 4,
		    .help = "sparsity of the probabilities: 1 is cross-entropy, 2 sparsemax" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "alpha=1", .other = "ce", .other_set = "" },
	{ .set = "alpha=2", .other = "sparsemax", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 0.66666666666666667,
	  .source = "by hand: p = 1/4, (1 - 4/8) / (3/4)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.39352662396665402,
	  .source = "mpmath, 30 digits" },
	{ .set = "", .b = 1, .c = 2, .z = { 2, 0 }, .y = { 0 }, .value = 0, .source = "by hand: a lead of 1/(a - 1) ends the loss" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_entmax_row(in, i, z, g, in->par[ALPHA].v);
}

LB_ROW(entmax, row)

const struct lb_loss LB_LOSS(multiclass, entmax) = {
	.info = {
		.base = {
			.name = "entmax",
			.title = "Entmax loss: the Fenchel-Young loss of the Tsallis entropies, with sparse probabilities",
			.cite = "B. Peters, V. Niculae, A. F. T. Martins, Sparse sequence-to-sequence models, ACL 2019; general form: M. "
				"Blondel, A. F. T. Martins, V. Niculae, Learning with Fenchel-Young losses, JMLR 21, 2020",
			.formula = "<p, z> + H(p) - z_y,  p maximises <p, z> + H(p) over the simplex,  H(p) = (1 - sum_k p_k^a) / (a (a - 1))",
			.notes = "The gradient is p - e. Value and gradient are exactly 0 once z_y leads by 1/(a - 1). p is solved to full "
				 "precision by Newton's method for every alpha, without sorting. Above alpha = 2 the slope of p has no "
				 "bound, so the gradient cannot be computed accurately: not offered. It is proper for its own link p, "
				 "and for softmax only at alpha = 1; metrics on probabilities use softmax.",
			.keywords = "entmax15 alpha_entmax fenchel_young tsallis sparse_softmax",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "sparse probabilities",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &entmax_form,
};
