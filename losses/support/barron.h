/* Barron's family of robust losses, by its shape alpha and its scale c:
 *   rho = (b / alpha) ((v / b + 1)^(alpha / 2) - 1),  v = (e / c)^2,  b = |alpha - 2|
 * with its limits v / 2 at 2 and log(1 + v / 2) at 0; and Z(alpha), the integral of exp(-rho) over
 * all e at c = 1, which makes a density of it. */
#ifndef LB_BARRON_H
#define LB_BARRON_H

#include "losses/support/residual.h"

/* What the loss of an entry is made of: log(1 + v / b), and (1 + v / b)^(alpha / 2) - 1. Unset at
 * alpha 2. */
struct lb_barron_parts {
	real line[LB_ENTRIES], power[LB_ENTRIES];
};

/* Writes rho of n entries and its derivatives by z. */
static inline void lb_barron_entries(double alpha, double c, size_t n, const real *restrict z, const real *restrict t, real *restrict loss,
				     real *restrict slope, struct lb_barron_parts *restrict at)
{
	const double b = fabs(alpha - 2);
	const real per = (real)(1 / c), lift = (real)(1 / (c * c)), half = (real)(alpha / 2), factor = (real)(alpha == 0 ? b / 2 : b / alpha);

	for (size_t i = 0; i < n; i++) {
		const real q = (z[i] - t[i]) * per;
		loss[i] = q * q;
	}
	if (b == 0) {
		for (size_t i = 0; i < n; i++)
			loss[i] /= 2, slope[i] = lift * (z[i] - t[i]);
		return;
	}
	for (size_t i = 0; i < n; i++)
		loss[i] /= (real)b;
	lb_kernel()->log1p_all(n, loss, at->line);
	for (size_t i = 0; i < n; i++)
		slope[i] = (half - 1) * at->line[i], loss[i] = half * at->line[i];
	lb_kernel()->exp_terms(slope, n, 0, 1, n, slope);
	lb_kernel()->expm1_all(n, loss, at->power);
	for (size_t i = 0; i < n; i++) {
		loss[i] = factor * (alpha == 0 ? at->line[i] : at->power[i]);
		slope[i] *= lift * (z[i] - t[i]);
	}
}

/* Returns the derivative of rho by alpha in (0, 2), given q = v / b, line = log(1 + q) and power =
 * (1 + q)^(alpha / 2) - 1. With w = alpha line / 2 it is
 *   (line^2 / 2) ((w - 1) e^w + 1) / w^2 - (e^w / 2) (line - q / (1 + q))
 * Near 0 the quotient by w^2 is its series, the sum of (k + 1) w^k / (k + 2)!. */
static inline double lb_barron_by_shape(double alpha, double q, double line, double power)
{
	const double w = alpha / 2 * line;
	double p = 0, term = 1.0 / 2;

	for (int k = 0; k < 16; k++) {
		p += (k + 1) * term;
		term *= w / (k + 3);
	}
	const double of_power = w < 0.5 ? line * line / 2 * p : 2 / (alpha * alpha) * (w * (1 + power) - power);
	return of_power - (1 + power) / 2 * (line - q / (1 + q));
}

/* One value, at c = 1. */
static inline double lb_barron_rho(double x, double alpha)
{
	const double v = x * x, b = fabs(alpha - 2);

	return b == 0 ? v / 2 : alpha == 0 ? log1p(v / 2) : b / alpha * expm1(alpha / 2 * log1p(v / b));
}

/* A node of Z's quadrature: tanh-sinh (Takahashi, Mori 1974) of x = s / (1 - s), s in (0, 1),
 * twice. Its term is weight exp(-rho(x)) / near^2, with near = 1 - s. */
struct lb_barron_node {
	double x, near, weight;
};

static inline struct lb_barron_node lb_barron_node(double u)
{
	const double q = 1.5707963267948966 * sinh(u), near = 1 / (1 + exp(2 * q)), s = 1 / (1 + exp(-2 * q));

	return (struct lb_barron_node){ .x = s / near, .near = near, .weight = 1.5707963267948966 * cosh(u) * 2 * s * near };
}

/* Returns Z(alpha), to 1e-12. */
static inline double lb_barron_mass(double alpha)
{
	const double step = 1.0 / 64;
	double sum = 0;

	for (int k = -320; k <= 320; k++) {
		const struct lb_barron_node at = lb_barron_node(k * step);
		if (at.near > 1e-150)
			sum += at.weight * exp(-lb_barron_rho(at.x, alpha)) / (at.near * at.near);
	}
	return 2 * step * sum;
}

#endif
