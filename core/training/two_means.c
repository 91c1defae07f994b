#include "core/training/two_means.h"

#include <string.h>

enum { MOST_ROUNDS = 300 };

static double squared_distance(const double *a, const double *b, size_t d)
{
	double sum = 0;

	for (size_t j = 0; j < d; j++)
		sum += (a[j] - b[j]) * (a[j] - b[j]);
	return sum;
}

/* Puts every row to the nearer mean. Returns how many have changed. */
static size_t assign(const double *x, size_t n, size_t d, const double *mean, unsigned char *in)
{
	size_t changed = 0;

	for (size_t i = 0; i < n; i++) {
		const unsigned char at = squared_distance(x + i * d, mean + d, d) < squared_distance(x + i * d, mean, d);
		changed += at != in[i];
		in[i] = at;
	}
	return changed;
}

static void move_mean(const double *x, size_t n, size_t d, unsigned char k, double *mean, const unsigned char *in)
{
	size_t rows = 0;

	for (size_t i = 0; i < n; i++)
		rows += in[i] == k;
	if (!rows)
		return;
	memset(mean, 0, d * sizeof *mean);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; in[i] == k && j < d; j++)
			mean[j] += x[i * d + j] / (double)rows;
}

void lb_two_means(const double *x, size_t n, size_t d, size_t first, size_t second, double *mean, unsigned char *in)
{
	memcpy(mean, x + first * d, d * sizeof *mean);
	memcpy(mean + d, x + second * d, d * sizeof *mean);
	memset(in, 0, n);
	assign(x, n, d, mean, in);
	for (int round = 0; round < MOST_ROUNDS; round++) {
		move_mean(x, n, d, 0, mean, in);
		move_mean(x, n, d, 1, mean + d, in);
		if (!assign(x, n, d, mean, in))
			return;
	}
}
