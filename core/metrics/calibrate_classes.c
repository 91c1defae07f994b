/* Calibrations of all scores of a row at once. */
#include "core/base/mem.h"
#include "core/metrics/decision_rule.h"
#include "core/numeric/logistic.h"
#include "core/numeric/minimise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- temperature ---- */

/* The derivative of the summed log-loss of s z by s, which rises with s. */
static double slope_by_scale(const struct lb_scored_rows *in, double s)
{
	double sum = 0;

	for (size_t i = 0; i < in->n; i++) {
		const double *z = in->z + i * in->c;
		double top = z[0], all = 0, mean = 0;
		if (in->c == 1) {
			sum += z[0] * (lb_expit(s * z[0]) - in->y[i]);
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

static int fit_temperature(struct lb_decision *d, const struct lb_scored_rows *in, const struct lb_arg *par, struct lb_err *err)
{
	(void)par, (void)err;
	d->map.slope = d->map.below = best_scale(in);
	return 0;
}

/* ---- vector, matrix, Dirichlet ---- */

enum { OFF_DIAGONAL, INTERCEPTS };

/* Mean cross-entropy of the softmax of W x + b, and the penalties. Variables are W and b row by row
 * as in struct lb_decision, or, without penalties, the diagonal of W alone, then b. */
struct linear_map {
	const struct lb_scored_rows *in;
	const double *x;         /* (n, c) scores, or log-probabilities */
	bool diagonal;
	double off_diagonal, intercepts; /* weights of their squares */
	const bool *seen;        /* (c) whether a class has rows; the variables of the others stay as they are */
	double *score;           /* (c) */
};

static void map_row(const struct linear_map *m, const double *w, const double *x)
{
	const size_t c = m->in->c;

	for (size_t k = 0; k < c; k++) {
		const double *row = w + k * (c + 1);
		m->score[k] = m->diagonal ? w[k] * x[k] + w[c + k] : row[c];
		for (size_t j = 0; !m->diagonal && j < c; j++)
			m->score[k] += row[j] * x[j];
	}
}

/* Adds the gradient of row x by w, whose derivative by score k is q. */
static void add_slope(const struct linear_map *m, size_t k, double q, const double *x, double *slope)
{
	const size_t c = m->in->c;

	if (!m->seen[k])
		return;
	if (m->diagonal) {
		slope[k] += q * x[k];
		slope[c + k] += q;
		return;
	}
	slope += k * (c + 1);
	for (size_t j = 0; j < c; j++)
		slope[j] += q * x[j];
	slope[c] += q;
}

/* Returns the penalties at w, and adds their gradient. */
static double add_penalties(const struct linear_map *m, const double *w, double *slope)
{
	const size_t c = m->in->c;
	double value = 0;

	for (size_t k = 0; k < c && !m->diagonal; k++) {
		if (!m->seen[k])
			continue;
		for (size_t j = 0; j <= c; j++) {
			const size_t at = k * (c + 1) + j;
			const double weight = j == c ? m->intercepts : j == k ? 0 : m->off_diagonal;
			value += weight * w[at] * w[at];
			slope[at] += 2 * weight * w[at];
		}
	}
	return value;
}

static double mapped_loss(void *arg, const double *w, double *slope, size_t n)
{
	const struct linear_map *m = arg;
	const size_t c = m->in->c;
	const double rows = (double)m->in->n;
	double value = 0;

	memset(slope, 0, n * sizeof *slope);
	for (size_t i = 0; i < m->in->n; i++) {
		const double *x = m->x + i * c;
		const size_t y = (size_t)m->in->y[i];
		double top = -(double)INFINITY, sum = 0;
		map_row(m, w, x);
		const double own = m->score[y];
		for (size_t k = 0; k < c; k++)
			top = fmax(top, m->score[k]);
		for (size_t k = 0; k < c; k++)
			sum += m->score[k] = exp(m->score[k] - top);
		value += (top + log(fmax(sum, 1)) - own) / rows; /* the largest adds 1 */
		for (size_t k = 0; k < c; k++)
			add_slope(m, k, (m->score[k] / sum - (k == y)) / rows, x, slope);
	}
	return value + add_penalties(m, w, slope);
}

static int minimise_map(struct lb_decision *d, struct linear_map *m, size_t n, double *w, struct lb_err *err)
{
	const struct lb_smooth_function f = { .n = n, .value = mapped_loss, .arg = m, .tolerance = 1e-9, .largest = LB_LARGEST_CALIBRATION,
					      .least = LB_LEAST_CALIBRATION, .iterations = 20000 };

	return lb_minimise(&f, w, &d->map.separable, err);
}

/* Fits the variables (2 c) of a diagonal W, and moves the intercepts to a sum of 0. */
static int fit_diagonal(struct lb_decision *d, struct linear_map *m, struct lb_err *err)
{
	const size_t c = m->in->c;
	double *w = lb_alloc(2 * c, sizeof *w, err), mean = 0;

	for (size_t k = 0; w && k < c; k++)
		w[k] = 1;
	const int rc = w ? minimise_map(d, m, 2 * c, w, err) : -1;
	for (size_t k = 0; !rc && k < c; k++)
		mean += w[c + k] / (double)c;
	for (size_t k = 0; !rc && k < c; k++) {
		d->matrix[k * (c + 1) + k] = w[k];
		d->matrix[k * (c + 1) + c] = w[c + k] - mean;
	}
	free(w);
	return rc;
}

/* x (n, c) <- the log-probabilities of the scores. */
static void to_log_probabilities(const struct lb_scored_rows *in, double *x)
{
	for (size_t i = 0; i < in->n; i++) {
		const double *z = in->z + i * in->c;
		double top = z[0], sum = 0;
		for (size_t k = 1; k < in->c; k++)
			top = fmax(top, z[k]);
		for (size_t k = 0; k < in->c; k++)
			sum += exp(z[k] - top);
		for (size_t k = 0; k < in->c; k++)
			x[i * in->c + k] = z[k] - (top + log(sum));
	}
}

static int fit_map(struct lb_decision *d, const struct lb_scored_rows *in, const struct lb_arg *par, struct lb_err *err)
{
	const size_t c = in->c;
	double *x = d->calibration->log_probabilities ? lb_alloc(in->n, c * sizeof *x, err) : NULL;
	double *score = lb_alloc(c, sizeof *score, err);
	bool *seen = lb_alloc(c, sizeof *seen, err);
	struct linear_map m = { .in = in, .x = x ? x : in->z, .diagonal = !d->calibration->base.n_params, .seen = seen, .score = score };
	int rc = -1;

	if (!m.diagonal) {
		m.off_diagonal = par[OFF_DIAGONAL].v / ((double)c * (double)(c > 1 ? c - 1 : 1));
		m.intercepts = par[INTERCEPTS].v / (double)c;
	}
	if (score && seen && (x || !d->calibration->log_probabilities)) {
		for (size_t i = 0; i < in->n; i++)
			seen[in->y[i]] = true;
		if (x)
			to_log_probabilities(in, x);
		rc = m.diagonal ? fit_diagonal(d, &m, err) : minimise_map(d, &m, c * (c + 1), d->matrix, err);
	}
	free(x);
	free(score);
	free(seen);
	return rc;
}

/* ---- registry ---- */

const struct lb_calibration lb_calibration_temperature = {
	.base = {
		.name = "temperature",
		.tasks = LB_CALIBRATED_TASKS,
		.title = "Scores divided by the temperature of the smallest log-loss",
		.cite = "C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, On calibration of modern neural networks, ICML 2017",
		.formula = "z / T",
		.notes = "T from 0.01 to 100.",
		.keywords = "temperature_scaling",
	},
	.fit_scores = fit_temperature,
};

#define ABSENT "A class without validation rows keeps its score. Where scores tell the validation rows' classes without a mistake the log-loss has no minimum: fitting ends when it is below 1e-6."

const struct lb_calibration lb_calibration_vector = {
	.base = {
		.name = "vector",
		.tasks = LB_CALIBRATED_TASKS & ~(1u << LB_BINARY),
		.title = "A slope and an intercept for the score of each class, of the smallest log-loss",
		.cite = "C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, On calibration of modern neural networks, ICML 2017",
		.formula = "a_k z_k + b_k;  sum_k b_k = 0",
		.notes = ABSENT,
		.keywords = "vector_scaling",
	},
	.matrix = true,
	.fit_scores = fit_map,
};

static const struct lb_param map_params[] = {
	[OFF_DIAGONAL] = { .name = "off_diagonal", .symbol = "lambda", .def = 10, .min = 0, .max = 1e6, .log_scale = true, .grid = { 0.1, 10, 1000 }, .n_grid = 3,
			   .help = "weight of the mean square of the matrix's entries off its diagonal" },
	[INTERCEPTS] = { .name = "intercepts", .symbol = "mu", .def = 1, .min = 0, .max = 1e6, .log_scale = true, .grid = { 0.1, 1, 10 }, .n_grid = 3,
			 .help = "weight of the mean square of the intercepts" },
};
#define PENALTIES "mean cross-entropy + lambda/(C(C-1)) sum_{j != k} W_jk^2 + mu/C sum_k b_k^2"

const struct lb_calibration lb_calibration_matrix = {
	.base = {
		.name = "matrix",
		.tasks = LB_CALIBRATED_TASKS & ~(1u << LB_BINARY),
		.title = "A matrix and intercepts for the scores of all classes",
		.cite = "C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, On calibration of modern neural networks, ICML 2017; penalties of M. Kull et al., NeurIPS 2019",
		.formula = "W z + b, which minimise " PENALTIES,
		.notes = "The diagonal is free. Time grows as rows C^2. " ABSENT,
		.keywords = "matrix_scaling odir",
		LB_PARAMS(map_params),
	},
	.matrix = true,
	.fit_scores = fit_map,
};

const struct lb_calibration lb_calibration_dirichlet = {
	.base = {
		.name = "dirichlet",
		.tasks = LB_CALIBRATED_TASKS & ~(1u << LB_BINARY),
		.title = "A matrix and intercepts for the log-probabilities of all classes",
		.cite = "M. Kull et al., Beyond temperature scaling: obtaining well-calibrated multi-class probabilities with Dirichlet calibration, NeurIPS 2019",
		.formula = "W log p + b, which minimise " PENALTIES ";  p = softmax(z)",
		.notes = "The diagonal is free. Time grows as rows C^2. " ABSENT,
		.keywords = "dirichlet_calibration odir",
		LB_PARAMS(map_params),
	},
	.matrix = true,
	.log_probabilities = true,
	.fit_scores = fit_map,
};
