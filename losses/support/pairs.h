/* Losses of labelled pairs, in the form LB_SIMILARITY: the partners of a row, sums of exponentials
 * over them, and slopes by ordered pairs. All in double. */
#ifndef LB_PAIRS_H
#define LB_PAIRS_H

#include "core/engine/kernels/kernels.h"
#include "losses/loss.h"
#include "losses/support/softplus.h"

#include <string.h>

/* The rows that one row is paired with, in the order of the batch. */
struct lb_partners {
	size_t n_pos, n_neg;
	const uint32_t *pos, *neg; /* of its class, without itself; of other classes */
};

/* Returns whether rows i and j are of one class. */
static inline bool lb_alike(const struct lb_row_pairs *p, size_t i, size_t j)
{
	return p->in->y[i] == p->in->y[j];
}

/* Returns whether the ordered pair counts: two rows, and chosen where a miner chose. */
static inline bool lb_counts(const struct lb_row_pairs *p, size_t i, size_t j)
{
	return i != j && (!p->in->chosen || p->in->chosen[i * p->b + j]);
}

/* Returns the partners of row i whose pairs count, in p->index: good until the next call. */
static inline struct lb_partners lb_partners_of(const struct lb_row_pairs *p, size_t i)
{
	struct lb_partners of = { .pos = p->index, .neg = p->index + p->b };

	for (size_t j = 0; j < p->b; j++) {
		const bool counts = lb_counts(p, i, j), alike = lb_alike(p, i, j);
		p->index[of.n_pos] = (uint32_t)j;
		of.n_pos += counts && alike;
		p->index[p->b + of.n_neg] = (uint32_t)j;
		of.n_neg += counts && !alike;
	}
	return of;
}

/* The ordered pairs of a batch that count. */
struct lb_pair_counts {
	double pos, neg;
};

static inline struct lb_pair_counts lb_count_pairs(const struct lb_row_pairs *p)
{
	struct lb_pair_counts n = { 0 };

	for (size_t i = 0; i < p->b; i++)
		for (size_t j = 0; j < p->b; j++)
			*(lb_alike(p, i, j) ? &n.pos : &n.neg) += lb_counts(p, i, j);
	return n;
}

/* Returns what row i measures to row j. */
static inline double lb_to(const struct lb_row_pairs *p, size_t i, size_t j)
{
	return p->d[i * p->b + j];
}

/* The slope by it += by. */
static inline void lb_slope(const struct lb_row_pairs *p, size_t i, size_t j, double by)
{
	if (p->slope)
		p->slope[i * p->b + j] += by;
}

/* All slopes are divided by n. Returns the sum divided by n; 0 of nothing. */
static inline double lb_mean_of(const struct lb_row_pairs *p, double sum, double n)
{
	if (!(n > 0))
		return 0;
	for (size_t k = 0; p->slope && k < p->b * p->b; k++)
		p->slope[k] /= n;
	return sum / n;
}

/* Returns log(sum_k exp(z_k)), with `one` of exp(0) too; -inf of nothing. z <- the derivative by
 * each, its share in the sum. */
static inline double lb_log_sum_exp(size_t n, double *z, bool one)
{
	double top = one ? 0 : -(double)INFINITY;

	for (size_t k = 0; k < n; k++)
		top = z[k] > top ? z[k] : top;
	if (!n)
		return top;
	const double sum = lb_exp_terms_f64(z, n, top, z) + (one ? exp(-top) : 0);
	for (size_t k = 0; k < n; k++)
		z[k] /= sum;
	return top + log(sum);
}

/* z (n) <- scale * (what row i measures to each of n rows - from). */
static inline void lb_gather_to(const struct lb_row_pairs *p, size_t i, size_t n, const uint32_t *row, double scale, double from, double *z)
{
	for (size_t k = 0; k < n; k++)
		z[k] = scale * (lb_to(p, i, row[k]) - from);
}

/* The slopes from row i to n rows += by times w (n). */
static inline void lb_spread_slopes(const struct lb_row_pairs *p, size_t i, size_t n, const uint32_t *row, double by, const double *w)
{
	for (size_t k = 0; p->slope && k < n; k++)
		p->slope[i * p->b + row[k]] += by * w[k];
}

/* What most losses of pairs measure: cosines, Euclidean distances of rows divided by their
 * length. */
static inline struct lb_measured lb_cosines(const struct lb_arg *par)
{
	(void)par;
	return (struct lb_measured){ .measure = LB_INNER_PRODUCT, .normalize = true };
}

static inline struct lb_measured lb_chords(const struct lb_arg *par)
{
	(void)par;
	return (struct lb_measured){ .measure = LB_EUCLIDEAN, .normalize = true };
}

#endif
