#include "core/training/two_components.h"

#include <math.h>
#include <stdbool.h>

static const double LOG_TWO_PI = 1.83787706640934548356;

/* The loss as it is fitted: from 0 to almost 1, of betas away from both ends. */
static double scaled(const struct lb_two_components *t, double v)
{
	const double x = (v - t->lowest) / t->range, edge = 1e-4;

	return t->shape == LB_TWO_GAUSSIANS ? x : fmin(fmax(x, edge), 1 - edge);
}

/* Logarithm of the share of component k times its density at x. */
static double log_density(const struct lb_two_components *t, size_t k, double x)
{
	const double a = t->a[k], b = t->b[k];

	if (t->shape == LB_TWO_GAUSSIANS)
		return log(t->share[k]) - 0.5 * (LOG_TWO_PI + log(b) + (x - a) * (x - a) / b);
	return log(t->share[k]) + (a - 1) * log(x) + (b - 1) * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b);
}

/* Returns the probability of the first component at x; *likelihood <- the logarithm of both. */
static double first_at(const struct lb_two_components *t, double x, double *likelihood)
{
	const double p = log_density(t, 0, x), q = log_density(t, 1, x), most = fmax(p, q);

	*likelihood = most + log(exp(p - most) + exp(q - most));
	return exp(p - *likelihood);
}

/* One round. Returns the mean log likelihood before it. A component without weight stays. */
static double improve(struct lb_two_components *t, const double *v, size_t n)
{
	double weight[2] = { 0, 0 }, mean[2] = { 0, 0 }, spread[2] = { 0, 0 }, sum = 0, likelihood;

	for (size_t i = 0; i < n; i++) {
		const double x = scaled(t, v[i]), p = first_at(t, x, &likelihood);
		weight[0] += p;
		weight[1] += 1 - p;
		mean[0] += p * x;
		mean[1] += (1 - p) * x;
		sum += likelihood / (double)n;
	}
	mean[0] /= weight[0];
	mean[1] /= weight[1];
	for (size_t i = 0; i < n; i++) {
		const double x = scaled(t, v[i]), p = first_at(t, x, &likelihood);
		spread[0] += p * (x - mean[0]) * (x - mean[0]);
		spread[1] += (1 - p) * (x - mean[1]) * (x - mean[1]);
	}
	for (size_t k = 0; k < 2; k++) {
		const double m = mean[k], s = spread[k] / weight[k], common = m * (1 - m) / s - 1;
		const double a = t->shape == LB_TWO_GAUSSIANS ? m : m * common;
		const double b = t->shape == LB_TWO_GAUSSIANS ? s + 1e-6 : (1 - m) * common;
		if (!(isfinite(a) && b > 0 && isfinite(b)) || (t->shape == LB_TWO_BETAS && !(a > 0)))
			continue;
		t->share[k] = weight[k] / (double)n;
		t->a[k] = a;
		t->b[k] = b;
	}
	return sum;
}

void lb_two_components_fit(enum lb_component_shape shape, const double *v, size_t n, struct lb_two_components *out)
{
	double least = HUGE_VAL, largest = -HUGE_VAL, mean = 0, variance = 0, before = -HUGE_VAL;

	for (size_t i = 0; i < n; i++) {
		least = fmin(least, v[i]);
		largest = fmax(largest, v[i]);
	}
	*out = (struct lb_two_components){ .shape = shape, .lowest = least, .share = { 0.5, 0.5 } };
	if (!(largest > least))
		return;
	out->range = largest - least + 1e-6;
	for (size_t i = 0; i < n; i++)
		mean += scaled(out, v[i]) / (double)n;
	for (size_t i = 0; i < n; i++)
		variance += (scaled(out, v[i]) - mean) * (scaled(out, v[i]) - mean) / (double)n;
	const bool gaussians = shape == LB_TWO_GAUSSIANS;
	out->a[0] = gaussians ? 0 : 1;
	out->a[1] = gaussians ? scaled(out, largest) : 2;
	out->b[0] = gaussians ? variance : 2;
	out->b[1] = gaussians ? variance : 1;
	for (size_t round = 0; round < (gaussians ? 100 : 10); round++) {
		const double likelihood = improve(out, v, n);
		if (gaussians && fabs(likelihood - before) < 1e-9)
			break;
		before = likelihood;
	}
}

double lb_two_components_lower(const struct lb_two_components *t, double v)
{
	double likelihood, mean[2];

	if (!(t->range > 0))
		return 1;
	for (size_t k = 0; k < 2; k++)
		mean[k] = t->shape == LB_TWO_GAUSSIANS ? t->a[k] : t->a[k] / (t->a[k] + t->b[k]);
	const double first = first_at(t, scaled(t, v), &likelihood);
	return mean[0] <= mean[1] ? first : 1 - first;
}
