/* Losses that put smooth ranks in the place of ranks in a metric: NDCG and average precision. */
#include "losses/support/query.h"

/* ---- NDCG of ranks rho: what approx_ndcg and song share ---- */

/* Returns 1 - sum g_i D(rho_i) / ideal. slope (n) <- its derivative by each rank. */
static double one_minus_ndcg(const struct lb_query *q, int gain, double ideal, const double *rho, double *slope)
{
	double sum = 0;

	for (size_t i = 0; i < q->n; i++) {
		const double worth = lb_gain(q->grade[i], gain) / ideal, log2_rank = log2(1 + rho[i]);
		sum += worth / log2_rank;
		slope[i] = worth / (0.69314718055994530942 * (1 + rho[i]) * log2_rank * log2_rank);
	}
	return 1 - sum;
}

/* ---- approx_ndcg ---- */

enum { TEMPERATURE, APPROX_GAIN };

static const struct lb_param approx_params[] = {
	[TEMPERATURE] = { .name = "temperature", .symbol = "T", .def = 0.1, .min = 0, .max = 1e3, .min_open = true, .grid = { 0.05, 0.1, 1 }, .n_grid = 3,
			  .help = "width of the step of a smooth rank: the smaller the nearer to NDCG" },
	LB_GAIN_PARAM(APPROX_GAIN),
};

static double approx_ndcg_query(const struct lb_query *q, double *g)
{
	const double t = q->par[TEMPERATURE].v, ideal = lb_ideal_dcg(q, (int)q->par[APPROX_GAIN].v, 0);
	double *rho = q->room, *slope = q->room + q->n;

	if (!(ideal > 0))
		return 0;
	for (size_t i = 0; i < q->n; i++) {
		rho[i] = 1;
		for (size_t j = 0; j < q->n; j++)
			rho[i] += j == i ? 0 : lb_logistic_of((q->score[j] - q->score[i]) / t);
	}
	const double value = one_minus_ndcg(q, (int)q->par[APPROX_GAIN].v, ideal, rho, slope);
	for (size_t i = 0; g && i < q->n; i++)
		for (size_t j = 0; j < q->n; j++) {
			const double x = (q->score[j] - q->score[i]) / t;
			if (j != i)
				lb_add_pair(g, j, i, slope[i] * lb_logistic_of(x) * lb_logistic_of(-x) / t);
		}
	return value;
}
LB_QUERY(approx_ndcg, approx_ndcg_query)

static const struct lb_example approx_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .t = { 1, 0 }, .value = 0.24352920263392058, .source = "by hand: 1 - 1 / log2 2.5" },
};

const struct lb_loss LB_LOSS(ranking, approx_ndcg) = {
	.info = {
		.base = {
			.name = "approx_ndcg",
			.title = "ApproxNDCG: one minus NDCG of smooth ranks",
			.cite = "T. Qin, T.-Y. Liu, H. Li, A general approximation framework for direct optimization of information retrieval measures, Information "
				"Retrieval 13, 2010, eqs. 19 to 21",
			.formula = "1 - sum_i g_i / (IDCG log2(1 + rho_i)),  rho_i = 1 + sum_{j != i} sigmoid((s_j - s_i) / T),  mean over queries",
			.notes = "For T to 0 it is one minus NDCG; 0 for a query without a relevant row.",
			.keywords = "approxndcg smooth rank ndcg direct",
			LB_PARAMS(approx_params),
		},
		.kind = LB_RANKING,
		.good_for = "the top of a ranking",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		LB_EXAMPLES(approx_examples),
	},
	.form = &approx_ndcg_form,
};

/* ---- song ---- */

static const struct lb_param song_params[] = {
	{ .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 1e3, .min_open = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
	  .help = "of the squared hinge that stands for a comparison" },
};

static double song_query(const struct lb_query *q, double *g)
{
	const double margin = q->par[0].v, ideal = lb_ideal_dcg(q, LB_GAIN_EXP2, 0);
	double *rho = q->room, *slope = q->room + q->n;

	if (!(ideal > 0))
		return 0;
	for (size_t i = 0; i < q->n; i++) {
		rho[i] = 0;
		for (size_t j = 0; j < q->n; j++) {
			const double over = margin + q->score[j] - q->score[i];
			rho[i] += over > 0 ? over * over : 0;
		}
	}
	const double value = one_minus_ndcg(q, LB_GAIN_EXP2, ideal, rho, slope);
	for (size_t i = 0; g && i < q->n; i++)
		for (size_t j = 0; j < q->n; j++) {
			const double over = margin + q->score[j] - q->score[i];
			if (j != i && over > 0)
				lb_add_pair(g, j, i, 2 * over * slope[i]);
		}
	return value;
}
LB_QUERY(song, song_query)

static const struct lb_example song_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .t = { 1, 0 }, .value = 0.36907024642854258, .source = "by hand: 1 - 1 / log2 3" },
};

const struct lb_loss LB_LOSS(ranking, song) = {
	.info = {
		.base = {
			.name = "song",
			.title = "NDCG surrogate by squared hinges, of SONG",
			.cite = "Z.-H. Qiu, Q. Hu, Y. Zhong, L. Zhang, T. Yang, Large-scale stochastic optimization of NDCG surrogates for deep learning with "
				"provable convergence, ICML 2022, section 3; LibAUC",
			.formula = "1 - sum_i g_i / (IDCG log2(1 + rho_i)),  g = 2^r - 1,  rho_i = sum_j max(0, m + s_j - s_i)^2,  mean over queries",
			.notes = "The row itself is in its sum and adds m^2, so that with margin 1 rho is an upper bound of the rank, and the loss one of 1 - NDCG. With "
				 "a smaller margin the value can be negative. The stochastic algorithm's moving averages are those of the batch here.",
			.keywords = "libauc ndcg squared hinge surrogate",
			LB_PARAMS(song_params),
		},
		.kind = LB_RANKING,
		.good_for = "the top of a ranking",
		.properties = LB_SMOOTH,
		LB_EXAMPLES(song_examples),
	},
	.form = &song_form,
};

/* ---- smooth_ap ---- */

static const struct lb_param smooth_ap_params[] = {
	{ .name = "tau", .symbol = "tau", .def = 0.01, .min = 0, .max = 1e3, .min_open = true, .grid = { 0.01, 0.1, 1 }, .n_grid = 3,
	  .help = "width of the step of a smooth rank: the smaller the nearer to average precision" },
};

/* The smooth rank of row i among the relevant rows, and among all. */
static void smooth_ranks(const struct lb_query *q, size_t i, double *among_relevant, double *among_all)
{
	*among_relevant = *among_all = 1;
	for (size_t j = 0; j < q->n; j++) {
		const double h = j == i ? 0 : lb_logistic_of((q->score[j] - q->score[i]) / q->par[0].v);
		*among_all += h;
		*among_relevant += q->grade[j] > 0 ? h : 0;
	}
}

static double smooth_ap_query(const struct lb_query *q, double *g)
{
	const double tau = q->par[0].v;
	size_t relevant = 0;
	double sum = 0;

	for (size_t i = 0; i < q->n; i++)
		relevant += q->grade[i] > 0;
	for (size_t i = 0; i < q->n; i++) {
		double above, all;
		if (!(q->grade[i] > 0))
			continue;
		smooth_ranks(q, i, &above, &all);
		sum += above / all / (double)relevant;
		for (size_t j = 0; g && j < q->n; j++) {
			const double x = (q->score[j] - q->score[i]) / tau;
			const double by_h = -((q->grade[j] > 0 ? all : 0) - above) / ((double)relevant * all * all);
			if (j != i)
				lb_add_pair(g, j, i, by_h * lb_logistic_of(x) * lb_logistic_of(-x) / tau);
		}
	}
	return relevant ? 1 - sum : 0;
}
LB_QUERY(smooth_ap, smooth_ap_query)

static const struct lb_example smooth_ap_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .t = { 1, 0 }, .value = 0.33333333333333331, .source = "by hand: 1 - 1 / 1.5" },
};

const struct lb_loss LB_LOSS(ranking, smooth_ap) = {
	.info = {
		.base = {
			.name = "smooth_ap",
			.title = "Smooth-AP: one minus average precision of smooth ranks",
			.cite = "A. Brown, W. Xie, V. Kalogeiton, A. Zisserman, Smooth-AP: smoothing the path towards large-scale image retrieval, ECCV 2020, "
				"section 4",
			.formula = "1 - (1/n+) sum_{r_i > 0} N_i / M_i,  N_i = 1 + sum_{r_j > 0, j != i} h_ij,  M_i = 1 + sum_{j != i} h_ij,  "
				   "h_ij = sigmoid((s_j - s_i) / tau),  mean over queries",
			.notes = "Relevant rows are those of a grade above 0. For tau to 0 it is one minus average precision; 0 for a query without a relevant row.",
			.keywords = "average precision map retrieval smooth",
			LB_PARAMS(smooth_ap_params),
		},
		.kind = LB_RANKING,
		.good_for = "average precision",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		LB_EXAMPLES(smooth_ap_examples),
	},
	.form = &smooth_ap_form,
};

/* ---- neural_ndcg ---- */

enum { TAU, NEURAL_GAIN };

static const struct lb_param neural_params[] = {
	[TAU] = { .name = "tau", .symbol = "tau", .def = 1, .min = 0.01, .max = 1e3, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		  .help = "temperature of the relaxed sort: the smaller the nearer to NDCG" },
	LB_GAIN_PARAM(NEURAL_GAIN),
};

/* p (n) <- row m, from 1, of the relaxed permutation. Returns the gain that it expects there. */
static double relaxed_row(const struct lb_query *q, size_t m, const double *apart, double *p)
{
	const double factor = (double)q->n + 1 - 2 * (double)m, tau = q->par[TAU].v;
	double top = (factor * q->score[0] - apart[0]) / tau, sum = 0, expected = 0;

	for (size_t j = 0; j < q->n; j++) {
		p[j] = (factor * q->score[j] - apart[j]) / tau;
		top = p[j] > top ? p[j] : top;
	}
	for (size_t j = 0; j < q->n; j++)
		sum += p[j] = exp(p[j] - top);
	for (size_t j = 0; j < q->n; j++) {
		p[j] /= sum;
		expected += p[j] * lb_gain(q->grade[j], (int)q->par[NEURAL_GAIN].v);
	}
	return expected;
}

static double neural_ndcg_query(const struct lb_query *q, double *g)
{
	const int gain = (int)q->par[NEURAL_GAIN].v;
	const double ideal = lb_ideal_dcg(q, gain, 0), tau = q->par[TAU].v;
	double *apart = q->room, *p = q->room + q->n, *by_apart = q->room + 2 * q->n, sum = 0;

	if (!(ideal > 0))
		return 0;
	for (size_t j = 0; j < q->n; j++) {
		apart[j] = by_apart[j] = 0;
		for (size_t k = 0; k < q->n; k++)
			apart[j] += fabs(q->score[j] - q->score[k]);
	}
	for (size_t m = 1; m <= q->n; m++) {
		const double discount = lb_discount((double)m) / ideal, expected = relaxed_row(q, m, apart, p);
		sum += discount * expected;
		for (size_t j = 0; g && j < q->n; j++) {
			const double slope = -discount * p[j] * (lb_gain(q->grade[j], gain) - expected) / tau;
			g[j] += slope * ((double)q->n + 1 - 2 * (double)m);
			by_apart[j] -= slope;
		}
	}
	for (size_t j = 0; g && j < q->n; j++)
		for (size_t k = 0; k < q->n; k++)
			lb_add_pair(g, j, k, by_apart[j] * ((q->score[j] > q->score[k]) - (q->score[j] < q->score[k])));
	return 1 - sum;
}
LB_QUERY(neural_ndcg, neural_ndcg_query)

static const struct lb_example neural_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .t = { 1, 0 }, .value = 0.18453512321427129, .source = "by hand: 1 - (1 + 1 / log2 3) / 2" },
};

const struct lb_loss LB_LOSS(ranking, neural_ndcg) = {
	.info = {
		.base = {
			.name = "neural_ndcg",
			.title = "NeuralNDCG: one minus NDCG of a relaxed sort",
			.cite = "P. Pobrotyn, R. Bialobrzeski, NeuralNDCG: direct optimisation of a ranking metric via differentiable relaxation of sorting, "
				"arXiv:2102.07831; A. Grover, E. Wang, A. Zweig, S. Ermon, Stochastic optimization of sorting networks via continuous "
				"relaxations, ICLR 2019, eq. 5",
			.formula = "1 - sum_m D(m) (P g)_m / IDCG,  row m of P = softmax_j(((n + 1 - 2m) s_j - sum_k |s_j - s_k|) / tau),  "
				   "D(m) = 1 / log2(1 + m),  mean over queries",
			.notes = "Without the rescaling of P to column sums of 1 (Sinkhorn): the value can be slightly negative. For tau to 0 it is one minus NDCG; 0 for "
				 "a query without a relevant row.",
			.keywords = "neuralndcg neuralsort relaxation ndcg direct",
			LB_PARAMS(neural_params),
		},
		.kind = LB_RANKING,
		.good_for = "the top of a ranking",
		.properties = LB_BOUNDED,
		LB_EXAMPLES(neural_examples),
	},
	.form = &neural_ndcg_form,
};
