#include "core/engine/optim/optim.h"

#include <string.h>

static double total_derivative(const struct lb_scored_batch *s)
{
	const double share = s->c > 1 ? 0.5 : 1;
	double sum = 0;

	for (size_t i = 0; i < s->views * s->b; i++)
		for (size_t k = 0; k < s->c; k++)
			sum += share * fabs((double)s->dz[i * s->ld + k]);
	return sum;
}

double lb_by_derivative(const struct lb_scored_batch *s)
{
	const double sum = total_derivative(s);

	if (!(sum > 0) || isinf(sum))
		return 1;
	for (size_t i = 0; i < s->views * s->b; i++)
		for (size_t k = 0; k < s->c; k++)
			s->dz[i * s->ld + k] = (real)((double)s->dz[i * s->ld + k] / sum);
	return sum;
}

/* The class other than y with the largest score, the lowest on ties. */
static size_t rival(const real *z, size_t c, size_t y)
{
	size_t best = y == 0;

	for (size_t k = best + 1; k < c; k++)
		if (k != y && z[k] > z[best])
			best = k;
	return best;
}

double lb_by_mistakes(int64_t t, bool normalize, const struct lb_scored_batch *s)
{
	const double at_zero = t == 1 ? 0.5 : 1;

	for (size_t i = 0; i < s->views * s->b; i++)
		memset(s->dz + i * s->ld, 0, s->c * sizeof *s->dz);
	for (size_t i = 0; i < s->b; i++) {
		const real *z = s->z + i * s->ld;
		const size_t y = (size_t)s->y[i], other = s->c > 1 ? rival(z, s->c, y) : 0;
		const double margin = (double)(s->c > 1 ? z[y] - z[other] : y ? z[0] : -z[0]);
		const double size = (margin < 0 ? 1 : margin == 0 ? at_zero : 0) * (s->weight ? (double)s->weight[i] : 1) / (double)s->b;
		if (s->c > 1)
			s->dz[i * s->ld + y] = (real)-size;
		s->dz[i * s->ld + other] = (real)(s->c > 1 || !y ? size : -size);
	}
	if (normalize)
		lb_by_derivative(s);
	return 1;
}
