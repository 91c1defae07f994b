/* Correlations of predictions and targets, each the mean over targets. */
#include "core/base/mem.h"
#include "core/metrics/metric.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

struct pair {
	double x, y;
};

/* Returns the correlation of n pairs, which it may reorder and overwrite; scratch has room for
 * n. */
typedef double correlation_fn(struct pair *v, size_t n, struct pair *scratch);

static int mean_of(const struct lb_metric_inputs *o, correlation_fn *of, double *value, struct lb_err *err)
{
	struct pair *v = lb_alloc(o->n, 2 * sizeof *v, err);
	double sum = 0;

	if (!v)
		return -1;
	for (size_t t = 0; o->n && t < o->t; t++) {
		for (size_t i = 0; i < o->n; i++)
			v[i] = (struct pair){ .x = o->pred_t[i * o->t + t], .y = o->target_t[i * o->t + t] };
		sum += of(v, o->n, v + o->n);
	}
	*value = o->n && o->t ? sum / (double)o->t : (double)NAN;
	free(v);
	return 0;
}

/* Sums of squares and products about the means, and the difference of the means. They are taken
 * from the first pair, so a constant gives exactly 0. */
struct moments {
	double xx, yy, xy, apart;
};

static struct moments moments_of(const struct pair *v, size_t n)
{
	struct moments m = { 0 };
	double x = 0, y = 0;

	for (size_t i = 0; i < n; i++) {
		x += v[i].x - v[0].x;
		y += v[i].y - v[0].y;
	}
	x /= (double)n;
	y /= (double)n;
	for (size_t i = 0; i < n; i++) {
		const double a = v[i].x - v[0].x - x, b = v[i].y - v[0].y - y;
		m.xx += a * a;
		m.yy += b * b;
		m.xy += a * b;
	}
	m.apart = v[0].x - v[0].y + x - y;
	return m;
}

static double pearson_of(struct pair *v, size_t n, struct pair *scratch)
{
	const struct moments m = moments_of(v, n);

	(void)scratch;
	return m.xx > 0 && m.yy > 0 ? fmax(-1, fmin(1, m.xy / (sqrt(m.xx) * sqrt(m.yy)))) : (double)NAN;
}

static double concordance_of(struct pair *v, size_t n, struct pair *scratch)
{
	const struct moments m = moments_of(v, n);

	(void)scratch;
	return m.xx > 0 && m.yy > 0 ? 2 * m.xy / (m.xx + m.yy + (double)n * m.apart * m.apart) : (double)NAN;
}

static int by_x(const void *a, const void *b)
{
	const struct pair *p = a, *q = b;

	return (p->x > q->x) - (p->x < q->x);
}

static int by_y(const void *a, const void *b)
{
	const struct pair *p = a, *q = b;

	return (p->y > q->y) - (p->y < q->y);
}

static int by_both(const void *a, const void *b)
{
	const int x = by_x(a, b);

	return x ? x : by_y(a, b);
}

typedef int order_fn(const void *a, const void *b);

/* The end of the run of pairs that are equal to the one at `from`. */
static size_t run_end(const struct pair *v, size_t n, size_t from, order_fn *order)
{
	size_t to = from + 1;

	while (to < n && order(v + from, v + to) == 0)
		to++;
	return to;
}

/* Sorts, then puts ranks for the values; ties share the mean of their ranks. */
static void rank(struct pair *v, size_t n, order_fn *order)
{
	qsort(v, n, sizeof *v, order);
	for (size_t from = 0, to; from < n; from = to) {
		to = run_end(v, n, from, order);
		for (size_t i = from; i < to; i++)
			*(order == by_x ? &v[i].x : &v[i].y) = (double)(from + to + 1) / 2;
	}
}

static double spearman_of(struct pair *v, size_t n, struct pair *scratch)
{
	rank(v, n, by_x);
	rank(v, n, by_y);
	return pearson_of(v, n, scratch);
}

static uint64_t tied_pairs(const struct pair *v, size_t n, order_fn *order)
{
	uint64_t pairs = 0;

	for (size_t from = 0, to; from < n; from = to) {
		to = run_end(v, n, from, order);
		pairs += (uint64_t)(to - from) * (to - from - 1) / 2;
	}
	return pairs;
}

/* Sorts by y with merges from below and returns how many pairs stood the wrong way round. */
static uint64_t sort_counting(struct pair *v, size_t n, struct pair *scratch)
{
	uint64_t swaps = 0;

	for (size_t half = 1; half < n; half *= 2)
		for (size_t from = 0; from + half < n; from += 2 * half) {
			const size_t middle = from + half, end = n - middle < half ? n : middle + half;
			size_t left = from, right = middle;
			for (size_t i = from; i < end; i++) {
				const bool second = left == middle || (right < end && v[right].y < v[left].y);
				swaps += second ? middle - left : 0;
				scratch[i] = v[second ? right++ : left++];
			}
			for (size_t i = from; i < end; i++)
				v[i] = scratch[i];
		}
	return swaps;
}

/* Knight's count: pairs in order of x, and of y within ties, hold the discordant ones as inversions
 * of y. */
static double kendall_of(struct pair *v, size_t n, struct pair *scratch)
{
	qsort(v, n, sizeof *v, by_both);
	const double all = (double)n * (double)(n - 1) / 2;
	const double x = (double)tied_pairs(v, n, by_x), both = (double)tied_pairs(v, n, by_both);
	const double discordant = (double)sort_counting(v, n, scratch), y = (double)tied_pairs(v, n, by_y);
	const double root = sqrt(all - x) * sqrt(all - y);

	return root > 0 ? fmax(-1, fmin(1, (all - x - y + both - 2 * discordant) / root)) : (double)NAN;
}

static int pearson(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par;
	return mean_of(o, pearson_of, value, err);
}

const struct lb_metric lb_metric_pearson = {
	.base = {
		.name = "pearson",
		.tasks = 1u << LB_REGRESSION,
		.title = "Linear correlation of predictions and targets",
		.formula = "mean over targets of  cov(f, y) / (sd(f) sd(y))",
		.notes = "Does not see the offset and the scale of the predictions. Undefined where predictions or targets are constant.",
		.keywords = "pearsonr pearson_corrcoef correlation",
		.on_request = true,
	},
	.higher_is_better = true,
	.eval = pearson,
};

static int spearman(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par;
	return mean_of(o, spearman_of, value, err);
}

const struct lb_metric lb_metric_spearman = {
	.base = {
		.name = "spearman",
		.tasks = 1u << LB_REGRESSION,
		.title = "Correlation of the ranks of predictions and targets",
		.cite = "C. Spearman, The proof and measurement of association between two things, American Journal of Psychology 15, 1904",
		.formula = "pearson of the ranks; ties share the mean of their ranks",
		.notes = "Sees order only. Undefined where predictions or targets are constant.",
		.keywords = "spearmanr spearman_corrcoef rank_correlation",
		.on_request = true,
	},
	.higher_is_better = true,
	.eval = spearman,
};

static int kendall(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par;
	return mean_of(o, kendall_of, value, err);
}

const struct lb_metric lb_metric_kendall = {
	.base = {
		.name = "kendall",
		.tasks = 1u << LB_REGRESSION,
		.title = "Kendall's tau-b: pairs of rows in the right order less those in the wrong one",
		.cite = "W. R. Knight, A computer method for calculating Kendall's tau with ungrouped data, JASA 61, 1966",
		.formula = "mean over targets of  (C - D) / sqrt((P - P_f)(P - P_y)),  P all pairs, P_f tied in f, P_y in y",
		.notes = "Made in O(n log n). Undefined where predictions or targets are constant.",
		.keywords = "kendalltau kendall_rank_corrcoef tau_b rank_correlation",
		.on_request = true,
	},
	.higher_is_better = true,
	.eval = kendall,
};

static int ccc(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par;
	return mean_of(o, concordance_of, value, err);
}

const struct lb_metric lb_metric_ccc = {
	.base = {
		.name = "ccc",
		.tasks = 1u << LB_REGRESSION,
		.title = "Lin's concordance correlation: agreement with the line f = y",
		.cite = "L. I. Lin, A concordance correlation coefficient to evaluate reproducibility, Biometrics 45, 1989",
		.formula = "mean over targets of  2 cov(f, y) / (var(f) + var(y) + (mean f - mean y)^2),  moments divided by n",
		.notes = "pearson less what offset and scale are off. Undefined where predictions or targets are constant.",
		.keywords = "concordance_corrcoef concordance_correlation_coefficient lin",
		.on_request = true,
	},
	.higher_is_better = true,
	.eval = ccc,
};
