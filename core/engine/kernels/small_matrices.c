#include "core/engine/kernels/small_matrices.h"

#include <string.h>

/* Rows of the right factor that are read at a time. */
enum { AT_ONCE = 8 };
/* A pivot below which a system counts as without solution. */
#define LEAST_PIVOT 1e-6

LB_CLONES static void lb_add_product(size_t m, size_t n, size_t k, double factor, const double *restrict a, size_t row, size_t column,
					  const double *restrict b, double *restrict c)
{
	for (size_t p = 0; p < k; p += AT_ONCE, b += AT_ONCE * n) {
		const size_t some = k - p < AT_ONCE ? k - p : AT_ONCE;
		for (size_t i = 0; i < m; i++) {
			double *to = c + i * n, f[AT_ONCE] = { 0 };
			for (size_t u = 0; u < some; u++)
				f[u] = factor * a[i * row + (p + u) * column];
			if (some == AT_ONCE)
				for (size_t j = 0; j < n; j++)
					to[j] += ((f[0] * b[j] + f[1] * b[n + j]) + (f[2] * b[2 * n + j] + f[3] * b[3 * n + j])) +
						 ((f[4] * b[4 * n + j] + f[5] * b[5 * n + j]) + (f[6] * b[6 * n + j] + f[7] * b[7 * n + j]));
			else
				for (size_t u = 0; u < some; u++)
					for (size_t j = 0; j < n; j++)
						to[j] += f[u] * b[u * n + j];
		}
	}
}

LB_CLONES static double lb_sum_products(size_t n, const double *a, const double *b)
{
	double lane[AT_ONCE] = { 0 };
	size_t j = 0;

	for (; j + AT_ONCE <= n; j += AT_ONCE)
		for (size_t k = 0; k < AT_ONCE; k++)
			lane[k] += a[j + k] * b[j + k];
	for (size_t k = 0; j < n; j++, k++)
		lane[k] += a[j] * b[j];
	return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

/* Not the clones themselves, which clang does not let other files call. */
void lb_small_product(size_t m, size_t n, size_t k, double factor, const double *a, size_t row, size_t column, const double *b, double *c)
{
	lb_add_product(m, n, k, factor, a, row, column, b, c);
}

double lb_small_dot(size_t n, const double *a, const double *b)
{
	return lb_sum_products(n, a, b);
}

void lb_small_multiply(size_t m, size_t n, size_t k, const double *a, const double *b, double *c)
{
	memset(c, 0, m * n * sizeof *c);
	lb_add_product(m, n, k, 1, a, k, 1, b, c);
}

void lb_small_transpose(size_t n, const double *a, double *t)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			t[j * n + i] = a[i * n + j];
}

/* Exchanges rows i and k of n values. */
static void exchange(size_t n, double *x, size_t i, size_t k)
{
	for (size_t j = 0; j < n; j++) {
		const double was = x[i * n + j];
		x[i * n + j] = x[k * n + j];
		x[k * n + j] = was;
	}
}

bool lb_small_solve(size_t m, double *a, size_t n, double *x)
{
	for (size_t k = 0; k < m; k++) {
		size_t best = k;
		for (size_t i = k + 1; i < m; i++)
			if (fabs(a[i * m + k]) > fabs(a[best * m + k]))
				best = i;
		if (!(fabs(a[best * m + k]) >= LEAST_PIVOT))
			return false;
		if (best != k) {
			exchange(m, a, best, k);
			exchange(n, x, best, k);
		}
		for (size_t i = k + 1; i < m; i++) {
			const double factor = a[i * m + k] / a[k * m + k];
			lb_small_add(m - k, -factor, a + k * m + k, a + i * m + k);
			lb_small_add(n, -factor, x + k * n, x + i * n);
		}
	}
	for (size_t k = m; k-- > 0;) {
		for (size_t i = k + 1; i < m; i++)
			lb_small_add(n, -a[k * m + i], x + i * n, x + k * n);
		for (size_t j = 0; j < n; j++)
			x[k * n + j] /= a[k * m + k];
	}
	return true;
}

double lb_largest_singular(size_t n, const double *a, int steps, double *room)
{
	double *v = room, *av = room + n, length = 0;

	for (size_t j = 0; j < n; j++)
		v[j] = 1 + (double)(j % 7) / 7;
	for (int step = 0; step < steps; step++) {
		for (size_t i = 0; i < n; i++)
			av[i] = lb_small_dot(n, a + i * n, v);
		length = sqrt(lb_small_dot(n, av, av) / lb_small_dot(n, v, v));
		lb_small_multiply(1, n, n, av, a, v);
	}
	return length;
}
