#include "core/training/feature_whitening.h"

#include <math.h>

/* Columns that are factorised together, and columns before them that are taken off together. Every
 * entry is one chain of subtractions in ascending order, whatever they are. */
enum { BLOCK = 64 };

/* Takes the products of columns k .. k + BLOCK of the factor off columns j .. j + width of all rows
 * from j on. */
static void take_off(size_t n, double *a, size_t j, size_t width, size_t k)
{
	double part[BLOCK][BLOCK]; /* (k, j) */

	for (size_t c = 0; c < width; c++)
		for (size_t p = 0; p < BLOCK; p++)
			part[p][c] = a[(j + c) * n + k + p];
	for (size_t i = j; i < n; i++) {
		double *row = a + i * n + j;
		const size_t most = i - j < width ? i - j + 1 : width;
		for (size_t p = 0; p < BLOCK; p++) {
			const double factor = a[i * n + k + p];
			for (size_t c = 0; c < most; c++)
				row[c] -= factor * part[p][c];
		}
	}
}

/* Finishes row i of these columns, off which all columns before them have been taken. */
static bool finish_row(size_t n, double *a, size_t i, size_t first, size_t width)
{
	for (size_t j = first; j < first + width && j <= i; j++) {
		double left = a[i * n + j];
		for (size_t k = first; k < j; k++)
			left -= a[i * n + k] * a[j * n + k];
		if (i == j && !(left > 0))
			return false;
		a[i * n + j] = i == j ? sqrt(left) : left / a[j * n + j];
	}
	return true;
}

bool lb_cholesky(size_t n, double *a)
{
	for (size_t first = 0; first < n; first += BLOCK) {
		const size_t width = n - first < BLOCK ? n - first : BLOCK;
		for (size_t k = 0; k < first; k += BLOCK)
			take_off(n, a, first, width, k);
		for (size_t i = first; i < n; i++)
			if (!finish_row(n, a, i, first, width))
				return false;
	}
	return true;
}

static void shift(const struct lb_whitening *c, double *w, double sign)
{
	double *b = w + c->in * c->out;

	for (size_t k = 0; c->mean && k < c->out; k++) {
		double sum = 0;
		for (size_t j = 0; j < c->in; j++)
			sum += w[k * c->in + j] * c->mean[j];
		b[k] += sign * sum;
	}
}

/* Row k of the weights, w, becomes w L. */
static void times_factor(const struct lb_whitening *c, double *w)
{
	const size_t n = c->in;

	for (size_t j = 0; j < n; j++) {
		w[j] *= c->factor[j * n + j];
		for (size_t i = j + 1; i < n; i++)
			w[j] += w[i] * c->factor[i * n + j];
	}
}

/* v becomes v L^-1. */
static void over_factor(const struct lb_whitening *c, double *v)
{
	const size_t n = c->in;

	for (size_t i = n; i-- > 0;) {
		v[i] /= c->factor[i * n + i];
		for (size_t j = 0; j < i; j++)
			v[j] -= v[i] * c->factor[i * n + j];
	}
}

/* g becomes L^-1 g. */
static void factor_under(const struct lb_whitening *c, double *g)
{
	const size_t n = c->in;

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++)
			g[i] -= c->factor[i * n + j] * g[j];
		g[i] /= c->factor[i * n + i];
	}
}

void lb_cholesky_solve(size_t n, const double *l, double *x)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++)
			x[i] -= l[i * n + j] * x[j];
		x[i] /= l[i * n + i];
	}
	for (size_t i = n; i-- > 0;) {
		x[i] /= l[i * n + i];
		for (size_t j = 0; j < i; j++)
			x[j] -= l[i * n + j] * x[i];
	}
}

void lb_whitening_to(const struct lb_whitening *c, double *w)
{
	shift(c, w, 1);
	for (size_t k = 0; c->factor && k < c->out; k++)
		times_factor(c, w + k * c->in);
}

void lb_whitening_from(const struct lb_whitening *c, double *w)
{
	for (size_t k = 0; c->factor && k < c->out; k++)
		over_factor(c, w + k * c->in);
	shift(c, w, -1);
}

void lb_whitening_gradient(const struct lb_whitening *c, double *g)
{
	const double *b = g + c->in * c->out;

	for (size_t k = 0; c->mean && k < c->out; k++) {
		for (size_t j = 0; j < c->in; j++)
			g[k * c->in + j] -= b[k] * c->mean[j];
		if (c->factor)
			factor_under(c, g + k * c->in);
	}
}

/* Entry (k, j) of the gradient by centred weights, of that by whitened ones. */
static double centred_entry(const struct lb_whitening *c, const double *g, size_t k, size_t j)
{
	double sum = 0;

	if (!c->factor)
		return g[k * c->in + j];
	for (size_t i = 0; i <= j; i++)
		sum += c->factor[j * c->in + i] * g[k * c->in + i];
	return sum;
}

double lb_whitening_largest(const struct lb_whitening *c, const double *g, size_t n)
{
	const size_t weights = c->mean ? c->in * c->out : 0;
	double most = 0;

	for (size_t i = 0; i < n; i++) {
		const double entry = fabs(i < weights ? centred_entry(c, g, i / c->in, i % c->in) + g[weights + i / c->in] * c->mean[i % c->in] : g[i]);
		if (!(entry <= most))
			most = entry;
	}
	return most;
}
