#include "core/training/mean_shift.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Another row, and how far it is. */
struct near {
	double apart;
	size_t row;
};

/* The squared distance, as sums side by side that a compiler can make vectors of. */
static double distance(const double *a, const double *b, size_t d)
{
	enum { SUMS = 8 };
	double sum[SUMS] = { 0 }, all = 0;
	size_t j = 0;

	for (; j + SUMS <= d; j += SUMS)
		for (size_t s = 0; s < SUMS; s++)
			sum[s] += (a[j + s] - b[j + s]) * (a[j + s] - b[j + s]);
	for (; j < d; j++)
		all += (a[j] - b[j]) * (a[j] - b[j]);
	for (size_t s = 0; s < SUMS; s++)
		all += sum[s];
	return isfinite(all) ? all : (double)INFINITY;
}

/* nearest (k) <- the k nearest of the other rows, in order of distance, then of their place. */
static void find_nearest(size_t n, size_t d, const double *x, size_t row, size_t k, struct near *nearest)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		if (i == row)
			continue;
		const struct near next = { distance(x + row * d, x + i * d, d), i };
		if (found == k && !(next.apart < nearest[k - 1].apart))
			continue;
		size_t at = found < k ? found++ : k - 1;
		for (; at && next.apart < nearest[at - 1].apart; at--)
			nearest[at] = nearest[at - 1];
		nearest[at] = next;
	}
}

int lb_mean_shift(size_t n, size_t d, double *x, size_t rounds, size_t k, struct lb_err *err)
{
	k = n && k > n - 1 ? n - 1 : k;
	if (!k || !rounds || !n)
		return 0;
	double *moved = lb_alloc(n, d * sizeof *moved, err);
	struct near *nearest = lb_alloc(k, sizeof *nearest, err);
	const int rc = moved && nearest ? 0 : -1;
	for (size_t m = 0; !rc && m < rounds; m++) {
		memset(moved, 0, n * d * sizeof *moved);
		for (size_t i = 0; i < n; i++) {
			find_nearest(n, d, x, i, k, nearest);
			for (size_t r = 0; r < k; r++)
				for (size_t j = 0; j < d; j++)
					moved[i * d + j] += x[nearest[r].row * d + j] / (double)k;
		}
		memcpy(x, moved, n * d * sizeof *x);
	}
	free(moved);
	free(nearest);
	return rc;
}
