/* Calibrations of one score: of a binary task, or of each class against the rest. */
#include "core/base/mem.h"
#include "core/metrics/decision_rule.h"
#include "core/numeric/logistic.h"
#include "core/numeric/minimise.h"

#include <math.h>
#include <stdlib.h>

/* The first row from i on whose score is another than that of row i. */
static size_t end_of_ties(const struct lb_scored_row *row, size_t n, size_t i)
{
	const double z = row[i].z;

	while (i < n && row[i].z <= z)
		i++;
	return i;
}

static int open_knots(struct lb_score_map *m, size_t n, struct lb_err *err)
{
	m->z = lb_alloc(n, sizeof *m->z, err);
	m->p = lb_alloc(n, sizeof *m->p, err);
	return m->z && m->p ? 0 : -1;
}

/* ---- Platt's sigmoid ---- */

struct platt {
	double a, b, value, ga, gb, haa, hab, hbb;
};

static void platt_at(const struct lb_scored_row *row, size_t n, double positive, double negative, struct platt *q)
{
	q->value = q->ga = q->gb = q->hab = 0;
	q->haa = q->hbb = 1e-12;
	for (size_t i = 0; i < n; i++) {
		const double z = row[i].z, f = q->a * z + q->b, t = row[i].y ? positive : negative, p = lb_expit(f), w = p * lb_expit(-f);
		q->value += fmax(f, 0) - t * f + log1p(exp(-fabs(f)));
		q->ga += (p - t) * z;
		q->gb += p - t;
		q->haa += w * z * z;
		q->hab += w * z;
		q->hbb += w;
	}
}

/* Newton's steps, halved until the value falls. */
static int fit_platt(struct lb_score_map *m, struct lb_scored_row *row, size_t n, const struct lb_arg *par, struct lb_err *err)
{
	double n1 = 0;

	(void)par, (void)err;
	for (size_t i = 0; i < n; i++)
		n1 += row[i].y;
	const double n0 = (double)n - n1, positive = (n1 + 1) / (n1 + 2), negative = 1 / (n0 + 2);
	struct platt at = { .b = log((n1 + 1) / (n0 + 1)) };
	platt_at(row, n, positive, negative, &at);
	for (int i = 0; i < 200 && fmax(fabs(at.ga), fabs(at.gb)) > 1e-12 * (double)n; i++) {
		const double det = at.haa * at.hbb - at.hab * at.hab;
		const double da = -(at.hbb * at.ga - at.hab * at.gb) / det, db = -(at.haa * at.gb - at.hab * at.ga) / det;
		struct platt next = at;
		double step = 1;
		for (; step > 1e-10; step /= 2) {
			next.a = at.a + step * da;
			next.b = at.b + step * db;
			platt_at(row, n, positive, negative, &next);
			if (next.value < at.value + 1e-4 * step * (at.ga * da + at.gb * db))
				break;
		}
		if (step <= 1e-10)
			break;
		at = next;
	}
	m->slope = m->below = at.a;
	m->intercept = at.b;
	return 0;
}

/* ---- beta ---- */

enum { BELOW, ABOVE, SHIFT, BETA_VARIABLES };

struct beta {
	const struct lb_scored_row *row;
	size_t rows;
	bool zero[BETA_VARIABLES]; /* stays 0 */
};

/* The mean log-loss of what scores become by the variables. */
static double beta_value(void *arg, const double *w, double *slope, size_t n)
{
	const struct beta *b = arg;
	double value = 0;

	for (size_t k = 0; k < n; k++)
		slope[k] = 0;
	for (size_t i = 0; i < b->rows; i++) {
		const double z = b->row[i].z, y = b->row[i].y, x[BETA_VARIABLES] = { [BELOW] = -lb_log1p_exp(-z), [ABOVE] = lb_log1p_exp(z), [SHIFT] = 1 };
		const double f = w[BELOW] * x[BELOW] + w[ABOVE] * x[ABOVE] + w[SHIFT];
		value += (lb_log1p_exp(f) - y * f) / (double)b->rows;
		for (size_t k = 0; k < n; k++)
			slope[k] += b->zero[k] ? 0 : (lb_expit(f) - y) / (double)b->rows * x[k];
	}
	return value;
}

/* Fits again without a slope that came out negative, that below first. */
static int fit_beta(struct lb_score_map *m, struct lb_scored_row *row, size_t n, const struct lb_arg *par, struct lb_err *err)
{
	struct beta b = { .row = row, .rows = n };
	const struct lb_smooth_function f = { .n = BETA_VARIABLES, .value = beta_value, .arg = &b, .tolerance = 1e-9, .largest = LB_LARGEST_CALIBRATION,
					      .least = LB_LEAST_CALIBRATION, .iterations = 1000 };
	double w[BETA_VARIABLES];

	(void)par;
	for (int negative = ABOVE;;) {
		w[BELOW] = !b.zero[BELOW];
		w[ABOVE] = !b.zero[ABOVE];
		w[SHIFT] = 0;
		if (lb_minimise(&f, w, &m->separable, err))
			return -1;
		if (w[BELOW] < 0)
			negative = BELOW;
		else if (w[ABOVE] < 0)
			negative = ABOVE;
		else
			break;
		b.zero[negative] = true;
	}
	m->below = w[BELOW];
	m->slope = w[ABOVE];
	m->intercept = w[SHIFT];
	return 0;
}

/* ---- isotonic ---- */

/* Pools adjacent violators over the different scores; every different score is a knot. */
static int fit_isotonic(struct lb_score_map *m, struct lb_scored_row *row, size_t n, const struct lb_arg *par, struct lb_err *err)
{
	double *sum = lb_alloc(2 * n, sizeof *sum, err), *count = sum ? sum + n : NULL;
	size_t *last = lb_alloc(n, sizeof *last, err), blocks = 0, knots = 0;
	const bool ok = !open_knots(m, n, err) && sum && last;

	(void)par;
	lb_scored_rows_sort(row, n);
	for (size_t i = 0; ok && i < n;) {
		sum[blocks] = count[blocks] = 0;
		m->z[knots] = row[i].z;
		for (const size_t end = end_of_ties(row, n, i); i < end; i++) {
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
			m->p[k] = sum[b] / count[b];
	m->n_knots = knots;
	free(sum);
	free(last);
	return ok ? 0 : -1;
}

/* ---- histogram binning ---- */

enum { BINS, EDGES };
enum { EQUAL_WIDTH, EQUAL_MASS };
static const char *const edges[] = { "width", "mass", NULL };

/* Bin k holds k/M <= p < (k+1)/M, p the sigmoid of the score; a bin without rows has its middle. */
static void equal_width(struct lb_score_map *m, const struct lb_scored_row *row, size_t n, size_t bins)
{
	m->n_knots = bins;
	for (size_t k = 0, i = 0; k < bins; k++) {
		const double next = k + 1 < bins ? log((double)(k + 1) / (double)(bins - k - 1)) : (double)INFINITY;
		double hits = 0, rows = 0;
		for (; i < n && row[i].z < next; i++, rows++)
			hits += row[i].y;
		m->p[k] = rows > 0 ? hits / rows : ((double)k + 0.5) / (double)bins;
		if (k + 1 < bins)
			m->z[k + 1] = next;
	}
}

/* Rows of equal scores stay together: bin k ends with those of row k n / M. */
static void equal_mass(struct lb_score_map *m, const struct lb_scored_row *row, size_t n, size_t bins)
{
	for (size_t k = 1, i = 0; k <= bins; k++) {
		const size_t upto = (size_t)((double)k * (double)n / (double)bins);
		double hits = 0;
		if (upto <= i)
			continue;
		const size_t end = end_of_ties(row, n, upto - 1), rows = end - i;
		for (; i < end; i++)
			hits += row[i].y;
		m->p[m->n_knots++] = hits / (double)rows;
		if (end < n)
			m->z[m->n_knots] = row[end - 1].z / 2 + row[end].z / 2;
	}
}

/* The lowest bin has no lower edge: its knot repeats the next one. */
static int fit_histogram(struct lb_score_map *m, struct lb_scored_row *row, size_t n, const struct lb_arg *par, struct lb_err *err)
{
	const size_t bins = (size_t)par[BINS].v;

	if (open_knots(m, bins + 1, err))
		return -1;
	lb_scored_rows_sort(row, n);
	(par[EDGES].v > EQUAL_WIDTH ? equal_mass : equal_width)(m, row, n, bins);
	m->z[0] = m->n_knots > 1 ? m->z[1] : 0;
	return 0;
}

/* ---- spline ---- */

enum { KNOTS };
enum { LEAST_KNOTS = 2 };

/* The values of the K natural cubic splines with knots 0, 1/(K-1), ..., 1 at x, or their
 * derivatives (T. Hastie, R. Tibshirani, J. Friedman, The Elements of Statistical Learning, 2nd
 * ed., eq. 5.4 and 5.5). */
static void natural_splines(size_t k, double x, bool derivative, double *out)
{
	const double gaps = (double)(k - 1), beyond = fmax(x - 1, 0);
	double last = 0;

	out[0] = !derivative;
	out[1] = derivative ? 1 : x;
	for (size_t j = k - 1; j-- > 0;) {
		const double at = (double)j / gaps, in = fmax(x - at, 0);
		const double d = (derivative ? 3 * (in * in - beyond * beyond) : in * in * in - beyond * beyond * beyond) / (1 - at);
		if (j == k - 2)
			last = d;
		else
			out[j + 2] = d - last;
	}
}

/* Replaces the columns a (k, n) by what their QR decomposition leaves, and returns in w (k) the
 * least-squares coefficients of y (n), which is destroyed; 0 for a column that depends on those
 * before it. r (k, k) is scratch. Modified Gram-Schmidt. */
static void least_squares(size_t k, size_t n, double *a, double *y, double *r, double *w)
{
	for (size_t j = 0; j < k; j++) {
		double *q = a + j * n, length = 0, before = 0, share = 0;
		for (size_t i = 0; i < n; i++)
			length += q[i] * q[i];
		for (size_t l = 0; l < j; l++)
			before += r[l * k + j] * r[l * k + j];
		length = sqrt(length);
		const bool depends = length <= 1e-10 * sqrt(before);
		r[j * k + j] = depends ? 0 : length;
		for (size_t i = 0; i < n; i++) {
			q[i] = depends ? 0 : q[i] / length;
			share += q[i] * y[i];
		}
		w[j] = share;
		for (size_t i = 0; i < n; i++)
			y[i] -= share * q[i];
		for (size_t l = j + 1; l < k; l++) {
			double *other = a + l * n, along = 0;
			for (size_t i = 0; i < n; i++)
				along += q[i] * other[i];
			r[j * k + l] = along;
			for (size_t i = 0; i < n; i++)
				other[i] -= along * q[i];
		}
	}
	for (size_t j = k; j-- > 0;) {
		for (size_t l = j + 1; l < k; l++)
			w[j] -= r[j * k + l] * w[l];
		w[j] = r[j * k + j] > 0 ? w[j] / r[j * k + j] : 0;
	}
}

/* y (n) <- the share of hits of all rows up to each; those of equal scores hit alike. Returns how
 * many scores differ. */
static size_t cumulative_hits(const struct lb_scored_row *row, size_t n, double *y)
{
	double sum = 0;
	size_t different = 0;

	for (size_t i = 0; i < n; different++) {
		const size_t first = i, end = end_of_ties(row, n, i);
		double hits = 0;
		for (size_t at = i; at < end; at++)
			hits += row[at].y;
		for (; i < end; i++)
			y[i] = (sum + hits * (double)(i + 1 - first) / (double)(end - first)) / (double)n;
		sum += hits;
	}
	return different;
}

/* Every different score is a knot of the map, with the spline's slope at the middle of its
 * fractiles. */
static void slopes(struct lb_score_map *m, const struct lb_scored_row *row, size_t n, size_t k, const double *w, double *basis)
{
	for (size_t i = 0; i < n;) {
		const size_t end = end_of_ties(row, n, i);
		double slope = 0;
		natural_splines(k, (double)(i + 1 + end) / (2 * (double)n), true, basis);
		for (size_t j = 0; j < k; j++)
			slope += w[j] * basis[j];
		m->z[m->n_knots] = row[i].z;
		m->p[m->n_knots++] = fmin(fmax(slope, 0), 1);
		i = end;
	}
}

static int fit_spline(struct lb_score_map *m, struct lb_scored_row *row, size_t n, const struct lb_arg *par, struct lb_err *err)
{
	size_t k = (size_t)par[KNOTS].v;
	double *a = lb_alloc(n, (k + 1) * sizeof *a, err), *r = lb_alloc(k, (k + 2) * sizeof *r, err);
	const bool ok = !open_knots(m, n, err) && a && r;

	if (ok) {
		double *y = a + k * n, *w = r + k * k, *basis = w + k;
		lb_scored_rows_sort(row, n);
		const size_t different = cumulative_hits(row, n, y);
		k = k < different ? k : different < LEAST_KNOTS ? LEAST_KNOTS : different;
		for (size_t i = 0; i < n; i++) {
			natural_splines(k, (double)(i + 1) / (double)n, false, basis);
			for (size_t j = 0; j < k; j++)
				a[j * n + i] = basis[j];
		}
		least_squares(k, n, a, y, r, w);
		slopes(m, row, n, k, w, basis);
	}
	free(a);
	free(r);
	return ok ? 0 : -1;
}

/* ---- registry ---- */

static const struct lb_param histogram_params[] = {
	[BINS] = { .name = "bins", .symbol = "M", .type = LB_INT_PARAM, .def = 15, .min = 1, .max = 10000, .grid = { 10, 15, 20 }, .n_grid = 3,
		   .help = "number of bins of the probability" },
	[EDGES] = { .name = "edges", .symbol = "edges", .type = LB_CHOICE_PARAM, .choices = edges, .def = EQUAL_WIDTH,
		    .help = "width: bins of equal width; mass: of equally many rows, or as nearly as equal scores allow" },
};

static const struct lb_param spline_params[] = {
	[KNOTS] = { .name = "knots", .symbol = "K", .type = LB_INT_PARAM, .def = 6, .min = LEAST_KNOTS, .max = 100, .grid = { 4, 6, 10 }, .n_grid = 3,
		    .help = "knots of the spline, equally far from each other" },
};

#define REST "With several classes: of each class against the rest, divided by their sum. "

const struct lb_calibration lb_calibration_platt = {
	.base = {
		.name = "platt",
		.tasks = LB_CALIBRATED_TASKS,
		.title = "A sigmoid of the smallest log-loss",
		.cite = "J. Platt, Probabilistic outputs for support vector machines, 1999; H.-T. Lin, C.-J. Lin, R. C. Weng, Machine Learning 68, 2007",
		.formula = "a z + b, against targets (n1 + 1)/(n1 + 2) and 1/(n0 + 2)",
		.notes = REST,
		.keywords = "sigmoid logistic_calibration",
	},
	.fit_score = fit_platt,
};

const struct lb_calibration lb_calibration_beta = {
	.base = {
		.name = "beta",
		.tasks = LB_CALIBRATED_TASKS,
		.title = "A beta law's likelihood ratio: other slopes for probabilities near 0 and near 1",
		.cite = "M. Kull, T. Silva Filho, P. Flach, Beta calibration: a well-founded and easily implemented improvement on logistic calibration for "
			"binary classifiers, AISTATS 2017",
		.formula = "a log p - b log(1 - p) + c, a >= 0, b >= 0, of the smallest log-loss;  p = sigmoid(z)",
		.notes = REST "A slope that comes out negative is held at 0 and the others are fitted again. Probabilities are not clipped: their logarithms are "
			 "taken from the scores.",
		.keywords = "beta_calibration",
	},
	.fit_score = fit_beta,
};

const struct lb_calibration lb_calibration_isotonic = {
	.base = {
		.name = "isotonic",
		.tasks = LB_CALIBRATED_TASKS,
		.title = "The non-descending probabilities of the smallest squared error",
		.cite = "B. Zadrozny, C. Elkan, Transforming classifier scores into accurate multiclass probability estimates, KDD 2002",
		.notes = REST "Equal scores are pooled. Probabilities may be 0 or 1, whose log-loss is infinite where they are wrong.",
		.keywords = "isotonic_regression pav",
	},
	.fit_score = fit_isotonic,
};

const struct lb_calibration lb_calibration_histogram = {
	.base = {
		.name = "histogram",
		.tasks = LB_CALIBRATED_TASKS,
		.title = "The share of positives in each bin of the probability",
		.cite = "B. Zadrozny, C. Elkan, Obtaining calibrated probability estimates from decision trees and naive Bayesian classifiers, ICML 2001",
		.formula = "n1(bin) / n(bin);  bin k holds k/M <= p < (k + 1)/M, p = sigmoid(z)",
		.notes = REST "A bin of equal width without rows has its middle. Probabilities may be 0 or 1, whose log-loss is infinite where they are wrong.",
		.keywords = "histogram_binning binning",
		LB_PARAMS(histogram_params),
	},
	.fit_score = fit_histogram,
	.steps = true,
};

const struct lb_calibration lb_calibration_spline = {
	.base = {
		.name = "spline",
		.tasks = 1u << LB_BINARY,
		.title = "The slope of a spline through the cumulative share of positives",
		.cite = "K. Gupta et al., Calibration of neural networks using splines, ICLR 2021",
		.formula = "h'(i/n), h the natural cubic spline of the smallest squared distance from (1/n) sum_{j <= i} y_j, rows by rising score",
		.notes = "Linear between scores, constant beyond, clipped to 0 and 1; it need not rise. Equal scores share the middle of their fractiles. "
			 "Wants many more rows than knots; has no more knots than scores that differ.",
		.keywords = "spline_calibration",
		LB_PARAMS(spline_params),
	},
	.fit_score = fit_spline,
};
