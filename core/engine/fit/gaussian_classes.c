#include "core/engine/fit/gaussian_classes.h"

#include "core/base/mem.h"
#include "core/engine/data/batch_dense.h"
#include "core/engine/kernels/squares.h"
#include "core/engine/precision.h"
#include "core/base/text.h"
#include "core/numeric/eigen.h"
#include "core/training/feature_whitening.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 512 };

struct moments {
	const struct lb_cohort *c;
	const struct lb_setup *setup;
	size_t d, classes;
	real *x;                         /* (chunk, d) */
	double *count;                   /* (classes) sums of weights */
	double *mean;                    /* (classes, d) */
	double total;
	double *var;                     /* (d) naive Bayes */
	/* LDA, one Gaussian: the lower triangle of the covariance (d, d), or of its factor; rows
	 * (LB_SQUARES, d) that are to be added to it; and the mean of |row|^4. */
	double *covariance, *row, fourth;
	size_t n_rows;
	double shrinkage, trace;         /* s, and tr(S) before it */
};

typedef void row_fn(struct moments *m, size_t class, double weight, const real *x);

/* By enum lb_closed_form: how messages name it, and what makes weights and biases of the means. */
struct fit {
	const char *name;
	int (*fit)(struct moments *m, double *w, struct lb_err *err);
};
static const struct fit fits[LB_GAUSSIAN + 1];

static void add_to_mean(struct moments *m, size_t class, double weight, const real *x)
{
	m->count[class] += weight;
	m->total += weight;
	for (size_t j = 0; j < m->d; j++)
		m->mean[class * m->d + j] += weight * (double)x[j];
}

static void each_row(struct moments *m, row_fn *add)
{
	const uint32_t *rows = m->c->split->rows[LB_TRAIN];
	const size_t n = m->c->split->n[LB_TRAIN];

	for (size_t start = 0; start < n; start += CHUNK) {
		const size_t b = n - start < CHUNK ? n - start : CHUNK;
		lb_gather(m->c->features, rows + start, b, m->x);
		for (size_t i = 0; i < b; i++) {
			const uint32_t row = rows[start + i];
			add(m, m->classes > 1 ? (size_t)m->setup->y[row] : 0, m->setup->row_weight ? m->setup->row_weight[row] : 1, m->x + i * m->d);
		}
	}
}

static int estimate_means(struct moments *m, struct lb_err *err)
{
	each_row(m, add_to_mean);
	for (size_t k = 0; k < m->classes; k++) {
		if (!(m->count[k] > 0))
			return lb_fail(err, LB_DATA,
				       "model: %s found no training row of class \"%s\", allowed: at least one (of positive weight) "
				       "in every class; raise data.split.train, keep class shares with data.split.stratify, or let data.forget leave some rows of every class",
				       fits[m->setup->model.closed_form].name, m->c->features->data->class_name ? m->c->features->data->class_name[k] : "?");
		for (size_t j = 0; j < m->d; j++)
			m->mean[k * m->d + j] /= m->count[k];
	}
	return 0;
}

/* ---- naive Bayes ---- */

static void add_to_variance(struct moments *m, size_t class, double weight, const real *x)
{
	for (size_t j = 0; j < m->d; j++) {
		const double away = (double)x[j] - m->mean[class * m->d + j];
		m->var[j] += weight * away * away;
	}
}

static int estimate_variances(struct moments *m, struct lb_err *err)
{
	if (!(m->var = lb_alloc(m->d, sizeof *m->var, err)))
		return -1;
	each_row(m, add_to_variance);
	for (size_t j = 0; j < m->d; j++)
		m->var[j] = m->var[j] / m->total + m->setup->model.smoothing;
	return 0;
}

/* Score k of each class, or with one column class 1 less class 0. */
static void fill_naive_bayes(const struct moments *m, double *w)
{
	const size_t columns = m->setup->model.width[1];
	double *bias = w + columns * m->d;

	for (size_t k = 0; k < columns; k++) {
		const size_t of = columns == 1 ? 1 : k;
		const double *mu = m->mean + of * m->d;
		bias[k] = log(m->count[of] / (columns == 1 ? m->count[0] : m->total));
		for (size_t j = 0; j < m->d; j++) {
			const double other = columns == 1 ? m->mean[j] : 0;
			w[k * m->d + j] = (mu[j] - other) / m->var[j];
			bias[k] -= (mu[j] - other) * (mu[j] + other) / (2 * m->var[j]);
		}
	}
}

/* ---- linear discriminant analysis ---- */

static void add_rows(struct moments *m)
{
	memset(m->row + m->n_rows * m->d, 0, (LB_SQUARES - m->n_rows) * m->d * sizeof *m->row);
	lb_add_squares(m->d, m->row, m->covariance);
	m->n_rows = 0;
}

static void add_to_covariance(struct moments *m, size_t class, double weight, const real *x)
{
	const double *mean = m->mean + class * m->d, root = sqrt(weight);
	double *row = m->row + m->n_rows * m->d, square = 0;

	for (size_t j = 0; j < m->d; j++) {
		row[j] = root * ((double)x[j] - mean[j]);
		square += row[j] * row[j];
	}
	m->fourth += weight > 0 ? square / weight * square / m->total : 0;
	if (++m->n_rows == LB_SQUARES)
		add_rows(m);
}

/* Ledoit and Wolf's, of the covariance whose trace and sum of squares are given. */
static double best_shrinkage(const struct moments *m, double trace, double squares)
{
	const double d = (double)m->d, mu = trace / d;
	const double distance = (squares - 2 * mu * trace + d * mu * mu) / d, error = (m->fourth - squares) / (d * m->total);

	return error > 0 ? fmin(error, distance) / distance : 0;
}

/* The covariance within the classes, and how much it is to be shrunk. */
static int sum_covariance(struct moments *m, struct lb_err *err)
{
	const struct lb_model_spec *model = &m->setup->model;
	const size_t d = m->d;
	double squares = 0;

	m->covariance = lb_alloc(d, d * sizeof *m->covariance, err);
	m->row = lb_alloc(LB_SQUARES, d * sizeof *m->row, err);
	if (!m->covariance || !m->row)
		return -1;
	each_row(m, add_to_covariance);
	add_rows(m);
	for (size_t i = 0; i < d; i++)
		for (size_t j = 0; j <= i; j++) {
			const double v = m->covariance[i * d + j] /= m->total;
			m->trace += i == j ? v : 0;
			squares += (i == j ? 1 : 2) * v * v;
		}
	m->shrinkage = model->covariance == LB_LEDOIT_WOLF ? best_shrinkage(m, m->trace, squares) : model->covariance == LB_SHRUNK ? model->shrinkage : 0;
	return 0;
}

/* A variance after shrinkage. */
static double shrunk(const struct moments *m, double v)
{
	return (1 - m->shrinkage) * v + m->shrinkage * m->trace / (double)m->d;
}

static void shrink(struct moments *m)
{
	const size_t d = m->d;

	for (size_t i = 0; i < d; i++)
		for (size_t j = 0; j <= i; j++) {
			double *v = &m->covariance[i * d + j];
			*v = i == j ? shrunk(m, *v) : (1 - m->shrinkage) * *v;
		}
}

/* Of a feature's variance, the share that the features before it must leave unexplained. */
#define LEAST_OWN_SHARE 1e-10

/* m->covariance <- its factor. Returns false where it has no inverse, or nearly none. */
static bool factorise(struct moments *m)
{
	const size_t d = m->d;
	double *variance = m->row;

	for (size_t i = 0; i < d; i++)
		variance[i] = m->covariance[i * d + i];
	if (!lb_cholesky(d, m->covariance))
		return false;
	for (size_t i = 0; i < d; i++)
		if (!(m->covariance[i * d + i] * m->covariance[i * d + i] > LEAST_OWN_SHARE * variance[i]))
			return false;
	return true;
}

static int refuse_covariance(const struct moments *m, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "model: %s found features whose covariance%s has no inverse (constant ones, or sums of others), "
		       "allowed: model.covariance ledoit_wolf, or shrunk", fits[m->setup->model.closed_form].name, m->classes > 1 ? " within the classes" : "");
}

static int estimate_covariance(struct moments *m, struct lb_err *err)
{
	if (sum_covariance(m, err))
		return -1;
	shrink(m);
	return factorise(m) ? 0 : refuse_covariance(m, err);
}

static void fill_discriminant(const struct moments *m, double *w)
{
	const size_t columns = m->setup->model.width[1];
	double *bias = w + columns * m->d;

	for (size_t k = 0; k < columns; k++) {
		const size_t of = columns == 1 ? 1 : k;
		const double *mu = m->mean + of * m->d;
		double *row = w + k * m->d;
		for (size_t j = 0; j < m->d; j++)
			row[j] = mu[j] - (columns == 1 ? m->mean[j] : 0);
		lb_cholesky_solve(m->d, m->covariance, row);
		bias[k] = log(m->count[of] / (columns == 1 ? m->count[0] : m->total));
		for (size_t j = 0; j < m->d; j++)
			bias[k] -= row[j] * (mu[j] + (columns == 1 ? m->mean[j] : 0)) / 2;
	}
}

/* ---- one Gaussian ---- */

/* Row k of the weights, v / root, and its bias, so that the mean gives 0. */
static void put_direction(const struct moments *m, size_t k, const double *v, double root, double *w)
{
	double *row = w + k * m->d, *bias = w + m->d * m->d + k;

	*bias = 0;
	for (size_t j = 0; j < m->d; j++) {
		row[j] = v[j] / root;
		*bias -= row[j] * m->mean[j];
	}
}

/* L^-1, row by row. */
static void fill_whitening(const struct moments *m, double *w)
{
	const size_t d = m->d;

	for (size_t i = 0; i < d; i++) {
		const double *factor = m->covariance + i * d;
		double *row = w + i * d;
		memset(row, 0, d * sizeof *row);
		row[i] = 1;
		for (size_t k = 0; k < i; k++)
			for (size_t j = 0; j <= k; j++)
				row[j] -= factor[k] * w[k * d + j];
		put_direction(m, i, row, factor[i], w);
	}
}

struct component {
	double variance;
	size_t at;               /* its row among the eigenvectors */
};

static int by_variance(const void *a, const void *b)
{
	const struct component *x = a, *y = b;

	return x->variance < y->variance ? 1 : x->variance > y->variance ? -1 : (x->at > y->at) - (x->at < y->at);
}

/* Returns how many components, in this order, have the share of the variance. */
static size_t count_high(const struct moments *m, const struct component *c)
{
	double sum = 0, all = 0;
	size_t n = 0;

	for (size_t k = 0; k < m->d; k++)
		all += c[k].variance;
	while (n < m->d && sum < m->setup->model.variance * all)
		sum += c[n++].variance;
	return n;
}

/* w <- the components of c[from .. to); the other rows stay 0. */
static int put_components(const struct moments *m, const struct component *c, const double *vector, size_t from, size_t to, double *w, struct lb_err *err)
{
	const double least = LEAST_OWN_SHARE * shrunk(m, c[0].variance);

	if (from >= to)
		return lb_fail(err, LB_DATA, "model.components: found low with variance %g, which all %zu component%s of the training rows %s needed for; allowed: high, all, "
			       "or a smaller variance", m->setup->model.variance, m->d, lb_s(m->d), m->d == 1 ? "is" : "are");
	for (size_t k = from; k < to; k++) {
		const double variance = shrunk(m, c[k].variance);
		if (!(variance > least))
			return refuse_covariance(m, err);
		put_direction(m, k, vector + c[k].at * m->d, sqrt(variance), w);
	}
	return 0;
}

/* The eigenvectors of the covariance, of which high or low ones are taken. */
static int fit_components(struct moments *m, double *w, struct lb_err *err)
{
	const size_t d = m->d;
	double *vector = lb_alloc(d, d * sizeof *vector, err);
	struct component *c = lb_alloc(d, sizeof *c, err);
	int rc = vector && c ? sum_covariance(m, err) : -1;

	if (!rc) {
		for (size_t i = 0; i < d; i++)
			for (size_t j = 0; j < i; j++)
				m->covariance[j * d + i] = m->covariance[i * d + j];
		lb_eigen_symmetric(d, m->covariance, vector);
		for (size_t k = 0; k < d; k++)
			c[k] = (struct component){ m->covariance[k * d + k], k };
		qsort(c, d, sizeof *c, by_variance);
		const size_t high = count_high(m, c);
		const bool low = m->setup->model.components == LB_LOW_COMPONENTS;
		rc = put_components(m, c, vector, low ? high : 0, low ? d : high, w, err);
	}
	free(vector);
	free(c);
	return rc;
}

static int fit_gaussian(struct moments *m, double *w, struct lb_err *err)
{
	if (m->setup->model.components != LB_ALL_COMPONENTS)
		return fit_components(m, w, err);
	if (estimate_covariance(m, err))
		return -1;
	fill_whitening(m, w);
	return 0;
}

/* ---- all ---- */

static int fit_naive_bayes(struct moments *m, double *w, struct lb_err *err)
{
	if (estimate_variances(m, err))
		return -1;
	fill_naive_bayes(m, w);
	return 0;
}

static int fit_discriminant(struct moments *m, double *w, struct lb_err *err)
{
	if (estimate_covariance(m, err))
		return -1;
	fill_discriminant(m, w);
	return 0;
}

static const struct fit fits[LB_GAUSSIAN + 1] = {
	[LB_NAIVE_BAYES] = { "naive_bayes", fit_naive_bayes },
	[LB_LDA] = { "lda", fit_discriminant },
	[LB_GAUSSIAN] = { "gaussian", fit_gaussian },
};

int lb_gaussian_classes(const struct lb_cohort *c, const struct lb_setup *setup, double *w, struct lb_err *err)
{
	const bool one = setup->model.closed_form == LB_GAUSSIAN; /* of all training rows */
	struct moments m = { .c = c, .setup = setup, .d = c->features->d, .classes = one ? 1 : c->features->data->n_classes };
	int rc = -1;

	m.x = lb_alloc_aligned(CHUNK * m.d, sizeof(real), err);
	m.count = lb_alloc(m.classes, sizeof *m.count, err);
	m.mean = lb_alloc(m.classes * m.d, sizeof *m.mean, err);
	if (m.x && m.count && m.mean)
		rc = estimate_means(&m, err) || fits[setup->model.closed_form].fit(&m, w, err) ? -1 : 0;
	free(m.x);
	free(m.count);
	free(m.mean);
	free(m.var);
	free(m.covariance);
	free(m.row);
	return rc;
}
