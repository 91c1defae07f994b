/* Losses that weigh each side of a row by itself: binomial deviance, multi-similarity, circle. */
#include "losses/support/pairs.h"

enum { ALPHA, BETA, LAM, EPS, MINING };

#define SIDES(start)                                                                                                                                \
	[ALPHA] = { .name = "alpha", .symbol = "alpha", .def = 2, .min = 0, .max = 1000, .min_open = true, .log_scale = true, .grid = { 1, 2, 5 },   \
		    .n_grid = 3, .help = "how sharply positives are weighed" },                                                                     \
	[BETA] = { .name = "beta", .symbol = "beta", .def = 50, .min = 0, .max = 1000, .min_open = true, .log_scale = true, .grid = { 10, 40, 50 },  \
		   .n_grid = 3, .help = "how sharply negatives are weighed" },                                                                      \
	[LAM] = { .name = "lam", .symbol = "lambda", .def = start, .min = -1, .max = 1, .help = "the cosine between positives and negatives" }

static const struct lb_param deviance_params[] = { SIDES(0.5) };

static const struct lb_param ms_params[] = {
	SIDES(0.5),
	[EPS] = { .name = "eps", .symbol = "eps", .def = 0.1, .min = 0, .max = 2, .grid = { 0.05, 0.1, 0.2 }, .n_grid = 3,
		  .help = "how much less hard than the hardest of the other side a pair may be" },
	[MINING] = { .name = "mining", .symbol = "mining", .type = LB_BOOL_PARAM, .def = 1, .help = "only pairs that are hard by eps count" },
};

/* ---- binomial_deviance ---- */

static const struct lb_example deviance_examples[] = {
	{ .set = "alpha=2 beta=2 lam=0", .b = 3, .c = 2, .z = { 1, 0, 0, 1, 0, 2 }, .y = { 0, 0, 1 }, .classes = 2, .value = 1.8721357161747558, .source = "mpmath, by the definition" },
};

/* Returns the mean over n rows of log(1 + e^(scale (s - lam))), and adds its slopes times by. */
static double mean_deviance(const struct lb_row_pairs *p, size_t i, size_t n, const uint32_t *row, double scale)
{
	const double share = 1 / (double)(n ? n : 1);
	double sum = 0;

	for (size_t k = 0; k < n; k++) {
		const double v = scale * (lb_to(p, i, row[k]) - p->in->par[LAM].v);
		sum += lb_softplus_of(v);
		lb_slope(p, i, row[k], scale * share * lb_logistic_of(v));
	}
	return sum * share;
}

static double binomial_deviance(const struct lb_row_pairs *p)
{
	double sum = 0;

	for (size_t i = 0; i < p->b; i++) {
		const struct lb_partners of = lb_partners_of(p, i);
		sum += mean_deviance(p, i, of.n_pos, of.pos, -p->in->par[ALPHA].v) + mean_deviance(p, i, of.n_neg, of.neg, p->in->par[BETA].v);
	}
	return lb_mean_of(p, sum, (double)p->b);
}

LB_SIMILARITY(binomial_deviance, lb_cosines, binomial_deviance)

const struct lb_loss LB_LOSS(embedding, binomial_deviance) = {
	.info = {
		.base = {
			.name = "binomial_deviance",
			.title = "Binomial deviance: the logistic loss of each pair's cosine",
			.cite = "D. Yi, Z. Lei, S. Z. Li, Deep metric learning for practical person re-identification, ICPR 2014, eq. 4; in the form of X. Wang et "
				"al., CVPR 2019, eq. 13",
			.formula = "mean over rows i of mean_p log(1 + e^(alpha (lambda - s_ip))) + mean_n log(1 + e^(beta (s_in - lambda)))",
			.notes = "A row without positives, or without negatives, has 0 for that side and counts.",
			.keywords = "BinomialDevianceLoss deviance",
			LB_PARAMS(deviance_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(deviance_examples),
	},
	.form = &binomial_deviance_form,
};

/* ---- multi_similarity ---- */

static const struct lb_example ms_examples[] = {
	{ .set = "alpha=1 beta=1 lam=0", .b = 3, .c = 2, .z = { 1, 0, 0, 1, 0, 2 }, .y = { 0, 0, 1 }, .classes = 2, .value = 1.130901076399353, .source = "mpmath, by the definition" },
};

/* Takes out of the partners those that are not hard by eps, by the cosines that are held. */
static void keep_hard(const struct lb_row_pairs *p, size_t i, struct lb_partners *of)
{
	const double *s = p->held + i * p->b, eps = p->in->par[EPS].v;
	uint32_t *pos = p->index, *neg = p->index + p->b;
	double most_neg = -(double)INFINITY, least_pos = (double)INFINITY;
	size_t n_pos = 0, n_neg = 0;

	for (size_t k = 0; k < of->n_pos; k++)
		least_pos = s[pos[k]] < least_pos ? s[pos[k]] : least_pos;
	for (size_t k = 0; k < of->n_neg; k++)
		most_neg = s[neg[k]] > most_neg ? s[neg[k]] : most_neg;
	for (size_t k = 0; k < of->n_pos; k++)
		if (s[pos[k]] - eps < most_neg)
			pos[n_pos++] = pos[k];
	for (size_t k = 0; k < of->n_neg; k++)
		if (s[neg[k]] + eps > least_pos)
			neg[n_neg++] = neg[k];
	of->n_pos = n_pos;
	of->n_neg = n_neg;
}

/* Returns log(1 + sum e^(scale (s - lam))) / |scale| over n rows, and adds its slopes. */
static double side(const struct lb_row_pairs *p, size_t i, size_t n, const uint32_t *row, double scale)
{
	if (!n)
		return 0;
	lb_gather_to(p, i, n, row, scale, p->in->par[LAM].v, p->room);
	const double sum = lb_log_sum_exp(n, p->room, true);
	lb_spread_slopes(p, i, n, row, scale > 0 ? 1 : -1, p->room);
	return sum / fabs(scale);
}

static double multi_similarity(const struct lb_row_pairs *p)
{
	const struct lb_arg *par = p->in->par;
	double sum = 0;

	for (size_t i = 0; i < p->b; i++) {
		struct lb_partners of = lb_partners_of(p, i);
		if (!of.n_pos || !of.n_neg)
			continue;
		if (par[MINING].v != 0)
			keep_hard(p, i, &of);
		sum += side(p, i, of.n_pos, of.pos, -par[ALPHA].v) + side(p, i, of.n_neg, of.neg, par[BETA].v);
	}
	return lb_mean_of(p, sum, (double)p->b);
}

LB_SIMILARITY(multi_similarity, lb_cosines, multi_similarity)

const struct lb_loss LB_LOSS(embedding, multi_similarity) = {
	.info = {
		.base = {
			.name = "multi_similarity",
			.title = "Multi-similarity loss: a pair weighs by itself and by the others of its row",
			.cite = "X. Wang, X. Han, W. Huang, D. Dong, M. R. Scott, Multi-similarity loss with general pair weighting for deep metric learning, "
				"CVPR 2019, eq. 5, 6 and 15",
			.formula = "mean over rows i of log(1 + sum_p e^(-alpha (s_ip - lambda))) / alpha + log(1 + sum_n e^(beta (s_in - lambda))) / beta",
			.notes = "With mining, positives with s_ip - eps < max_n s_in and negatives with s_in + eps > min_p s_ip; the choice is held fixed in "
				 "the gradient, and is that of train.miner: multi_similarity. A row without positives, or without negatives, adds 0 and "
				 "counts. lambda is 0.5 in the authors' program, which leaves out positives with a cosine of 1 to be rid of the row "
				 "itself; here only the row itself is.",
			.keywords = "MultiSimilarityLoss ms_loss MultiSimilarityMiner gpw",
			LB_PARAMS(ms_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(ms_examples),
	},
	.form = &multi_similarity_form,
};

/* ---- circle ---- */

enum { M, GAMMA };

static const struct lb_param circle_params[] = {
	[M] = { .name = "m", .symbol = "m", .def = 0.4, .min = 0, .max = 1, .grid = { 0.25, 0.4 }, .n_grid = 2, .help = "relaxation: the optimum is 1 - m and m from ends" },
	[GAMMA] = { .name = "gamma", .symbol = "gamma", .def = 80, .min = 0, .max = 1000, .min_open = true, .log_scale = true, .grid = { 16, 80, 256 }, .n_grid = 3,
		    .help = "scale of cosines" },
};

static const struct lb_example circle_examples[] = {
	{ .set = "m=0.5 gamma=2", .b = 3, .c = 2, .z = { 1, 0, 0, 1, 0, 2 }, .y = { 0, 0, 1 }, .classes = 2, .value = 2.1809245195459823, .source = "mpmath, by the definition" },
};

/* z (n) <- gamma a (s - middle) of n rows, a the weight that is held; weight <- gamma a. */
static void weighed_cosines(const struct lb_row_pairs *p, size_t i, size_t n, const uint32_t *row, bool positive, double *z, double *weight)
{
	const double m = p->in->par[M].v, gamma = p->in->par[GAMMA].v;

	for (size_t k = 0; k < n; k++) {
		const double held = p->held[i * p->b + row[k]], a = positive ? 1 + m - held : held + m;
		weight[k] = (positive ? -gamma : gamma) * (a > 0 ? a : 0);
		z[k] = weight[k] * (lb_to(p, i, row[k]) - (positive ? 1 - m : m));
	}
}

static double circle(const struct lb_row_pairs *p)
{
	double *pos = p->room, *neg = pos + p->b, *by_pos = neg + p->b, *by_neg = by_pos + p->b, sum = 0, n = 0;

	for (size_t i = 0; i < p->b; i++) {
		const struct lb_partners of = lb_partners_of(p, i);
		if (!of.n_pos || !of.n_neg)
			continue;
		weighed_cosines(p, i, of.n_pos, of.pos, true, pos, by_pos);
		weighed_cosines(p, i, of.n_neg, of.neg, false, neg, by_neg);
		const double v = lb_log_sum_exp(of.n_pos, pos, false) + lb_log_sum_exp(of.n_neg, neg, false), by = lb_logistic_of(v);
		sum += lb_softplus_of(v);
		for (size_t k = 0; k < of.n_pos; k++)
			lb_slope(p, i, of.pos[k], by * pos[k] * by_pos[k]);
		for (size_t k = 0; k < of.n_neg; k++)
			lb_slope(p, i, of.neg[k], by * neg[k] * by_neg[k]);
		n++;
	}
	return lb_mean_of(p, sum, n);
}

LB_SIMILARITY(circle, lb_cosines, circle)

const struct lb_loss LB_LOSS(embedding, circle) = {
	.info = {
		.base = {
			.name = "circle",
			.title = "Circle loss: each cosine weighs by its distance from the optimum",
			.cite = "Y. Sun, C. Cheng, Y. Zhang, C. Zhang, L. Zheng, Z. Wang, Y. Wei, Circle loss: a unified perspective of pair similarity "
				"optimization, CVPR 2020, eq. 8",
			.formula = "mean over anchors of log(1 + sum_n e^(gamma a_n (s_an - m)) sum_p e^(-gamma a_p (s_ap - 1 + m))),  a_p = max(1 + m - s_ap, "
				   "0),  a_n = max(s_an + m, 0)",
			.notes = "The weights a are held fixed in the gradient. Only anchors with a positive and a negative. For faces the paper has m 0.25 "
				 "and gamma 256.",
			.keywords = "CircleLoss",
			LB_PARAMS(circle_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(circle_examples),
	},
	.form = &circle_form,
};
