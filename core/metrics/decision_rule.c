#include "core/metrics/decision_rule.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdlib.h>

const struct lb_decision lb_plain_decision = { .slope = 1 };

const char *const *lb_threshold_names(void)
{
	static const char *const names[] = { "fixed", "youden", "f1", "prevalence", NULL };

	return names;
}

const char *const *lb_calibration_names(void)
{
	static const char *const names[] = { "none", "temperature", "platt", "isotonic", NULL };

	return names;
}

void lb_decision_free(struct lb_decision *d)
{
	free(d->z);
	free(d->p);
	*d = lb_plain_decision;
}

static double sigmoid(double z)
{
	return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
}

double lb_decision_score(const struct lb_decision *d, double z)
{
	size_t lo = 0, hi = d->n_knots - 1;

	if (!d->n_knots)
		return d->slope * z + d->intercept;
	while (hi - lo > 1 && d->n_knots > 1) {
		const size_t mid = lo + (hi - lo) / 2;
		*(d->z[mid] <= z ? &lo : &hi) = mid;
	}
	double p = z <= d->z[lo] ? d->p[lo] : d->p[hi];
	if (z > d->z[lo] && z < d->z[hi] && d->p[hi] > d->p[lo])
		p = d->p[lo] + (d->p[hi] - d->p[lo]) * ((z - d->z[lo]) / (d->z[hi] - d->z[lo]));
	return log(p) - log1p(-p);
}

/* ---- temperature ---- */

struct scores {
	size_t n, c;
	const double *z;
	const int32_t *y;
};

/* The derivative of the summed log-loss of s z by s, which rises with s. */
static double slope_by_scale(const struct scores *in, double s)
{
	double sum = 0;

	for (size_t i = 0; i < in->n; i++) {
		const double *z = in->z + i * in->c;
		double top = z[0], all = 0, mean = 0;
		if (in->c == 1) {
			sum += z[0] * (sigmoid(s * z[0]) - in->y[i]);
			continue;
		}
		for (size_t k = 1; k < in->c; k++)
			top = fmax(top, z[k]);
		for (size_t k = 0; k < in->c; k++) {
			const double e = exp(s * (z[k] - top));
			all += e;
			mean += e * z[k];
		}
		sum += mean / all - z[in->y[i]];
	}
	return sum;
}

static double best_scale(const struct scores *in)
{
	double lo = log(0.01), hi = log(100);

	for (int i = 0; i < 56; i++) {
		const double mid = lo + (hi - lo) / 2;
		*(slope_by_scale(in, exp(mid)) < 0 ? &lo : &hi) = mid;
	}
	return exp(lo + (hi - lo) / 2);
}

/* ---- Platt's sigmoid ---- */

struct platt {
	double a, b, value, ga, gb, haa, hab, hbb;
};

static void platt_at(const struct scores *in, double positive, double negative, struct platt *q)
{
	q->value = q->ga = q->gb = q->hab = 0;
	q->haa = q->hbb = 1e-12;
	for (size_t i = 0; i < in->n; i++) {
		const double z = in->z[i], f = q->a * z + q->b, t = in->y[i] ? positive : negative, p = sigmoid(f), w = p * sigmoid(-f);
		q->value += fmax(f, 0) - t * f + log1p(exp(-fabs(f)));
		q->ga += (p - t) * z;
		q->gb += p - t;
		q->haa += w * z * z;
		q->hab += w * z;
		q->hbb += w;
	}
}

/* Newton's steps, halved until the value falls. */
static void fit_platt(const struct scores *in, double *slope, double *intercept)
{
	double n1 = 0;

	for (size_t i = 0; i < in->n; i++)
		n1 += in->y[i];
	const double n0 = (double)in->n - n1, positive = (n1 + 1) / (n1 + 2), negative = 1 / (n0 + 2);
	struct platt at = { .b = log((n1 + 1) / (n0 + 1)) };
	platt_at(in, positive, negative, &at);
	for (int i = 0; i < 200 && fmax(fabs(at.ga), fabs(at.gb)) > 1e-12 * (double)in->n; i++) {
		const double det = at.haa * at.hbb - at.hab * at.hab;
		const double da = -(at.hbb * at.ga - at.hab * at.gb) / det, db = -(at.haa * at.gb - at.hab * at.ga) / det;
		struct platt next = at;
		double step = 1;
		for (; step > 1e-10; step /= 2) {
			next.a = at.a + step * da;
			next.b = at.b + step * db;
			platt_at(in, positive, negative, &next);
			if (next.value < at.value + 1e-4 * step * (at.ga * da + at.gb * db))
				break;
		}
		if (step <= 1e-10)
			break;
		at = next;
	}
	*slope = at.a;
	*intercept = at.b;
}

/* ---- isotonic regression and thresholds, on rows in the order of their scores ---- */

struct row {
	double z;
	int32_t y;
};

static int ascending(const void *a, const void *b)
{
	const double x = ((const struct row *)a)->z, y = ((const struct row *)b)->z;

	return (x > y) - (x < y);
}

/* Pools adjacent violators over the different scores; every different score is a knot. */
static int fit_isotonic(struct lb_decision *d, const struct row *row, size_t n, struct lb_err *err)
{
	double *sum = lb_alloc(2 * n + 1, sizeof *sum, err), *count = sum ? sum + n : NULL;
	size_t *last = lb_alloc(n + 1, sizeof *last, err), blocks = 0, knots = 0;

	d->z = lb_alloc(n + 1, sizeof *d->z, err);
	d->p = lb_alloc(n + 1, sizeof *d->p, err);
	const bool ok = sum && last && d->z && d->p;
	for (size_t i = 0; ok && i < n;) {
		sum[blocks] = count[blocks] = 0;
		d->z[knots] = row[i].z;
		for (; i < n && row[i].z == d->z[knots]; i++) {
			sum[blocks] += row[i].y;
			count[blocks]++;
		}
		last[blocks++] = knots++;
		for (; blocks > 1 && sum[blocks - 2] * count[blocks - 1] >= sum[blocks - 1] * count[blocks - 2]; blocks--) {
			sum[blocks - 2] += sum[blocks - 1];
			count[blocks - 2] += count[blocks - 1];
			last[blocks - 2] = last[blocks - 1];
		}
	}
	for (size_t b = 0, k = 0; ok && b < blocks; b++)
		for (; k <= last[b]; k++)
			d->p[k] = sum[b] / count[b];
	d->n_knots = knots;
	free(sum);
	free(last);
	return ok ? 0 : -1;
}

/* How good it is to call k rows positive, tp of them rightly. */
static double merit(enum lb_threshold rule, double k, double tp, double n1, double n0)
{
	switch (rule) {
	case LB_YOUDEN:
		return tp / n1 - (k - tp) / n0;
	case LB_BEST_F1:
		return 2 * tp / (k + n1);
	default:
		return -fabs(k - n1);
	}
}

static double between(double low, double high)
{
	const double mid = low / 2 + high / 2;

	return isfinite(mid) && mid >= low && mid < high ? mid : low;
}

static double choose(enum lb_threshold rule, const struct row *row, size_t n)
{
	double n1 = 0, tp = 0, best = (double)-INFINITY, chosen = 0;

	for (size_t i = 0; i < n; i++)
		n1 += row[i].y;
	if (rule == LB_AT_ZERO)
		return 0;
	for (size_t k = 0; k <= n; k++) {
		const size_t left = n - k;
		tp += k ? row[left].y : 0;
		if (k && k < n && row[left - 1].z == row[left].z)
			continue;
		const double value = merit(rule, (double)k, tp, n1, (double)n - n1);
		if (!(value > best))
			continue;
		best = value;
		chosen = k == 0 ? row[n - 1].z : k == n ? (double)-INFINITY : between(row[left - 1].z, row[left].z);
	}
	return chosen;
}

static int fit_binary(struct lb_decision *d, const struct scores *in, struct lb_err *err)
{
	struct row *row = lb_alloc(in->n + 1, sizeof *row, err);

	if (!row)
		return -1;
	for (size_t i = 0; i < in->n; i++)
		row[i] = (struct row){ in->z[i], in->y[i] };
	qsort(row, in->n, sizeof *row, ascending);
	if (d->calibration == LB_ISOTONIC && fit_isotonic(d, row, in->n, err)) {
		free(row);
		return -1;
	}
	for (size_t i = 0; i < in->n; i++)
		row[i].z = lb_decision_score(d, row[i].z);
	if (d->slope < 0)
		qsort(row, in->n, sizeof *row, ascending);
	d->threshold = choose(d->rule, row, in->n);
	free(row);
	return 0;
}

static bool of_one_class(const int32_t *y, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (y[i] != y[0])
			return false;
	return n > 0;
}

int lb_decision_fit(struct lb_decision *d, enum lb_calibration calibration, enum lb_threshold rule, size_t n, size_t c, const double *z,
		    const int32_t *y, struct lb_err *err)
{
	const struct scores in = { n, c, z, y };

	*d = lb_plain_decision;
	d->rule = rule;
	d->calibration = calibration;
	d->one_class = c == 1 && of_one_class(y, n);
	if (d->one_class)
		return 0;
	if (calibration == LB_TEMPERATURE)
		d->slope = best_scale(&in);
	else if (calibration == LB_PLATT)
		fit_platt(&in, &d->slope, &d->intercept);
	return c == 1 && n ? fit_binary(d, &in, err) : 0;
}
