/* Losses of two views that a guide, another model, has a part in: gist leaves out what it takes for
 * the same, soft_similarity_kl learns its similarities. */
#include "losses/support/guide.h"
#include "losses/support/view_words.h"

#include <string.h>

/* ---- gist ---- */

enum { TAU, MARGIN, STRATEGY, HALVES };
enum { ABSOLUTE, RELATIVE };

static const char *const strategies[] = { [ABSOLUTE] = "absolute", [RELATIVE] = "relative", NULL };

static const struct lb_param gist_params[] = {
	[TAU] = LB_VIEW_TEMPERATURE(0.01),
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 0, .min = 0, .max = 2, .grid = { 0, 0.05, 0.1 }, .n_grid = 3, .help = "how far below the guide's cosine of the pair others are left out too" },
	[STRATEGY] = { .name = "strategy", .symbol = "strategy", .type = LB_CHOICE_PARAM, .choices = strategies, .def = ABSOLUTE,
		       .help = "absolute: left out above c - m; relative: above c (1 - m); c the guide's cosine of the row's own pair" },
	[HALVES] = LB_HALVES_PARAM,
};

static const struct lb_example gist_examples[] = {
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .x = { 1, 0, 0, 1 }, .n_x = 2, .value = 0.74366838062867902,
	  .source = "by hand: nothing is left out: log(e + 3) - 1" },
	{ .set = "tau=1 margin=0.5", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .x = { 1, 0, 2, 0 }, .n_x = 2, .value = 0,
	  .source = "by hand: to the guide both rows are one: nothing is left but the own" },
};

/* The candidates of a row: the second views; the first views but its own; with its own second view
 * the second views but its own. */
enum { ACROSS, FIRST, SECOND, KINDS };

/* s (3 b) <- the candidates of row i over t, -inf for those that are left out. */
static void candidates(const struct lb_two_views *v, const struct lb_guide *g, size_t i, double *s)
{
	static const size_t anchor[KINDS] = { 0, 0, 1 }, other[KINDS] = { 1, 0, 1 };
	const struct lb_arg *par = v->in->par;
	const size_t b = v->b, c = v->c;
	const double own = lb_guide_cosine(g, 0, i, 1, i), most = par[STRATEGY].v > ABSOLUTE ? own * (1 - par[MARGIN].v) : own - par[MARGIN].v;

	for (size_t k = 0; k < KINDS; k++)
		for (size_t j = 0; j < b; j++) {
			const bool out = j == i ? k != ACROSS : lb_guide_cosine(g, anchor[k], i, other[k], j) > most;
			s[k * b + j] = out ? -(double)INFINITY : lb_dot(c, v->u[anchor[k]] + i * c, v->u[other[k]] + j * c);
		}
}

/* The derivative by the product of row i of view k and row j of view l goes to both. */
static void pull(const struct lb_two_views *v, size_t k, size_t i, size_t l, size_t j, double by)
{
	for (size_t d = 0; d < v->c; d++) {
		v->by[k][i * v->c + d] += by * v->u[l][j * v->c + d];
		v->by[l][j * v->c + d] += by * v->u[k][i * v->c + d];
	}
}

static double gist_value(const struct lb_two_views *v)
{
	const size_t b = v->b;
	const double share = 1 / (double)b;
	double *room = v->room, *s = lb_take(&room, KINDS * b), *slope = lb_take(&room, KINDS * b), sum = 0;
	const struct lb_guide g = lb_guide_read(&v->in->inputs, v->in->par[HALVES].v > 0, room);

	for (size_t i = 0; i < b; i++) {
		candidates(v, &g, i, s);
		sum += share * lb_softmax_loss(KINDS * b, s, i, v->in->par[TAU].v, slope);
		for (size_t j = 0; v->by[0] && j < b; j++) {
			pull(v, 0, i, 1, j, share * slope[j]);
			if (j == i)
				continue;
			pull(v, 0, i, 0, j, share * slope[b + j]);
			pull(v, 1, i, 1, j, share * slope[2 * b + j]);
		}
	}
	return sum;
}

LB_OF_VIEWS(gist, true, gist_value, 2 * KINDS * b + LB_GUIDE_ROOM * b)

const struct lb_loss LB_LOSS(embedding, gist) = {
	.info = {
		.base = {
			.name = "gist",
			.title = "GIST: InfoNCE of both views, without the negatives that a guide finds more alike than the pair itself",
			.cite = "A. V. Solatorio, GISTEmbed: guided in-sample selection of training negatives for text embedding fine-tuning, arXiv:2402.16829, 2024; margin: sentence-transformers",
			.formula = "mean_i of log(exp(s_ii'/t) + sum of exp(s/t) over s_ij', s_ij, s_i'j', j != i, with g <= c_i - m) - s_ii'/t,  g the guide's cosine of the same pair, c_i = g_ii'",
			.notes = LB_UNLABELLED LB_ONE_VIEW LB_GUIDED "i and i' are a row in the first and the second view; s are cosines of embeddings. With one vector a row (halves false) the guide's c_i is 1, and a "
				 "margin says how alike two rows are to be to count as one; with halves, for views of parts, the guide says something of each view. What is left out is held fixed. "
				 "Hard negatives beside the pair, of which the paper has a column, are none here.",
			.keywords = "gistembed guide guided_selection false_negatives sentence_transformers cached_gist",
			LB_PARAMS(gist_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS | LB_NEEDS_GUIDE,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(gist_examples),
	},
	.form = &gist_form,
	.workspace = gist_room,
};

/* ---- soft_similarity_kl ---- */

enum { KL_HALVES = 1 };

static const struct lb_param kl_params[] = { [TAU] = LB_VIEW_TEMPERATURE(0.1), [KL_HALVES] = LB_HALVES_PARAM };

static const struct lb_example kl_examples[] = {
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .x = { 1, 0, 0, 2 }, .n_x = 2, .value = 0, .source = "by hand: the same cosines" },
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .x = { 1, 0, 1, 0 }, .n_x = 2, .value = 0.11552928931500245,
	  .source = "by hand: shares 1/2 of the guide, e/(e + 1) of the embeddings: (p - 1/2)/2" },
};

/* lp (n) <- log softmax(s / t). */
static void log_shares(size_t n, const double *s, double t, double *lp)
{
	const double most = lb_soft_maximum(n, s, NULL, t, NULL);

	for (size_t k = 0; k < n; k++)
		lp[k] = (s[k] - most) / t;
}

/* With q the shares of the embeddings and p the guide's: half of KL(p || q) + KL(q || p). slope (n)
 * gets its derivative by s. */
static double symmetric_kl(size_t n, const double *lp, const double *lq, double t, double *slope)
{
	double forth = 0, back = 0;

	for (size_t k = 0; k < n; k++) {
		forth += exp(lp[k]) * (lp[k] - lq[k]);
		back += exp(lq[k]) * (lq[k] - lp[k]);
	}
	for (size_t k = 0; k < n; k++)
		slope[k] = (exp(lq[k]) - exp(lp[k]) + exp(lq[k]) * (lq[k] - lp[k] - back)) / (2 * t);
	return (forth + back) / 2;
}

static double kl_value(const struct lb_two_views *v)
{
	const size_t b = v->b, c = v->c;
	const double share = 1 / (double)b, t = v->in->par[TAU].v;
	double *room = v->room, *s = lb_take(&room, b), *lp = lb_take(&room, b), *lq = lb_take(&room, b), sum = 0;
	const struct lb_guide g = lb_guide_read(&v->in->inputs, v->in->par[KL_HALVES].v > 0, room);

	for (size_t i = 0; i < b; i++) {
		for (size_t j = 0; j < b; j++)
			s[j] = lb_guide_cosine(&g, 0, i, 1, j);
		log_shares(b, s, t, lp);
		for (size_t j = 0; j < b; j++)
			s[j] = lb_dot(c, v->u[0] + i * c, v->u[1] + j * c);
		log_shares(b, s, t, lq);
		sum += share * symmetric_kl(b, lp, lq, t, s);
		for (size_t j = 0; v->by[0] && j < b; j++)
			pull(v, 0, i, 1, j, share * s[j]);
	}
	return sum;
}

LB_OF_VIEWS(soft_similarity_kl, true, kl_value, 3 * b + LB_GUIDE_ROOM * b)

const struct lb_loss LB_LOSS(embedding, soft_similarity_kl) = {
	.info = {
		.base = {
			.name = "soft_similarity_kl",
			.title = "Divergence from a guide's similarities: which rows of the batch are alike, and how much, UniME-V2",
			.cite = "T. Gu et al., UniME-V2: MLLM-as-a-judge for universal multimodal embedding learning, AAAI 2026; the formula is that of the authors' program",
			.formula = "mean_i of (KL(p_i || q_i) + KL(q_i || p_i)) / 2,  q_i = softmax_j(s_ij / t),  p_i = softmax_j(g_ij / t),  g the guide's cosines",
			.notes = LB_VIEW_COSINES LB_ONE_VIEW LB_GUIDED "The candidates are the batch's second views; the authors' are a query's positive and the hard negatives that a language model scores, and their "
				 "logarithms are of 1e-8 more. The guide's row of zeros has cosine 0 to all.",
			.keywords = "unime soft_labels teacher_similarity semantic_matching distillation judge",
			LB_PARAMS(kl_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS | LB_NEEDS_GUIDE,
		LB_EXAMPLES(kl_examples),
	},
	.form = &soft_similarity_kl_form,
	.workspace = soft_similarity_kl_room,
};
