/* Sums over all pairs of a positive and a negative in the order of sorting. The scores of either
 * class are sorted apart; a point then moves along them and keeps the moments of its gaps to what
 * it has passed, so that all terms are positive and nothing cancels. Equal scores have equal
 * slopes, so a row finds its own by its score. */
#ifndef LB_SORTED_PAIRS_H
#define LB_SORTED_PAIRS_H

#include "losses/support/degenerate_batch.h"

#include <stdlib.h>

/* Scores of the positives, then of the negatives, into s; returns the number of positives. */
static inline size_t lb_split_by_class(const struct lb_batch *in, real *s)
{
	const size_t n1 = lb_positives(in);

	for (size_t i = 0, up = 0, down = n1; i < in->b; i++)
		s[in->y[i] == 1 ? up++ : down++] = in->output.value[i];
	return n1;
}

static inline int lb_compare(const void *a, const void *b)
{
	const real x = *(const real *)a, y = *(const real *)b;

	return (x > y) - (x < y);
}

struct lb_pairs {
	real *pos, *neg;         /* scores of each class, rising */
	real *up, *down;         /* for each of them the sum over its pairs of the slope by the score, before division */
	size_t n1, n0;
};

/* .workspace of losses that sort: a value and a slope a row. */
static inline size_t lb_sorted_workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return 2 * shape->b * sizeof(real);
}

/* False when a score is NaN. Takes the whole lb_sorted_workspace. */
static inline bool lb_sorted(const struct lb_batch *in, struct lb_pairs *p)
{
	p->pos = in->workspace;
	p->n1 = lb_split_by_class(in, p->pos);
	p->n0 = in->b - p->n1;
	p->neg = p->pos + p->n1;
	p->up = p->pos + in->b;
	p->down = p->up + p->n1;
	if (isnan(lb_nothing(in)))
		return false;
	qsort(p->pos, p->n1, sizeof *p->pos, lb_compare);
	qsort(p->neg, p->n0, sizeof *p->neg, lb_compare);
	return true;
}

/* False when there is no pair, too. */
static inline bool lb_pairs(const struct lb_batch *in, struct lb_pairs *p)
{
	return lb_sorted(in, p) && p->n1 && p->n0;
}

/* First index of v, n values rising, that is not below x. */
static inline size_t lb_first(const real *v, size_t n, real x)
{
	size_t lo = 0;

	for (size_t hi = n; lo < hi;) {
		const size_t mid = lo + (hi - lo) / 2;
		if (v[mid] < x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* How many of v, n values rising, are not above x. */
static inline size_t lb_up_to(const real *v, size_t n, real x)
{
	size_t lo = 0;

	for (size_t hi = n; lo < hi;) {
		const size_t mid = lo + (hi - lo) / 2;
		if (v[mid] <= x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Number, sum and sum of squares of the gaps to what a point has passed. */
struct lb_gap_moments {
	double n, sum, square;
};

static inline void lb_move(struct lb_gap_moments *m, double by)
{
	m->square += by * (2 * m->sum + m->n * by);
	m->sum += m->n * by;
}

static inline void lb_pass(struct lb_gap_moments *m, double gap)
{
	m->n++;
	m->sum += gap;
	m->square += gap * gap;
}

/* Sum over all pairs of max(0, m - (z_i - z_j)), or of its square; the slopes go to up and down.
 * O(n) after sorting. */
static inline double lb_hinge_pairs(const struct lb_pairs *p, double margin, bool squared)
{
	struct lb_gap_moments over = { 0 }, under = { 0 };
	double total = 0;

	for (size_t i = p->n1, j = p->n0; i-- > 0;) {
		const double z = (double)p->pos[i];
		lb_move(&over, i + 1 < p->n1 ? (double)p->pos[i + 1] - z : 0);
		for (; j > 0 && (double)p->neg[j - 1] + margin > z; j--)
			lb_pass(&over, (double)p->neg[j - 1] - z + margin);
		total += squared ? over.square : over.sum;
		p->up[i] = (real)(squared ? -2 * over.sum : -over.n);
	}
	for (size_t i = 0, j = 0; j < p->n0; j++) {
		const double u = (double)p->neg[j];
		lb_move(&under, j ? u - (double)p->neg[j - 1] : 0);
		for (; i < p->n1 && u + margin > (double)p->pos[i]; i++)
			lb_pass(&under, u - (double)p->pos[i] + margin);
		p->down[j] = (real)(squared ? 2 * under.sum : under.n);
	}
	return total;
}

/* The slopes to the rows, times scale. */
static inline void lb_scatter(const struct lb_batch *in, const struct lb_pairs *p, double scale, real *g)
{
	for (size_t i = 0; g && i < in->b; i++) {
		const real slope = in->y[i] == 1 ? p->up[lb_first(p->pos, p->n1, in->output.value[i])] : p->down[lb_first(p->neg, p->n0, in->output.value[i])];
		g[i] = (real)((double)slope * scale);
	}
}

/* The mean over all pairs of one of the two hinges. */
static inline double lb_hinge_pairs_batch(const struct lb_batch *in, real *g, double margin, bool squared)
{
	struct lb_pairs p;

	if (!lb_pairs(in, &p))
		return lb_flat(in, g, 0);
	const double pairs = (double)p.n1 * (double)p.n0, total = lb_hinge_pairs(&p, margin, squared);
	lb_scatter(in, &p, 1 / pairs, g);
	return total / pairs;
}

#endif
