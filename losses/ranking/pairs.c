/* Losses of the pairs of a query's rows: that of the higher grade is to have the higher score. */
#include "losses/support/query.h"

/* The mean over pairs (i, j) with grade i above grade j of a function of d = s_i - s_j, less the
 * difference of other scores unless they are NULL. */
typedef double of_difference_fn(const struct lb_arg *par, double d, double *slope);

static double mean_of_pairs(const struct lb_query *q, double *g, of_difference_fn *of, bool against_zero, const double *less)
{
	double sum = 0, slope;
	size_t pairs = 0;

	for (size_t i = 0; i < q->n; i++)
		for (size_t j = 0; j < q->n; j++) {
			if (!(q->grade[i] > q->grade[j]) || (against_zero && q->grade[j] > 0))
				continue;
			const double d = q->score[i] - q->score[j];
			sum += of(q->par, less ? d - (less[i] - less[j]) : d, &slope);
			lb_add_pair(g, i, j, slope);
			pairs++;
		}
	for (size_t i = 0; g && pairs && i < q->n; i++)
		g[i] /= (double)pairs;
	return pairs ? sum / (double)pairs : 0;
}

/* ---- ranknet ---- */

static const struct lb_param ranknet_params[] = {
	{ .name = "sigma", .symbol = "sigma", .def = 1, .min = 0, .max = 1e3, .min_open = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
	  .help = "steepness of the logistic function of a difference" },
};

static double logistic_pair(const struct lb_arg *par, double d, double *slope)
{
	*slope = -par[0].v * lb_logistic_of(-par[0].v * d);
	return lb_softplus_of(-par[0].v * d);
}

static double ranknet_query(const struct lb_query *q, double *g)
{
	return mean_of_pairs(q, g, logistic_pair, false, NULL);
}
LB_QUERY(ranknet, ranknet_query)

static const struct lb_example ranknet_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 1 }, .t = { 1, 0 }, .value = 1.3132616875182228, .source = "by hand: log(1 + e)" },
	{ .set = "sigma=2", .b = 3, .c = 1, .z = { 0, 0, 0 }, .t = { 2, 1, 0 }, .value = 0.69314718055994529, .source = "by hand: log 2" },
};

const struct lb_loss LB_LOSS(ranking, ranknet) = {
	.info = {
		.base = {
			.name = "ranknet",
			.title = "RankNet: logistic loss of the pairs of a query",
			.cite = "C. Burges, T. Shaked, E. Renshaw, A. Lazier, M. Deeds, N. Hamilton, G. Hullender, Learning to rank using gradient descent, "
				"ICML 2005, section 3",
			.formula = "(1/P) sum over pairs r_i > r_j of log(1 + exp(-sigma (s_i - s_j))),  mean over queries",
			.notes = "P is the number of the query's pairs. A query without a pair has loss 0 and counts in the mean. All pairs are looked at: the "
				 "time grows with the square of a query's rows.",
			.keywords = "pairwise logistic pairlogit learning to rank",
			LB_PARAMS(ranknet_params),
		},
		.kind = LB_RANKING,
		.good_for = "ranking by pairs",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(ranknet_examples),
	},
	.form = &ranknet_form,
};

/* ---- margin_ranking ---- */

static const struct lb_param margin_params[] = {
	{ .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 1e3, .grid = { 0, 0.5, 1 }, .n_grid = 3,
	  .help = "by how much the score of the higher grade is to be larger" },
};

static double hinge_pair(const struct lb_arg *par, double d, double *slope)
{
	const double short_of = par[0].v - d;

	*slope = short_of > 0 ? -1 : 0;
	return short_of > 0 ? short_of : 0;
}

static double margin_ranking_query(const struct lb_query *q, double *g)
{
	return mean_of_pairs(q, g, hinge_pair, false, NULL);
}
LB_QUERY(margin_ranking, margin_ranking_query)

static const struct lb_example margin_examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 0.5, 0, 2 }, .t = { 2, 1, 0 }, .value = 2, .source = "by hand: (0.5 + 2.5 + 3) / 3" },
};

const struct lb_loss LB_LOSS(ranking, margin_ranking) = {
	.info = {
		.base = {
			.name = "margin_ranking",
			.title = "Hinge loss of the pairs of a query",
			.cite = "R. Herbrich, T. Graepel, K. Obermayer, Large margin rank boundaries for ordinal regression, Advances in Large Margin Classifiers, "
				"MIT Press 2000; torch.nn.MarginRankingLoss",
			.formula = "(1/P) sum over pairs r_i > r_j of max(0, m - (s_i - s_j)),  mean over queries",
			.notes = "P is the number of the query's pairs. A query without a pair has loss 0 and counts in the mean.",
			.keywords = "pairwise hinge ranking svm ranksvm",
			LB_PARAMS(margin_params),
		},
		.kind = LB_RANKING,
		.good_for = "ranking by pairs",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		LB_EXAMPLES(margin_examples),
	},
	.form = &margin_ranking_form,
};

/* ---- margin_mse ---- */

static double squared(const struct lb_arg *par, double d, double *slope)
{
	(void)par;
	*slope = 2 * d;
	return d * d;
}

static double margin_mse_query(const struct lb_query *q, double *g)
{
	return mean_of_pairs(q, g, squared, false, q->teacher);
}
LB_QUERY(margin_mse, margin_mse_query)

static const struct lb_example margin_mse_examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 0.5, 0, 2 }, .t = { 1, 0, 0 }, .teacher = { 3, 1, 2.5 }, .value = 3.125,
	  .source = "by hand: ((0.5 - 2)^2 + (-1.5 - 0.5)^2) / 2" },
};

const struct lb_loss LB_LOSS(ranking, margin_mse) = {
	.info = {
		.base = {
			.name = "margin_mse",
			.title = "Margin-MSE: a teacher's differences of scores in the pairs of a query",
			.cite = "S. Hofstaetter, S. Althammer, M. Schroeder, M. Sertkan, A. Hanbury, Improving efficient neural ranking models with cross-architecture "
				"knowledge distillation, arXiv 2010.02666, 2020, section 3",
			.formula = "(1/P) sum over pairs r_i > r_j of ((s_i - s_j) - (t_i - t_j))^2,  t the teacher's scores, mean over queries",
			.notes = "P is the number of the query's pairs; the paper draws one of a relevant and a non-relevant row, here all are looked at. The "
				 "teacher's scores are those of data.side.teacher: a saved model of ranking, or a file. Its differences count, not its "
				 "scores, so that the student's scores may lie elsewhere. Grades choose the pairs and their order, nothing else. A query "
				 "without a pair has loss 0 and counts in the mean. A mixture with the labels: terms: [ranknet].",
			.keywords = "marginmse distillation teacher student knowledge_distillation pairwise",
		},
		.kind = LB_RANKING,
		.good_for = "distillation of rankings",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.needs = LB_NEEDS_TEACHER,
		LB_EXAMPLES(margin_mse_examples),
	},
	.form = &margin_mse_form,
};

/* ---- bpr ---- */

static double logistic_unit(const struct lb_arg *par, double d, double *slope)
{
	(void)par;
	*slope = -lb_logistic_of(-d);
	return lb_softplus_of(-d);
}

static double bpr_query(const struct lb_query *q, double *g)
{
	return mean_of_pairs(q, g, logistic_unit, true, NULL);
}
LB_QUERY(bpr, bpr_query)

static const struct lb_example bpr_examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 0, 5, 1 }, .t = { 2, 1, 0 }, .value = 0.66570580771801629,
	  .source = "by hand: (log(1 + e) + log(1 + e^-4)) / 2" },
};

const struct lb_loss LB_LOSS(ranking, bpr) = {
	.info = {
		.base = {
			.name = "bpr",
			.title = "Bayesian personalised ranking: relevant rows against the others",
			.cite = "S. Rendle, C. Freudenthaler, Z. Gantner, L. Schmidt-Thieme, BPR: Bayesian personalized ranking from implicit feedback, UAI 2009, "
				"section 4",
			.formula = "(1/P) sum over pairs r_i > 0, r_j = 0 of log(1 + exp(-(s_i - s_j))),  mean over queries",
			.notes = "Ranknet with sigma 1 of the pairs of a relevant row and one of grade 0 alone: on grades 0 and 1 it is ranknet.",
			.keywords = "implicit feedback recommendation pairwise",
		},
		.kind = LB_RANKING,
		.good_for = "implicit feedback",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(bpr_examples),
	},
	.form = &bpr_form,
};

/* ---- lambdarank ---- */

enum { SIGMA, TRUNCATION, LAMBDA_GAIN };

static const struct lb_param lambdarank_params[] = {
	[SIGMA] = { .name = "sigma", .symbol = "sigma", .def = 1, .min = 0, .max = 1e3, .min_open = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		    .help = "steepness of the logistic function of a difference" },
	[TRUNCATION] = { .name = "truncation", .symbol = "T", .type = LB_INT_PARAM, .def = 0, .min = 0, .max = 1e6, .grid = { 0, 1, 3 }, .n_grid = 3,
			 .help = "a pair counts if one of its rows is among the first so many; 0: every pair" },
	LB_GAIN_PARAM(LAMBDA_GAIN),
};

/* place (n) <- the place of each row by falling fixed score, from 1. */
static void places(const struct lb_query *q, double *place)
{
	lb_order_falling(q->n, q->fixed, q->order);
	for (size_t m = 0; m < q->n; m++)
		place[q->order[m]] = (double)m + 1;
}

static double lambdarank_query(const struct lb_query *q, double *g)
{
	const double sigma = q->par[SIGMA].v;
	const int gain = (int)q->par[LAMBDA_GAIN].v;
	const size_t top = (size_t)q->par[TRUNCATION].v;
	const double ideal = lb_ideal_dcg(q, gain, top);
	double *place = q->room, sum = 0;

	if (!(ideal > 0))
		return 0;
	places(q, place);
	for (size_t i = 0; i < q->n; i++)
		for (size_t j = 0; j < q->n; j++) {
			const double first = place[i] < place[j] ? place[i] : place[j];
			if (!(q->grade[i] > q->grade[j]) || (top && first > (double)top))
				continue;
			const double w = (lb_gain(q->grade[i], gain) - lb_gain(q->grade[j], gain)) *
					 fabs(lb_discount(place[i]) - lb_discount(place[j])) / ideal;
			const double x = -sigma * (q->score[i] - q->score[j]);
			sum += w * lb_softplus_of(x);
			lb_add_pair(g, i, j, -w * sigma * lb_logistic_of(x));
		}
	return sum;
}
LB_QUERY(lambdarank, lambdarank_query)

static const struct lb_example lambdarank_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 1 }, .t = { 1, 0 }, .value = 0.48468581463751403,
	  .source = "by hand: (1 - 1 / log2 3) log(1 + e)" },
};

const struct lb_loss LB_LOSS(ranking, lambdarank) = {
	.info = {
		.base = {
			.name = "lambdarank",
			.title = "LambdaRank: pairs weighted by what swapping them changes in NDCG",
			.cite = "C. Burges, From RankNet to LambdaRank to LambdaMART: an overview, Microsoft Research MSR-TR-2010-82, section 4",
			.formula = "sum over pairs r_i > r_j of w_ij log(1 + exp(-sigma (s_i - s_j))),  w_ij = (g_i - g_j) |D(p_i) - D(p_j)| / IDCG,  "
				   "D(p) = 1 / log2(1 + p),  mean over queries",
			.notes = "p is a row's place by falling score, equal scores in the order of the rows. The weights are constants in the gradient, which is "
				 "therefore that of the lambdas and not the derivative of the value: the value jumps where the order changes. With T > 0 the "
				 "ideal DCG is cut at T too, as LightGBM does, without its normalisations.",
			.keywords = "lambdamart ndcg lightgbm rank:ndcg pairwise",
			LB_PARAMS(lambdarank_params),
		},
		.kind = LB_RANKING,
		.good_for = "the top of a ranking",
		.properties = LB_NONNEGATIVE,
		.exceptions = LB_HOLDS_FACTORS,
		LB_EXAMPLES(lambdarank_examples),
	},
	.form = &lambdarank_form,
};

/* ---- warp ---- */

static const struct lb_param warp_params[] = {
	{ .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 1e3, .min_open = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
	  .help = "by how much the score of a relevant row is to be larger" },
};

/* Returns H(N) / N of the N rows of grade 0 whose fixed score is within the margin of row i's. */
static double rank_factor(const struct lb_query *q, size_t i)
{
	double sum = 0;
	size_t n = 0;

	for (size_t j = 0; j < q->n; j++)
		if (!(q->grade[j] > 0) && q->par[0].v + q->fixed[j] - q->fixed[i] > 0)
			sum += 1 / (double)++n;
	return n ? sum / (double)n : 0;
}

static double warp_query(const struct lb_query *q, double *g)
{
	double sum = 0;
	size_t relevant = 0;

	for (size_t i = 0; i < q->n; i++)
		relevant += q->grade[i] > 0;
	for (size_t i = 0; relevant && i < q->n; i++) {
		if (!(q->grade[i] > 0))
			continue;
		const double factor = rank_factor(q, i) / (double)relevant;
		for (size_t j = 0; j < q->n; j++) {
			const double over = q->par[0].v + q->score[j] - q->score[i];
			if (q->grade[j] > 0 || !(over > 0))
				continue;
			sum += factor * over;
			lb_add_pair(g, j, i, factor);
		}
	}
	return sum;
}
LB_QUERY(warp, warp_query)

static const struct lb_example warp_examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 0, 1, 2 }, .t = { 1, 0, 0 }, .value = 3.75, .source = "by hand: (1 + 1/2) / 2 (2 + 3)" },
};

const struct lb_loss LB_LOSS(ranking, warp) = {
	.info = {
		.base = {
			.name = "warp",
			.title = "Weighted approximate-rank pairwise loss, with the exact rank",
			.cite = "J. Weston, S. Bengio, N. Usunier, WSABIE: scaling up to large vocabulary image annotation, IJCAI 2011, section 3",
			.formula = "mean over rows i with r_i > 0 of (H(N_i) / N_i) sum_{r_j = 0} max(0, m + s_j - s_i),  N_i = number of positive terms,  "
				   "H(N) = 1 + 1/2 + ... + 1/N,  mean over queries",
			.notes = "The expectation of the sampled algorithm, which draws rows until one violates the margin. The factor H(N)/N is a constant in the "
				 "gradient: it is piecewise constant, and the value jumps where N changes.",
			.keywords = "wsabie recommendation lightfm hinge",
			LB_PARAMS(warp_params),
		},
		.kind = LB_RANKING,
		.good_for = "the top of a ranking",
		.properties = LB_NONNEGATIVE,
		.exceptions = LB_HOLDS_FACTORS,
		LB_EXAMPLES(warp_examples),
	},
	.form = &warp_form,
};
