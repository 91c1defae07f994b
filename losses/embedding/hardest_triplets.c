/* Losses that choose the triplets themselves, or weigh them: batch hard, semi-hard, the margin loss
 * of distance-weighted sampling, M2FNet's margin. */
#include "losses/support/triplets.h"

enum { MARGIN, SQUARED, NORMALIZE, SOFT };

static struct lb_measured measure(const struct lb_arg *par)
{
	return (struct lb_measured){ .measure = par[SQUARED].v != 0 ? LB_SQUARED_EUCLIDEAN : LB_EUCLIDEAN, .normalize = par[NORMALIZE].v != 0 };
}

/* Adds max(v, 0), or log(1 + exp v), of v = d_ap - d_an + margin, with its slopes. */
static double add_triplet(const struct lb_row_pairs *p, size_t a, size_t pos, size_t neg, double margin, bool soft)
{
	const double v = lb_to(p, a, pos) - lb_to(p, a, neg) + margin, by = soft ? lb_logistic_of(v) : v > 0;

	lb_slope(p, a, pos, by);
	lb_slope(p, a, neg, -by);
	return soft ? lb_softplus_of(v) : v > 0 ? v : 0;
}

/* Returns the place of the largest (smallest) of what row i measures to n >= 1 rows; the first on
 * ties. */
static size_t extreme(const double *to, size_t n, const uint32_t *row, bool largest)
{
	size_t best = 0;

	for (size_t k = 1; k < n; k++)
		if (largest ? to[row[k]] > to[row[best]] : to[row[k]] < to[row[best]])
			best = k;
	return row[best];
}

/* ---- triplet_hard ---- */

static const struct lb_param hard_params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 0.3, .min = 0, .max = (double)INFINITY, .max_open = true, .grid = { 0.1, 0.3, 0.5 }, .n_grid = 3,
		     .help = "how much farther than the farthest positive the nearest negative has to be" },
	[SQUARED] = { .name = "squared", .symbol = "squared", .type = LB_BOOL_PARAM, .def = 0, .help = "squared distances" },
	[NORMALIZE] = { .name = "normalize", .symbol = "normalize", .type = LB_BOOL_PARAM, .def = 1, .help = "of embeddings divided by their length" },
	[SOFT] = { .name = "soft", .symbol = "soft", .type = LB_BOOL_PARAM, .def = 0, .help = "log(1 + exp v) without margin in the place of max(v, 0)" },
};

static const struct lb_example hard_examples[] = {
	{ .set = "normalize=false margin=1", .b = 3, .c = 1, .z = { 0, 1, 1.5 }, .y = { 0, 0, 1 }, .classes = 2, .value = 1,
	  .source = "by hand: anchors 0 and 1 with 1 - 1.5 + 1 = 0.5 and 1 - 0.5 + 1 = 1.5; the third has no positive" },
};

static double triplet_hard(const struct lb_row_pairs *p)
{
	const struct lb_arg *par = p->in->par;
	const bool soft = par[SOFT].v != 0;
	double sum = 0, n = 0;

	for (size_t a = 0; a < p->b; a++) {
		const struct lb_partners of = lb_partners_of(p, a);
		if (!of.n_pos || !of.n_neg)
			continue;
		const double *to = p->d + a * p->b;
		sum += add_triplet(p, a, extreme(to, of.n_pos, of.pos, true), extreme(to, of.n_neg, of.neg, false), soft ? 0 : par[MARGIN].v, soft);
		n++;
	}
	return lb_mean_of(p, sum, n);
}

LB_SIMILARITY(triplet_hard, measure, triplet_hard)

const struct lb_loss LB_LOSS(embedding, triplet_hard) = {
	.info = {
		.base = {
			.name = "triplet_hard",
			.title = "Batch-hard triplet loss: each row, its farthest positive and its nearest negative",
			.cite = "A. Hermans, L. Beyer, B. Leibe, In defense of the triplet loss for person re-identification, 2017, eq. 5",
			.formula = "mean over anchors of max(m + max_p d_ap - min_n d_an, 0)",
			.notes = "Only anchors with a positive and a negative. The mean is over all of them, where loss triplet with train.miner: hardest "
				 "and its reduction avg_nonzero leaves out terms that are 0; with reduction=mean it is the same loss.",
			.keywords = "BatchHardMiner batch_hard TripletMarginLoss hardest",
			LB_PARAMS(hard_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(hard_examples),
	},
	.form = &triplet_hard_form,
};

/* ---- triplet_semihard ---- */

static const struct lb_param semihard_params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 0.2, .min = 0, .max = (double)INFINITY, .max_open = true, .grid = { 0.1, 0.2, 0.5 }, .n_grid = 3,
		     .help = "how much farther than the positive a negative has to be" },
	[SQUARED] = { .name = "squared", .symbol = "squared", .type = LB_BOOL_PARAM, .def = 1, .help = "squared distances" },
	[NORMALIZE] = { .name = "normalize", .symbol = "normalize", .type = LB_BOOL_PARAM, .def = 1, .help = "of embeddings divided by their length" },
};

static const struct lb_example semihard_examples[] = {
	{ .set = "normalize=false squared=false margin=1", .b = 4, .c = 1, .z = { 0, 1, 1.5, 9 }, .y = { 0, 0, 1, 1 }, .classes = 2, .value = 2,
	  .source = "by hand: anchors 1 to 4 have negatives at 1.5, 8, 1.5 (the farthest, as none is beyond 7.5) and 8: terms 0.5, 0, 7, 0.5" },
};

/* Returns the negative that is nearest among those farther than the positive, or the farthest. */
static size_t semihard_negative(const double *to, size_t pos, const struct lb_partners *of)
{
	size_t best = of->n_neg;

	for (size_t k = 0; k < of->n_neg; k++)
		if (to[of->neg[k]] > to[pos] && (best == of->n_neg || to[of->neg[k]] < to[of->neg[best]]))
			best = k;
	return best < of->n_neg ? of->neg[best] : extreme(to, of->n_neg, of->neg, true);
}

static double triplet_semihard(const struct lb_row_pairs *p)
{
	double sum = 0, n = 0;

	for (size_t a = 0; a < p->b; a++) {
		const struct lb_partners of = lb_partners_of(p, a);
		for (size_t k = 0; k < of.n_pos && of.n_neg; k++, n++)
			sum += add_triplet(p, a, of.pos[k], semihard_negative(p->held + a * p->b, of.pos[k], &of), p->in->par[MARGIN].v, false);
	}
	return lb_mean_of(p, sum, n);
}

LB_SIMILARITY(triplet_semihard, measure, triplet_semihard)

const struct lb_loss LB_LOSS(embedding, triplet_semihard) = {
	.info = {
		.base = {
			.name = "triplet_semihard",
			.title = "Semi-hard triplet loss: each positive pair with the nearest negative that is farther",
			.cite = "F. Schroff, D. Kalenichenko, J. Philbin, FaceNet: a unified embedding for face recognition and clustering, CVPR 2015, "
				"section 3.2, as TensorFlow Addons' TripletSemiHardLoss",
			.formula = "mean over positive pairs of max(m + d_ap - d*, 0),  d* = min of d_an > d_ap, or max of d_an without one",
			.notes = "Anchors without a negative are left out; TensorFlow Addons takes a missing negative as one at distance 0. The choice of "
				 "negatives is held fixed in the gradient. It is loss triplet with train.miner: {kind: semihard, otherwise: farthest}, "
				 "squared and reduction=mean.",
			.keywords = "TripletSemiHardLoss facenet semihard tensorflow",
			LB_PARAMS(semihard_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(semihard_examples),
	},
	.form = &triplet_semihard_form,
};

/* ---- margin_wu ---- */

enum { WU_MARGIN, BETA, WU_NORMALIZE };

static const struct lb_param wu_params[] = {
	[WU_MARGIN] = { .name = "margin", .symbol = "m", .def = 0.2, .min = 0, .max = (double)INFINITY, .max_open = true, .grid = { 0.1, 0.2, 0.4 }, .n_grid = 3,
			.help = "how far from the boundary a pair has to be" },
	[BETA] = { .name = "beta", .symbol = "beta", .def = 1.2, .min = 0, .max = (double)INFINITY, .max_open = true, .grid = { 0.8, 1.2 }, .n_grid = 2,
		   .help = "the boundary between positives and negatives" },
	[WU_NORMALIZE] = { .name = "normalize", .symbol = "normalize", .type = LB_BOOL_PARAM, .def = 1, .help = "of embeddings divided by their length" },
};

static const struct lb_example wu_examples[] = {
	{ .set = "normalize=false beta=1 margin=0.5", .b = 3, .c = 1, .z = { 0, 1, 1.5 }, .y = { 0, 0, 1 }, .classes = 2, .value = 0.66666666666666663,
	  .source = "by hand: the triplets of anchors 1 and 2 have positives 0.5 beyond, negatives 0 and 1 within: 2 / 3 active terms" },
};

static struct lb_measured wu_measure(const struct lb_arg *par)
{
	return (struct lb_measured){ .measure = LB_EUCLIDEAN, .normalize = par[WU_NORMALIZE].v != 0 };
}

/* Terms so far; which are counted is held. */
struct active {
	const struct lb_row_pairs *pairs;
	double sum, n;
};

static void add_side(struct active *t, size_t i, size_t j, double sign)
{
	const struct lb_arg *par = t->pairs->in->par;
	const double v = sign * (lb_to(t->pairs, i, j) - par[BETA].v) + par[WU_MARGIN].v;

	t->n += sign * (t->pairs->held[i * t->pairs->b + j] - par[BETA].v) + par[WU_MARGIN].v > 0;
	if (!(v > 0))
		return;
	t->sum += v;
	lb_slope(t->pairs, i, j, sign);
}

static void add_both_sides(void *arg, size_t a, size_t pos, size_t neg)
{
	add_side(arg, a, pos, 1);
	add_side(arg, a, neg, -1);
}

static double margin_wu(const struct lb_row_pairs *p)
{
	struct active t = { .pairs = p };

	lb_each_triplet(p, add_both_sides, &t);
	return lb_mean_of(p, t.sum, t.n);
}

LB_SIMILARITY(margin_wu, wu_measure, margin_wu)

const struct lb_loss LB_LOSS(embedding, margin_wu) = {
	.info = {
		.base = {
			.name = "margin_wu",
			.title = "Margin loss: positives within a boundary, negatives beyond it",
			.cite = "C.-Y. Wu, R. Manmatha, A. J. Smola, P. Kraehenbuehl, Sampling matters in deep embedding learning, ICCV 2017, eq. 5",
			.formula = "sum over triplets of max(d_ap - beta + m, 0) + max(beta - d_an + m, 0), over the number of terms that are not 0",
			.notes = "All triplets, or those of train.miner: distance_weighted is the paper's. beta is fixed here; the paper learns it too. A pair "
				 "counts in each of its triplets. How many terms are not 0 is held fixed in the gradient.",
			.keywords = "MarginLoss sampling_matters distance_weighted",
			LB_PARAMS(wu_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_TRIPLETS,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(wu_examples),
	},
	.form = &margin_wu_form,
};

/* ---- m2f_triplet ---- */

enum { EPS };

static const struct lb_param m2f_params[] = {
	[EPS] = { .name = "eps", .symbol = "eps", .def = 1e-6, .min = 0, .max = 1, .min_open = true, .help = "added to the exponentials of the margin" },
};

static const struct lb_example m2f_examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 1, 1, -1 }, .y = { 0, 0, 1 }, .classes = 2, .value = 111.19033647580821, .source = "mpmath, by the definition" },
};

/* The margin of a triplet by the distances that are held. */
static double m2f_margin(const struct lb_row_pairs *p, size_t a, size_t pos, size_t neg)
{
	const double eps = p->in->par[EPS].v;

	return 2 + 2 / (exp(4 * p->held[a * p->b + pos]) + eps) + 2 / (exp(4 - 4 * p->held[a * p->b + neg]) + eps);
}

static void add_m2f(void *arg, size_t a, size_t pos, size_t neg)
{
	struct active *t = arg;

	t->sum += lb_to(t->pairs, a, pos) - (lb_to(t->pairs, a, neg) + lb_to(t->pairs, pos, neg)) / 2 + m2f_margin(t->pairs, a, pos, neg);
	t->n++;
	lb_slope(t->pairs, a, pos, 1);
	lb_slope(t->pairs, a, neg, -0.5);
	lb_slope(t->pairs, pos, neg, -0.5);
}

static double m2f_triplet(const struct lb_row_pairs *p)
{
	struct active t = { .pairs = p };

	lb_each_triplet(p, add_m2f, &t);
	return lb_mean_of(p, t.sum, t.n);
}

LB_SIMILARITY(m2f_triplet, lb_chords, m2f_triplet)

const struct lb_loss LB_LOSS(embedding, m2f_triplet) = {
	.info = {
		.base = {
			.name = "m2f_triplet",
			.title = "M2FNet's triplet loss, whose margin follows the distances",
			.cite = "V. Chudasama, P. Kar, A. Gudmalwar, N. Shah, P. Wasnik, N. Onoe, M2FNet: multi-modal fusion network for emotion recognition in "
				"conversation, CVPR workshops 2022, section 3.3",
			.formula = "mean over triplets of d_ap - (d_an + d_pn) / 2 + m,  m = 1 + 2 / (e^(4 d_ap) + eps) + 1 + 2 / (e^(4 - 4 d_an) + eps)",
			.notes = "Distances of unit rows. The margin is held fixed in the gradient: differentiated it would drive d_ap away from 0. It is "
				 "above 2, so that a hinge would never be 0. The paper adds terms of variance and covariance. All triplets, or those of "
				 "train.miner.",
			.keywords = "m2fnet adaptive_margin",
			LB_PARAMS(m2f_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_TRIPLETS,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(m2f_examples),
	},
	.form = &m2f_triplet_form,
};
