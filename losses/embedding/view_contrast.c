/* Contrastive losses of two views by anchors: a row's own in the other view against the other rows
 * of the batch. */
#include "losses/support/two_views.h"

#include <stdlib.h>

/* Defines the loss NAME of anchors, its batch function and its workspace. */
#define OF_ANCHORS(name, from, both, anchor)                                                             \
	static double name##_batch(const struct lb_batch *in, real *g)                                   \
	{                                                                                                \
		return lb_of_anchors(in, g, from, both, anchor);                                         \
	}                                                                                                \
	static size_t name##_room(const struct lb_arg *par, const struct lb_loss_shape *shape)           \
	{                                                                                                \
		(void)par;                                                                               \
		return lb_anchors_bytes(shape, from);                                                    \
	}                                                                                                \
	LB_BATCH(name, name##_batch)

#define TEMPERATURE(value)                                                                               \
	{ .name = "tau", .symbol = "t", .def = (value), .min = 1e-3, .max = 1e3, .log_scale = true,      \
	  .grid = { 0.05, 0.1, 0.3, 1 }, .n_grid = 4, .help = "temperature: cosines are divided by it" }

#define IN_WORDS                                                                                         \
	"s_ij is the cosine of row i's embedding in the first view and row j's in the second (train.views); labels are " \
	"not read, and judge alone. A row of zeros has cosine 0 to all and does not move. "
#define ONE_VIEW "Where there is one view, as in validation, it is both. "

/* ---- nt_xent ---- */

enum { TAU };

static const struct lb_param nt_xent_params[] = { [TAU] = TEMPERATURE(0.5) };

static const struct lb_example nt_xent_examples[] = {
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = 0.55144471393205110,
	  .source = "by hand: log(e + 2) - 1" },
};

static double nt_xent_anchor(const struct lb_anchor *a)
{
	return lb_softmax_loss(a->n, a->s, a->own, a->in->par[TAU].v, a->slope);
}

OF_ANCHORS(nt_xent, LB_BOTH_VIEWS, true, nt_xent_anchor)

const struct lb_loss LB_LOSS(embedding, nt_xent) = {
	.info = {
		.base = {
			.name = "nt_xent",
			.title = "NT-Xent (SimCLR): a view finds its other among the 2 (B - 1) rows of both views",
			.cite = "T. Chen, S. Kornblith, M. Norouzi, G. Hinton, A simple framework for contrastive learning of visual representations, "
				"ICML 2020, eq. 1",
			.formula = "mean over the 2 B rows of both views of log sum_{a != i} exp(s_ia / t) - s_ii' / t,  i' the same row in the other view",
			.notes = IN_WORDS ONE_VIEW "A batch of one row gives 0. The authors' program reports the sum of both views' means, twice this.",
			.keywords = "simclr contrastive self_supervised infonce ntxent",
			LB_PARAMS(nt_xent_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(nt_xent_examples),
	},
	.form = &nt_xent_form,
	.workspace = nt_xent_room,
};

/* ---- info_nce ---- */

enum { SYMMETRIC = 1 };

static const struct lb_param info_nce_params[] = {
	[TAU] = TEMPERATURE(0.07),
	[SYMMETRIC] = { .name = "symmetric", .symbol = "symmetric", .type = LB_BOOL_PARAM, .def = 1,
			.help = "the mean of both directions, as CLIP has it; false: first to second alone" },
};

static const struct lb_example info_nce_examples[] = {
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = 0.31326168751822286,
	  .source = "by hand: log(1 + exp(-1))" },
	{ .set = "tau=0.5 symmetric=false", .b = 2, .c = 2, .z = { 3, 0, 0, 2, 1, 0, 1, 0 }, .views = 2, .value = 0.69314718055994531,
	  .source = "by hand: both rows of the second view are as similar to either" },
};

static double info_nce_batch(const struct lb_batch *in, real *g)
{
	return lb_of_anchors(in, g, LB_OTHER_VIEW, in->par[SYMMETRIC].v > 0, nt_xent_anchor);
}

static size_t info_nce_room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_anchors_bytes(shape, LB_OTHER_VIEW);
}

LB_BATCH(info_nce, info_nce_batch)

const struct lb_loss LB_LOSS(embedding, info_nce) = {
	.info = {
		.base = {
			.name = "info_nce",
			.title = "InfoNCE: a row finds its own among the rows of the other view, in both directions",
			.cite = "A. van den Oord, Y. Li, O. Vinyals, Representation learning with contrastive predictive coding, arXiv:1807.03748, 2018, "
				"eq. 4; symmetric: A. Radford et al., CLIP, ICML 2021, figure 3",
			.formula = "mean_i of log sum_j exp(s_ij / t) - s_ii / t, and the same of the turned matrix; their mean",
			.notes = IN_WORDS ONE_VIEW "A batch of one row gives 0. The derivative by s_ij is P_ij / t, P the softmax of a row; those of the "
				 "negatives sum to that of the positive, turned round.",
			.keywords = "infonce clip contrastive cpc multiple_negatives_ranking in_batch_negatives n_pairs",
			LB_PARAMS(info_nce_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(info_nce_examples),
	},
	.form = &info_nce_form,
	.workspace = info_nce_room,
};

/* ---- dcl, dcl_w ---- */

static const struct lb_param dcl_params[] = { [TAU] = TEMPERATURE(0.1) };

static const struct lb_example dcl_examples[] = {
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = -0.30685281944005469,
	  .source = "by hand: log 2 - 1" },
};

/* The negatives' soft maximum less `weight` times the positive's cosine, over t. */
static double decoupled(const struct lb_anchor *a, double weight)
{
	const double t = a->in->par[TAU].v;
	double *take = a->room;

	if (a->n < 2)
		return 0;
	for (size_t k = 0; k < a->n; k++)
		take[k] = k != a->own;
	const double most = lb_soft_maximum(a->n, a->s, take, t, a->slope);
	for (size_t k = 0; a->slope && k < a->n; k++)
		a->slope[k] /= t;
	if (a->slope)
		a->slope[a->own] = -weight / t;
	return (most - weight * a->s[a->own]) / t;
}

static double dcl_anchor(const struct lb_anchor *a)
{
	return decoupled(a, 1);
}

OF_ANCHORS(dcl, LB_BOTH_VIEWS, true, dcl_anchor)

const struct lb_loss LB_LOSS(embedding, dcl) = {
	.info = {
		.base = {
			.name = "dcl",
			.title = "Decoupled contrastive loss: NT-Xent without the positive in the denominator",
			.cite = "C.-H. Yeh, C.-Y. Hong, Y.-C. Hsu, T.-L. Liu, Y. Chen, Y. LeCun, Decoupled contrastive learning, ECCV 2022, eq. 6",
			.formula = "mean over the 2 B rows of both views of log sum_{a != i, i'} exp(s_ia / t) - s_ii' / t",
			.notes = IN_WORDS ONE_VIEW "The denominator has the 2 (B - 1) other rows of both views. Negative values are normal. A batch of one "
				 "row gives 0.",
			.keywords = "decoupled contrastive simclr self_supervised",
			LB_PARAMS(dcl_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(dcl_examples),
	},
	.form = &dcl_form,
	.workspace = dcl_room,
};

enum { SIGMA = 1 };

static const struct lb_param dcl_w_params[] = {
	[TAU] = TEMPERATURE(0.1),
	[SIGMA] = { .name = "sigma", .symbol = "sigma", .def = 0.5, .min = 1e-3, .max = 1e12, .log_scale = true, .grid = { 0.3, 0.5, 1 }, .n_grid = 3,
		    .help = "how evenly positives are weighed; dcl in the limit" },
};

static const struct lb_same_as dcl_w_same_as[] = {
	{ .set = "sigma=1e12", .other = "dcl", .other_set = "" },
};

static const struct lb_example dcl_w_examples[] = {
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = -0.30685281944005469,
	  .source = "by hand: equal positives, weights 1, as dcl" },
};

static double dcl_w_anchor(const struct lb_anchor *a)
{
	const size_t b = a->in->b;

	if (b < 2)
		return 0;
	lb_soft_maximum(b, a->held_own, NULL, a->in->par[SIGMA].v, a->room);
	return decoupled(a, 2 - (double)b * a->room[a->row]);
}

OF_ANCHORS(dcl_w, LB_BOTH_VIEWS, true, dcl_w_anchor)

const struct lb_loss LB_LOSS(embedding, dcl_w) = {
	.info = {
		.base = {
			.name = "dcl_w",
			.title = "Weighted decoupled contrastive loss: positives that are far apart weigh more",
			.cite = "C.-H. Yeh, C.-Y. Hong, Y.-C. Hsu, T.-L. Liu, Y. Chen, Y. LeCun, Decoupled contrastive learning, ECCV 2022, eq. 7 and 8",
			.formula = "mean over the 2 B rows of log sum_{a != i, i'} exp(s_ia / t) - w_i s_ii' / t,  w_i = 2 - B exp(s_ii' / sigma) / "
				   "sum_k exp(s_kk' / sigma)",
			.notes = IN_WORDS ONE_VIEW "The weights, of mean 1 over the batch, are held fixed in the gradient. A batch of one row gives 0.",
			.keywords = "decoupled dclw von_mises_fisher contrastive",
			LB_PARAMS(dcl_w_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_SAME_AS(dcl_w_same_as),
		LB_EXAMPLES(dcl_w_examples),
	},
	.form = &dcl_w_form,
	.workspace = dcl_w_room,
};

/* ---- contrastive_hard, contrastive_simple ---- */

static int descending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

/* take (n) <- 1 for the `share` of the negatives, rounded up, whose cosines are the largest,
 * ties to the lowest index; returns how many. a->slope or the caller sees to the own one. */
static size_t take_hardest(const struct lb_anchor *a, double share, double *sorted, double *take)
{
	size_t n = 0, above = 0, left;

	for (size_t k = 0; k < a->n; k++)
		if (k != a->own)
			sorted[n++] = a->s[k];
	const size_t wanted = (size_t)ceil(share * (double)n - 1e-9);
	if (!wanted) {
		for (size_t k = 0; k < a->n; k++)
			take[k] = 0;
		return 0;
	}
	qsort(sorted, n, sizeof *sorted, descending);
	const double last = sorted[wanted - 1];
	for (size_t k = 0; k < wanted; k++)
		above += sorted[k] > last;
	left = wanted - above;
	for (size_t k = 0; k < a->n; k++) {
		const bool tie = k != a->own && a->s[k] >= last && a->s[k] <= last;
		take[k] = k != a->own && (a->s[k] > last || (tie && left));
		left -= tie && left;
	}
	return wanted;
}

enum { FRAC = 1 };

#define SHARE_OF_NEGATIVES(value)                                                                        \
	{ .name = "frac", .symbol = "frac", .def = (value), .min = 0, .max = 1, .grid = { 0.1, 0.25, 1 }, .n_grid = 3, \
	  .help = "share of the negatives that count, those most similar, rounded up" }

static const struct lb_param hard_params[] = { [TAU] = TEMPERATURE(0.3), [FRAC] = SHARE_OF_NEGATIVES(0.25) };

static const struct lb_same_as hard_same_as[] = {
	{ .set = "frac=1 tau=0.07", .other = "info_nce", .other_set = "symmetric=false" },
};

static const struct lb_example hard_examples[] = {
	{ .set = "tau=1", .b = 3, .c = 2, .z = { 1, 0, 0, 1, -1, 0, 1, 0, 0, 1, -1, 0 }, .views = 2, .value = 0.31326168751822286,
	  .source = "by hand: one negative of two each, of cosine 0: log(1 + exp(-1))" },
};

static double hard_anchor(const struct lb_anchor *a)
{
	const double t = a->in->par[TAU].v;
	double *take = a->room, *s = a->room + a->in->b; /* twice as long as the candidates */

	take_hardest(a, a->in->par[FRAC].v, s, take);
	for (size_t k = 0; k < a->n; k++)
		s[k] = k == a->own || take[k] > 0 ? a->s[k] : -(double)INFINITY;
	return lb_softmax_loss(a->n, s, a->own, t, a->slope);
}

OF_ANCHORS(contrastive_hard, LB_OTHER_VIEW, false, hard_anchor)

#define TEMPERATURE_PAPER "F. Wang, H. Liu, Understanding the behaviour of contrastive loss, CVPR 2021, "

const struct lb_loss LB_LOSS(embedding, contrastive_hard) = {
	.info = {
		.base = {
			.name = "contrastive_hard",
			.title = "Hard contrastive loss: InfoNCE against the most similar negatives alone",
			.cite = TEMPERATURE_PAPER "eq. 8",
			.formula = "mean_i of log(exp(s_ii / t) + sum_{j in H_i} exp(s_ij / t)) - s_ii / t,  H_i the ceil(frac (B - 1)) negatives with the largest s_ij",
			.notes = IN_WORDS ONE_VIEW "The choice of the negatives is held fixed in the gradient; ties go to the lowest row. The paper keeps an upper "
				 "quantile of a memory bank; here it is of the batch. A batch of one row gives 0.",
			.keywords = "temperature uniformity tolerance hard_negatives explicit_hard_sampling",
			LB_PARAMS(hard_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_SAME_AS(hard_same_as),
		LB_EXAMPLES(hard_examples),
	},
	.form = &contrastive_hard_form,
	.workspace = contrastive_hard_room,
};

enum { LAMBDA };

static const struct lb_param simple_params[] = {
	[LAMBDA] = { .name = "lambda", .symbol = "lambda", .def = 1, .min = 0, .max = 1e3, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		     .help = "weight of the negatives' mean cosine" },
	[FRAC] = SHARE_OF_NEGATIVES(1),
};

static const struct lb_example simple_examples[] = {
	{ .set = "", .b = 3, .c = 2, .z = { 1, 0, 0, 1, -1, 0, 1, 0, 0, 1, -1, 0 }, .views = 2, .value = -1.3333333333333333,
	  .source = "by hand: -1 + (-1/2 + 0 - 1/2) / 3" },
};

static double simple_anchor(const struct lb_anchor *a)
{
	double *take = a->room, *sorted = a->room + a->in->b, sum = 0;
	const size_t n = take_hardest(a, a->in->par[FRAC].v, sorted, take);
	const double share = n ? a->in->par[LAMBDA].v / (double)n : 0;

	for (size_t k = 0; k < a->n; k++) {
		sum += share * take[k] * a->s[k];
		if (a->slope)
			a->slope[k] = share * take[k] - (k == a->own);
	}
	return sum - a->s[a->own];
}

OF_ANCHORS(contrastive_simple, LB_OTHER_VIEW, false, simple_anchor)

const struct lb_loss LB_LOSS(embedding, contrastive_simple) = {
	.info = {
		.base = {
			.name = "contrastive_simple",
			.title = "Simple contrastive loss: the mean cosine of negatives less that of positives; with frac its hard form",
			.cite = TEMPERATURE_PAPER "eq. 6; frac below 1: its hard form, eq. 9",
			.formula = "mean_i of -s_ii + lambda mean_{j in H_i} s_ij,  H_i the ceil(frac (B - 1)) negatives with the largest s_ij",
			.notes = IN_WORDS ONE_VIEW "All negatives weigh alike, whatever their similarity: the limit of a high temperature. The mean over the negatives "
				 "is this program's choice; the paper leaves the scale to lambda. The choice of the negatives is held fixed in the gradient.",
			.keywords = "temperature uniformity tolerance linear",
			LB_PARAMS(simple_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(simple_examples),
	},
	.form = &contrastive_simple_form,
	.workspace = contrastive_simple_room,
};

/* ---- focal_infonce ---- */

enum { GAMMA = 1, HOLD };

static const struct lb_param focal_params[] = {
	[TAU] = TEMPERATURE(0.05),
	[GAMMA] = { .name = "gamma", .symbol = "gamma", .def = 0.5, .min = 0, .max = 10, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		    .help = "how much less a row weighs that is found already; 0: info_nce" },
	[HOLD] = { .name = "hold_weight", .symbol = "hold_weight", .type = LB_BOOL_PARAM, .def = 1, .help = "the weight is a constant in the gradient" },
};

static const struct lb_same_as focal_same_as[] = {
	{ .set = "gamma=0 tau=0.07", .other = "info_nce", .other_set = "symmetric=false" },
};

static const struct lb_example focal_examples[] = {
	{ .set = "tau=1 gamma=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 1, 0 }, .views = 2, .value = 0.34657359027997265,
	  .source = "by hand: both p are 1/2, so (1/2) log 2" },
};

/* With p = exp(-l): w = (1 - p)^gamma; by l the whole has the slope w + gamma (1 - p)^(gamma - 1) p
 * l, where the second part is none if w is held. */
static double focal_anchor(const struct lb_anchor *a)
{
	const double t = a->in->par[TAU].v, gamma = a->in->par[GAMMA].v;
	const bool hold = a->in->par[HOLD].v > 0;
	const double loss = lb_softmax_loss(a->n, a->s, a->own, t, a->slope);
	const double at = hold ? lb_softmax_loss(a->n, a->held, a->own, t, NULL) : loss, missed = -expm1(-at);
	const double weight = gamma > 0 ? pow(missed, gamma) : 1;
	const double more = hold || !(gamma > 0) || !(missed > 0) ? 0 : gamma * pow(missed, gamma - 1) * exp(-loss) * loss;

	for (size_t k = 0; a->slope && k < a->n; k++)
		a->slope[k] *= weight + more;
	return weight * loss;
}

OF_ANCHORS(focal_infonce, LB_OTHER_VIEW, false, focal_anchor)

const struct lb_loss LB_LOSS(embedding, focal_infonce) = {
	.info = {
		.base = {
			.name = "focal_infonce",
			.title = "InfoNCE with focal weights: rows that are found already weigh less",
			.cite = "X. Zhao et al., KaLM-Embedding-V2: superior training techniques and data inspire a versatile embedding model, arXiv:2506.20923, "
				"2025, section 3 (focal-style reweighting), after T.-Y. Lin et al., ICCV 2017",
			.formula = "mean_i of -(1 - p_i)^gamma log p_i,  p_i = exp(s_ii / t) / sum_j exp(s_ij / t)",
			.notes = IN_WORDS ONE_VIEW "The weight is held fixed in the gradient unless hold_weight is false, with which it is the focal loss of p_i: the "
				 "authors' program for it is not public, so that either may be theirs. A batch of one row gives 0.",
			.keywords = "kalm focal_loss reweighting infonce hard_negatives",
			LB_PARAMS(focal_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "retrieval",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_SAME_AS(focal_same_as),
		LB_EXAMPLES(focal_examples),
	},
	.form = &focal_infonce_form,
	.workspace = focal_infonce_room,
};

/* ---- gcl ---- */

static const struct lb_param gcl_params[] = { [TAU] = TEMPERATURE(0.1) };

static const struct lb_example gcl_examples[] = {
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = -2,
	  .source = "by hand: in each direction log 1 - 1" },
};

/* Twice the anchor's term, as both directions are summed. */
static double gcl_anchor(const struct lb_anchor *a)
{
	const double t = a->in->par[TAU].v, directions = 2;
	double *take = a->room;

	if (a->n < 2)
		return 0;
	for (size_t k = 0; k < a->n; k++)
		take[k] = k != a->own;
	const double most = lb_soft_maximum(a->n, a->s, take, t, a->slope) - t * log((double)(a->n - 1));
	for (size_t k = 0; a->slope && k < a->n; k++)
		a->slope[k] *= directions;
	if (a->slope)
		a->slope[a->own] = -directions;
	return directions * (most - a->s[a->own]);
}

OF_ANCHORS(gcl, LB_BOTH_VIEWS, true, gcl_anchor)

const struct lb_loss LB_LOSS(embedding, gcl) = {
	.info = {
		.base = {
			.name = "gcl",
			.title = "Global contrastive loss within a batch: the soft maximum of how much nearer negatives are than the positive",
			.cite = "Z. Yuan, Y. Wu, Z.-H. Qiu, X. Du, L. Zhang, D. Zhou, T. Yang, Provable stochastic optimization for global contrastive learning, "
				"ICML 2022, eq. 5, of a batch",
			.formula = "mean_i of the sum over both directions of t log mean_n exp((s_in - s_ii') / t),  n the 2 (B - 1) other rows of both views",
			.notes = IN_WORDS ONE_VIEW "Negative values are normal. sogclr has its gradient with gamma 1. A batch of one row gives 0.",
			.keywords = "sogclr global contrastive",
			LB_PARAMS(gcl_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(gcl_examples),
	},
	.form = &gcl_form,
	.workspace = gcl_room,
};

/* ---- siglip ---- */

enum { SCALE, BIAS };

static const struct lb_param siglip_params[] = {
	[SCALE] = { .name = "scale", .symbol = "scale", .def = 10, .min = 0, .max = 1e3, .grid = { 1, 10, 30 }, .n_grid = 3, .help = "cosines are multiplied by it" },
	[BIAS] = { .name = "bias", .symbol = "bias", .def = -10, .min = -1e3, .max = 1e3, .grid = { -10, -5, 0 }, .n_grid = 3,
		   .help = "added to scaled cosines; -10 begins where most pairs are none" },
};

static const struct lb_example siglip_examples[] = {
	{ .set = "scale=0 bias=0", .b = 3, .c = 2, .z = { 1, 0, 0, 1, -1, 0, 1, 2, 0, 1, -1, 3 }, .views = 2, .value = 2.0794415416798357,
	  .source = "by hand: B log 2" },
};

static double siglip_anchor(const struct lb_anchor *a)
{
	const double scale = a->in->par[SCALE].v, bias = a->in->par[BIAS].v;
	double sum = 0;

	for (size_t k = 0; k < a->n; k++) {
		const double y = k == a->own ? 1 : -1, m = -y * (scale * a->s[k] + bias), e = exp(-fabs(m));
		sum += (m > 0 ? m : 0) + log1p(e);
		if (a->slope)
			a->slope[k] = -y * scale * (m > 0 ? 1 : e) / (1 + e);
	}
	return sum;
}

OF_ANCHORS(siglip, LB_OTHER_VIEW, false, siglip_anchor)

const struct lb_loss LB_LOSS(embedding, siglip) = {
	.info = {
		.base = {
			.name = "siglip",
			.title = "Sigmoid loss of pairs: each pair of rows is one of the same or it is not",
			.cite = "X. Zhai, B. Mustafa, A. Kolesnikov, L. Beyer, Sigmoid loss for language image pre-training, ICCV 2023, algorithm 1",
			.formula = "(1/B) sum_ij log(1 + exp(-y_ij (scale s_ij + bias))),  y_ij = 1 for i = j, else -1",
			.notes = IN_WORDS ONE_VIEW "The paper trains log scale and bias, from log 10 and -10; here they are fixed for a run and can be swept.",
			.keywords = "sigmoid clip contrastive language_image",
			LB_PARAMS(siglip_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(siglip_examples),
	},
	.form = &siglip_form,
	.workspace = siglip_room,
};
