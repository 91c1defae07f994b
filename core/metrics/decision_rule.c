#include "core/metrics/decision_rule.h"

#include "core/base/mem.h"
#include "core/numeric/logistic.h"

#include <math.h>
#include <stdlib.h>

const struct lb_score_map lb_same_score = { .slope = 1, .below = 1 };
const struct lb_decision lb_plain_decision = { .map = { .slope = 1, .below = 1 } };

bool lb_decides_plainly(const struct lb_calibration *calibration, const struct lb_threshold *rule)
{
	return !lb_decision_fits(calibration, rule) && !(rule && rule->median);
}

bool lb_decision_fits(const struct lb_calibration *calibration, const struct lb_threshold *rule)
{
	return (calibration && (calibration->fit_score || calibration->fit_scores)) || (rule && rule->merit);
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

static void free_map(struct lb_score_map *m)
{
	free(m->z);
	free(m->p);
	*m = lb_same_score;
}

void lb_decision_free(struct lb_decision *d)
{
	for (size_t k = 0; d->of_class && k < d->classes; k++)
		free_map(&d->of_class[k]);
	free(d->of_class);
	free(d->matrix);
	free_map(&d->map);
	*d = lb_plain_decision;
}

/* ---- what scores become ---- */

/* The probability at z, by knots. */
static double probability_at(const struct lb_score_map *m, double z)
{
	size_t lo = 0, hi = m->n_knots - 1;

	while (hi - lo > 1 && m->n_knots > 1) {
		const size_t mid = lo + (hi - lo) / 2;
		*(m->z[mid] <= z ? &lo : &hi) = mid;
	}
	if (m->steps)
		return z < m->z[hi] ? m->p[lo] : m->p[hi];
	const double p = z <= m->z[lo] ? m->p[lo] : m->p[hi], rise = m->p[hi] - m->p[lo];
	if (z > m->z[lo] && z < m->z[hi] && (rise > 0 || rise < 0))
		return m->p[lo] + rise * ((z - m->z[lo]) / (m->z[hi] - m->z[lo]));
	return p;
}

double lb_score_mapped(const struct lb_score_map *m, double z)
{
	if (m->n_knots) {
		const double p = probability_at(m, z);
		return log(p) - log1p(-p);
	}
	if (m->slope > m->below || m->slope < m->below)
		return m->slope * lb_log1p_exp(z) - m->below * lb_log1p_exp(-z) + m->intercept;
	return m->slope * z + m->intercept;
}

bool lb_calibration_reorders(const struct lb_calibration *calibration)
{
	return calibration && (calibration->fit_score || calibration->matrix);
}

bool lb_decision_reorders(const struct lb_decision *d)
{
	return d->classes > 0;
}

/* The log of the sum of e^z over all classes but `out`. */
static double log_sum_but(size_t c, const double *z, size_t out)
{
	double top = -(double)INFINITY, sum = 0;

	for (size_t k = 0; k < c; k++)
		top = k != out && z[k] > top ? z[k] : top;
	for (size_t k = 0; k < c; k++)
		sum += k == out ? 0 : exp(z[k] - top);
	return top + log(fmax(sum, 1)); /* the largest adds 1 */
}

/* Sums below it have lost digits to underflow. */
#define LEAST_SUM 1e-280

/* out (c) <- the logit of each class's probability against the rest, in a time that grows as c. */
static void class_logits(size_t c, const double *z, double *out)
{
	double top = z[0], after = 0, before = 0;

	for (size_t k = 1; k < c; k++)
		top = fmax(top, z[k]);
	for (size_t k = c; k-- > 0; after += exp(z[k] - top))
		out[k] = after;
	for (size_t k = 0; k < c; k++) {
		const double others = before + out[k];
		out[k] = z[k] - (others > LEAST_SUM ? top + log(others) : log_sum_but(c, z, k));
		before += exp(z[k] - top);
	}
}

static void multiply(const struct lb_decision *d, size_t c, const double *z, double *out)
{
	const double shift = d->calibration->log_probabilities ? log_sum_but(c, z, c) : 0;

	for (size_t k = 0; k < c; k++) {
		const double *w = d->matrix + k * (c + 1);
		double sum = 0;
		for (size_t j = 0; j < c; j++)
			sum += w[j] * (z[j] - shift);
		out[k] = sum + w[c];
	}
}

void lb_decision_scores(const struct lb_decision *d, size_t c, const double *z, double *out)
{
	bool none = true;

	if (d->matrix) {
		multiply(d, c, z, out);
		return;
	}
	if (!d->of_class) {
		for (size_t k = 0; k < c; k++)
			out[k] = d->map.slope * z[k];
		return;
	}
	class_logits(c, z, out);
	for (size_t k = 0; k < c; k++) {
		out[k] = -lb_log1p_exp(-lb_score_mapped(&d->of_class[k], out[k]));
		none &= isinf(out[k]);
	}
	for (size_t k = 0; none && k < c; k++)
		out[k] = 0;
}

/* ---- thresholds, on rows in the order of their scores ---- */

static int ascending(const void *a, const void *b)
{
	const double x = ((const struct lb_scored_row *)a)->z, y = ((const struct lb_scored_row *)b)->z;

	return (x > y) - (x < y);
}

void lb_scored_rows_sort(struct lb_scored_row *row, size_t n)
{
	qsort(row, n, sizeof *row, ascending);
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

static bool of_one_class(const struct lb_scored_row *row, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (row[i].y != row[0].y)
			return false;
	return n > 0;
}

static int fit_binary(struct lb_decision *d, const struct lb_scored_rows *in, const struct lb_arg *par, struct lb_scored_row *row, struct lb_err *err)
{
	const struct lb_calibration *calibration = d->calibration;

	for (size_t i = 0; i < in->n; i++)
		row[i] = (struct lb_scored_row){ in->z[i], in->y[i] };
	if ((d->one_class = of_one_class(row, in->n)))
		return 0;
	if (calibration && calibration->fit_scores && calibration->fit_scores(d, in, par, err))
		return -1;
	if (calibration && calibration->fit_score && calibration->fit_score(&d->map, row, in->n, par, err))
		return -1;
	for (size_t i = 0; i < in->n; i++)
		row[i] = (struct lb_scored_row){ lb_score_mapped(&d->map, in->z[i]), in->y[i] };
	lb_scored_rows_sort(row, in->n);
	d->threshold = choose(d->rule, row, in->n);
	return 0;
}

/* One class against the rest, for each class; logit (n, c). */
static int fit_each_class(struct lb_decision *d, const struct lb_scored_rows *in, const struct lb_arg *par, double *logit, struct lb_scored_row *row,
			  struct lb_err *err)
{
	for (size_t i = 0; i < in->n; i++)
		class_logits(in->c, in->z + i * in->c, logit + i * in->c);
	for (size_t k = 0; k < in->c; k++) {
		for (size_t i = 0; i < in->n; i++)
			row[i] = (struct lb_scored_row){ logit[i * in->c + k], (size_t)in->y[i] == k };
		if (!of_one_class(row, in->n) && d->calibration->fit_score(&d->of_class[k], row, in->n, par, err))
			return -1;
		d->map.separable |= d->of_class[k].separable;
	}
	return 0;
}

static int fit_one_against_rest(struct lb_decision *d, const struct lb_scored_rows *in, const struct lb_arg *par, struct lb_scored_row *row, struct lb_err *err)
{
	double *logit = lb_alloc(in->n, in->c * sizeof *logit, err);
	int rc = -1;

	if (logit && (d->of_class = lb_alloc(in->c, sizeof *d->of_class, err))) {
		d->classes = in->c;
		for (size_t k = 0; k < in->c; k++)
			d->of_class[k] = d->map;
		rc = fit_each_class(d, in, par, logit, row, err);
	}
	free(logit);
	return rc;
}

static int fit_matrix(struct lb_decision *d, const struct lb_scored_rows *in, const struct lb_arg *par, struct lb_err *err)
{
	if (!(d->matrix = lb_alloc(in->c, (in->c + 1) * sizeof *d->matrix, err)))
		return -1;
	d->classes = in->c;
	for (size_t k = 0; k < in->c; k++)
		d->matrix[k * (in->c + 1) + k] = 1;
	return d->calibration->fit_scores(d, in, par, err);
}

static int fit_classes(struct lb_decision *d, const struct lb_scored_rows *in, const struct lb_arg *par, struct lb_scored_row *row, struct lb_err *err)
{
	const struct lb_calibration *calibration = d->calibration;

	for (size_t i = 0; i < in->n; i++)
		row[i] = (struct lb_scored_row){ 0, in->y[i] };
	d->one_class = lb_calibration_reorders(calibration) && of_one_class(row, in->n);
	if (!calibration || d->one_class)
		return 0;
	if (calibration->matrix)
		return fit_matrix(d, in, par, err);
	if (calibration->fit_score)
		return fit_one_against_rest(d, in, par, row, err);
	return calibration->fit_scores ? calibration->fit_scores(d, in, par, err) : 0;
}

int lb_decision_fit(struct lb_decision *d, const struct lb_calibration *calibration, const struct lb_arg *par, const struct lb_threshold *rule, size_t n,
		    size_t c, const double *z, const int32_t *y, struct lb_err *err)
{
	const struct lb_scored_rows in = { n, c, z, y };
	struct lb_scored_row *row;

	*d = lb_plain_decision;
	d->rule = rule;
	d->calibration = calibration;
	d->map.steps = calibration && calibration->steps;
	if (!n)
		return 0;
	if (!(row = lb_alloc(n, sizeof *row, err)))
		return -1;
	const int rc = (c == 1 ? fit_binary : fit_classes)(d, &in, par, row, err);
	free(row);
	return rc;
}

/* ---- registry ---- */

const struct lb_calibration lb_calibration_none = {
	.base = { .name = "none", .tasks = LB_EVERY_TASK, .title = "Scores as they are", .cite = "none" },
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
