#include "core/numeric/eigen.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { MOST_SWEEPS = 60 };

/* Entries p and q of the vectors x + 0, x + stride, ... turned by the angle of cosine c and sine
 * s. */
static void turn(size_t n, double *x, size_t stride, size_t p, size_t q, double c, double s)
{
	for (size_t k = 0; k < n; k++) {
		double *xp = x + k * stride + p, *xq = x + k * stride + q;
		const double was = *xp;
		*xp = c * was - s * *xq;
		*xq = s * was + c * *xq;
	}
}

static void turn_rows(size_t n, double *x, size_t p, size_t q, double c, double s)
{
	for (size_t k = 0; k < n; k++) {
		const double was = x[p * n + k];
		x[p * n + k] = c * was - s * x[q * n + k];
		x[q * n + k] = s * was + c * x[q * n + k];
	}
}

/* Rotates a[p,q] away. Returns false if it was negligible already, compared with its diagonal
 * entries. */
static bool rotate(size_t n, double *a, double *v, size_t p, size_t q)
{
	const double apq = a[p * n + q], size = sqrt(fabs(a[p * n + p])) * sqrt(fabs(a[q * n + q]));

	if (fabs(apq) <= DBL_EPSILON * size || fabs(apq) < DBL_MIN)
		return false;
	const double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq), t = copysign(1, theta) / (fabs(theta) + hypot(theta, 1));
	const double c = 1 / hypot(t, 1), s = t * c;
	turn(n, a, n, p, q, c, s);
	turn_rows(n, a, p, q, c, s);
	turn_rows(n, v, p, q, c, s);
	a[p * n + q] = a[q * n + p] = 0;
	return true;
}

void lb_eigen_symmetric(size_t n, double *a, double *v)
{
	bool turned = true;

	memset(v, 0, n * n * sizeof *v);
	for (size_t i = 0; i < n; i++)
		v[i * n + i] = 1;
	for (int sweep = 0; turned && sweep < MOST_SWEEPS; sweep++) {
		turned = false;
		for (size_t p = 0; p < n; p++)
			for (size_t q = p + 1; q < n; q++)
				turned |= rotate(n, a, v, p, q);
	}
}
