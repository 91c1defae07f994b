/* Contrastive losses of two views by anchors: a row's own in the other view against the other rows
 * of the batch. */
#include "losses/support/two_views.h"
#include "losses/support/view_words.h"

#include <stdlib.h>

/* ---- nt_xent ---- */

enum { TAU };

static const struct lb_param nt_xent_params[] = { [TAU] = LB_VIEW_TEMPERATURE(0.5) };

static const struct lb_example nt_xent_examples[] = {
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = 0.55144471393205110,
	  .source = "by hand: log(e + 2) - 1" },
};

static double nt_xent_anchor(const struct lb_anchor *a)
{
	return lb_softmax_loss(a->n, a->s, a->own, a->in->par[TAU].v, a->slope);
}

LB_OF_ANCHORS(nt_xent, LB_BOTH_VIEWS, true, nt_xent_anchor)

const struct lb_loss LB_LOSS(embedding, nt_xent) = {
	.info = {
		.base = {
			.name = "nt_xent",
			.title = "NT-Xent (SimCLR): a view finds its other among the 2 (B - 1) rows of both views",
			.cite = "T. Chen, S. Kornblith, M. Norouzi, G. Hinton, A simple framework for contrastive learning of visual representations, "
				"ICML 2020, eq. 1",
			.formula = "mean over the 2 B rows of both views of log sum_{a != i} exp(s_ia / t) - s_ii' / t,  i' the same row in the other view",
			.notes = LB_VIEW_COSINES LB_ONE_VIEW "A batch of one row gives 0. The authors' program reports the sum of both views' means, twice this.",
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
	[TAU] = LB_VIEW_TEMPERATURE(0.07),
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
			.notes = LB_VIEW_COSINES LB_ONE_VIEW "A batch of one row gives 0. The derivative by s_ij is P_ij / t, P the softmax of a row; those of the "
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

static const struct lb_param hard_params[] = { [TAU] = LB_VIEW_TEMPERATURE(0.3), [FRAC] = SHARE_OF_NEGATIVES(0.25) };

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

LB_OF_ANCHORS(contrastive_hard, LB_OTHER_VIEW, false, hard_anchor)

#define TEMPERATURE_PAPER "F. Wang, H. Liu, Understanding the behaviour of contrastive loss, CVPR 2021, "

const struct lb_loss LB_LOSS(embedding, contrastive_hard) = {
	.info = {
		.base = {
			.name = "contrastive_hard",
			.title = "Hard contrastive loss: InfoNCE against the most similar negatives alone",
			.cite = TEMPERATURE_PAPER "eq. 8",
			.formula = "mean_i of log(exp(s_ii / t) + sum_{j in H_i} exp(s_ij / t)) - s_ii / t,  H_i the ceil(frac (B - 1)) negatives with the largest s_ij",
			.notes = LB_VIEW_COSINES LB_ONE_VIEW "The choice of the negatives is held fixed in the gradient; ties go to the lowest row. The paper keeps an upper "
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

LB_OF_ANCHORS(contrastive_simple, LB_OTHER_VIEW, false, simple_anchor)

const struct lb_loss LB_LOSS(embedding, contrastive_simple) = {
	.info = {
		.base = {
			.name = "contrastive_simple",
			.title = "Simple contrastive loss: the mean cosine of negatives less that of positives; with frac its hard form",
			.cite = TEMPERATURE_PAPER "eq. 6; frac below 1: its hard form, eq. 9",
			.formula = "mean_i of -s_ii + lambda mean_{j in H_i} s_ij,  H_i the ceil(frac (B - 1)) negatives with the largest s_ij",
			.notes = LB_VIEW_COSINES LB_ONE_VIEW "All negatives weigh alike, whatever their similarity: the limit of a high temperature. The mean over the negatives "
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
	[TAU] = LB_VIEW_TEMPERATURE(0.05),
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

LB_OF_ANCHORS(focal_infonce, LB_OTHER_VIEW, false, focal_anchor)

const struct lb_loss LB_LOSS(embedding, focal_infonce) = {
	.info = {
		.base = {
			.name = "focal_infonce",
			.title = "InfoNCE with focal weights: rows that are found already weigh less",
			.cite = "X. Zhao et al., KaLM-Embedding-V2: superior training techniques and data inspire a versatile embedding model, arXiv:2506.20923, "
				"2025, section 3 (focal-style reweighting), after T.-Y. Lin et al., ICCV 2017",
			.formula = "mean_i of -(1 - p_i)^gamma log p_i,  p_i = exp(s_ii / t) / sum_j exp(s_ij / t)",
			.notes = LB_VIEW_COSINES LB_ONE_VIEW "The weight is held fixed in the gradient unless hold_weight is false, with which it is the focal loss of p_i: the "
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
