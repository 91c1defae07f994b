/* Losses of a query as a list: likelihoods of its order, cross-entropies of its softmax. */
#include "losses/support/query.h"

/* Returns log sum exp(beta s), the largest taken out. */
static double log_sum(size_t n, const double *s, double beta)
{
	double top = beta * s[0], sum = 0;

	for (size_t i = 1; i < n; i++)
		top = beta * s[i] > top ? beta * s[i] : top;
	size_t i = 0;
	do
		sum += exp(beta * s[i] - top);
	while (++i < n);
	return top + log(sum);
}

/* Returns -sum share_i log softmax(beta s)_i, for shares that sum to 1; g <- its slope. */
static double cross_entropy(const struct lb_query *q, const double *share, double beta, double *g)
{
	const double all = log_sum(q->n, q->score, beta);
	double value = 0;

	for (size_t i = 0; i < q->n; i++) {
		const double lp = beta * q->score[i] - all;
		value -= share[i] > 0 ? share[i] * lp : 0;
		if (g)
			g[i] = beta * (exp(lp) - share[i]);
	}
	return value;
}

/* share (n) <- itself divided by its sum. Returns the sum. */
static double normalise(size_t n, double *share)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += share[i];
	for (size_t i = 0; sum > 0 && i < n; i++)
		share[i] /= sum;
	return sum;
}

/* ---- listnet ---- */

static double listnet_query(const struct lb_query *q, double *g)
{
	const double all = log_sum(q->n, q->grade, 1);

	for (size_t i = 0; i < q->n; i++)
		q->room[i] = exp(q->grade[i] - all);
	return cross_entropy(q, q->room, 1, g);
}
LB_QUERY(listnet, listnet_query)

static const struct lb_example listnet_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .t = { 3, 1 }, .value = 0.69314718055994529, .source = "by hand: log 2" },
	{ .set = "", .b = 2, .c = 1, .z = { 1, 0 }, .t = { 1, 0 }, .value = 0.58220310888821795,
	  .source = "by hand: p (log(1 + e) - 1) + (1 - p) log(1 + e), p = e / (1 + e)" },
};

const struct lb_loss LB_LOSS(ranking, listnet) = {
	.info = {
		.base = {
			.name = "listnet",
			.title = "ListNet: cross-entropy of the softmax of the grades and that of the scores",
			.cite = "Z. Cao, T. Qin, T.-Y. Liu, M.-F. Tsai, H. Li, Learning to rank: from pairwise approach to listwise approach, ICML 2007, section 5",
			.formula = "-sum_i softmax(r)_i log softmax(s)_i,  mean over queries",
			.notes = "The top-one form. A query of one row has loss 0. Grades count as they are: larger ones make the target sharper.",
			.keywords = "listwise top one plackett luce",
		},
		.kind = LB_RANKING,
		.good_for = "ranking by lists",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(listnet_examples),
	},
	.form = &listnet_form,
};

/* ---- listmle and p_listmle ---- */

/* Returns the sum over places m, from 1, of w_m (log sum of exp over the places from m on, minus
 * the score at m). g <- its slope: by the score of a place, its exp times the sum of w_l / S_l over
 * the places l up to it, minus w. */
static double plackett_luce(const struct lb_query *q, double *g, double (*weight)(const struct lb_arg *par, size_t m, size_t n))
{
	double *tail = q->room, top = 0, sum = 0, value = 0, carried = 0;

	lb_order_falling(q->n, q->grade, q->order);
	for (size_t m = q->n; m-- > 0;) {
		const double s = q->score[q->order[m]];
		if (m == q->n - 1 || s > top) {
			sum = m == q->n - 1 ? 0 : sum * exp(top - s);
			top = s;
		}
		sum += exp(s - top);
		tail[m] = top + log(sum);
	}
	/* carried is the sum of w_l / S_l so far, in units of exp(-tail[m]) of its place m: tails
	 * fall, so that no unit overflows. */
	for (size_t m = 0; m < q->n; m++) {
		const double w = weight(q->par, m + 1, q->n), s = q->score[q->order[m]];
		value += w * (tail[m] - s);
		carried = (m ? carried * exp(tail[m] - tail[m - 1]) : 0) + w;
		if (g)
			g[q->order[m]] = exp(s - tail[m]) * carried - w;
	}
	return value;
}

static double weight_one(const struct lb_arg *par, size_t m, size_t n)
{
	(void)par, (void)m, (void)n;
	return 1;
}

static double listmle_query(const struct lb_query *q, double *g)
{
	return plackett_luce(q, g, weight_one);
}
LB_QUERY(listmle, listmle_query)

static const struct lb_example listmle_examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 0, 0, 0 }, .t = { 0, 2, 1 }, .value = 1.791759469228055, .source = "by hand: log 3!" },
	{ .set = "", .b = 2, .c = 1, .z = { 0, 1 }, .t = { 1, 0 }, .value = 1.3132616875182228, .source = "by hand: log(1 + e)" },
};

const struct lb_loss LB_LOSS(ranking, listmle) = {
	.info = {
		.base = {
			.name = "listmle",
			.title = "ListMLE: likelihood of the order of the grades under Plackett and Luce's model",
			.cite = "F. Xia, T.-Y. Liu, J. Wang, W. Zhang, H. Li, Listwise approach to learning to rank: theory and algorithm, ICML 2008, section 4",
			.formula = "sum_m [log sum_{k >= m} exp(s_(k)) - s_(m)],  (m) = the rows by falling grade,  mean over queries",
			.notes = "Rows of equal grade stand in the order of the data, so that a run can be repeated: another order of them is another value.",
			.keywords = "listwise plackett luce likelihood",
		},
		.kind = LB_RANKING,
		.good_for = "ranking by lists",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.exceptions = LB_TIES_BY_ROW,
		LB_EXAMPLES(listmle_examples),
	},
	.form = &listmle_form,
};

enum { EXPONENTIAL, LOGARITHM, RECIPROCAL, N_DISCOUNTS };
static const char *const discounts[] = { [EXPONENTIAL] = "exponential", [LOGARITHM] = "log", [RECIPROCAL] = "reciprocal", [N_DISCOUNTS] = NULL };

static const struct lb_param p_listmle_params[] = {
	{ .name = "discount", .symbol = "discount", .type = LB_CHOICE_PARAM, .def = EXPONENTIAL, .choices = discounts,
	  .help = "weight of place m of n: exponential 2^(n-m) - 1, log 1/log2(1+m), reciprocal 1/m" },
};

static double weight_of_place(const struct lb_arg *par, size_t m, size_t n)
{
	switch ((int)par[0].v) {
	case LOGARITHM:
		return lb_discount((double)m);
	case RECIPROCAL:
		return 1 / (double)m;
	default:
		return exp2((double)(n - m)) - 1;
	}
}

/* Exponential weights of longer queries leave the range of numbers. */
static size_t most_rows(const struct lb_arg *par)
{
	return (int)par[0].v == EXPONENTIAL ? 1000 : SIZE_MAX;
}

static double p_listmle_query(const struct lb_query *q, double *g)
{
	return plackett_luce(q, g, weight_of_place);
}
LB_QUERY(p_listmle, p_listmle_query)

static const struct lb_example p_listmle_examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 0, 0, 0 }, .t = { 2, 1, 0 }, .value = 3.988984046564274, .source = "by hand: 3 log 3 + log 2" },
	{ .set = "discount=reciprocal", .b = 2, .c = 1, .z = { 0, 0 }, .t = { 1, 0 }, .value = 0.69314718055994529, .source = "by hand: log 2" },
};

const struct lb_loss LB_LOSS(ranking, p_listmle) = {
	.info = {
		.base = {
			.name = "p_listmle",
			.title = "Position-aware ListMLE: the first places weigh more",
			.cite = "Y. Lan, Y. Zhu, J. Guo, S. Niu, X. Cheng, Position-aware ListMLE: a sequential learning process for ranking, UAI 2014, section 4",
			.formula = "sum_m w_m [log sum_{k >= m} exp(s_(k)) - s_(m)],  (m) = the rows by falling grade,  mean over queries",
			.notes = "The exponential weights, those of the paper, take queries of at most 1000 rows: beyond that they leave the range of numbers. Rows of "
				 "equal grade stand in the order of the data.",
			.keywords = "listwise plackett luce plistmle position",
			LB_PARAMS(p_listmle_params),
		},
		.kind = LB_RANKING,
		.good_for = "the top of a ranking",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.exceptions = LB_TIES_BY_ROW,
		.most_of_query = most_rows,
		LB_EXAMPLES(p_listmle_examples),
	},
	.form = &p_listmle_form,
};

/* ---- xe_ndcg ---- */

static const struct lb_param xe_ndcg_params[] = {
	{ .name = "gamma", .symbol = "gamma", .def = 0.5, .min = 0, .max = 1, .grid = { 0, 0.5, 1 }, .n_grid = 3,
	  .help = "what is taken off 2^r; 1: rows of grade 0 have no share" },
};

static double xe_ndcg_query(const struct lb_query *q, double *g)
{
	for (size_t i = 0; i < q->n; i++)
		q->room[i] = exp2(q->grade[i]) - q->par[0].v;
	return normalise(q->n, q->room) > 0 ? cross_entropy(q, q->room, 1, g) : 0;
}
LB_QUERY(xe_ndcg, xe_ndcg_query)

static const struct lb_example xe_ndcg_examples[] = {
	{ .set = "gamma=1", .b = 2, .c = 1, .z = { 0, 1 }, .t = { 1, 0 }, .value = 1.3132616875182228, .source = "by hand: log(1 + e)" },
	{ .set = "", .b = 2, .c = 1, .z = { 0, 1 }, .t = { 1, 0 }, .value = 1.0632616875182228, .source = "by hand: log(1 + e) - 1/4" },
};

const struct lb_loss LB_LOSS(ranking, xe_ndcg) = {
	.info = {
		.base = {
			.name = "xe_ndcg",
			.title = "XE-NDCG: cross-entropy with shares by gain, a bound of NDCG",
			.cite = "S. Bruch, An alternative cross entropy loss for learning-to-rank, arXiv:1911.09798, section 4",
			.formula = "-sum_i t_i log softmax(s)_i,  t_i = (2^r_i - gamma) / sum_j (2^r_j - gamma),  mean over queries",
			.notes = "The paper, and LightGBM, draw a gamma for each row anew from (0, 1); here it is one number, by default the mean of these draws. 0 "
				 "where the sum is 0: gamma 1 and no relevant row.",
			.keywords = "rank_xendcg listwise softmax ndcg",
			LB_PARAMS(xe_ndcg_params),
		},
		.kind = LB_RANKING,
		.good_for = "ranking by lists",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(xe_ndcg_examples),
	},
	.form = &xe_ndcg_form,
};

/* ---- query_softmax ---- */

enum { BETA, NORM };
enum { BY_QUERY, BY_RELEVANCE, N_NORMS };
static const char *const norms[] = { [BY_QUERY] = "query", [BY_RELEVANCE] = "relevance", [N_NORMS] = NULL };

static const struct lb_param query_softmax_params[] = {
	[BETA] = { .name = "beta", .symbol = "beta", .def = 1, .min = 0, .max = 100, .min_open = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		   .help = "factor of the scores" },
	[NORM] = { .name = "norm", .symbol = "norm", .type = LB_CHOICE_PARAM, .def = BY_QUERY, .choices = norms,
		   .help = "query: every query counts alike; relevance: by the sum of its grades" },
};

static double query_softmax_query(const struct lb_query *q, double *g)
{
	for (size_t i = 0; i < q->n; i++)
		q->room[i] = q->grade[i];
	const double sum = normalise(q->n, q->room);
	if (!(sum > 0))
		return 0;
	const double value = cross_entropy(q, q->room, q->par[BETA].v, g);
	if ((int)q->par[NORM].v == BY_QUERY)
		return value;
	const double share = sum / q->grades * (double)q->queries;
	for (size_t i = 0; g && i < q->n; i++)
		g[i] *= share;
	return share * value;
}
LB_QUERY(query_softmax, query_softmax_query)

static const struct lb_example query_softmax_examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 0, 0, 0 }, .t = { 1, 3, 0 }, .value = 1.0986122886681098, .source = "by hand: log 3" },
	{ .set = "beta=2", .b = 2, .c = 1, .z = { 0, 0.5 }, .t = { 4, 0 }, .value = 1.3132616875182228, .source = "by hand: log(1 + e)" },
};

const struct lb_loss LB_LOSS(ranking, query_softmax) = {
	.info = {
		.base = {
			.name = "query_softmax",
			.title = "Softmax cross-entropy within a query, with shares by grade",
			.cite = "CatBoost, Ranking: objectives and metrics, QuerySoftMax; Z. Cao et al., Learning to rank: from pairwise approach to listwise "
				"approach, ICML 2007",
			.formula = "-sum_i (r_i / sum_j r_j) log softmax(beta s)_i,  mean over queries",
			.notes = "0 for a query without a relevant row. With norm relevance a query counts by the sum of its grades, as in CatBoost: "
				 "-sum r log softmax over all queries, divided by the sum of all r of the batch.",
			.keywords = "querysoftmax listwise softmax cross entropy",
			LB_PARAMS(query_softmax_params),
		},
		.kind = LB_RANKING,
		.good_for = "ranking by lists",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(query_softmax_examples),
	},
	.form = &query_softmax_form,
};

/* ---- unique_softmax ---- */

/* Whether row j is one of those that row i is to stand before, or i itself. */
static bool competes(const struct lb_query *q, size_t i, size_t j)
{
	return j == i || q->grade[j] < q->grade[i];
}

static double unique_softmax_query(const struct lb_query *q, double *g)
{
	double value = 0;

	for (size_t i = 0; i < q->n; i++) {
		const double gain = lb_gain(q->grade[i], LB_GAIN_EXP2);
		double top = q->score[i], sum = 0;
		if (!(gain > 0))
			continue;
		for (size_t j = 0; j < q->n; j++)
			top = competes(q, i, j) && q->score[j] > top ? q->score[j] : top;
		for (size_t j = 0; j < q->n; j++)
			sum += competes(q, i, j) ? exp(q->score[j] - top) : 0;
		value += gain * (top + log(sum) - q->score[i]);
		for (size_t j = 0; g && j < q->n; j++)
			if (competes(q, i, j))
				g[j] += gain * (exp(q->score[j] - top) / sum - (j == i));
	}
	return value;
}
LB_QUERY(unique_softmax, unique_softmax_query)

static const struct lb_example unique_softmax_examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 0, 0, 0 }, .t = { 2, 2, 1 }, .value = 4.1588830833596715, .source = "by hand: 3 log 2 + 3 log 2" },
};

const struct lb_loss LB_LOSS(ranking, unique_softmax) = {
	.info = {
		.base = {
			.name = "unique_softmax",
			.title = "Softmax of each relevant row against those of lower grade, weighted by its gain",
			.cite = "X. Zhu, D. Klabjan, Listwise learning to rank by exploring unique ratings, WSDM 2020; TensorFlow Ranking, UniqueSoftmaxLoss",
			.formula = "sum_i (2^r_i - 1) [log(exp(s_i) + sum_{r_j < r_i} exp(s_j)) - s_i],  mean over queries",
			.notes = "Rows of equal grade do not compete. The time grows with the square of a query's rows.",
			.keywords = "uniquesoftmax listwise",
		},
		.kind = LB_RANKING,
		.good_for = "ranking by lists",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(unique_softmax_examples),
	},
	.form = &unique_softmax_form,
};
