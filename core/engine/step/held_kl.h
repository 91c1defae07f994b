/* The divergence of a row's scores from scores that are held: what self-distillation adds to the
 * losses. In double. */
#ifndef LB_HELD_KL_H
#define LB_HELD_KL_H

#include "core/engine/precision.h"

#include <math.h>
#include <stddef.h>

/* Doubles of room that a row of c scores takes. */
static inline size_t lb_held_kl_room(size_t c)
{
	return 2 * (c > 1 ? c : 2);
}

/* out <- the logarithms of softmax(z/t); one score is the second of two, of which the first is
 * 0. */
static inline void lb_log_softened(size_t c, const real *z, double t, double *out)
{
	const size_t n = c > 1 ? c : 2;
	double top, sum = 0;

	for (size_t k = 0; k < n; k++)
		out[k] = c > 1 ? (double)z[k] / t : k ? (double)z[0] / t : 0;
	top = out[0];
	for (size_t k = 1; k < n; k++)
		top = out[k] > top ? out[k] : top;
	for (size_t k = 0; k < n; k++)
		sum += exp(out[k] - top);
	for (size_t k = 0; k < n; k++)
		out[k] -= top + log(sum);
}

/* Returns t^2 KL(softmax(held/t), softmax(z/t)) of a row. dz (c) gets `share` times its derivatives
 * by z added. */
static inline double lb_held_kl(size_t c, const real *z, const real *held, double t, double share, double *room, real *dz)
{
	const size_t n = c > 1 ? c : 2;
	double *p = room, *q = room + n, sum = 0;

	lb_log_softened(c, z, t, p);
	lb_log_softened(c, held, t, q);
	for (size_t k = 0; k < n; k++)
		sum += exp(q[k]) * (q[k] - p[k]);
	for (size_t k = 0; k < c; k++) {
		const size_t at = c > 1 ? k : 1;
		dz[k] += (real)(share * t * (exp(p[at]) - exp(q[at])));
	}
	return t * t * sum;
}

#endif
