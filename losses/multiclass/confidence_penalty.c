#include "losses/support/entropy.h"

enum { BETA };

static const struct lb_param params[] = {
	[BETA] = { .name = "beta", .symbol = "b", .def = 0.1, .min = 0, .max = 100, .grid = { 0, 0.1, 0.3, 1, 2 }, .n_grid = 5,
		   .help = "reward for an unsure prediction; 0 is cross-entropy" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "beta=0", .other = "ce", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "beta=0.5", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.34657359027997264,
	  .source = "by hand: p = (1/2, 1/2), log 2 - 0.5 log 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.70113152996284909,
	  .source = "mpmath, 30 digits" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_entropy_row(in, i, z, g, R(1.0), (real)-in->par[BETA].v);
}

LB_SOFTMAX_ROW(confidence_penalty, row)

const struct lb_loss LB_LOSS(multiclass, confidence_penalty) = {
	.info = {
		.base = {
			.name = "confidence_penalty",
			.title = "Cross-entropy less the entropy of the prediction",
			.cite = "G. Pereyra, G. Tucker, J. Chorowski, L. Kaiser, G. Hinton, Regularizing neural networks by penalizing "
				"confident output distributions, ICLR 2017 workshop track",
			.formula = "-log p_y - b H(p),  H(p) = -sum_k p_k log p_k",
			.notes = "Without the paper's variants (a threshold below which the entropy counts, an annealed b). Values "
				 "below 0 are normal. Neither convex nor proper unless beta = 0: predictions are pulled towards "
				 "uniform, their order kept.",
			.keywords = "entropy_regularization entropy_regularisation entropy_penalty confident_output_distributions",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "overconfidence",
		.properties = LB_SMOOTH | LB_SHIFT_INVARIANT | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &confidence_penalty_form,
};
