/* Hinges on single pairs: each pair is pulled or pushed as long as it is on the wrong side of a
 * margin. */
#include "losses/support/pairs.h"

/* Which pairs a part is the mean over: those whose term is not 0, all, those that have reached the
 * margin. */
enum over { OVER_NONZERO, OVER_ALL, OVER_REACHED };

/* Returns weight times the mean of max(sign (d - margin), 0) over the pairs of one class (of two);
 * which these are is held. Adds its slopes. */
static double hinge_part(const struct lb_row_pairs *p, bool alike, double sign, double margin, enum over over, double weight)
{
	double n = 0, sum = 0;

	for (size_t i = 0; i < p->b; i++)
		for (size_t j = 0; j < p->b; j++) {
			if (!lb_counts(p, i, j) || lb_alike(p, i, j) != alike)
				continue;
			const double v = sign * (lb_to(p, i, j) - margin), held = sign * (p->held[i * p->b + j] - margin);
			n += over == OVER_ALL || held > 0 || (over == OVER_REACHED && held >= 0);
			sum += v > 0 ? v : 0;
		}
	if (!(n > 0))
		return 0;
	for (size_t i = 0; p->slope && i < p->b; i++)
		for (size_t j = 0; j < p->b; j++)
			if (lb_counts(p, i, j) && lb_alike(p, i, j) == alike && sign * (lb_to(p, i, j) - margin) > 0)
				lb_slope(p, i, j, weight * sign / n);
	return weight * sum / n;
}

static const char *const reductions[] = { "avg_nonzero", "mean", NULL };

/* ---- contrastive ---- */

enum { POS_MARGIN, NEG_MARGIN, DISTANCE, NORMALIZE, REDUCTION };
enum { EUCLIDEAN, SQUARED, COSINE };

static const char *const distances[] = { "l2", "l2sq", "cos", NULL };

static const struct lb_param contrastive_params[] = {
	[POS_MARGIN] = { .name = "pos_margin", .symbol = "m+", .def = 0, .min = -1, .max = (double)INFINITY, .max_open = true,
			 .help = "positives farther than this (cos: less similar) are pulled" },
	[NEG_MARGIN] = { .name = "neg_margin", .symbol = "m-", .def = 1, .min = -1, .max = (double)INFINITY, .max_open = true, .grid = { 0.5, 1, 1.4 },
			 .n_grid = 3, .help = "negatives nearer than this (cos: more similar) are pushed" },
	[DISTANCE] = { .name = "distance", .symbol = "distance", .type = LB_CHOICE_PARAM, .choices = distances, .def = EUCLIDEAN,
		       .help = "Euclidean, squared, or the cosine as a similarity" },
	[NORMALIZE] = { .name = "normalize", .symbol = "normalize", .type = LB_BOOL_PARAM, .def = 1, .help = "of embeddings divided by their length; always with cos" },
	[REDUCTION] = { .name = "reduction", .symbol = "reduction", .type = LB_CHOICE_PARAM, .choices = reductions, .def = OVER_NONZERO,
			.help = "mean of each part over the pairs whose term is not 0, or over all of it" },
};

static const struct lb_example contrastive_examples[] = {
	{ .set = "normalize=false", .b = 3, .c = 1, .z = { 0, 1, 1.5 }, .y = { 0, 0, 1 }, .classes = 2, .value = 1.5,
	  .source = "by hand: positives 1 apart; of the negatives 1.5 and 0.5 apart only the second is nearer than 1, by 0.5" },
	{ .set = "distance=cos pos_margin=0.9 neg_margin=0.4", .b = 2, .c = 2, .z = { 3, 0, 0, 2 }, .y = { 0, 0 }, .classes = 2, .value = 0.9,
	  .source = "by hand: at right angles the cosine is 0.9 below the margin" },
};

static struct lb_measured contrastive_measure(const struct lb_arg *par)
{
	static const enum lb_measure of[] = { [EUCLIDEAN] = LB_EUCLIDEAN, [SQUARED] = LB_SQUARED_EUCLIDEAN, [COSINE] = LB_INNER_PRODUCT };
	const int distance = (int)par[DISTANCE].v;

	return (struct lb_measured){ .measure = of[distance], .normalize = par[NORMALIZE].v != 0 || distance == COSINE };
}

static double contrastive(const struct lb_row_pairs *p)
{
	const struct lb_arg *par = p->in->par;
	const double farther = (int)par[DISTANCE].v == COSINE ? -1 : 1;
	const enum over over = par[REDUCTION].v > 0 ? OVER_ALL : OVER_NONZERO;

	return hinge_part(p, true, farther, par[POS_MARGIN].v, over, 1) + hinge_part(p, false, -farther, par[NEG_MARGIN].v, over, 1);
}

LB_SIMILARITY(contrastive, contrastive_measure, contrastive)

const struct lb_loss LB_LOSS(embedding, contrastive) = {
	.info = {
		.base = {
			.name = "contrastive",
			.title = "Contrastive loss: positives within a margin, negatives beyond another",
			.cite = "R. Hadsell, S. Chopra, Y. LeCun, Dimensionality reduction by learning an invariant mapping, CVPR 2006; in this form, "
				"without squares, as in the library pytorch-metric-learning",
			.formula = "mean+ max(d_ij - m+, 0) + mean- max(m- - d_ij, 0);  with cos: max(m+ - s_ij, 0), max(s_ij - m-, 0)",
			.notes = "mean+ is over ordered pairs of one class, mean- over those of two, each by itself; a part without a pair is 0. How many "
				 "terms are not 0 is held fixed in the gradient. With distance=cos margins like pos_margin=1 neg_margin=0 are usual; the "
				 "defaults are those of distances. reduction=mean trains slowly once most negatives are far enough.",
			.keywords = "ContrastiveLoss siamese pairs metric_learning",
			LB_PARAMS(contrastive_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_HOLDS_FACTORS,
		LB_EXAMPLES(contrastive_examples),
	},
	.form = &contrastive_form,
};

/* ---- contrastive_hadsell ---- */

enum { MARGIN, RAW_NORMALIZE };

static const struct lb_param hadsell_params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = (double)INFINITY, .max_open = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		     .help = "negatives nearer than this are pushed" },
	[RAW_NORMALIZE] = { .name = "normalize", .symbol = "normalize", .type = LB_BOOL_PARAM, .def = 0, .help = "of embeddings divided by their length" },
};

static const struct lb_example hadsell_examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 0, 1, 1.5 }, .y = { 0, 0, 1 }, .classes = 2, .value = 0.20833333333333334,
	  .source = "by hand: 1/2 of the positive pair, 0.5^2 / 2 and 0 of the negative ones, over 3 pairs" },
};

static struct lb_measured hadsell_measure(const struct lb_arg *par)
{
	return (struct lb_measured){ .measure = LB_EUCLIDEAN, .normalize = par[RAW_NORMALIZE].v != 0 };
}

static double contrastive_hadsell(const struct lb_row_pairs *p)
{
	double sum = 0, n = 0;

	for (size_t i = 0; i < p->b; i++)
		for (size_t j = 0; j < p->b; j++) {
			if (!lb_counts(p, i, j))
				continue;
			const double d = lb_to(p, i, j), off = lb_alike(p, i, j) ? d : d < p->in->par[MARGIN].v ? d - p->in->par[MARGIN].v : 0;
			sum += off * off / 2;
			lb_slope(p, i, j, off);
			n++;
		}
	return lb_mean_of(p, sum, n);
}

LB_SIMILARITY(contrastive_hadsell, hadsell_measure, contrastive_hadsell)

const struct lb_loss LB_LOSS(embedding, contrastive_hadsell) = {
	.info = {
		.base = {
			.name = "contrastive_hadsell",
			.title = "Contrastive loss with squares: positives together, negatives beyond a margin",
			.cite = "R. Hadsell, S. Chopra, Y. LeCun, Dimensionality reduction by learning an invariant mapping, CVPR 2006, eq. 4",
			.formula = "mean over pairs of d_ij^2 / 2 (one class) or max(m - d_ij, 0)^2 / 2 (two)",
			.notes = "One mean over all pairs of a batch, so that negatives, which are many, weigh most. It is what CRLNet, whose aim is less variance within classes and more between them, trains with.",
			.keywords = "ContrastiveLoss siamese drlim squared intra_inter_variance crlnet",
			LB_PARAMS(hadsell_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(hadsell_examples),
	},
	.form = &contrastive_hadsell_form,
};

/* ---- snr_contrastive ---- */

enum { SNR_POS, SNR_NEG, SNR_NORMALIZE, SNR_REDUCTION, SNR_REG };

static const struct lb_param snr_params[] = {
	[SNR_POS] = { .name = "pos_margin", .symbol = "m+", .def = 0, .min = 0, .max = (double)INFINITY, .max_open = true, .help = "positives noisier than this are pulled" },
	[SNR_NEG] = { .name = "neg_margin", .symbol = "m-", .def = 1, .min = 0, .max = (double)INFINITY, .max_open = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		      .help = "negatives less noisy than this are pushed" },
	[SNR_NORMALIZE] = { .name = "normalize", .symbol = "normalize", .type = LB_BOOL_PARAM, .def = 1, .help = "of embeddings divided by their length" },
	[SNR_REDUCTION] = { .name = "reduction", .symbol = "reduction", .type = LB_CHOICE_PARAM, .choices = reductions, .def = OVER_NONZERO,
			    .help = "mean of each part over the pairs whose term is not 0, or over all of it" },
	[SNR_REG] = { .name = "reg", .symbol = "reg", .def = 0, .min = 0, .max = (double)INFINITY, .max_open = true, .grid = { 0, 0.1 }, .n_grid = 2,
		      .help = "weight of the sums of coordinates, which are to be 0" },
};

static const struct lb_example snr_examples[] = {
	{ .set = "normalize=false", .b = 2, .c = 2, .z = { 1, -1, 3, 1 }, .y = { 0, 0 }, .classes = 2, .value = 0,
	  .source = "by hand: the difference (2, 2) has no variance" },
	{ .set = "normalize=false reg=0.5", .b = 2, .c = 2, .z = { 1, -1, 2, -2 }, .y = { 0, 0 }, .classes = 2, .value = 0.625,
	  .source = "by hand: variances 1 and 4, of the difference 1: (1/1 + 1/4) / 2; all sums are 0" },
};

static struct lb_measured snr_measure(const struct lb_arg *par)
{
	return (struct lb_measured){ .measure = LB_NOISE_TO_SIGNAL, .normalize = par[SNR_NORMALIZE].v != 0 };
}

static double snr_contrastive(const struct lb_row_pairs *p)
{
	const struct lb_arg *par = p->in->par;
	const enum over over = par[SNR_REDUCTION].v > 0 ? OVER_ALL : OVER_NONZERO;
	const double each = par[SNR_REG].v / (double)p->b;
	double sums = 0;

	for (size_t i = 0; i < p->b && each > 0; i++) {
		const double sum = lb_to(p, i, i);
		sums += fabs(sum);
		lb_slope(p, i, i, sum > 0 ? each : sum < 0 ? -each : 0);
	}
	return hinge_part(p, true, 1, par[SNR_POS].v, over, 1) + hinge_part(p, false, -1, par[SNR_NEG].v, over, 1) + each * sums;
}

LB_SIMILARITY(snr_contrastive, snr_measure, snr_contrastive)

const struct lb_loss LB_LOSS(embedding, snr_contrastive) = {
	.info = {
		.base = {
			.name = "snr_contrastive",
			.title = "Contrastive loss of noise-to-signal ratios",
			.cite = "T. Yuan, W. Deng, J. Tang, Y. Tang, B. Chen, Signal-to-noise ratio: a robust distance metric for deep metric learning, CVPR 2019",
			.formula = "mean+ max(d_ij - m+, 0) + mean- max(m- - d_ij, 0) + reg mean_i |sum_k x_ik|,  d_ij = var(x_j - x_i) / var(x_i)",
			.notes = "Variances are over the coordinates of a row. d_ij is not d_ji; both count. A row of equal coordinates has no variance: its "
				 "distances are 0 and give no gradient. How many terms are not 0 is held fixed in the gradient.",
			.keywords = "SignalToNoiseRatioContrastiveLoss snr",
			LB_PARAMS(snr_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_HOLDS_FACTORS,
		LB_EXAMPLES(snr_examples),
	},
	.form = &snr_contrastive_form,
};

/* ---- tcm ---- */

enum { TCM_POS, TCM_NEG, TCM_POS_WEIGHT, TCM_NEG_WEIGHT };

static const struct lb_param tcm_params[] = {
	[TCM_POS] = { .name = "m_pos", .symbol = "m+", .def = 0.9, .min = -1, .max = 1, .help = "positives no more similar than this are pulled" },
	[TCM_NEG] = { .name = "m_neg", .symbol = "m-", .def = 0.5, .min = -1, .max = 1, .help = "negatives no less similar than this are pushed" },
	[TCM_POS_WEIGHT] = { .name = "l_pos", .symbol = "l+", .def = 1, .min = 0, .max = (double)INFINITY, .max_open = true, .help = "weight of positives" },
	[TCM_NEG_WEIGHT] = { .name = "l_neg", .symbol = "l-", .def = 1, .min = 0, .max = (double)INFINITY, .max_open = true, .help = "weight of negatives" },
};

static const struct lb_example tcm_examples[] = {
	{ .set = "", .b = 3, .c = 2, .z = { 2, 0, 0, 1, 3, 0 }, .y = { 0, 0, 1 }, .classes = 2, .value = 1.4,
	  .source = "by hand: the positive pair has cosine 0, 0.9 below its margin; of the negatives one pair, with cosine 1, is above 0.5" },
	{ .set = "", .b = 4, .c = 2, .z = { 0, 1, 0.43, 0.9, 1, 0, 0.5, 0.5 }, .y = { 0, 0, 1, 1 }, .classes = 2, .value = 0.5178763012667883, .source = "mpmath, by the definition" },
};

static double tcm(const struct lb_row_pairs *p)
{
	const struct lb_arg *par = p->in->par;

	return hinge_part(p, true, -1, par[TCM_POS].v, OVER_REACHED, par[TCM_POS_WEIGHT].v) +
	       hinge_part(p, false, 1, par[TCM_NEG].v, OVER_REACHED, par[TCM_NEG_WEIGHT].v);
}

LB_SIMILARITY(tcm, lb_cosines, tcm)

static const struct lb_same_as tcm_same[] = {
	{ .set = "", .other = "contrastive", .other_set = "distance=cos pos_margin=0.9 neg_margin=0.5" },
};

const struct lb_loss LB_LOSS(embedding, tcm) = {
	.info = {
		.base = {
			.name = "tcm",
			.title = "Threshold-consistent margin: only pairs beyond a cosine of all classes count",
			.cite = "Q. Zhang, L. Xu, Q. Tang, J. Fang, Y. N. Wu, J. Tighe, Y. Xing, Threshold-consistent margin loss for open-world deep metric "
				"learning, ICLR 2024",
			.formula = "l+ mean over positives with s_ij <= m+ of (m+ - s_ij) + l- mean over negatives with s_ij >= m- of (s_ij - m-)",
			.notes = "A regulariser, to be added to another loss by loss.terms: one threshold then suits all classes, which the metric opis "
				 "measures. Pairs at a margin count in the mean; which pairs do is held fixed in the gradient.",
			.keywords = "ThresholdConsistentMarginLoss threshold_consistent_margin opis",
			LB_PARAMS(tcm_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "one threshold for all classes",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_HOLDS_FACTORS,
		LB_SAME_AS(tcm_same),
		LB_EXAMPLES(tcm_examples),
	},
	.form = &tcm_form,
};
