#include "core/engine/fit/random_features.h"

#include "core/base/interrupt.h"
#include "core/base/mem.h"
#include "core/engine/data/batch_dense.h"
#include "core/engine/kernels/squares.h"
#include "core/engine/model/net.h"
#include "core/training/feature_whitening.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 256 };

struct ridge {
	const struct lb_cohort *c;
	const struct lb_setup *setup;
	struct lb_net *net;
	size_t k, out;
	real *x;                 /* (chunk, inputs) */
	real *w;                 /* the net's parameters, as it stores them */
	double *mean;            /* (k) of the features, (out) of the targets; 0 without intercept */
	double total;            /* weight of the rows */
	double *gram;            /* (k, k) sums of products of features, lower triangle; then its factor */
	double *cross;           /* (out, k) sums of products of targets and features; then the output weights */
	double *row;             /* (LB_SQUARES, k) rows that are to be added to gram */
	size_t n_rows;
};

typedef void row_fn(struct ridge *r, size_t row, double weight, const real *h);

/* Draws the hidden layer, in the plain order. */
static void draw_features(const struct lb_model_spec *m, double *w)
{
	const size_t inputs = m->width[0], k = m->width[1];
	struct lb_rng rng;

	for (size_t i = 0; i < k; i++) {
		lb_rng_init(&rng, m->seed, LB_RNG_RANDOM_FEATURES, i);
		for (size_t j = 0; j < inputs; j++)
			w[i * inputs + j] = m->random.weights / sqrt((double)inputs) * lb_rng_normal(&rng);
		w[k * inputs + i] = m->activation == LB_COS ? 8 * atan(1.0) * lb_rng_unit(&rng) : m->random.biases * lb_rng_normal(&rng);
	}
}

/* What the output o of a row is fitted to. */
static double target(const struct ridge *r, size_t row, size_t o)
{
	const struct lb_setup *s = r->setup;
	const struct lb_dataset *data = r->c->features->data;

	if (data->kind == LB_REGRESSION) {
		const double t = lb_setup_taught(s, data)[row * r->out + o];
		return s->unit ? (t - s->unit[o].mean) / s->unit[o].sd : t;
	}
	return (size_t)s->y[row] == (r->out == 1 ? 1 : o) ? 1 : -1;
}

static void each_row(struct ridge *r, row_fn *add)
{
	const uint32_t *rows = r->c->split->rows[LB_TRAIN];
	const size_t n = r->c->split->n[LB_TRAIN];

	for (size_t start = 0; start < n && !lb_stop_requested; start += CHUNK) {
		const struct lb_pass pass = { .b = n - start < CHUNK ? n - start : CHUNK, .x = r->x, .step = -1 };
		size_t d, stride;
		lb_gather(r->c->features, rows + start, pass.b, r->x);
		lb_net_forward(r->net, r->w, &pass);
		const real *h = lb_net_features(r->net, r->x, &d, &stride);
		for (size_t i = 0; i < pass.b; i++) {
			const uint32_t row = rows[start + i];
			add(r, row, r->setup->row_weight ? r->setup->row_weight[row] : 1, h + i * stride);
		}
	}
}

static void add_to_means(struct ridge *r, size_t row, double weight, const real *h)
{
	r->total += weight;
	for (size_t j = 0; j < r->k; j++)
		r->mean[j] += weight * (double)h[j];
	for (size_t o = 0; o < r->out; o++)
		r->mean[r->k + o] += weight * target(r, row, o);
}

static void add_rows(struct ridge *r)
{
	memset(r->row + r->n_rows * r->k, 0, (LB_SQUARES - r->n_rows) * r->k * sizeof *r->row);
	lb_add_squares(r->k, r->row, r->gram);
	r->n_rows = 0;
}

static void add_products(struct ridge *r, size_t row, double weight, const real *h)
{
	double *centred = r->row + r->n_rows * r->k;
	const double root = sqrt(weight);

	for (size_t j = 0; j < r->k; j++)
		centred[j] = root * ((double)h[j] - r->mean[j]);
	for (size_t o = 0; o < r->out; o++) {
		const double t = root * (target(r, row, o) - r->mean[r->k + o]);
		for (size_t j = 0; j < r->k; j++)
			r->cross[o * r->k + j] += t * centred[j];
	}
	if (++r->n_rows == LB_SQUARES)
		add_rows(r);
}

static int factorise(struct ridge *r, struct lb_err *err)
{
	for (size_t j = 0; j < r->k; j++)
		r->gram[j * r->k + j] += r->setup->model.random.ridge * (double)r->k;
	if (lb_cholesky(r->k, r->gram))
		return 0;
	return lb_fail(err, LB_DATA, "model: random_features found features that are sums of others, which rounding tells from each other no longer with model.ridge "
		       "%g; raise it, or lower model.features", r->setup->model.random.ridge);
}

/* Writes the output layer behind the hidden one. */
static void fill_output(const struct ridge *r, double *w)
{
	const size_t k = r->k;
	double *bias = w + r->out * k;

	for (size_t o = 0; o < r->out; o++) {
		double *v = w + o * k;
		memcpy(v, r->cross + o * k, k * sizeof *v);
		lb_cholesky_solve(k, r->gram, v);
		bias[o] = r->mean[k + o];
		for (size_t j = 0; j < k; j++)
			bias[o] -= v[j] * r->mean[j];
	}
}

static int open_ridge(struct ridge *r, double *w, struct lb_err *err)
{
	if (!(r->net = lb_net_new(&r->setup->model, CHUNK, err)))
		return -1;
	r->x = lb_alloc_aligned(CHUNK * r->setup->model.width[0], sizeof *r->x, err);
	r->w = lb_alloc_aligned(r->net->n_params, sizeof *r->w, err);
	r->mean = lb_alloc(r->k + r->out, sizeof *r->mean, err);
	r->gram = lb_alloc(r->k, r->k * sizeof *r->gram, err);
	r->cross = lb_alloc(r->out, r->k * sizeof *r->cross, err);
	r->row = lb_alloc(LB_SQUARES, r->k * sizeof *r->row, err);
	if (!r->x || !r->w || !r->mean || !r->gram || !r->cross || !r->row)
		return -1;
	memset(w, 0, lb_model_spec_size(&r->setup->model) * sizeof *w);
	draw_features(&r->setup->model, w);
	lb_net_pack(r->net, w, r->w);
	return 0;
}

int lb_random_features(const struct lb_cohort *c, const struct lb_setup *setup, double *w, struct lb_err *err)
{
	const size_t *width = setup->model.width;
	struct ridge r = { .c = c, .setup = setup, .k = width[1], .out = width[2] };
	int rc = open_ridge(&r, w, err);

	if (!rc && setup->model.random.intercept) {
		each_row(&r, add_to_means);
		for (size_t j = 0; j < r.k + r.out; j++)
			r.mean[j] /= r.total;
	}
	if (!rc) {
		each_row(&r, add_products);
		add_rows(&r);
		rc = lb_stop_requested ? 0 : factorise(&r, err);
	}
	if (!rc && !lb_stop_requested)
		fill_output(&r, w + (width[0] + 1) * r.k);
	lb_net_free(r.net);
	free(r.x);
	free(r.w);
	free(r.mean);
	free(r.gram);
	free(r.cross);
	free(r.row);
	return rc;
}
