#include "core/training/feature_centring.h"

#include <math.h>

static void shift(const struct lb_centring *c, double *w, double sign)
{
	double *b = w + c->in * c->out;

	for (size_t k = 0; c->mean && k < c->out; k++) {
		double sum = 0;
		for (size_t j = 0; j < c->in; j++)
			sum += w[k * c->in + j] * c->mean[j];
		b[k] += sign * sum;
	}
}

void lb_centring_to(const struct lb_centring *c, double *w)
{
	shift(c, w, 1);
}

void lb_centring_from(const struct lb_centring *c, double *w)
{
	shift(c, w, -1);
}

void lb_centring_gradient(const struct lb_centring *c, double *g)
{
	const double *b = g + c->in * c->out;

	for (size_t k = 0; c->mean && k < c->out; k++)
		for (size_t j = 0; j < c->in; j++)
			g[k * c->in + j] -= b[k] * c->mean[j];
}

double lb_centring_largest(const struct lb_centring *c, const double *g, size_t n)
{
	const size_t weights = c->mean ? c->in * c->out : 0;
	double most = 0;

	for (size_t i = 0; i < n; i++) {
		const double entry = fabs(i < weights ? g[i] + g[weights + i / c->in] * c->mean[i % c->in] : g[i]);
		if (!(entry <= most))
			most = entry;
	}
	return most;
}
