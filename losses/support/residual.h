/* The losses of a regression by entry: a loss of one prediction z and its target t, the mean
 * over the T targets of a row. A file writes LB_ENTRIES_FUNCTION(name) { ... }, which gets n <=
 * LB_ENTRIES entries z and t at once and writes their losses and the derivatives by z into loss
 * and slope, with loops that the compiler makes vectors of; LB_RESIDUAL(name) makes the form of
 * it. The four arrays do not overlap. Every entry is computed by itself, so its bytes do not
 * depend on what is next to it. A NaN has to give a NaN loss; the driver sees to the gradient. */
#ifndef LB_RESIDUAL_H
#define LB_RESIDUAL_H

#include "core/engine/kernels/kernels.h"
#include "losses/loss.h"

/* The loss of a row by its entries, and its gradient g unless that is NULL. */
static inline real lb_entries_row(const struct lb_batch *in, size_t i, const real *z, real *g, lb_entries_fn *rho)
{
	const real *t = in->target + i * in->c, share = 1 / (real)in->c;
	real loss[LB_ENTRIES], slope[LB_ENTRIES];
	double sum = 0;

	for (size_t k = 0; k < in->c; k += LB_ENTRIES) {
		const size_t n = in->c - k < LB_ENTRIES ? in->c - k : LB_ENTRIES;
		rho(in, n, z + k, t + k, loss, slope);
		for (size_t j = 0; j < n; j++)
			sum += (double)loss[j];
		for (size_t j = 0; g && j < n; j++)
			g[k + j] = share * slope[j];
	}
	return share * (real)sum;
}

/* The function over entries of a loss: its head, compiled for several instruction sets, and its
 * name, which is unique among all files, as these sets ask. */
#define LB_ENTRIES_OF(name) LB_NAME(name##_entries)
#define LB_ENTRIES_FUNCTION(name)                                                                                               \
	LB_CLONES static void LB_ENTRIES_OF(name)(const struct lb_batch *in, size_t n, const real *restrict z,                  \
						  const real *restrict t, real *restrict loss, real *restrict slope)

/* Its form. */
#define LB_RESIDUAL(name)                                                                                                       \
	static real name##_row(const struct lb_batch *in, size_t i, const real *z, real *g)                                     \
	{                                                                                                                       \
		return lb_entries_row(in, i, z, g, LB_ENTRIES_OF(name));                                                        \
	}                                                                                                                       \
	static const struct lb_form name##_form = { .row = name##_row, .entries = LB_ENTRIES_OF(name) };

/* exp(x) - 1 - x, given expm1(x). Near 0 by x^2/2 (1 + x/3 (1 + x/4 (...))). */
static inline real lb_exp_less_line(real x, real expm1_x)
{
	real p = 1;

	for (int k = 16; k >= 3; k--)
		p = 1 + x / (real)k * p;
	return fabs(x) < R(0.5) ? x * x / 2 * p : expm1_x - x;
}

/* -1, 0, 1 */
static inline real lb_sign(real x)
{
	return (real)((x > 0) - (x < 0));
}

#endif
