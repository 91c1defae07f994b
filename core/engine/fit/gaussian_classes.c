#include "core/engine/fit/gaussian_classes.h"

#include "core/base/mem.h"
#include "core/engine/data/batch_dense.h"
#include "core/engine/kernels/squares.h"
#include "core/engine/precision.h"
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
	/* LDA: the lower triangle of the covariance (d, d), or of its factor; rows (LB_SQUARES, d)
	 * that are to be added to it; and the mean of |row|^4. */
	double *covariance, *row, fourth;
	size_t n_rows;
};

typedef void row_fn(struct moments *m, size_t class, double weight, const real *x);

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
			add(m, (size_t)m->setup->y[row], m->setup->row_weight ? m->setup->row_weight[row] : 1, m->x + i * m->d);
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
				       "in every class; raise data.split.train or keep class shares with data.split.stratify",
				       m->setup->model.closed_form == LB_LDA ? "lda" : "naive_bayes", m->c->features->data->class_name ? m->c->features->data->class_name[k] : "?");
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

/* The covariance within the classes, shrunk. */
static void shrink(struct moments *m)
{
	const struct lb_model_spec *model = &m->setup->model;
	const size_t d = m->d;
	double trace = 0, squares = 0;

	for (size_t i = 0; i < d; i++)
		for (size_t j = 0; j <= i; j++) {
			const double v = m->covariance[i * d + j] /= m->total;
			trace += i == j ? v : 0;
			squares += (i == j ? 1 : 2) * v * v;
		}
	const double s = model->covariance == LB_LEDOIT_WOLF ? best_shrinkage(m, trace, squares) : model->covariance == LB_SHRUNK ? model->shrinkage : 0;
	for (size_t i = 0; i < d; i++)
		for (size_t j = 0; j <= i; j++)
			m->covariance[i * d + j] = (1 - s) * m->covariance[i * d + j] + (i == j ? s * trace / (double)d : 0);
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

static int estimate_covariance(struct moments *m, struct lb_err *err)
{
	m->covariance = lb_alloc(m->d, m->d * sizeof *m->covariance, err);
	m->row = lb_alloc(LB_SQUARES, m->d * sizeof *m->row, err);
	if (!m->covariance || !m->row)
		return -1;
	each_row(m, add_to_covariance);
	add_rows(m);
	shrink(m);
	if (factorise(m))
		return 0;
	return lb_fail(err, LB_DATA, "model: lda found features whose covariance within the classes has no inverse (constant ones, or sums of others), "
		       "allowed: model.covariance ledoit_wolf, or shrunk");
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

int lb_gaussian_classes(const struct lb_cohort *c, const struct lb_setup *setup, double *w, struct lb_err *err)
{
	struct moments m = { .c = c, .setup = setup, .d = c->features->d, .classes = c->features->data->n_classes };
	const bool lda = setup->model.closed_form == LB_LDA;
	int rc = -1;

	m.x = lb_alloc_aligned(CHUNK * m.d, sizeof(real), err);
	m.count = lb_alloc(m.classes, sizeof *m.count, err);
	m.mean = lb_alloc(m.classes * m.d, sizeof *m.mean, err);
	if (m.x && m.count && m.mean)
		rc = estimate_means(&m, err) || (lda ? estimate_covariance : estimate_variances)(&m, err) ? -1 : 0;
	if (!rc)
		(lda ? fill_discriminant : fill_naive_bayes)(&m, w);
	free(m.x);
	free(m.count);
	free(m.mean);
	free(m.var);
	free(m.covariance);
	free(m.row);
	return rc;
}
