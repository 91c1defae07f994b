#include "core/base/mem.h"
#include "core/metrics/metric.h"

#include <math.h>
#include <stdlib.h>

/* A known label of a row, or a row of a label. */
struct entry {
	double z;
	size_t at;
	bool there;
};

/* The known entries of a row or a label by falling score. */
struct ranked {
	struct entry *e;
	size_t n, there;
};

/* By falling score; of equal ones the lower index first. */
static int falling(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->z != y->z)
		return x->z < y->z ? 1 : -1;
	return (x->at > y->at) - (x->at < y->at);
}

static void rank(const struct lb_metric_inputs *o, bool row, size_t a, struct ranked *r)
{
	const size_t inner = row ? o->t : o->n;

	r->n = r->there = 0;
	for (size_t b = 0; b < inner; b++) {
		const size_t cell = row ? a * o->t + b : b * o->t + a;
		if (o->target_t[cell] < 0)
			continue;
		r->e[r->n] = (struct entry){ .z = o->pred_t[cell], .at = b, .there = o->target_t[cell] > 0 };
		r->there += r->e[r->n++].there;
	}
	qsort(r->e, r->n, sizeof *r->e, falling);
}

/* One past the last entry that has the score of entry i. */
static size_t end_of_ties(const struct ranked *r, size_t i)
{
	size_t end = i;

	while (end < r->n && r->e[end].z == r->e[i].z)
		end++;
	return end;
}

typedef double measure_fn(const struct ranked *r, const struct lb_arg *par);

/* Mean of measure over the rows (or labels) for which it is not NaN. */
static int mean_over(const struct lb_metric_inputs *o, bool rows, measure_fn *measure, const struct lb_arg *par, double *value,
		     struct lb_err *err)
{
	const size_t outer = rows ? o->n : o->t, inner = rows ? o->t : o->n;
	struct ranked r = { .e = lb_alloc(inner, sizeof *r.e, err) };
	double sum = 0, parts = 0;

	if (!r.e)
		return -1;
	for (size_t a = 0; a < outer; a++) {
		rank(o, rows, a, &r);
		const double v = r.n ? measure(&r, par) : (double)NAN;
		sum += isnan(v) ? 0 : v;
		parts += !isnan(v);
	}
	free(r.e);
	*value = parts > 0 ? sum / parts : (double)NAN;
	return 0;
}

/* sum over distinct scores, falling, of (rise of recall) precision */
static double average_precision(const struct ranked *r, const struct lb_arg *par)
{
	double sum = 0, seen = 0;

	(void)par;
	for (size_t i = 0, end; i < r->n; i = end) {
		double there = 0;
		end = end_of_ties(r, i);
		for (size_t k = i; k < end; k++)
			there += r->e[k].there;
		seen += there;
		sum += there * seen / (double)end;
	}
	return r->there ? sum / (double)r->there : (double)NAN;
}

enum { K };

static double precision_at_k(const struct ranked *r, const struct lb_arg *par)
{
	double hits = 0;

	for (size_t i = 0; i < r->n && (double)i < par[K].v; i++)
		hits += r->e[i].there;
	return hits / par[K].v;
}

static double ndcg_at_k(const struct ranked *r, const struct lb_arg *par)
{
	double gain = 0, ideal = 0;

	for (size_t i = 0; i < r->n && (double)i < par[K].v; i++) {
		gain += r->e[i].there ? 1 / log2((double)i + 2) : 0;
		ideal += i < r->there ? 1 / log2((double)i + 2) : 0;
	}
	return r->there ? gain / ideal : (double)NAN;
}

/* Pairs of a label that is there and one that is not, in the wrong order or tied. */
static double ranking_loss(const struct ranked *r, const struct lb_arg *par)
{
	double wrong = 0, away = 0;

	(void)par;
	for (size_t i = 0, end; i < r->n; i = end) {
		double there = 0;
		end = end_of_ties(r, i);
		for (size_t k = i; k < end; k++)
			there += r->e[k].there;
		away += (double)(end - i) - there;
		wrong += there * away;
	}
	const double pairs = (double)r->there * (double)(r->n - r->there);
	return pairs > 0 ? wrong / pairs : 0;
}

static double coverage(const struct ranked *r, const struct lb_arg *par)
{
	size_t last = 0;

	(void)par;
	for (size_t i = 0; i < r->n; i++)
		last = r->e[i].there ? end_of_ties(r, i) : last;
	return (double)last;
}

/* Mean over the labels that are there of (those there) / (all) with at least that score; 1 where
 * all are there or none is. */
static double lrap(const struct ranked *r, const struct lb_arg *par)
{
	return r->there && r->there < r->n ? average_precision(r, par) : 1;
}

static double one_error(const struct ranked *r, const struct lb_arg *par)
{
	(void)par;
	return r->there ? !r->e[0].there : (double)NAN;
}

static const struct lb_param k_params[] = {
	[K] = { .name = "k", .symbol = "k", .type = LB_INT_PARAM, .def = 5, .min = 1, .max = (double)INFINITY, .max_open = true,
		.grid = { 1, 3, 5 }, .n_grid = 3, .help = "labels that are looked at" },
};

#define RANKING(id, by_rows, better, ...)                                                                                      \
	static int eval_##id(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)         \
	{                                                                                                                      \
		return mean_over(o, by_rows, id, par, value, err);                                                             \
	}                                                                                                                      \
	const struct lb_metric lb_metric_##id = {                                                                              \
		.base = { .name = #id, .tasks = 1u << LB_MULTILABEL, __VA_ARGS__ }, \
		.higher_is_better = better,                                                                                    \
		.eval = eval_##id,                                                                                             \
	};

static int eval_map(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	return mean_over(o, false, average_precision, par, value, err);
}

const struct lb_metric lb_metric_mean_average_precision = {
	.base = {
		.name = "mean_average_precision",
		.tasks = 1u << LB_MULTILABEL,
		.title = "Mean over labels of the average precision of their rows (mAP)",
		.cite = "M. Everingham et al., The Pascal visual object classes challenge, IJCV 88, 2010; without interpolation",
		.formula = "mean over labels that are there somewhere of  sum over distinct scores, falling, of (R_j - R_{j-1}) P_j",
		.notes = "A label that is on no row is left out of the mean; entries that are not known are left out.",
		.keywords = "map mean_ap average_precision multilabel",
	},
	.higher_is_better = true,
	.eval = eval_map,
};

#define TIES " Of equal scores the lower label precedes. Labels that are not known are left out."
#define XML "Y. Prabhu, M. Varma, FastXML: a fast, accurate and stable tree-classifier for extreme multi-label learning, KDD 2014"
#define TSOUMAKAS "G. Tsoumakas, I. Katakis, I. Vlahavas, Mining multi-label data, Data Mining and Knowledge Discovery Handbook, 2010"

RANKING(precision_at_k, true, true, .title = "Share of the k highest labels that are there", .cite = XML,
	.formula = "mean over rows of (labels there among the k highest) / k",
	.notes = "Divided by k also where a row has fewer labels." TIES, .keywords = "p@k p_at_k precision multilabel extreme", LB_PARAMS(k_params))
RANKING(ndcg_at_k, true, true, .title = "Normalised discounted cumulative gain of the k highest labels", .cite = XML,
	.formula = "mean over rows with a label of  sum_{i <= k} [label i there] / log2(i + 1)  over the same of the best order",
	.notes = "A row without a label that is there is left out." TIES, .keywords = "ndcg@k ndcg multilabel extreme", LB_PARAMS(k_params))
RANKING(ranking_loss, true, false, .title = "Share of pairs of a label that is there and one that is not in the wrong order", .cite = TSOUMAKAS,
	.formula = "mean over rows of (pairs with z_there <= z_not) / pairs",
	.notes = "Equal scores count as wrong; a row without such a pair counts 0. Labels that are not known are left out.",
	.keywords = "label_ranking_loss multilabel")
RANKING(coverage, true, false, .title = "Labels to go down to find all that are there", .cite = TSOUMAKAS,
	.formula = "mean over rows of the number of labels with at least the least score of one that is there",
	.notes = "A row without a label that is there counts 0; labels that are not known are left out.",
	.keywords = "coverage_error multilabel", .on_request = true)
RANKING(lrap, true, true, .title = "Label ranking average precision", .cite = TSOUMAKAS,
	.formula = "mean over rows, and over their labels that are there, of (labels there) / (labels), both with at least that score",
	.notes = "A row whose labels are all there, or none, counts 1. Labels that are not known are left out.",
	.keywords = "label_ranking_average_precision multilabel")
RANKING(one_error, true, false, .title = "Share of rows whose highest label is not there", .cite = TSOUMAKAS,
	.formula = "mean over rows with a label of [highest label not there]", .notes = "A row without a label that is there is left out." TIES,
	.keywords = "top_label multilabel", .on_request = true)
