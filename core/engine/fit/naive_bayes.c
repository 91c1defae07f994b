#include "core/engine/fit/naive_bayes.h"

#include "core/base/mem.h"
#include "core/engine/precision.h"
#include "core/engine/data/batch_dense.h"

#include <stdlib.h>

enum { CHUNK = 512 };

struct moments {
	const struct lb_cohort *c;
	const struct lb_setup *setup;
	size_t d, classes;
	real *x;                         /* (chunk, d) */
	double *count;                   /* (classes) sums of weights */
	double *mean, *var;              /* (classes, d), (d) */
	double total;
};

typedef void row_fn(struct moments *m, size_t class, double weight, const real *x);

static void add_to_mean(struct moments *m, size_t class, double weight, const real *x)
{
	m->count[class] += weight;
	m->total += weight;
	for (size_t j = 0; j < m->d; j++)
		m->mean[class * m->d + j] += weight * (double)x[j];
}

static void add_to_variance(struct moments *m, size_t class, double weight, const real *x)
{
	for (size_t j = 0; j < m->d; j++) {
		const double away = (double)x[j] - m->mean[class * m->d + j];
		m->var[j] += weight * away * away;
	}
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

static int estimate(struct moments *m, struct lb_err *err)
{
	each_row(m, add_to_mean);
	for (size_t k = 0; k < m->classes; k++) {
		if (!(m->count[k] > 0))
			return lb_fail(err, LB_DATA,
				       "model: naive_bayes found no training row of class \"%s\", allowed: at least one (of positive weight) "
				       "in every class; raise data.split.train or keep class shares with data.split.stratify",
				       m->c->features->data->class_name ? m->c->features->data->class_name[k] : "?");
		for (size_t j = 0; j < m->d; j++)
			m->mean[k * m->d + j] /= m->count[k];
	}
	each_row(m, add_to_variance);
	for (size_t j = 0; j < m->d; j++)
		m->var[j] = m->var[j] / m->total + m->setup->model.smoothing;
	return 0;
}

/* Score k of each class, or with one column class 1 less class 0. */
static void fill(const struct moments *m, double *w)
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

int lb_naive_bayes(const struct lb_cohort *c, const struct lb_setup *setup, double *w, struct lb_err *err)
{
	struct moments m = { .c = c, .setup = setup, .d = c->features->d, .classes = c->features->data->n_classes };
	int rc = -1;

	m.x = lb_alloc_aligned(CHUNK * m.d, sizeof(real), err);
	m.count = lb_alloc(m.classes, sizeof *m.count, err);
	m.mean = lb_alloc(m.classes * m.d, sizeof *m.mean, err);
	m.var = lb_alloc(m.d, sizeof *m.var, err);
	if (m.x && m.count && m.mean && m.var)
		rc = estimate(&m, err);
	if (!rc)
		fill(&m, w);
	free(m.x);
	free(m.count);
	free(m.mean);
	free(m.var);
	return rc;
}
