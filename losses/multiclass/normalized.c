/* Normalised losses, alone and added to a passive loss. */
#include "losses/support/active_passive.h"
#include "losses/support/asymmetric.h"

#define CITE_MA \
	"X. Ma, H. Huang, Y. Wang, S. Romano, S. Erfani, J. Bailey, Normalized loss functions for deep learning " \
	"with noisy labels, ICML 2020"
#define CITE_ZHOU \
	"X. Zhou, X. Liu, J. Jiang, X. Gao, X. Ji, Asymmetric loss functions for learning with noisy labels, " \
	"ICML 2021; the active loss: X. Ma and others, Normalized loss functions for deep learning with noisy " \
	"labels, ICML 2020"

/* ---- nce ---- */

static const struct lb_example nce_examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 3 }, .value = 0.25, .source = "by hand: log(1/4) / (4 log(1/4))" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.20038167624756107,
	  .source = "mpmath, 30 digits" },
};

LB_ACTIVE_PASSIVE(nce, NULL, .alpha = 1)

const struct lb_loss LB_LOSS(multiclass, nce) = {
	.info = {
		.base = {
			.name = "nce",
			.title = "Normalised cross-entropy: the share of the label in the sum of cross-entropies",
			.cite = CITE_MA,
			.formula = "log p_y / sum_k log p_k",
			.notes = "Between 0 and 1; the sum over all labels is 1. Robust by the paper, and underfitting for the same "
				 "reason; it is meant as the active part of a pair such as nce_rce. Neither proper nor, with three "
				 "classes or more, calibrated: the risk comes as near as one likes to the smallest class probability "
				 "with any other class on top, as soon as the score of the least likely class goes to minus infinity.",
			.keywords = "normalized_cross_entropy normalised_cross_entropy",
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED,
		LB_EXAMPLES(nce_examples),
	},
	.form = &nce_form,
};

/* ---- nfl ---- */

enum { NFL_GAMMA };

static const struct lb_param nfl_params[] = {
	[NFL_GAMMA] = { .name = "gamma", .symbol = "g", .def = 0.5, .min = 0, .max = 100, .grid = { 0, 0.5, 2 }, .n_grid = 3,
		    .help = "down-weighting of easy classes; 0 is nce" },
};

static const struct lb_same_as nfl_same_as[] = {
	{ .set = "gamma=0", .other = "nce", .other_set = "" },
};

static const struct lb_example nfl_examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 3 }, .value = 0.25, .source = "by hand: four equal terms" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.17303594583775693,
	  .source = "mpmath, 30 digits" },
};

LB_ACTIVE_PASSIVE(nfl, NULL, .alpha = 1, .g = in->par[NFL_GAMMA].v)

const struct lb_loss LB_LOSS(multiclass, nfl) = {
	.info = {
		.base = {
			.name = "nfl",
			.title = "Normalised focal loss: the share of the label in the sum of focal losses",
			.cite = CITE_MA,
			.formula = "f_y / sum_k f_k,  f_k = -(1 - p_k)^g log p_k",
			.notes = "Between 0 and 1; the sum over all labels is 1. The code of the paper holds the factors (1 - p_k)^g "
				 "fixed in the gradient; here they are part of the derivative. Meant as the active part of a pair such "
				 "as nfl_rce. Neither proper nor, with three classes or more, calibrated, for the reason given at nce.",
			.keywords = "normalized_focal_loss normalised_focal_loss",
			LB_PARAMS(nfl_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED,
		LB_SAME_AS(nfl_same_as),
		LB_EXAMPLES(nfl_examples),
	},
	.form = &nfl_form,
};

/* ---- nce_rce ---- */

enum { NCE_RCE_A = LB_BETA + 1 };

static const struct lb_param nce_rce_params[] = {
	[LB_ALPHA] = LB_ALPHA_PARAM(1),
	[LB_BETA] = LB_BETA_PARAM(1),
	[NCE_RCE_A] = { .name = "a", .symbol = "A", .def = 9.2103403719761827, .min = 0, .max = 1e3, .min_open = true,
		.grid = { 4, 9.2103403719761827 }, .n_grid = 2, .help = "log 0 := -A in the reverse cross-entropy; -log(1e-4)" },
};

static const struct lb_same_as nce_rce_same_as[] = {
	{ .set = "alpha=0 beta=3 a=2.5", .other = "rce", .other_set = "a=2.5", .scale = 3 },
	{ .set = "alpha=3 beta=2 a=0.5", .other = "nce_mae", .other_set = "alpha=3 beta=1" },
};

static const struct lb_example nce_rce_examples[] = {
	{ .set = "alpha=2 beta=1 a=4", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 3.5,
	  .source = "by hand: 2/4 + 4 * 3/4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 5.0807531890870575,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi nce_rce_passive(const struct lb_softmax *s, const struct lb_arg *par)
{
	const real a = (real)par[NCE_RCE_A].v;

	return (struct lb_phi){ .loss = a * s->q, .f = a * s->p };
}

LB_ACTIVE_PASSIVE(nce_rce, nce_rce_passive, .alpha = in->par[LB_ALPHA].v, .beta = in->par[LB_BETA].v)

const struct lb_loss LB_LOSS(multiclass, nce_rce) = {
	.info = {
		.base = {
			.name = "nce_rce",
			.title = "Normalised cross-entropy plus reverse cross-entropy",
			.cite = CITE_MA,
			.formula = "alpha log p_y / sum_k log p_k + beta A q",
			.notes = "The sum over all labels is alpha + beta A (C - 1). The paper sets (alpha, beta) = (1, 1) for "
				 "CIFAR-10, (10, 1) for CIFAR-100 and (1, 100) for MNIST; the grids are those of the comparison of "
				 "label-distributionally robust losses, where beta = 10 - alpha. A is log 0 cut at 1e-4, as in the code "
				 "of the paper. Not proper.",
			.keywords = "normalized_cross_entropy normalised_cross_entropy active_passive_loss apl reverse_cross_entropy "
				    "ncerce",
			LB_PARAMS(nce_rce_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(nce_rce_same_as),
		LB_EXAMPLES(nce_rce_examples),
	},
	.form = &nce_rce_form,
};

/* ---- nce_mae ---- */

static const struct lb_param nce_mae_params[] = {
	[LB_ALPHA] = LB_ALPHA_PARAM(1),
	[LB_BETA] = LB_BETA_PARAM(1),
};

static const struct lb_same_as nce_mae_same_as[] = {
	{ .set = "alpha=0 beta=2", .other = "mae", .other_set = "" },
};

static const struct lb_example nce_mae_examples[] = {
	{ .set = "alpha=2 beta=4", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 3.5,
	  .source = "by hand: 2/4 + 4 * 3/4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.73026128066356573,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi nce_mae_passive(const struct lb_softmax *s, const struct lb_arg *par)
{
	(void)par;
	return (struct lb_phi){ .loss = s->q, .f = s->p };
}

LB_ACTIVE_PASSIVE(nce_mae, nce_mae_passive, .alpha = in->par[LB_ALPHA].v, .beta = in->par[LB_BETA].v)

const struct lb_loss LB_LOSS(multiclass, nce_mae) = {
	.info = {
		.base = {
			.name = "nce_mae",
			.title = "Normalised cross-entropy plus mean absolute error",
			.cite = CITE_MA,
			.formula = "alpha log p_y / sum_k log p_k + beta q",
			.notes = "The passive part is 1 - p_y, as in the code of the paper: half of mae. The sum over all labels is "
				 "alpha + beta (C - 1). Not proper.",
			.keywords = "normalized_cross_entropy normalised_cross_entropy active_passive_loss apl mean_absolute_error "
				    "ncemae",
			LB_PARAMS(nce_mae_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(nce_mae_same_as),
		LB_EXAMPLES(nce_mae_examples),
	},
	.form = &nce_mae_form,
};

/* ---- nce_aul ---- */

enum { NCE_AUL_A = LB_BETA + 1, NCE_AUL_Q };

static const struct lb_param nce_aul_params[] = {
	[LB_ALPHA] = LB_ALPHA_PARAM(1),
	[LB_BETA] = LB_BETA_PARAM(4),
	[NCE_AUL_A] = { .name = "a", .symbol = "a", .def = 6.3, .min = 1, .max = 100, .min_open = true,
		.grid = { 1.5, 3, 6, 6.3 }, .n_grid = 4, .help = "distance of the pole from 0; the larger, the closer to mae" },
	[NCE_AUL_Q] = { .name = "q", .symbol = "b", .def = 1.5, .min = 0, .max = 10, .min_open = true,
		.grid = { 0.1, 0.9, 1.5, 3 }, .n_grid = 4, .help = "exponent; 1 is mae / 2" },
};

static const struct lb_same_as nce_aul_same_as[] = {
	{ .set = "q=1 alpha=2 beta=3", .other = "nce_mae", .other_set = "alpha=2 beta=3" },
	{ .set = "alpha=0 beta=3 a=2 q=0.5", .other = "aul", .other_set = "a=2 q=0.5", .scale = 3 },
};

static const struct lb_example nce_aul_examples[] = {
	{ .set = "alpha=2 beta=1 a=2 q=2", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 1.53125,
	  .source = "by hand: 2/4 + ((7/4)^2 - 1) / 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 5.2066444424087085,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi nce_aul_passive(const struct lb_softmax *s, const struct lb_arg *par)
{
	return lb_aul(s, (real)(par[NCE_AUL_A].v - 1), (real)par[NCE_AUL_Q].v);
}

LB_ACTIVE_PASSIVE(nce_aul, nce_aul_passive, .alpha = in->par[LB_ALPHA].v, .beta = in->par[LB_BETA].v)

const struct lb_loss LB_LOSS(multiclass, nce_aul) = {
	.info = {
		.base = {
			.name = "nce_aul",
			.title = "Normalised cross-entropy plus asymmetric unhinged loss",
			.cite = CITE_ZHOU,
			.formula = "alpha log p_y / sum_k log p_k + beta ((a - p_y)^b - (a - 1)^b) / b",
			.notes = "The defaults are those of the paper for CIFAR-10; for CIFAR-100 it sets alpha = 10, beta = 0.015, a = "
				 "6, q = 3. The comparison of label-distributionally robust losses uses a = 6, q = 1.5 and beta = 10 - "
				 "alpha, alpha in 0.1, 5, 9.9. b is the parameter q of the paper; here q = 1 - p_y. Symmetric only at q "
				 "= 1. Not proper.",
			.keywords = "normalized_cross_entropy normalised_cross_entropy active_passive_loss apl asymmetric_unhinged_loss "
				    "nceaul",
			LB_PARAMS(nce_aul_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(nce_aul_same_as),
		LB_EXAMPLES(nce_aul_examples),
	},
	.form = &nce_aul_form,
};

/* ---- nce_agce ---- */

enum { NCE_AGCE_A = LB_BETA + 1, NCE_AGCE_Q };

static const struct lb_param nce_agce_params[] = {
	[LB_ALPHA] = LB_ALPHA_PARAM(1),
	[LB_BETA] = LB_BETA_PARAM(4),
	[NCE_AGCE_A] = { .name = "a", .symbol = "a", .def = 6, .min = 0, .max = 100, .min_open = true,
		.grid = { 0.6, 1.8, 3, 6 }, .n_grid = 4, .help = "shift of p_y; the larger, the closer to mae" },
	[NCE_AGCE_Q] = { .name = "q", .symbol = "b", .def = 1.5, .min = 0, .max = 10, .min_open = true,
		.grid = { 0.6, 1.5, 2, 3 }, .n_grid = 4, .help = "exponent; 1 is mae / 2" },
};

static const struct lb_same_as nce_agce_same_as[] = {
	{ .set = "q=1 alpha=2 beta=3", .other = "nce_mae", .other_set = "alpha=2 beta=3" },
	{ .set = "alpha=0 beta=3 a=2 q=0.5", .other = "agce", .other_set = "a=2 q=0.5", .scale = 3 },
};

static const struct lb_example nce_agce_examples[] = {
	{ .set = "alpha=2 beta=1 a=1 q=2", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 1.71875,
	  .source = "by hand: 2/4 + (2^2 - (5/4)^2) / 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 5.6941785997210646,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi nce_agce_passive(const struct lb_softmax *s, const struct lb_arg *par)
{
	return lb_agce(s, (real)par[NCE_AGCE_A].v, (real)par[NCE_AGCE_Q].v);
}

LB_ACTIVE_PASSIVE(nce_agce, nce_agce_passive, .alpha = in->par[LB_ALPHA].v, .beta = in->par[LB_BETA].v)

const struct lb_loss LB_LOSS(multiclass, nce_agce) = {
	.info = {
		.base = {
			.name = "nce_agce",
			.title = "Normalised cross-entropy plus asymmetric generalized cross-entropy",
			.cite = CITE_ZHOU,
			.formula = "alpha log p_y / sum_k log p_k + beta ((a + 1)^b - (a + p_y)^b) / b",
			.notes = "The defaults are those of the paper for CIFAR-10; for CIFAR-100 it sets alpha = 10, beta = 0.1, a = "
				 "1.8, q = 3. The comparison of label-distributionally robust losses uses a = 3, q = 1.5 and beta = 10 "
				 "- alpha, alpha in 0.1, 5, 9.9. b is the parameter q of the paper; here q = 1 - p_y. Symmetric only at "
				 "q = 1. Not proper.",
			.keywords = "normalized_cross_entropy normalised_cross_entropy active_passive_loss apl "
				    "asymmetric_generalized_cross_entropy nceagce",
			LB_PARAMS(nce_agce_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(nce_agce_same_as),
		LB_EXAMPLES(nce_agce_examples),
	},
	.form = &nce_agce_form,
};

/* ---- nce_ael ---- */

enum { NCE_AEL_A = LB_BETA + 1 };

static const struct lb_param nce_ael_params[] = {
	[LB_ALPHA] = LB_ALPHA_PARAM(1),
	[LB_BETA] = LB_BETA_PARAM(4),
	[NCE_AEL_A] = { .name = "a", .symbol = "a", .def = 5, .min = 0.05, .max = 1e3,
		.grid = { 1.5, 2.5, 5 }, .n_grid = 3, .help = "scale of p_y" },
};

static const struct lb_same_as nce_ael_same_as[] = {
	{ .set = "alpha=0 beta=3 a=2", .other = "ael", .other_set = "a=2", .scale = 3 },
};

static const struct lb_example nce_ael_examples[] = {
	{ .set = "alpha=2 beta=1 a=0.25", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 0.86787944117144233,
	  .source = "by hand: 2/4 + e^-1" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 3.8426145160813153,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi nce_ael_passive(const struct lb_softmax *s, const struct lb_arg *par)
{
	return lb_ael(s, (real)par[NCE_AEL_A].v);
}

LB_ACTIVE_PASSIVE(nce_ael, nce_ael_passive, .alpha = in->par[LB_ALPHA].v, .beta = in->par[LB_BETA].v)

const struct lb_loss LB_LOSS(multiclass, nce_ael) = {
	.info = {
		.base = {
			.name = "nce_ael",
			.title = "Normalised cross-entropy plus asymmetric exponential loss",
			.cite = CITE_ZHOU,
			.formula = "alpha log p_y / sum_k log p_k + beta exp(-p_y / a)",
			.notes = "The defaults are those of the paper for CIFAR-10; for CIFAR-100 it sets alpha = 10, beta = 0.1, a = "
				 "1.5. The passive part is never 0: it lies between e^(-1/a) and 1. Not proper.",
			.keywords = "normalized_cross_entropy normalised_cross_entropy active_passive_loss apl "
				    "asymmetric_exponential_loss nceael",
			LB_PARAMS(nce_ael_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(nce_ael_same_as),
		LB_EXAMPLES(nce_ael_examples),
	},
	.form = &nce_ael_form,
};

/* ---- nfl_rce ---- */

enum { NFL_RCE_GAMMA = LB_BETA + 1, NFL_RCE_A };

static const struct lb_param nfl_rce_params[] = {
	[LB_ALPHA] = LB_ALPHA_PARAM(1),
	[LB_BETA] = LB_BETA_PARAM(1),
	[NFL_RCE_GAMMA] = { .name = "gamma", .symbol = "g", .def = 0.5, .min = 0, .max = 100, .grid = { 0, 0.5, 2 }, .n_grid = 3,
		    .help = "focus of the active loss; 0 is nce" },
	[NFL_RCE_A] = { .name = "a", .symbol = "A", .def = 9.2103403719761827, .min = 0, .max = 1e3, .min_open = true,
		.grid = { 4, 9.2103403719761827 }, .n_grid = 2, .help = "log 0 := -A in the reverse cross-entropy; -log(1e-4)" },
};

static const struct lb_same_as nfl_rce_same_as[] = {
	{ .set = "gamma=0", .other = "nce_rce", .other_set = "" },
	{ .set = "alpha=0 beta=3 a=2.5", .other = "rce", .other_set = "a=2.5", .scale = 3 },
};

static const struct lb_example nfl_rce_examples[] = {
	{ .set = "alpha=2 beta=1 a=4", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 3.5,
	  .source = "by hand: 2/4 + 4 * 3/4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 5.0534074586772534,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi nfl_rce_passive(const struct lb_softmax *s, const struct lb_arg *par)
{
	const real a = (real)par[NFL_RCE_A].v;

	return (struct lb_phi){ .loss = a * s->q, .f = a * s->p };
}

LB_ACTIVE_PASSIVE(nfl_rce, nfl_rce_passive, .alpha = in->par[LB_ALPHA].v, .beta = in->par[LB_BETA].v, .g = in->par[NFL_RCE_GAMMA].v)

const struct lb_loss LB_LOSS(multiclass, nfl_rce) = {
	.info = {
		.base = {
			.name = "nfl_rce",
			.title = "Normalised focal loss plus reverse cross-entropy",
			.cite = CITE_MA,
			.formula = "alpha f_y / sum_k f_k + beta A q,  f_k = -(1 - p_k)^g log p_k",
			.notes = "The sum over all labels is alpha + beta A (C - 1). The paper sets (alpha, beta) = (1, 1) for CIFAR-10 "
				 "and (10, 1) for CIFAR-100. Its code holds the factors (1 - p_k)^g fixed in the gradient; here they "
				 "are part of the derivative. Not proper.",
			.keywords = "normalized_focal_loss normalised_focal_loss active_passive_loss apl reverse_cross_entropy nflrce",
			LB_PARAMS(nfl_rce_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(nfl_rce_same_as),
		LB_EXAMPLES(nfl_rce_examples),
	},
	.form = &nfl_rce_form,
};

/* ---- nfl_mae ---- */

enum { NFL_MAE_GAMMA = LB_BETA + 1 };

static const struct lb_param nfl_mae_params[] = {
	[LB_ALPHA] = LB_ALPHA_PARAM(1),
	[LB_BETA] = LB_BETA_PARAM(1),
	[NFL_MAE_GAMMA] = { .name = "gamma", .symbol = "g", .def = 0.5, .min = 0, .max = 100, .grid = { 0, 0.5, 2 }, .n_grid = 3,
		    .help = "focus of the active loss; 0 is nce" },
};

static const struct lb_same_as nfl_mae_same_as[] = {
	{ .set = "gamma=0", .other = "nce_mae", .other_set = "" },
	{ .set = "alpha=0 beta=2", .other = "mae", .other_set = "" },
};

static const struct lb_example nfl_mae_examples[] = {
	{ .set = "alpha=2 beta=4", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 3.5,
	  .source = "by hand: 2/4 + 4 * 3/4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.70291555025376159,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi nfl_mae_passive(const struct lb_softmax *s, const struct lb_arg *par)
{
	(void)par;
	return (struct lb_phi){ .loss = s->q, .f = s->p };
}

LB_ACTIVE_PASSIVE(nfl_mae, nfl_mae_passive, .alpha = in->par[LB_ALPHA].v, .beta = in->par[LB_BETA].v, .g = in->par[NFL_MAE_GAMMA].v)

const struct lb_loss LB_LOSS(multiclass, nfl_mae) = {
	.info = {
		.base = {
			.name = "nfl_mae",
			.title = "Normalised focal loss plus mean absolute error",
			.cite = CITE_MA,
			.formula = "alpha f_y / sum_k f_k + beta q,  f_k = -(1 - p_k)^g log p_k",
			.notes = "The passive part is 1 - p_y, as in the code of the paper: half of mae. The sum over all labels is "
				 "alpha + beta (C - 1). The code holds the factors (1 - p_k)^g fixed in the gradient; here they are "
				 "part of the derivative. Not proper.",
			.keywords = "normalized_focal_loss normalised_focal_loss active_passive_loss apl mean_absolute_error nflmae",
			LB_PARAMS(nfl_mae_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(nfl_mae_same_as),
		LB_EXAMPLES(nfl_mae_examples),
	},
	.form = &nfl_mae_form,
};
