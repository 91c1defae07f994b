#include "core/metrics/decision_rule.h"

#include "core/base/mem.h"
#include "losses/loss_info.h"

#include <math.h>
#include <stdlib.h>

const struct lb_decision lb_plain_decision = { .slope = 1 };

bool lb_decides_plainly(const struct lb_calibration *calibration, const struct lb_threshold *rule)
{
	return !lb_decision_fits(calibration, rule) && !(rule && rule->median);
}

bool lb_decision_fits(const struct lb_calibration *calibration, const struct lb_threshold *rule)
{
	return (calibration && (calibration->fit || calibration->pool)) || (rule && rule->merit);
}

size_t lb_decision_class(const struct lb_decision *d, size_t c, const double *share, double sum, size_t likeliest)
{
	double reached = 0;
	size_t k = 0;

	if (!d->rule || !d->rule->median)
		return likeliest;
	while (k + 1 < c && (reached += share[k]) < sum / 2)
		k++;
	return k;
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

/* The derivative of the summed log-loss of s z by s, which rises with s. */
static double slope_by_scale(const struct lb_scored_rows *in, double s)
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

static double best_scale(const struct lb_scored_rows *in)
{
	double lo = log(0.01), hi = log(100);

	for (int i = 0; i < 56; i++) {
		const double mid = lo + (hi - lo) / 2;
		*(slope_by_scale(in, exp(mid)) < 0 ? &lo : &hi) = mid;
	}
	return exp(lo + (hi - lo) / 2);
}

static void fit_temperature(struct lb_decision *d, const struct lb_scored_rows *in)
{
	d->slope = best_scale(in);
}

/* ---- Platt's sigmoid ---- */

struct platt {
	double a, b, value, ga, gb, haa, hab, hbb;
};

static void platt_at(const struct lb_scored_rows *in, double positive, double negative, struct platt *q)
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
static void fit_platt(struct lb_decision *d, const struct lb_scored_rows *in)
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
	d->slope = at.a;
	d->intercept = at.b;
}

/* ---- isotonic regression and thresholds, on rows in the order of their scores ---- */

static int ascending(const void *a, const void *b)
{
	const double x = ((const struct lb_scored_row *)a)->z, y = ((const struct lb_scored_row *)b)->z;

	return (x > y) - (x < y);
}

/* Pools adjacent violators over the different scores; every different score is a knot. */
static int fit_isotonic(struct lb_decision *d, const struct lb_scored_row *row, size_t n, struct lb_err *err)
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

static double youden(double k, double tp, double n1, double n0)
{
	return tp / n1 - (k - tp) / n0;
}

static double f1(double k, double tp, double n1, double n0)
{
	(void)n0;
	return 2 * tp / (k + n1);
}

static double prevalence(double k, double tp, double n1, double n0)
{
	(void)tp, (void)n0;
	return -fabs(k - n1);
}

static double between(double low, double high)
{
	const double mid = low / 2 + high / 2;

	return isfinite(mid) && mid >= low && mid < high ? mid : low;
}

static double choose(const struct lb_threshold *rule, const struct lb_scored_row *row, size_t n)
{
	double n1 = 0, tp = 0, best = (double)-INFINITY, chosen = 0;

	for (size_t i = 0; i < n; i++)
		n1 += row[i].y;
	if (!rule || !rule->merit)
		return 0;
	for (size_t k = 0; k <= n; k++) {
		const size_t left = n - k;
		tp += k ? row[left].y : 0;
		if (k && k < n && row[left - 1].z == row[left].z)
			continue;
		const double value = rule->merit((double)k, tp, n1, (double)n - n1);
		if (!(value > best))
			continue;
		best = value;
		chosen = k == 0 ? row[n - 1].z : k == n ? (double)-INFINITY : between(row[left - 1].z, row[left].z);
	}
	return chosen;
}

static int fit_binary(struct lb_decision *d, const struct lb_scored_rows *in, struct lb_err *err)
{
	struct lb_scored_row *row = lb_alloc(in->n + 1, sizeof *row, err);

	if (!row)
		return -1;
	for (size_t i = 0; i < in->n; i++)
		row[i] = (struct lb_scored_row){ in->z[i], in->y[i] };
	qsort(row, in->n, sizeof *row, ascending);
	if (d->calibration && d->calibration->pool && d->calibration->pool(d, row, in->n, err)) {
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

int lb_decision_fit(struct lb_decision *d, const struct lb_calibration *calibration, const struct lb_threshold *rule, size_t n, size_t c, const double *z,
		    const int32_t *y, struct lb_err *err)
{
	const struct lb_scored_rows in = { n, c, z, y };

	*d = lb_plain_decision;
	d->rule = rule;
	d->calibration = calibration;
	d->one_class = c == 1 && of_one_class(y, n);
	if (d->one_class)
		return 0;
	if (calibration && calibration->fit)
		calibration->fit(d, &in);
	return c == 1 && n ? fit_binary(d, &in, err) : 0;
}

/* ---- registry ---- */

const struct lb_calibration lb_calibration_none = {
	.base = { .name = "none", .tasks = LB_EVERY_TASK, .title = "Scores as they are", .cite = "none" },
};

const struct lb_calibration lb_calibration_temperature = {
	.base = {
		.name = "temperature",
		.tasks = LB_CLASS_TASKS,
		.title = "Scores divided by the temperature of the smallest log-loss",
		.cite = "C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, On calibration of modern neural networks, ICML 2017",
		.formula = "z / T",
	},
	.fit = fit_temperature,
};

const struct lb_calibration lb_calibration_platt = {
	.base = {
		.name = "platt",
		.tasks = 1u << LB_BINARY,
		.title = "A sigmoid of the smallest log-loss",
		.cite = "J. Platt, Probabilistic outputs for support vector machines, 1999; H.-T. Lin, C.-J. Lin, R. C. Weng, Machine Learning 68, 2007",
		.formula = "a z + b, against targets (n1 + 1)/(n1 + 2) and 1/(n0 + 2)",
	},
	.fit = fit_platt,
};

const struct lb_calibration lb_calibration_isotonic = {
	.base = {
		.name = "isotonic",
		.tasks = 1u << LB_BINARY,
		.title = "The non-descending probabilities of the smallest squared error",
		.cite = "B. Zadrozny, C. Elkan, Transforming classifier scores into accurate multiclass probability estimates, KDD 2002",
	},
	.pool = fit_isotonic,
};

const struct lb_threshold lb_threshold_fixed = {
	.base = { .name = "fixed", .tasks = LB_EVERY_TASK, .title = "A row is positive above 0", .cite = "classic" },
};

const struct lb_threshold lb_threshold_youden = {
	.base = { .name = "youden", .tasks = 1u << LB_BINARY, .title = "The largest TPR - FPR on the validation rows",
		  .cite = "W. J. Youden, Index for rating diagnostic tests, Cancer 3, 1950", .formula = "argmax TPR - FPR" },
	.merit = youden,
};

const struct lb_threshold lb_threshold_f1 = {
	.base = { .name = "f1", .tasks = 1u << LB_BINARY, .title = "The largest F1 on the validation rows",
		  .cite = "Z. C. Lipton, C. Elkan, B. Narayanaswamy, Optimal thresholding of classifiers to maximize F1 measure, ECML PKDD 2014",
		  .formula = "argmax 2 TP / (2 TP + FP + FN)" },
	.merit = f1,
};

const struct lb_threshold lb_threshold_prevalence = {
	.base = { .name = "prevalence", .tasks = 1u << LB_BINARY, .title = "As many validation rows positive as labels are", .cite = "classic" },
	.merit = prevalence,
};

const struct lb_threshold lb_threshold_median = {
	.base = { .name = "median", .tasks = 1u << LB_MULTICLASS | 1u << LB_EMBEDDING | 1u << LB_DISTILLATION,
		  .title = "Ordered classes: the median of the probabilities in place of the likeliest class",
		  .cite = "W. Cao, V. Mirjalili, S. Raschka, Pattern Recognition Letters 140, 2020: the number of k with P(y > k) > 1/2",
		  .formula = "min k: P(y <= k) >= 1/2" },
	.median = true,
};

const struct lb_info *const lb_calibrations[] = {
#define CALIBRATION(name) &lb_calibration_##name.base,
#include "core/metrics/calibrations.def"
#undef CALIBRATION
	NULL
};

const struct lb_info *const lb_thresholds[] = {
#define THRESHOLD(name) &lb_threshold_##name.base,
#include "core/metrics/thresholds.def"
#undef THRESHOLD
	NULL
};
