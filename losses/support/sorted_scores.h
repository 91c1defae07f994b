/* The k largest margins g_j = z_j - z_y + m [j != y] of a row, and the hinge that is their mean. */
#ifndef LB_SORTED_SCORES_H
#define LB_SORTED_SCORES_H

#include "losses/loss.h"

/* All c margins, the first k of them in falling order. Entry y is 0; it comes before others that
 * are 0. */
struct lb_ordered {
	real *v;                 /* scores of the c - 1 other classes, the largest last; sorted as far as needed */
	size_t n, at;            /* c - 1; the place of entry y */
	double z_y, m, own;      /* own: 0, or NaN when a score is */
};

static inline void lb_sift(real *v, size_t n, size_t i)
{
	const real x = v[i];

	for (size_t j; (j = 2 * i + 1) < n; i = j) {
		j += j + 1 < n && v[j + 1] > v[j];
		if (!(v[j] > x))
			break;
		v[i] = v[j];
	}
	v[i] = x;
}

static inline double lb_nth_other(const struct lb_ordered *o, size_t j)
{
	return (double)o->v[o->n - 1 - j] - o->z_y + o->m;
}

static inline double lb_nth(const struct lb_ordered *o, size_t j)
{
	return j == o->at ? o->own : lb_nth_other(o, j - (j > o->at));
}

/* v has room for c values. */
static inline struct lb_ordered lb_ordered(const real *z, size_t c, size_t y, size_t k, double m, real *v)
{
	struct lb_ordered o = { .v = v, .m = m };
	const size_t sorted = k < c - 1 ? k : c - 1;

	for (size_t j = 0; j < c; j++) {
		o.own += 0 * (double)z[j];
		if (j != y)
			v[o.n++] = z[j];
	}
	o.z_y = (double)z[y] + o.own;
	for (size_t j = o.n / 2; j-- > 0;)
		lb_sift(v, o.n, j);
	for (size_t j = 0; j < sorted; j++) {
		const real most = v[0];
		v[0] = v[o.n - 1 - j];
		v[o.n - 1 - j] = most;
		lb_sift(v, o.n - 1 - j, 0);
	}
	while (o.at < sorted && lb_nth_other(&o, o.at) > 0)
		o.at++;
	return o;
}

/* Mean of the k largest margins, 1 <= k <= c. On ties entry y is taken first, then the lowest
 * index. */
static inline real lb_ldr_k_row(const struct lb_batch *in, size_t i, const real *z, real *g, size_t k, double m)
{
	const size_t c = in->c, y = (size_t)in->y[i];
	const struct lb_ordered o = lb_ordered(z, c, y, k, m, in->terms);
	const size_t others = k - (o.at < k);
	const real least = others ? o.v[o.n - others] : R(0.0), share = 1 / (real)k;
	size_t left = others;
	double sum = 0;

	for (size_t j = 0; j < k; j++)
		sum += lb_nth(&o, j);
	for (size_t j = 0; j < c; j++)
		left -= j != y && others && z[j] > least;
	for (size_t j = 0; g && j < c; j++) {
		const bool tied = j != y && left && z[j] >= least && z[j] <= least;
		g[j] = tied || (j != y && others && z[j] > least) ? share : R(0.0);
		left -= tied;
	}
	if (g)
		g[y] = -(real)others / (real)k;
	return (real)(sum / (double)k);
}

/* The number of classes cuts a k above it. */
static inline size_t lb_cut_k(const struct lb_arg *k, size_t c)
{
	return k->v < (double)c ? (size_t)k->v : c;
}

#endif
