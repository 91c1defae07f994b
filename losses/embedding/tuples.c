/* Losses that compare a positive pair with all its negatives at once by a log-sum-exp. */
#include "losses/support/pairs.h"

static const double DEGREE = 0.017453292519943295;

static struct lb_measured chords_or_raw(const struct lb_arg *par)
{
	enum { NORMALIZE = 1 };

	return (struct lb_measured){ .measure = LB_EUCLIDEAN, .normalize = par[NORMALIZE].v != 0 };
}

static const struct lb_param lifted_params[] = {
	{ .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = (double)INFINITY, .max_open = true, .grid = { 0.5, 1 }, .n_grid = 2,
	  .help = "a negative pulls the more, the less it is beyond this distance" },
	{ .name = "normalize", .symbol = "normalize", .type = LB_BOOL_PARAM, .def = 1, .help = "of embeddings divided by their length" },
};

/* z (n_neg) <- shares of the negatives of row i in the sum of exp(m - d_in); returns its log. */
static double log_near(const struct lb_row_pairs *p, size_t i, const struct lb_partners *of, double *z)
{
	lb_gather_to(p, i, of->n_neg, of->neg, -1, p->in->par[0].v, z);
	return lb_log_sum_exp(of->n_neg, z, false);
}

/* ---- lifted ---- */

static const struct lb_example lifted_examples[] = {
	{ .set = "normalize=false", .b = 3, .c = 1, .z = { 0, 1, 3 }, .y = { 0, 0, 1 }, .classes = 2, .value = 0.049066442433382346,
	  .source = "by hand: J = 1 + log(e^-2 + e^-1), its square over 2" },
};

/* For each row the log-sum over its negatives, and the weight that pairs give it. */
static double add_lifted(const struct lb_row_pairs *p, size_t i, size_t j, const double *near, double *weight)
{
	const double most = near[i] > near[j] ? near[i] : near[j], both = most + log(exp(near[i] - most) + exp(near[j] - most));
	const double J = lb_to(p, i, j) + both, on = J > 0 ? J : 0;

	lb_slope(p, i, j, on);
	weight[i] += on * exp(near[i] - both);
	weight[j] += on * exp(near[j] - both);
	return on * on / 2;
}

static double lifted(const struct lb_row_pairs *p)
{
	double *near = p->room, *weight = p->room + p->b, *z = p->room + 2 * p->b, sum = 0, n = 0;

	for (size_t i = 0; i < p->b; i++) {
		const struct lb_partners of = lb_partners_of(p, i);
		near[i] = log_near(p, i, &of, z);
		weight[i] = 0;
	}
	for (size_t i = 0; i < p->b; i++)
		for (size_t j = 0; j < p->b; j++)
			if (lb_counts(p, i, j) && lb_alike(p, i, j) && (isfinite(near[i]) || isfinite(near[j]))) {
				sum += add_lifted(p, i, j, near, weight);
				n++;
			}
	for (size_t i = 0; p->slope && i < p->b; i++) {
		const struct lb_partners of = lb_partners_of(p, i);
		log_near(p, i, &of, z);
		lb_spread_slopes(p, i, of.n_neg, of.neg, -weight[i], z);
	}
	return lb_mean_of(p, sum, n);
}

LB_SIMILARITY(lifted, chords_or_raw, lifted)

const struct lb_loss LB_LOSS(embedding, lifted) = {
	.info = {
		.base = {
			.name = "lifted",
			.title = "Lifted structured loss: a positive pair against all negatives of both its rows",
			.cite = "H. O. Song, Y. Xiang, S. Jegelka, S. Savarese, Deep metric learning via lifted structured feature embedding, CVPR 2016, eq. 4",
			.formula = "mean over positive pairs of max(J_ij, 0)^2 / 2,  J_ij = d_ij + log(sum_n e^(m - d_in) + sum_n e^(m - d_jn))",
			.notes = "Pairs without a negative are left out.",
			.keywords = "LiftedStructureLoss lifted_structure",
			LB_PARAMS(lifted_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(lifted_examples),
	},
	.form = &lifted_form,
};

/* ---- lifted_gen ---- */

static const struct lb_example lifted_gen_examples[] = {
	{ .set = "normalize=false margin=2", .b = 3, .c = 1, .z = { 0, 1, 1.5 }, .y = { 0, 0, 1 }, .classes = 2, .value = 2,
	  .source = "by hand: anchors 1 + 2 - 1.5 and 1 + 2 - 0.5" },
};

static double lifted_gen(const struct lb_row_pairs *p)
{
	double *far = p->room, *near = p->room + p->b, sum = 0, n = 0;

	for (size_t i = 0; i < p->b; i++) {
		const struct lb_partners of = lb_partners_of(p, i);
		if (!of.n_pos || !of.n_neg)
			continue;
		lb_gather_to(p, i, of.n_pos, of.pos, 1, 0, far);
		const double v = lb_log_sum_exp(of.n_pos, far, false) + log_near(p, i, &of, near);
		n++;
		if (!(v > 0))
			continue;
		sum += v;
		lb_spread_slopes(p, i, of.n_pos, of.pos, 1, far);
		lb_spread_slopes(p, i, of.n_neg, of.neg, -1, near);
	}
	return lb_mean_of(p, sum, n);
}

LB_SIMILARITY(lifted_gen, chords_or_raw, lifted_gen)

const struct lb_loss LB_LOSS(embedding, lifted_gen) = {
	.info = {
		.base = {
			.name = "lifted_gen",
			.title = "Generalised lifted loss: all positives of a row against all its negatives",
			.cite = "A. Hermans, L. Beyer, B. Leibe, In defense of the triplet loss for person re-identification, 2017, eq. 7",
			.formula = "mean over anchors of max(log sum_p e^(d_ap) + log sum_n e^(m - d_an), 0)",
			.notes = "Only anchors with a positive and a negative.",
			.keywords = "GeneralizedLiftedStructureLoss generalized_lifted",
			LB_PARAMS(lifted_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(lifted_gen_examples),
	},
	.form = &lifted_gen_form,
};

/* ---- n_pair ---- */

enum { N_PAIR_NORMALIZE, L2_REG };

static const struct lb_param n_pair_params[] = {
	[N_PAIR_NORMALIZE] = { .name = "normalize", .symbol = "normalize", .type = LB_BOOL_PARAM, .def = 0, .help = "of embeddings divided by their length" },
	[L2_REG] = { .name = "l2_reg", .symbol = "l2_reg", .def = 0, .min = 0, .max = (double)INFINITY, .max_open = true, .grid = { 0, 0.02 }, .n_grid = 2,
		     .help = "weight of the mean squared lengths of the paired rows" },
};

static const struct lb_example n_pair_examples[] = {
	{ .set = "", .b = 4, .c = 1, .z = { 1, 2, -1, -3 }, .y = { 0, 0, 1, 1 }, .classes = 2, .value = 0.006715348489118068,
	  .source = "mpmath, by the definition" },
};

static struct lb_measured n_pair_measure(const struct lb_arg *par)
{
	return (struct lb_measured){ .measure = LB_INNER_PRODUCT, .normalize = par[N_PAIR_NORMALIZE].v != 0 };
}

/* anchor, positive <- the first and the second row of each class that has two; returns how many. */
static size_t pair_classes(const struct lb_row_pairs *p, uint32_t *anchor, uint32_t *positive)
{
	size_t n = 0;

	for (size_t i = 0; i < p->b; i++) {
		size_t before = 0, after = i + 1;
		while (before < i && !lb_alike(p, before, i))
			before++;
		while (after < p->b && !lb_alike(p, after, i))
			after++;
		if (before < i || after == p->b)
			continue;
		anchor[n] = (uint32_t)i;
		positive[n++] = (uint32_t)after;
	}
	return n;
}

static double n_pair(const struct lb_row_pairs *p)
{
	uint32_t *anchor = p->index, *positive = p->index + p->b;
	const size_t n = pair_classes(p, anchor, positive);
	const double reg = p->in->par[L2_REG].v / 2;
	double sum = 0;

	for (size_t k = 0; k < n; k++) {
		const size_t a = anchor[k], own = positive[k];
		lb_gather_to(p, a, n, positive, 1, 0, p->room);
		sum += lb_log_sum_exp(n, p->room, false) - lb_to(p, a, own) + reg * (lb_to(p, a, a) + lb_to(p, own, own));
		lb_spread_slopes(p, a, n, positive, 1, p->room);
		lb_slope(p, a, own, -1);
		lb_slope(p, a, a, reg);
		lb_slope(p, own, own, reg);
	}
	return lb_mean_of(p, sum, (double)n);
}

LB_SIMILARITY(n_pair, n_pair_measure, n_pair)

const struct lb_loss LB_LOSS(embedding, n_pair) = {
	.info = {
		.base = {
			.name = "n_pair",
			.title = "N-pair loss: a pair of each class, told from the positives of all others",
			.cite = "K. Sohn, Improved deep metric learning with multi-class N-pair loss objective, NeurIPS 2016, eq. 6",
			.formula = "mean over classes c of log sum_k e^(a_c . p_k) - a_c . p_c + l2_reg (|a_c|^2 + |p_c|^2) / 2",
			.notes = "a_c is the first row of the class in the batch, p_c its second; further rows have no part, so the order of rows matters. "
				 "With one class that has two rows it is 0 but for l2_reg.",
			.keywords = "NPairsLoss npairs n_pairs",
			LB_PARAMS(n_pair_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.exceptions = LB_SIZE_MATTERS | LB_TIES_BY_ROW,
		LB_EXAMPLES(n_pair_examples),
	},
	.form = &n_pair_form,
};

/* ---- angular ---- */

enum { ALPHA };

static const struct lb_param angular_params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "alpha", .def = 40, .min = 0, .max = 90, .min_open = true, .max_open = true, .grid = { 30, 40, 45 }, .n_grid = 3,
		    .help = "degrees: the most that the angle at a negative may be" },
};

static const struct lb_example angular_examples[] = {
	{ .set = "alpha=45", .b = 3, .c = 1, .z = { 2, 1, -1 }, .y = { 0, 0, 1 }, .classes = 2, .value = 6.144193477732806e-06, .source = "mpmath, by the definition" },
};

static double angular(const struct lb_row_pairs *p)
{
	const double t = tan(p->in->par[ALPHA].v * DEGREE), to_neg = 4 * t * t, to_pos = 2 * (1 + t * t);
	double *z = p->room, sum = 0, n = 0;

	for (size_t a = 0; a < p->b; a++) {
		const struct lb_partners of = lb_partners_of(p, a);
		for (size_t k = 0; k < of.n_pos; k++, n++) {
			const size_t pos = of.pos[k];
			double all = 0;
			for (size_t j = 0; j < of.n_neg; j++)
				z[j] = to_neg * (lb_to(p, a, of.neg[j]) + lb_to(p, pos, of.neg[j])) - to_pos * lb_to(p, a, pos);
			sum += lb_log_sum_exp(of.n_neg, z, true) * (of.n_neg > 0);
			for (size_t j = 0; j < of.n_neg; j++)
				all += z[j];
			lb_spread_slopes(p, a, of.n_neg, of.neg, to_neg, z);
			lb_spread_slopes(p, pos, of.n_neg, of.neg, to_neg, z);
			lb_slope(p, a, pos, -to_pos * all);
		}
	}
	return lb_mean_of(p, sum, n);
}

LB_SIMILARITY(angular, lb_cosines, angular)

const struct lb_loss LB_LOSS(embedding, angular) = {
	.info = {
		.base = {
			.name = "angular",
			.title = "Angular loss: the angle of a triplet at its negative is to be small",
			.cite = "J. Wang, F. Zhou, S. Wen, X. Liu, Y. Lin, Deep metric learning with angular loss, ICCV 2017, eq. 7",
			.formula = "mean over positive pairs of log(1 + sum_n e^f),  f = 4 tan^2(alpha) (s_an + s_pn) - 2 (1 + tan^2(alpha)) s_ap",
			.notes = "Of unit rows. An anchor without a negative adds 0 and counts. The paper adds the N-pair loss with a weight: two of "
				 "loss.terms.",
			.keywords = "AngularLoss",
			LB_PARAMS(angular_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(angular_examples),
	},
	.form = &angular_form,
};

/* ---- tuplet_margin ---- */

enum { TUPLET_MARGIN, SCALE };

static const struct lb_param tuplet_params[] = {
	[TUPLET_MARGIN] = { .name = "margin", .symbol = "m", .def = 5.73, .min = 0, .max = 90, .max_open = true, .grid = { 0, 5.73 }, .n_grid = 2,
			    .help = "degrees that the angle of a positive pair is made larger by" },
	[SCALE] = { .name = "scale", .symbol = "scale", .def = 64, .min = 0, .max = 1000, .min_open = true, .log_scale = true, .grid = { 16, 64 }, .n_grid = 2,
		    .help = "of cosines" },
};

static const struct lb_example tuplet_examples[] = {
	{ .set = "margin=60 scale=2", .b = 3, .c = 2, .z = { 1, 0, 0, 1, 0, 2 }, .y = { 0, 0, 1 }, .classes = 2, .value = 0.49948576727026595, .source = "mpmath, by the definition" },
};

/* cos(theta - m) of theta = arccos s, and its slope by s, which is cos m where the sine is no more
 * than rounding. */
static double turned_cosine(double s, double m, double *slope)
{
	const double left = 1 - s * s, sine = sqrt(left > 1e-12 ? left : 1e-12);

	*slope = cos(m) - (left > 1e-12 ? s / sine * sin(m) : 0);
	return s * cos(m) + sine * sin(m);
}

static double tuplet_margin(const struct lb_row_pairs *p)
{
	const double m = p->in->par[TUPLET_MARGIN].v * DEGREE, scale = p->in->par[SCALE].v;
	double *z = p->room, sum = 0, n = 0;

	for (size_t a = 0; a < p->b; a++) {
		const struct lb_partners of = lb_partners_of(p, a);
		for (size_t k = 0; k < of.n_pos; k++, n++) {
			double by_s, all = 0;
			const double turned = turned_cosine(lb_to(p, a, of.pos[k]), m, &by_s);
			lb_gather_to(p, a, of.n_neg, of.neg, scale, turned, z);
			sum += of.n_neg ? lb_log_sum_exp(of.n_neg, z, true) : 0;
			for (size_t j = 0; j < of.n_neg; j++)
				all += z[j];
			lb_spread_slopes(p, a, of.n_neg, of.neg, scale, z);
			lb_slope(p, a, of.pos[k], -scale * by_s * all);
		}
	}
	return lb_mean_of(p, sum, n);
}

LB_SIMILARITY(tuplet_margin, lb_cosines, tuplet_margin)

static const struct lb_same_as tuplet_same[] = {
	{ .set = "margin=0 scale=10", .other = "nt_xent_labels", .other_set = "tau=0.1" },
};

const struct lb_loss LB_LOSS(embedding, tuplet_margin) = {
	.info = {
		.base = {
			.name = "tuplet_margin",
			.title = "Tuplet margin loss: a positive pair, its angle made larger, against all negatives",
			.cite = "B. Yu, D. Tao, Deep metric learning with tuplet margin loss, ICCV 2019, eq. 5",
			.formula = "mean over positive pairs of log(1 + sum_n e^(scale (s_an - cos(theta_ap - m))))",
			.notes = "Of unit rows. 1 - s^2 is taken to be at least 1e-12 under the root. The paper adds loss intra_pair_variance with a weight: "
				 "two of loss.terms.",
			.keywords = "TupletMarginLoss",
			LB_PARAMS(tuplet_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_SAME_AS(tuplet_same),
		LB_EXAMPLES(tuplet_examples),
	},
	.form = &tuplet_margin_form,
};

/* ---- intra_pair_variance ---- */

enum { POS_EPS, NEG_EPS };

static const struct lb_param variance_params[] = {
	[POS_EPS] = { .name = "pos_eps", .symbol = "e+", .def = 0.01, .min = 0, .max = 1, .help = "positives may fall below their mean by this share of it" },
	[NEG_EPS] = { .name = "neg_eps", .symbol = "e-", .def = 0.01, .min = 0, .max = 1, .help = "negatives may exceed their mean by this share of it" },
};

static const struct lb_example variance_examples[] = {
	{ .set = "pos_eps=0", .b = 3, .c = 2, .z = { 1, 0, 0, 1, 1, 0 }, .y = { 0, 0, 0 }, .classes = 1, .value = 0.074074074074074074,
	  .source = "by hand: cosines 0, 1, 0 of mean 1/3; two of three pairs are 1/3 below" },
};

/* Returns the mean over the pairs of one class (of two) of max(sign (factor mean - s), 0)^2; the
 * mean moves too. */
static double below_mean(const struct lb_row_pairs *p, bool alike, double sign, double factor)
{
	double n = 0, mean = 0, sum = 0, off = 0;

	for (size_t k = 0; k < p->b * p->b; k++) {
		const bool in = lb_counts(p, k / p->b, k % p->b) && lb_alike(p, k / p->b, k % p->b) == alike;
		mean += in ? p->d[k] : 0;
		n += in;
	}
	mean /= n > 0 ? n : 1;
	for (int pass = 0; pass < 2 && n > 0; pass++)
		for (size_t k = 0; k < p->b * p->b; k++) {
			if (!lb_counts(p, k / p->b, k % p->b) || lb_alike(p, k / p->b, k % p->b) != alike)
				continue;
			const double v = sign * (factor * mean - p->d[k]), r = v > 0 ? v : 0;
			if (pass == 0) {
				sum += r * r;
				off += r;
			} else if (p->slope)
				p->slope[k] += 2 / n * sign * (factor * off / n - r);
		}
	return n > 0 ? sum / n : 0;
}

static double intra_pair_variance(const struct lb_row_pairs *p)
{
	return below_mean(p, true, 1, 1 - p->in->par[POS_EPS].v) + below_mean(p, false, -1, 1 + p->in->par[NEG_EPS].v);
}

LB_SIMILARITY(intra_pair_variance, lb_cosines, intra_pair_variance)

const struct lb_loss LB_LOSS(embedding, intra_pair_variance) = {
	.info = {
		.base = {
			.name = "intra_pair_variance",
			.title = "Intra-pair variance: cosines of positives, and of negatives, are to be alike",
			.cite = "B. Yu, D. Tao, Deep metric learning with tuplet margin loss, ICCV 2019, eq. 8 and 9",
			.formula = "mean+ max((1 - e+) mu+ - s_ij, 0)^2 + mean- max(s_ij - (1 + e-) mu-, 0)^2,  mu+, mu- the mean cosines",
			.notes = "To be added to tuplet_margin by loss.terms. The means move in the gradient. A side without a pair is 0.",
			.keywords = "IntraPairVarianceLoss",
			LB_PARAMS(variance_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(variance_examples),
	},
	.form = &intra_pair_variance_form,
};
