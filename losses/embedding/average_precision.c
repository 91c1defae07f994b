/* Losses of the order in which a row finds the others: smooth average precision, and what else is
 * made of ranks. */
#include "losses/support/pairs.h"

/* ---- smooth_ap_embedding ---- */

enum { TAU, WITH_SELF };

static const struct lb_param smooth_params[] = {
	[TAU] = { .name = "tau", .symbol = "tau", .def = 0.01, .min = 0, .max = 1000, .min_open = true, .log_scale = true, .grid = { 0.01, 0.1 }, .n_grid = 2,
		  .help = "temperature of the comparisons" },
	[WITH_SELF] = { .name = "with_self", .symbol = "with_self", .type = LB_BOOL_PARAM, .def = 1, .help = "a row is the first of its own positives, as in the authors' program" },
};

static const struct lb_example smooth_examples[] = {
	{ .set = "with_self=false", .b = 3, .c = 2, .z = { 1, 0, 0, 1, 1, 1 }, .y = { 0, 0, 1 }, .classes = 2, .value = 0.5,
	  .source = "by hand: both rows of class 0 find the negative first, by 0.7 in the cosine, which the temperature makes certain" },
};

/* What a row compares: cosines to others, and where it is told to, its own of 1. */
struct compared {
	const struct lb_row_pairs *pairs;
	size_t query;
	double tau;
};

static double score(const struct compared *c, size_t j)
{
	return j == c->query ? 1 : lb_to(c->pairs, c->query, j);
}

/* How far j comes before i, between 0 and 1. */
static double before(const struct compared *c, size_t j, size_t i)
{
	return lb_logistic_of((score(c, j) - score(c, i)) / c->tau);
}

/* The slopes of by * before(j, i). */
static void slope_before(const struct compared *c, size_t j, size_t i, double at, double by)
{
	const double steep = by * at * (1 - at) / c->tau;

	if (j != c->query)
		lb_slope(c->pairs, c->query, j, steep);
	if (i != c->query)
		lb_slope(c->pairs, c->query, i, -steep);
}

/* Returns the precision at i: how many positives come no later, over how many rows do. Its slopes,
 * times by. */
static double precision_at(const struct compared *c, const struct lb_partners *of, bool with_self, size_t i, double by)
{
	double pos = 1, all = 1, *at = c->pairs->room;

	for (size_t k = 0; k <= of->n_pos; k++) {
		const size_t j = k < of->n_pos ? of->pos[k] : c->query;
		at[k] = j == i || (k == of->n_pos && !with_self) ? 0 : before(c, j, i);
		pos += at[k];
	}
	all = pos;
	for (size_t k = 0; k < of->n_neg; k++)
		all += c->pairs->room[c->pairs->b + k] = before(c, of->neg[k], i);
	for (size_t k = 0; k <= of->n_pos; k++)
		if (at[k] > 0)
			slope_before(c, k < of->n_pos ? of->pos[k] : c->query, i, at[k], by * (1 / all - pos / all / all));
	for (size_t k = 0; k < of->n_neg; k++)
		slope_before(c, of->neg[k], i, c->pairs->room[c->pairs->b + k], -by * pos / all / all);
	return pos / all;
}

static double smooth_ap_embedding(const struct lb_row_pairs *p)
{
	const bool with_self = p->in->par[WITH_SELF].v != 0;
	double sum = 0, n = 0;

	for (size_t q = 0; q < p->b; q++) {
		const struct lb_partners of = lb_partners_of(p, q);
		const struct compared c = { .pairs = p, .query = q, .tau = p->in->par[TAU].v };
		const double each = 1 / (double)(of.n_pos + with_self);
		double precision = 0;
		if (!of.n_pos)
			continue;
		for (size_t k = 0; k < of.n_pos; k++)
			precision += precision_at(&c, &of, with_self, of.pos[k], -each);
		precision += with_self ? precision_at(&c, &of, true, q, -each) : 0;
		sum += 1 - precision * each;
		n++;
	}
	return lb_mean_of(p, sum, n);
}

LB_SIMILARITY(smooth_ap_embedding, lb_cosines, smooth_ap_embedding)

const struct lb_loss LB_LOSS(embedding, smooth_ap_embedding) = {
	.info = {
		.base = {
			.name = "smooth_ap_embedding",
			.title = "Smooth-AP: average precision of a row's neighbours with sigmoids for comparisons",
			.cite = "A. Brown, W. Xie, V. Kalogeiton, A. Zisserman, Smooth-AP: smoothing the path towards large-scale image retrieval, ECCV 2020, eq. 8",
			.formula = "mean over rows q of 1 - mean over positives i of R(i, positives) / R(i, all),  R(i, S) = 1 + sum over j in S, j != i, of "
				   "sigma((s_qj - s_qi) / tau)",
			.notes = "Only rows with a positive. As tau goes to 0 with with_self=false it is 1 - the mean average precision. The authors' program "
				 "needs classes of equal size in a batch; this does not. For scores within queries there is loss smooth_ap of task ranking.",
			.keywords = "SmoothAPLoss smooth_ap average_precision",
			LB_PARAMS(smooth_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "average precision of embeddings",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(smooth_examples),
	},
	.form = &smooth_ap_embedding_form,
};

/* ---- pnp ---- */

enum { VARIANT, PNP_TAU, PNP_ALPHA, PNP_B };
enum { RANKS, DS, DQ, IU, IB };

static const char *const variants[] = { "o", "ds", "dq", "iu", "ib", NULL };

static const struct lb_param pnp_params[] = {
	[VARIANT] = { .name = "variant", .symbol = "variant", .type = LB_CHOICE_PARAM, .choices = variants, .def = RANKS,
		      .help = "g(r) = r; log(1 + r); 1 - (1 + r)^-alpha; (1 + r) log(1 + r); (b r - log(1 + b r)) / b^2" },
	[PNP_TAU] = { .name = "tau", .symbol = "tau", .def = 0.01, .min = 0, .max = 1000, .min_open = true, .log_scale = true, .grid = { 0.01, 0.1 }, .n_grid = 2,
		      .help = "temperature of the comparisons" },
	[PNP_ALPHA] = { .name = "alpha", .symbol = "alpha", .def = 1, .min = 0, .max = 100, .min_open = true, .grid = { 1, 4 }, .n_grid = 2, .help = "of variant dq" },
	[PNP_B] = { .name = "b", .symbol = "b", .def = 2, .min = 0, .max = 1000, .min_open = true, .grid = { 2, 4 }, .n_grid = 2, .help = "of variant ib" },
};

static const struct lb_example pnp_examples[] = {
	{ .set = "variant=ds", .b = 3, .c = 2, .z = { 1, 0, 0, 1, 1, 1 }, .y = { 0, 0, 1 }, .classes = 2, .value = 0.34657359027997264,
	  .source = "by hand: the negative comes before the positive and after the row itself: (log 2 + log 1) / 2" },
};

/* What a positive loses that has r negatives before it, and its slope. */
static double penalty(const struct lb_arg *par, double r, double *slope)
{
	const double alpha = par[PNP_ALPHA].v, b = par[PNP_B].v;

	switch ((int)par[VARIANT].v) {
	case DS:
		*slope = 1 / (1 + r);
		return log1p(r);
	case DQ:
		*slope = alpha * pow(1 + r, -alpha - 1);
		return -expm1(-alpha * log1p(r));
	case IU:
		*slope = 1 + log1p(r);
		return (1 + r) * log1p(r);
	case IB:
		*slope = r / (1 + b * r);
		return (b * r - log1p(b * r)) / (b * b);
	default:
		*slope = 1;
		return r;
	}
}

/* Returns the penalty of the positive i of row q, and adds its slopes times by. */
static double penalty_at(const struct compared *c, const struct lb_partners *of, size_t i, double by)
{
	double r = 0, slope, *at = c->pairs->room;

	for (size_t k = 0; k < of->n_neg; k++)
		r += at[k] = before(c, of->neg[k], i);
	const double value = penalty(c->pairs->in->par, r, &slope);
	for (size_t k = 0; k < of->n_neg; k++)
		slope_before(c, of->neg[k], i, at[k], by * slope);
	return value;
}

static double pnp(const struct lb_row_pairs *p)
{
	double sum = 0, n = 0;

	for (size_t q = 0; q < p->b; q++) {
		const struct lb_partners of = lb_partners_of(p, q);
		const struct compared c = { .pairs = p, .query = q, .tau = p->in->par[PNP_TAU].v };
		const double each = 1 / (double)(of.n_pos + 1);
		if (!of.n_pos)
			continue;
		for (size_t k = 0; k < of.n_pos; k++)
			sum += each * penalty_at(&c, &of, of.pos[k], each);
		sum += each * penalty_at(&c, &of, q, each);
		n++;
	}
	return lb_mean_of(p, sum, n);
}

LB_SIMILARITY(pnp, lb_cosines, pnp)

const struct lb_loss LB_LOSS(embedding, pnp) = {
	.info = {
		.base = {
			.name = "pnp",
			.title = "PNP: a penalty for the negatives that come before a positive",
			.cite = "Z. Li, W. Min, J. Song, Y. Zhu, L. Kang, X. Wei, X. Wei, S. Jiang, Rethinking the optimization of average precision: only penalizing "
				"negative instances before positive ones is enough, AAAI 2022, table 1",
			.formula = "mean over rows q of the mean over i of g(r_qi), i the positives and q itself,  r_qi = sum_n sigma((s_qn - s_qi) / tau)",
			.notes = "Only rows with a positive; a row's cosine to itself is 1. A batch without negatives gives 0 in every variant.",
			.keywords = "PNPLoss average_precision",
			LB_PARAMS(pnp_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "average precision of embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(pnp_examples),
	},
	.form = &pnp_form,
};

/* ---- ranked_list ---- */

enum { RL_MARGIN, RL_ALPHA, T_NEG, T_POS, BALANCE, HOLD_WEIGHTS };

static const struct lb_param ranked_params[] = {
	[RL_MARGIN] = { .name = "margin", .symbol = "m", .def = 0.4, .min = 0, .max = 2, .grid = { 0.2, 0.4 }, .n_grid = 2,
			.help = "between the boundary of positives, alpha - m, and that of negatives" },
	[RL_ALPHA] = { .name = "alpha", .symbol = "alpha", .def = 1.2, .min = 0, .max = 2, .help = "the boundary of negatives" },
	[T_NEG] = { .name = "t_neg", .symbol = "t-", .def = 10, .min = 0, .max = 100, .grid = { 0, 10 }, .n_grid = 2, .help = "how sharply near negatives are weighed" },
	[T_POS] = { .name = "t_pos", .symbol = "t+", .def = 0, .min = 0, .max = 100, .help = "how sharply far positives are weighed" },
	[BALANCE] = { .name = "balance", .symbol = "balance", .def = 0.5, .min = 0, .max = 1, .help = "the share of negatives" },
	[HOLD_WEIGHTS] = { .name = "hold_weights", .symbol = "hold_weights", .type = LB_BOOL_PARAM, .def = 0, .help = "weights are held fixed in the gradient" },
};

static const struct lb_example ranked_examples[] = {
	{ .set = "t_neg=0", .b = 2, .c = 2, .z = { 1, 0, 0, 1 }, .y = { 0, 0 }, .classes = 2, .value = 0.30710063917376407,
	  .source = "by hand: (sqrt 2 - 0.8) / 2 of 1 / (1 + 2e-5)" },
};

/* One side of a row: whether a row is on the wrong side of its boundary is held. */
static double ranked_side(const struct lb_row_pairs *p, size_t i, size_t n, const uint32_t *row, double sign, double share)
{
	const struct lb_arg *par = p->in->par;
	const double boundary = sign > 0 ? par[RL_ALPHA].v - par[RL_MARGIN].v : par[RL_ALPHA].v, t = par[sign > 0 ? T_POS : T_NEG].v;
	const double *held = p->held + i * p->b;
	const bool hold = par[HOLD_WEIGHTS].v != 0;
	double all = 1e-5 * (double)p->b, sum = 0;

	for (size_t k = 0; k < n; k++) {
		const double was = sign * (held[row[k]] - boundary), v = sign * (lb_to(p, i, row[k]) - boundary);
		p->room[k] = was > 0 ? exp(t * (hold ? was : v)) : 0;
		all += p->room[k];
		sum += p->room[k] * v;
	}
	for (size_t k = 0; k < n; k++) {
		const double v = sign * (lb_to(p, i, row[k]) - boundary);
		lb_slope(p, i, row[k], share * sign * p->room[k] / all * (hold ? 1 : 1 + t * (v - sum / all)));
	}
	return share * sum / all;
}

static double ranked_list(const struct lb_row_pairs *p)
{
	const double balance = p->in->par[BALANCE].v;
	double sum = 0;

	for (size_t i = 0; i < p->b; i++) {
		const struct lb_partners of = lb_partners_of(p, i);
		sum += ranked_side(p, i, of.n_pos, of.pos, 1, 1 - balance) + ranked_side(p, i, of.n_neg, of.neg, -1, balance);
	}
	return lb_mean_of(p, sum, (double)p->b);
}

LB_SIMILARITY(ranked_list, lb_chords, ranked_list)

const struct lb_loss LB_LOSS(embedding, ranked_list) = {
	.info = {
		.base = {
			.name = "ranked_list",
			.title = "Ranked list loss: positives within a sphere, negatives outside a larger one, the nearest most",
			.cite = "X. Wang, Y. Hua, E. Kodirov, G. Hu, R. Garnier, N. M. Robertson, Ranked list loss for deep metric learning, CVPR 2019, eq. 7 to 12, "
				"its simpler form",
			.formula = "mean over rows of (1 - balance) sum_p w_p v_p / sum_p w_p + balance sum_n w_n v_n / sum_n w_n,  v_p = d_ip - (alpha - m) > 0, "
				   "v_n = alpha - d_in > 0, w = e^(t v)",
			.notes = "Distances of unit rows; 1e-5 B is added to the sums of weights. Which rows are on the wrong side is held fixed in the gradient; "
				 "the weights are differentiated unless hold_weights is set, as in pytorch-metric-learning.",
			.keywords = "RankedListLoss rll",
			LB_PARAMS(ranked_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_HOLDS_FACTORS,
		LB_EXAMPLES(ranked_examples),
	},
	.form = &ranked_list_form,
};
