#include "core/engine/kernels/squares.h"
#include "core/engine/step/learner_open.h"
#include "core/training/full_batch_objective.h"

#include "core/base/mem.h"
#include "core/training/optim_params.h"
#include "core/engine/step/step.h"

#include <stdlib.h>
#include <string.h>

/* Rows at a time, for losses that are a sum over rows; the others see all rows at once. A chunk of
 * images stays in the second cache between the product forward and the product back. */
enum { CHUNK = 256 };

/* Features that are whitened at most, training rows that their covariance is taken from, and the
 * share of its variance that is added to that of each, so that directions in which features barely
 * vary are not stretched without bound. */
enum { MOST_WHITENED = 128, COVARIANCE_ROWS = 65536 };
#define COVARIANCE_RIDGE 1e-3

/* Encoded rows are kept when they take no more than this, else encoded again in every pass, which
 * for bytes is no slower than reading doubles from memory. */
#define KEPT_BYTES ((size_t)512 << 20)

/* The columns that the compressed rows of a chunk have entries for; n: 0 until they are listed. */
struct columns {
	uint32_t *column;
	size_t n;
};

struct lb_objective {
	struct lb_cohort cohort;         /* the trial's, with chunks for batches */
	struct lb_learner learner;
	double *mean, *factor;           /* of the features (lb_objective_whitening), once asked for */
	size_t n;                        /* training rows */
	uint32_t *id;                    /* (n) 0, 1, ... */
	struct lb_input_batch input;     /* of a chunk, or of all rows if kept */
	struct columns *columns;         /* (chunks) of compressed rows, so that a chunk is listed once */
	size_t columns_bytes;            /* that they take */
	struct lb_team *team;
	bool kept;
};

static bool worth_keeping(const struct lb_cohort *c)
{
	const struct lb_matrix *m = &c->features->data->x;
	const size_t d = c->features->d ? c->features->d : 1;

	return !m->start && m->dtype != LB_U8 && c->split->n[LB_TRAIN] <= KEPT_BYTES / sizeof(real) / d;
}

static int open_objective(struct lb_objective *o, const struct lb_setup *setup, struct lb_err *err)
{
	const struct lb_cohort *c = &o->cohort;

	o->id = lb_alloc(o->n, sizeof *o->id, err);
	o->columns = lb_alloc((o->n + c->batch - 1) / c->batch, sizeof *o->columns, err);
	if (!o->id || !o->columns || lb_team_new(lb_kernel()->chain ? c->threads : 1, &o->team, err) ||
	    lb_input_batch_open(&o->input, c->features, lb_input_batch_compressed(c), o->kept ? o->n : c->batch, LB_ROWS_READ_OFTEN, err) ||
	    lb_learner_open(&o->learner, c, setup, err))
		return -1;
	return 0;
}

struct lb_objective *lb_objective_new(const struct lb_cohort *c, const struct lb_setup *setup, struct lb_err *err)
{
	struct lb_objective *o = lb_alloc(1, sizeof *o, err);

	if (!o)
		return NULL;
	o->n = c->split->n[LB_TRAIN];
	o->cohort = *c;
	o->cohort.batch = lb_setup_separable(setup) && o->n > CHUNK ? CHUNK : o->n;
	o->kept = worth_keeping(c);
	if (open_objective(o, setup, err)) {
		lb_objective_free(o);
		return NULL;
	}
	for (size_t i = 0; i < o->n; i++)
		o->id[i] = (uint32_t)i;
	if (o->kept)
		lb_input_batch_load(&o->input, c->split->rows[LB_TRAIN], o->n, o->team);
	return o;
}

void lb_objective_free(struct lb_objective *o)
{
	if (!o)
		return;
	for (size_t start = 0; o->columns && start < o->n; start += o->cohort.batch)
		free(o->columns[start / o->cohort.batch].column);
	free(o->columns);
	lb_learner_close(&o->learner);
	lb_input_batch_close(&o->input);
	lb_team_free(o->team);
	free(o->id);
	free(o->mean);
	free(o->factor);
	free(o);
}

/* Keeps what columns the loaded chunk has, if it was listed, while they take no more than
 * KEPT_BYTES. Where memory runs out it is listed again in the next pass. */
static void keep_columns(struct lb_objective *o, size_t start, const struct lb_input_batch *f)
{
	struct columns *c = &o->columns[start / o->cohort.batch];
	const size_t bytes = f->n_columns * sizeof *c->column;

	if (c->n || !f->listed || !bytes || bytes > KEPT_BYTES - o->columns_bytes || !(c->column = lb_alloc_raw(f->n_columns, sizeof *c->column, NULL)))
		return;
	memcpy(c->column, f->column, bytes);
	c->n = f->n_columns;
	o->columns_bytes += bytes;
}

/* Returns rows start .. start + b - 1 of the training split, loaded, or a part of those that are
 * kept, told in *part. */
static struct lb_input_batch *chunk(struct lb_objective *o, size_t start, size_t b, struct lb_input_batch *part)
{
	const struct columns *c = &o->columns[start / o->cohort.batch];

	if (!o->kept) {
		lb_input_batch_load(&o->input, o->cohort.split->rows[LB_TRAIN] + start, b, o->team);
		if (c->n)
			lb_input_batch_tell(&o->input, c->column, c->n);
		return &o->input;
	}
	*part = o->input;
	part->x += start * part->e->d;
	return part;
}

/* sum (d) <- sum + row / n */
LB_CLONES static void lb_add_share(size_t d, const real *restrict row, double n, double *restrict sum)
{
	for (size_t j = 0; j < d; j++)
		sum[j] += (double)row[j] / n;
}

static void mean_of_features(struct lb_objective *o, size_t d)
{
	memset(o->mean, 0, d * sizeof *o->mean);
	for (size_t start = 0; start < o->n; start += o->cohort.batch) {
		const size_t b = o->n - start < o->cohort.batch ? o->n - start : o->cohort.batch;
		struct lb_input_batch part;
		const struct lb_input_batch *f = chunk(o, start, b, &part);
		for (size_t i = 0; i < b; i++)
			lb_add_share(d, f->x + i * d, (double)o->n, o->mean);
	}
}

/* a (d, d) <- the lower triangle of the covariance, over rows at equal distances, with the ridge
 * and the penalty on its diagonal; 1 there for a feature that does not vary. v is room for
 * LB_SQUARES d values. */
static void covariance_of_features(struct lb_objective *o, size_t d, double *v, double *a)
{
	const size_t stride = (o->n + COVARIANCE_ROWS - 1) / COVARIANCE_ROWS, rows = (o->n + stride - 1) / stride;
	const double decay = o->learner.model.par[LB_LBFGS_WEIGHT_DECAY].v;

	for (size_t k = 0; k < rows; k++) {
		struct lb_input_batch part;
		const struct lb_input_batch *row = chunk(o, k * stride, 1, &part);
		double *at = v + k % LB_SQUARES * d;
		for (size_t j = 0; j < d; j++)
			at[j] = (double)row->x[j] - o->mean[j];
		if (k + 1 == rows)
			memset(at + d, 0, (LB_SQUARES - 1 - k % LB_SQUARES) * d * sizeof *at);
		if (k + 1 == rows || (k + 1) % LB_SQUARES == 0)
			lb_add_squares(d, v, a);
	}
	for (size_t i = 0; i < d * d; i++)
		a[i] /= (double)rows;
	for (size_t i = 0; i < d; i++) {
		double *variance = &a[i * d + i];
		*variance = *variance > 0 ? *variance * (1 + COVARIANCE_RIDGE) + decay : 1;
	}
}

/* The loss of a regression has much the same curvature in all rows; that of classes, whose rows
 * lose theirs as they are learnt, gains less. */
static bool worth_whitening(const struct lb_objective *o, size_t d)
{
	return o->cohort.kind == LB_REGRESSION && o->learner.model.net->spec.n_layers == 1 && d <= MOST_WHITENED;
}

int lb_objective_whitening(struct lb_objective *o, struct lb_whitening *c, struct lb_err *err)
{
	const struct lb_layer *first = &o->learner.model.net->layer[0];
	const struct lb_model_spec *model = &o->learner.model.net->spec;
	/* Then no bias takes up the mean. */
	const bool unbiased = model->bias_init == LB_BIAS_NONE || (model->n_layers == 1 && model->cosine_scale > 0);
	const size_t d = first->in;
	double *room = NULL;

	*c = (struct lb_whitening){ .in = d, .out = first->out };
	if (lb_input_batch_compressed(&o->cohort) || unbiased)
		return 0;
	if (!o->mean && !(o->mean = lb_alloc(d, sizeof *o->mean, err)))
		return -1;
	mean_of_features(o, d);
	c->mean = o->mean;
	if (o->factor || !worth_whitening(o, d))
		return 0;
	o->factor = lb_alloc(d * d, sizeof *o->factor, err);
	if (!o->factor || !(room = lb_alloc(LB_SQUARES * d, sizeof *room, err)))
		return -1;
	covariance_of_features(o, d, room, o->factor);
	free(room);
	c->factor = lb_cholesky(d, o->factor) ? o->factor : NULL;
	return 0;
}

void lb_objective_start(const struct lb_objective *o, double *w)
{
	lb_model_unpack(&o->learner.model, o->learner.model.w, w);
}

/* decay/2 |w|^2 of n parameters; its gradient is added to g. */
static double penalty(double decay, size_t n, const double *w, double *g)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += w[i] * w[i];
		g[i] += decay * w[i];
	}
	return decay / 2 * sum;
}

double lb_objective_value(struct lb_objective *o, const double *w, double *g)
{
	struct lb_model *model = &o->learner.model;
	const struct lb_arg *par = model->par;
	const double decay = par[LB_LBFGS_WEIGHT_DECAY].v, bias_decay = par[LB_LBFGS_DECAY_BIAS].v != 0 ? decay : 0;
	const size_t n_params = lb_model_spec_size(&model->net->spec) + model->n_loss_params;
	double value = 0;

	lb_model_pack(model, w, model->w);
	memset(g, 0, n_params * sizeof *g);
	for (size_t start = 0; start < o->n; start += o->cohort.batch) {
		const size_t b = o->n - start < o->cohort.batch ? o->n - start : o->cohort.batch;
		const double share = (double)b / (double)o->n;
		struct lb_input_batch part;
		const struct lb_minibatch m = { .input = chunk(o, start, b, &part), .rows = o->cohort.split->rows[LB_TRAIN] + start, .id = o->id + start, .b = b,
						.team = o->team };
		value += share * lb_learner_gradient(&o->learner, &o->cohort, &m);
		keep_columns(o, start, m.input);
		lb_model_add(model, share, model->g, model->sparse.on ? m.input->column : NULL, m.input->n_columns, g);
	}
	for (size_t i = 0; i < model->net->spec.n_layers; i++) {
		const size_t out = model->net->layer[i].out, weights = model->net->layer[i].in * out;
		value += penalty(decay, weights, w, g);
		value += penalty(bias_decay, out, w + weights, g + weights);
		w += weights + out;
		g += weights + out;
	}
	return value;
}
