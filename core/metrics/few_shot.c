/* Few-shot episodes: a few rows of some classes of the split are known, others of them are told by
 * the nearest class mean. */
#include "core/base/mem.h"
#include "core/metrics/unit_rows.h"
#include "core/numeric/rng.h"

#include <math.h>
#include <stdlib.h>

enum { WAY, SHOT, QUERY, EPISODES, DISTANCE };
enum { EUCLIDEAN, COSINE };
static const char *const distances[] = { "euclidean", "cosine", NULL };

static const struct lb_param params[] = {
	[WAY] = { .name = "way", .symbol = "N", .type = LB_INT_PARAM, .def = 5, .min = 2, .max = 1000, .grid = { 5, 20 }, .n_grid = 2, .help = "classes of an episode" },
	[SHOT] = { .name = "shot", .symbol = "K", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = 1000, .grid = { 1, 5 }, .n_grid = 2, .help = "rows of each class that are known" },
	[QUERY] = { .name = "query", .symbol = "Q", .type = LB_INT_PARAM, .def = 15, .min = 1, .max = 1000, .help = "rows of each class that are told" },
	[EPISODES] = { .name = "episodes", .symbol = "E", .type = LB_INT_PARAM, .def = 600, .min = 2, .max = 1e6, .help = "drawn from a seed of their own" },
	[DISTANCE] = { .name = "distance", .symbol = "distance", .type = LB_CHOICE_PARAM, .choices = distances, .def = EUCLIDEAN,
		       .help = "to the mean of the known rows; with cosine rows have length 1" },
};

/* The classes that have enough rows, and the rows of each. */
struct pool {
	size_t n_classes, d, way, shot, query;
	double *x;               /* (n,d) */
	uint32_t *class;         /* (n_classes) those classes, reordered by each draw */
	size_t *start;           /* (all classes + 1) into row */
	uint32_t *row;           /* (n) class by class, reordered by each draw */
	double *mean;            /* (way,d) */
};

static void close_pool(struct pool *p)
{
	free(p->x);
	free(p->class);
	free(p->start);
	free(p->row);
	free(p->mean);
}

static int open_pool(struct pool *p, const struct lb_metric_inputs *o, const struct lb_arg *par, struct lb_err *err)
{
	*p = (struct pool){ .d = o->dimension, .way = (size_t)par[WAY].v, .shot = (size_t)par[SHOT].v, .query = (size_t)par[QUERY].v };
	p->x = lb_embedding_rows(o, o->n, 1, par[DISTANCE].v > EUCLIDEAN, err);
	p->class = lb_alloc(o->n_classes, sizeof *p->class, err);
	p->start = lb_alloc(o->n_classes + 1, sizeof *p->start, err);
	p->row = lb_alloc(o->n, sizeof *p->row, err);
	p->mean = lb_alloc(p->way * p->d, sizeof *p->mean, err);
	size_t *at = lb_alloc(o->n_classes, sizeof *at, err);
	const int rc = p->x && p->class && p->start && p->row && p->mean && at ? 0 : -1;
	for (size_t i = 0; !rc && i < o->n; i++)
		p->start[o->label[i] + 1]++;
	for (size_t k = 0; !rc && k < o->n_classes; k++) {
		if (p->start[k + 1] >= p->shot + p->query)
			p->class[p->n_classes++] = (uint32_t)k;
		at[k] = p->start[k];
		p->start[k + 1] += p->start[k];
	}
	for (size_t i = 0; !rc && i < o->n; i++)
		p->row[at[o->label[i]]++] = (uint32_t)i;
	free(at);
	return rc;
}

/* The first m of n entries become a draw without repetition. */
static void draw_first(struct lb_rng *rng, uint32_t *v, size_t n, size_t m)
{
	for (size_t i = 0; i < m; i++) {
		const size_t j = i + lb_rng_below(rng, n - i);
		const uint32_t other = v[j];
		v[j] = v[i];
		v[i] = other;
	}
}

static void make_mean(struct pool *p, size_t k, const uint32_t *row)
{
	double *mean = p->mean + k * p->d;

	for (size_t j = 0; j < p->d; j++)
		mean[j] = 0;
	for (size_t i = 0; i < p->shot; i++)
		for (size_t j = 0; j < p->d; j++)
			mean[j] += p->x[row[i] * p->d + j] / (double)p->shot;
}

/* How far a row is from a mean; with cosine by the negated cosine times the row's length. */
static double far_from(const struct pool *p, const double *mean, const double *x, bool cosine)
{
	double dot = 0, length = 0, far = 0;

	for (size_t j = 0; j < p->d; j++) {
		dot += mean[j] * x[j];
		length += mean[j] * mean[j];
		far += (mean[j] - x[j]) * (mean[j] - x[j]);
	}
	return !cosine ? far : length > 0 ? -dot / sqrt(length) : 0;
}

/* The accuracy of one episode. */
static double episode(struct pool *p, struct lb_rng *rng, bool cosine)
{
	size_t right = 0;

	draw_first(rng, p->class, p->n_classes, p->way);
	for (size_t k = 0; k < p->way; k++) {
		uint32_t *row = p->row + p->start[p->class[k]];
		draw_first(rng, row, p->start[p->class[k] + 1] - p->start[p->class[k]], p->shot + p->query);
		make_mean(p, k, row);
	}
	for (size_t k = 0; k < p->way; k++)
		for (size_t i = 0; i < p->query; i++) {
			const double *x = p->x + p->row[p->start[p->class[k]] + p->shot + i] * p->d;
			double least = (double)INFINITY;
			size_t best = 0;
			for (size_t j = 0; j < p->way; j++) {
				const double far = far_from(p, p->mean + j * p->d, x, cosine);
				if (far < least) {
					least = far;
					best = j;
				}
			}
			right += best == k;
		}
	return (double)right / (double)(p->way * p->query);
}

/* Mean accuracy, and half the width of its 95 % interval. */
static int accuracy(const struct lb_metric_inputs *o, const struct lb_arg *par, double *mean, double *half, struct lb_err *err)
{
	const size_t n = (size_t)par[EPISODES].v;
	struct pool p;
	double sum = 0, squares = 0;

	*mean = *half = (double)NAN;
	if (!o->embedding || !o->n)
		return 0;
	const int rc = open_pool(&p, o, par, err);
	if (!rc && p.n_classes >= p.way) {
		for (size_t i = 0; i < n; i++) {
			struct lb_rng rng;
			lb_rng_init(&rng, 0, LB_RNG_EPISODES, i);
			const double a = episode(&p, &rng, par[DISTANCE].v > EUCLIDEAN), before = i ? sum / (double)i : 0;
			sum += a;
			squares += (a - before) * (a - sum / (double)(i + 1));
		}
		*mean = sum / (double)n;
		*half = 1.96 * sqrt(squares / (double)(n - 1) / (double)n);
	}
	close_pool(&p);
	return rc;
}

static int episode_accuracy(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double half;

	return accuracy(o, par, value, &half, err);
}

static int episode_accuracy_interval(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double mean;

	return accuracy(o, par, &mean, value, err);
}

/* clang-format off */
#define FEW_SHOT(metric, heading, what, better) \
	const struct lb_metric lb_metric_##metric = { \
		.base = { .name = #metric, .tasks = 1u << LB_MULTICLASS, .title = heading, \
			  .cite = "J. Snell, K. Swersky, R. Zemel, Prototypical networks for few-shot learning, NeurIPS 2017", .formula = what, \
			  .notes = "Episodes of N classes of the split, K known rows and Q others of each, drawn without repetition from a seed of their own, the " \
				   "same for every model. Each row goes to the class whose known rows' mean is nearest, the first drawn of several. Classes of " \
				   "fewer than K + Q rows are never drawn; not defined (null) with fewer than N others. " LB_EMBEDDINGS_ARE, \
			  .keywords = "few_shot n_way k_shot prototypical episodes embedding", .on_request = true, LB_PARAMS(params) }, \
		.higher_is_better = better, .decisions = true, .embeddings = true, .eval = metric, \
	}
/* clang-format on */

FEW_SHOT(episode_accuracy, "Accuracy in few-shot episodes", "mean over E episodes of the share of rows told right", true);
FEW_SHOT(episode_accuracy_interval, "Half the width of the 95 % interval of episode_accuracy", "1.96 sd / sqrt(E),  sd of the episodes' accuracies, by E - 1", false);
