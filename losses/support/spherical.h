/* log(sum_k v_k) - log v_y with v_k = (z_k + shift)^2 + eps: the spherical losses that take the
 * place of log softmax. */
#ifndef LB_SPHERICAL_H
#define LB_SPHERICAL_H

#include "losses/loss.h"

/* v_y is divided by n^2 and the sum of the others by m^2, the largest terms of each, so that no
 * square leaves the range; and the others are kept apart: the value is log(1 + others / v_y). */
static inline real lb_spherical_row(const struct lb_batch *in, size_t i, const real *z, real *g, double shift, double eps)
{
	const size_t y = (size_t)in->y[i];
	const double own = (double)z[y] + shift, n = fmax(fabs(own), sqrt(eps));
	double m = n, others = 0;

	for (size_t k = 0; k < in->c; k++)
		m = fmax(m, fabs((double)z[k] + shift));
	for (size_t k = 0; k < in->c; k++) {
		const double u = ((double)z[k] + shift) / m;
		others += k == y ? 0 : u * u + eps / m / m;
	}
	const double v = own / n * (own / n) + eps / n / n, up = m / n, sum = others + v / up / up;
	if (g) {
		for (size_t k = 0; k < in->c; k++)
			g[k] = (real)(2 * (((double)z[k] + shift) / m) / sum / m);
		g[y] = (real)(-2 * (own / n) / v * (others / sum) / n);
	}
	return (real)(up < 1e6 ? log1p(others / v * up * up) : 2 * log(up) + log(sum / v));
}

#endif
