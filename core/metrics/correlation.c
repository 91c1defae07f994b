/* How predictions and targets of a regression go together. */
#include "core/metrics/target_measure.h"

#include <stdlib.h>
#include <string.h>

#define UNDEFINED "Undefined where the predictions or the targets of a split are all equal (a single row among them). "
#define SEVERAL "With several targets the mean over the targets."

/* The mean of a - b, and the sums of squares and of products of deviations from the means. */
struct moments {
	double apart, aa, bb, ab;
};

static struct moments moments_of(const double *a, const double *b, size_t n)
{
	const double shift_a = lb_mean_shift(a, n), shift_b = lb_mean_shift(b, n);
	struct moments m = { 0 };

	for (size_t i = 0; i < n; i++) {
		const double u = a[i] - a[0] - shift_a, v = b[i] - b[0] - shift_b;
		m.apart += (a[i] - b[i]) / (double)n;
		m.aa += u * u;
		m.bb += v * v;
		m.ab += u * v;
	}
	return m;
}

static double pearson(const struct lb_target *t, const struct lb_arg *par)
{
	const struct moments m = moments_of(t->f, t->y, t->n);

	(void)par;
	return m.aa > 0 && m.bb > 0 ? fmin(fmax(m.ab / (sqrt(m.aa) * sqrt(m.bb)), -1), 1) : (double)NAN;
}

LB_TARGET_METRIC(pearson, true, .title = "Pearson's correlation of predictions and targets, from -1 to 1",
	.cite = "K. Pearson, Note on regression and inheritance in the case of two parents, Proceedings of the Royal Society of London 58, 1895",
	.formula = "sum_i (f_i - mean f)(y_i - mean y) / sqrt(sum_i (f_i - mean f)^2 sum_i (y_i - mean y)^2)",
	.notes = "Does not see the scale of the predictions nor their mean; ccc does. " UNDEFINED SEVERAL, .keywords = "correlation pcc r corrcoef")

static double ccc(const struct lb_target *t, const struct lb_arg *par)
{
	const struct moments m = moments_of(t->f, t->y, t->n);

	(void)par;
	return m.aa > 0 && m.bb > 0 ? 2 * m.ab / (m.aa + m.bb + (double)t->n * m.apart * m.apart) : (double)NAN;
}

LB_TARGET_METRIC(ccc, true, .title = "Concordance correlation coefficient: how near the predictions are to the line f = y, from -1 to 1",
	.cite = "L. I-K. Lin, A concordance correlation coefficient to evaluate reproducibility, Biometrics 45(1), 1989",
	.formula = "2 cov(f, y) / (var f + var y + (mean f - mean y)^2), each with the divisor n",
	.notes = "pearson times a factor for a wrong scale or mean. " UNDEFINED SEVERAL, .keywords = "concordance concordance_correlation lin agreement")

struct pair {
	double a, b;
};

static int by_a(const void *x, const void *y)
{
	return lb_ascending_doubles(&((const struct pair *)x)->a, &((const struct pair *)y)->a);
}

static int by_b(const void *x, const void *y)
{
	return lb_ascending_doubles(&((const struct pair *)x)->b, &((const struct pair *)y)->b);
}

static int by_both(const void *x, const void *y)
{
	const int a = by_a(x, y);

	return a ? a : by_b(x, y);
}

/* Returns the pairs of predictions and targets, in the target's scratch. */
static struct pair *pairs_of(const struct lb_target *t)
{
	struct pair *pair = (struct pair *)t->scratch;

	for (size_t i = 0; i < t->n; i++)
		pair[i] = (struct pair){ .a = t->f[i], .b = t->y[i] };
	return pair;
}

/* Returns one past the last place from `first` on where order finds the same. */
static size_t end_of_ties(const struct pair *pair, size_t n, size_t first, int (*order)(const void *, const void *))
{
	size_t end = first + 1;

	while (end < n && !order(&pair[first], &pair[end]))
		end++;
	return end;
}

/* The values of pairs in ascending order of them, v[0], v[2], ... <- their ranks, less the mean
 * rank; equal values share the mean of theirs. */
static void rank_pairs(struct pair *pair, size_t n, int (*order)(const void *, const void *), double *v)
{
	qsort(pair, n, sizeof *pair, order);
	for (size_t i = 0, end; i < n; i = end) {
		end = end_of_ties(pair, n, i, order);
		for (size_t k = i; k < end; k++)
			v[2 * k] = ((double)(i + end) - (double)n) / 2;
	}
}

static double spearman(const struct lb_target *t, const struct lb_arg *par)
{
	struct pair *pair = pairs_of(t);
	double aa = 0, bb = 0, ab = 0;

	(void)par;
	rank_pairs(pair, t->n, by_a, &pair->a);
	rank_pairs(pair, t->n, by_b, &pair->b);
	for (size_t i = 0; i < t->n; i++) {
		aa += pair[i].a * pair[i].a;
		bb += pair[i].b * pair[i].b;
		ab += pair[i].a * pair[i].b;
	}
	return aa > 0 && bb > 0 ? fmin(fmax(ab / sqrt(aa * bb), -1), 1) : (double)NAN;
}

LB_TARGET_METRIC(spearman, true, .title = "Spearman's rank correlation of predictions and targets, from -1 to 1",
	.cite = "C. Spearman, The proof and measurement of association between two things, American Journal of Psychology 15(1), 1904",
	.formula = "pearson of the ranks",
	.notes = "Equal values share the mean of their ranks. Does not see what keeps the order of the predictions. " UNDEFINED SEVERAL,
	.keywords = "rank_correlation rho spearmanr")

/* Pairs of n things. */
static uint64_t pairs_among(size_t n)
{
	return (uint64_t)n * (n - 1) / 2;
}

/* Returns the number of pairs that order finds the same; the pairs are in that order. */
static uint64_t tied(const struct pair *pair, size_t n, int (*order)(const void *, const void *))
{
	uint64_t sum = 0;

	for (size_t i = 0, end; i < n; i = end) {
		end = end_of_ties(pair, n, i, order);
		sum += pairs_among(end - i);
	}
	return sum;
}

/* Sorts v by merging runs of 1, 2, 4, ... Returns the number of pairs that were in falling order;
 * buffer has room for n. */
static uint64_t count_inversions(double *v, double *buffer, size_t n)
{
	uint64_t sum = 0;

	for (size_t run = 1; run < n; run *= 2) {
		for (size_t first = 0; first < n; first += 2 * run) {
			const size_t middle = n - first < run ? n : first + run, end = n - first < 2 * run ? n : first + 2 * run;
			size_t left = first, right = middle;
			for (size_t k = first; k < end; k++) {
				const bool from_left = right == end || (left < middle && v[left] <= v[right]);
				sum += from_left ? 0 : middle - left;
				buffer[k] = v[from_left ? left++ : right++];
			}
		}
		memcpy(v, buffer, n * sizeof *v);
	}
	return sum;
}

/* Counts pairs of rows by sorting (W. R. Knight, JASA 61, 1966), so the sums are exact. */
static double kendall(const struct lb_target *t, const struct lb_arg *par)
{
	const size_t n = t->n;
	struct pair *pair = pairs_of(t);
	double *y = t->scratch + 2 * n;

	(void)par;
	qsort(pair, n, sizeof *pair, by_both);
	const uint64_t all = pairs_among(n), tied_a = tied(pair, n, by_a), tied_both = tied(pair, n, by_both);
	for (size_t i = 0; i < n; i++)
		y[i] = pair[i].b;
	const uint64_t discordant = count_inversions(y, y + n, n);
	qsort(pair, n, sizeof *pair, by_b);
	const uint64_t tied_b = tied(pair, n, by_b), concordant = all - tied_a - tied_b + tied_both - discordant;
	const double apart = sqrt((double)(all - tied_a) * (double)(all - tied_b));
	return apart > 0 ? fmin(fmax(((double)concordant - (double)discordant) / apart, -1), 1) : (double)NAN;
}

LB_TARGET_METRIC(kendall, true, .title = "Kendall's tau-b of predictions and targets: pairs of rows in the same order less those in the other, from -1 to 1",
	.cite = "M. G. Kendall, The treatment of ties in ranking problems, Biometrika 33(3), 1945",
	.formula = "(C - D) / sqrt((pairs with f_i != f_j)(pairs with y_i != y_j)),  C pairs in the same order, D in the other",
	.notes = "A pair that is tied in the predictions or in the targets counts for neither. " UNDEFINED SEVERAL, .keywords = "tau kendalltau tau_b rank_correlation")
