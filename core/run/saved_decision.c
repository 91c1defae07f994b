#include "core/run/saved_decision.h"

#include <math.h>

int lb_saved_decision_put(struct lb_arrays *a, const struct lb_prepared *p, const struct lb_decision *d, struct lb_err *err)
{
	const bool beyond = isinf(d->threshold);
	const double v[LB_DECISION_NUMBERS] = { d->slope, d->intercept, beyond ? 0 : d->threshold, beyond ? copysign(1, d->threshold) : 0 };

	if (lb_decides_plainly(p->setup.calibration, p->setup.threshold))
		return 0;
	if (lb_arrays_numbers(a, "decision", LB_ARRAY_F64, LB_DECISION_NUMBERS, 0, v, err))
		return -1;
	return d->n_knots && (lb_arrays_numbers(a, "decision_scores", LB_ARRAY_F64, d->n_knots, 0, d->z, err) ||
			      lb_arrays_numbers(a, "decision_probabilities", LB_ARRAY_F64, d->n_knots, 0, d->p, err)) ? -1 : 0;
}

static size_t largest(const double *z, size_t c)
{
	size_t best = 0;

	for (size_t k = 1; k < c; k++)
		best = z[k] > z[best] ? k : best;
	return best;
}

/* z <- what is proportional to the probabilities; returns their sum. */
static double soften(const struct lb_decision *d, double *z, size_t c)
{
	const double top = z[largest(z, c)];
	double sum = 0;

	for (size_t k = 0; k < c; k++)
		sum += z[k] = exp(d->slope * (z[k] - top));
	return sum;
}

size_t lb_saved_decision_class(const struct lb_saved_model *m, double *z, size_t c)
{
	const struct lb_decision *d = &m->decision;

	if (m->kind == LB_BINARY)
		return lb_decision_score(d, z[0]) > d->threshold;
	const size_t likeliest = largest(z, c);
	const double sum = soften(d, z, c);
	return lb_decision_class(d, c, z, sum, likeliest);
}

static double sigmoid(double z)
{
	return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
}

void lb_saved_decision_soften(const struct lb_saved_model *m, double *z, size_t c)
{
	if (m->kind != LB_MULTICLASS) {
		for (size_t k = 0; k < c; k++)
			z[k] = sigmoid(lb_decision_score(&m->decision, z[k]));
		return;
	}
	const double sum = soften(&m->decision, z, c);
	for (size_t k = 0; k < c; k++)
		z[k] /= sum;
}
