/* How well the neighbours of an embedding are of its class. Every row of a split is a query among
 * all others of it. Distances are made for one query at a time. */
#include "core/base/mem.h"
#include "core/metrics/metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE "K. Musgrave, S. Belongie, S.-N. Lim, A metric learning reality check, ECCV 2020"
#define PROTOCOL "Every row is a query among the other rows of the split; ties go to the row that comes first. Rows without another of their " \
	"class are left out as queries, and stay among the others; not defined (null) where no row has one. Embeddings are the model's outputs " \
	"in task embedding, else what the output layer reads (null of a linear model of compressed rows)."

enum { DISTANCE, K, TEMPERATURE };
enum { COSINE, EUCLIDEAN };
static const char *const distances[] = { "cosine", "euclidean", NULL };

#define BY_DISTANCE \
	[DISTANCE] = { .name = "distance", .symbol = "distance", .type = LB_CHOICE_PARAM, .choices = distances, .def = COSINE, \
		       .help = "neighbours by angle, a row of zeros at right angles to all; or by distance" }

static const struct lb_param distance_params[] = { BY_DISTANCE };
static const struct lb_param k_params[] = {
	BY_DISTANCE,
	[K] = { .name = "k", .symbol = "k", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = 1e6, .grid = { 1, 5, 10 }, .n_grid = 3,
		.help = "number of nearest neighbours looked at" },
};

static const struct lb_param knn_params[] = {
	BY_DISTANCE,
	[K] = { .name = "k", .symbol = "k", .type = LB_INT_PARAM, .def = 5, .min = 1, .max = 1e6, .grid = { 1, 5, 20 }, .n_grid = 3,
		.help = "number of nearest neighbours that vote" },
	[TEMPERATURE] = { .name = "temperature", .symbol = "t", .def = 0, .min = 0, .max = 1e3, .grid = { 0, 0.07 }, .n_grid = 2,
			  .help = "a neighbour's vote counts exp(cosine / t), with euclidean exp(-squared distance / t); 0: all count the same" },
};

/* A neighbour of the query; far is less for those that precede. */
struct neighbour {
	double far;
	size_t row;
};

struct search {
	size_t n, d;
	const int32_t *label;
	double *across;          /* (d,n) embeddings column by column, of length 1 for cosines */
	double *far;             /* (n) from the query */
	struct neighbour *nearest; /* (most) a heap, the farthest first; then, sorted, the nearest first */
	size_t *partners;        /* (classes) rows of each class */
};

static void close_search(struct search *s)
{
	free(s->across);
	free(s->far);
	free(s->nearest);
	free(s->partners);
}

/* Divides every column of across by its length, where it has one. */
static void normalize(struct search *s)
{
	for (size_t i = 0; i < s->n; i++) {
		double sum = 0;
		for (size_t j = 0; j < s->d; j++)
			sum += s->across[j * s->n + i] * s->across[j * s->n + i];
		for (size_t j = 0; sum > 0 && j < s->d; j++)
			s->across[j * s->n + i] /= sqrt(sum);
	}
}

/* most: neighbours looked at, of any query. */
static int open_search(struct search *s, const struct lb_metric_inputs *o, bool cosine, size_t most, struct lb_err *err)
{
	*s = (struct search){ .n = o->n, .d = o->dimension, .label = o->label };
	s->across = lb_alloc(s->n * s->d, sizeof *s->across, err);
	s->far = lb_alloc(s->n, sizeof *s->far, err);
	s->partners = lb_alloc(o->n_classes, sizeof *s->partners, err);
	if (!s->across || !s->far || !s->partners)
		return -1;
	for (size_t i = 0; i < s->n; i++) {
		s->partners[o->label[i]]++;
		for (size_t j = 0; j < s->d; j++)
			s->across[j * s->n + i] = o->embedding[i * s->d + j];
	}
	for (size_t k = 0; k < o->n_classes; k++)
		most = s->partners[k] > most ? s->partners[k] : most;
	if (cosine)
		normalize(s);
	return (s->nearest = lb_alloc(most + 1, sizeof *s->nearest, err)) ? 0 : -1;
}

/* far <- of all rows from q. */
static void measure(struct search *s, size_t q, bool cosine)
{
	for (size_t i = 0; i < s->n; i++)
		s->far[i] = 0;
	for (size_t j = 0; j < s->d; j++) {
		const double *column = s->across + j * s->n, a = column[q];
		for (size_t i = 0; cosine && i < s->n; i++)
			s->far[i] -= a * column[i];
		for (size_t i = 0; !cosine && i < s->n; i++)
			s->far[i] += (a - column[i]) * (a - column[i]);
	}
}

static bool precedes(const struct neighbour *a, const struct neighbour *b)
{
	return a->far < b->far || (!(a->far > b->far) && a->row < b->row);
}

/* Puts v in the place of the heap's first of n. */
static void sink(struct neighbour *heap, size_t n, struct neighbour v)
{
	size_t at = 0;

	for (size_t child = 1; child < n; child = 2 * at + 1) {
		if (child + 1 < n && precedes(&heap[child], &heap[child + 1]))
			child++;
		if (!precedes(&v, &heap[child]))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = v;
}

static void rise(struct neighbour *heap, size_t at)
{
	const struct neighbour v = heap[at];

	for (; at && precedes(&heap[(at - 1) / 2], &v); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = v;
}

/* nearest <- the most nearest rows of the query, in order. Returns how many there are. */
static size_t find(struct search *s, size_t query, size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct neighbour v = { s->far[i], i };
		if (i == query)
			continue;
		if (n < most) {
			s->nearest[n] = v;
			rise(s->nearest, n++);
		} else if (precedes(&v, &s->nearest[0])) {
			sink(s->nearest, n, v);
		}
	}
	for (size_t left = n; left > 1; left--) {
		const struct neighbour last = s->nearest[left - 1];
		s->nearest[left - 1] = s->nearest[0];
		sink(s->nearest, left - 1, last);
	}
	return n;
}

/* What a query is worth: same says of each of the n nearest rows, of which r are to be found,
 * whether it is of its class. */
typedef double worth_fn(const bool *same, size_t n, size_t r);

/* The mean worth of all queries, of k neighbours each; k 0: of as many as are to be found. */
static int retrieve(const struct lb_metric_inputs *o, bool cosine, size_t k, worth_fn *worth, double *value, struct lb_err *err)
{
	struct search s;
	double sum = 0;
	size_t queries = 0;

	*value = (double)NAN;
	if (!o->embedding || !o->n)
		return 0;
	const size_t most = k < o->n ? k : o->n;
	bool *same = lb_alloc(o->n + 1, sizeof *same, err);
	int rc = open_search(&s, o, cosine, most, err) || !same ? -1 : 0;
	for (size_t q = 0; !rc && q < o->n; q++) {
		const size_t r = s.partners[o->label[q]] - 1;
		if (!r)
			continue;
		measure(&s, q, cosine);
		const size_t n = find(&s, q, k ? most : r);
		for (size_t i = 0; i < n; i++)
			same[i] = o->label[s.nearest[i].row] == o->label[q];
		sum += worth(same, n, r);
		queries++;
	}
	if (queries)
		*value = sum / (double)queries;
	close_search(&s);
	free(same);
	return rc;
}

/* The class with most votes of the n nearest rows, the lowest of several. vote: (classes) room. */
static size_t elected(const struct search *s, size_t n, size_t classes, double t, double *vote)
{
	size_t best = 0;

	memset(vote, 0, classes * sizeof *vote);
	for (size_t i = 0; i < n; i++)
		vote[s->label[s->nearest[i].row]] += t > 0 ? exp((s->nearest[0].far - s->nearest[i].far) / t) : 1;
	for (size_t k = 1; k < classes; k++)
		best = vote[k] > vote[best] ? k : best;
	return best;
}

/* Lone rows are queries too: none of their neighbours is of their class. */
static int knn_accuracy(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const bool cosine = par[DISTANCE].v < EUCLIDEAN;
	const size_t k = par[K].v < (double)o->n ? (size_t)par[K].v : o->n;
	struct search s;
	size_t right = 0;

	*value = (double)NAN;
	if (!o->embedding || o->n < 2)
		return 0;
	double *vote = lb_alloc(o->n_classes, sizeof *vote, err);
	const int rc = open_search(&s, o, cosine, k, err) || !vote ? -1 : 0;
	for (size_t q = 0; !rc && q < o->n; q++) {
		measure(&s, q, cosine);
		right += elected(&s, find(&s, q, k), o->n_classes, par[TEMPERATURE].v, vote) == (size_t)o->label[q];
	}
	if (!rc)
		*value = (double)right / (double)o->n;
	close_search(&s);
	free(vote);
	return rc;
}

/* Rows that precede the first hit of query q, and it. */
static double rank_of_first(const struct search *s, size_t q)
{
	struct neighbour first = { .far = (double)INFINITY };
	double rank = 1;

	for (size_t i = 0; i < s->n; i++) {
		const struct neighbour v = { s->far[i], i };
		if (i != q && s->label[i] == s->label[q] && precedes(&v, &first))
			first = v;
	}
	for (size_t i = 0; i < s->n; i++)
		rank += i != q && precedes(&(struct neighbour){ s->far[i], i }, &first);
	return rank;
}

static int reciprocal_rank(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const bool cosine = par[DISTANCE].v < EUCLIDEAN;
	struct search s;
	double sum = 0, queries = 0;

	*value = (double)NAN;
	if (!o->embedding || !o->n)
		return 0;
	const int rc = open_search(&s, o, cosine, 1, err);
	for (size_t q = 0; !rc && q < o->n; q++) {
		if (s.partners[o->label[q]] < 2)
			continue;
		measure(&s, q, cosine);
		sum += 1 / rank_of_first(&s, q);
		queries++;
	}
	if (queries > 0)
		*value = sum / queries;
	close_search(&s);
	return rc;
}

static double any_same(const bool *same, size_t n, size_t r)
{
	(void)r;
	for (size_t i = 0; i < n; i++)
		if (same[i])
			return 1;
	return 0;
}

static double share_same(const bool *same, size_t n, size_t r)
{
	size_t hits = 0;

	for (size_t i = 0; i < n; i++)
		hits += same[i];
	return (double)hits / (double)r;
}

static double mean_precision(const bool *same, size_t n, size_t r)
{
	double sum = 0;
	size_t hits = 0;

	for (size_t i = 0; i < n; i++) {
		hits += same[i];
		sum += same[i] ? (double)hits / (double)(i + 1) : 0;
	}
	return sum / (double)r;
}

static int recall_at_k(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	return retrieve(o, par[DISTANCE].v < EUCLIDEAN, (size_t)par[K].v, any_same, value, err);
}

static int precision_at_1(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	return retrieve(o, par[DISTANCE].v < EUCLIDEAN, 1, any_same, value, err);
}

static int r_precision(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	return retrieve(o, par[DISTANCE].v < EUCLIDEAN, 0, share_same, value, err);
}

static int map_at_r(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	return retrieve(o, par[DISTANCE].v < EUCLIDEAN, 0, mean_precision, value, err);
}

/* clang-format off */
#define NEIGHBOURS(metric, default_of, heading, source, what, note, table) \
	const struct lb_metric lb_metric_##metric = { \
		.base = { .name = #metric, .tasks = 1u << LB_MULTICLASS, .title = heading, .cite = source, .formula = what, .notes = note PROTOCOL, \
			  .keywords = "retrieval metric_learning nearest_neighbour embedding", .on_request = true, LB_PARAMS(table) }, \
		.higher_is_better = true, .decisions = true, .embeddings = true, .without_scores = default_of, .eval = metric, \
	}
#define RETRIEVAL(metric, ...) NEIGHBOURS(metric, true, __VA_ARGS__)
/* clang-format on */

RETRIEVAL(recall_at_k, "Share of rows with one of their class among the k nearest", "H. Jegou, M. Douze, C. Schmid, Product quantization for nearest "
	  "neighbor search, TPAMI 2011; as in " SOURCE, "share of rows with a hit among the first k", "", k_params);
RETRIEVAL(precision_at_1, "Share of rows whose nearest neighbour is of their class", SOURCE, "share of rows whose first neighbour is a hit",
	  "recall_at_k with k = 1. ", distance_params);
RETRIEVAL(r_precision, "Share of a row's class among as many neighbours", SOURCE, "mean of hits among the first R, by R; R other rows of the class", "",
	  distance_params);
RETRIEVAL(map_at_r, "Mean average precision at R", SOURCE, "mean of (1/R) sum_{i <= R} P(i) hit_i, P(i) the share of hits among the first i",
	  "R is the number of other rows of the class. ", distance_params);
NEIGHBOURS(reciprocal_rank, false, "Mean reciprocal rank of the first row of the class", "E. M. Voorhees, The TREC-8 question answering track report, 1999; as in "
	  SOURCE, "mean of 1 / rank of the first hit", "mrr is that of rankings. ", distance_params);

/* clang-format off */
const struct lb_metric lb_metric_knn_accuracy = {
	.base = { .name = "knn_accuracy", .tasks = 1u << LB_MULTICLASS, .title = "Accuracy of the vote of the nearest other rows of the split",
		  .cite = "T. Cover, P. Hart, Nearest neighbor pattern classification, IEEE TIT 13, 1967; votes by temperature as Z. Wu, Y. Xiong, S. Yu, D. Lin, "
			  "Unsupervised feature learning via non-parametric instance discrimination, CVPR 2018",
		  .formula = "share of rows whose class has most votes of the k nearest others",
		  .notes = "Every row of the split is told by the others; rows without another of their class count, and are wrong. Ties of rows go to the one "
			   "that comes first, of votes to the lowest class. evaluate.embeddings has a vote of the training rows.",
		  .keywords = "nearest_neighbour leave_one_out embedding", .on_request = true, LB_PARAMS(knn_params) },
	.higher_is_better = true, .decisions = true, .embeddings = true, .eval = knn_accuracy,
};
/* clang-format on */
