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

/* Encoded rows are kept when they take no more than this, else encoded again in every pass, which
 * for bytes is no slower than reading doubles from memory. */
#define KEPT_BYTES ((size_t)512 << 20)

struct lb_objective {
	struct lb_cohort cohort;         /* the trial's, with chunks for batches */
	struct lb_learner learner;
	double *plain;                   /* a gradient in the plain order */
	double *mean;                    /* of the features, once asked for */
	size_t n;                        /* training rows */
	uint32_t *id;                    /* (n) 0, 1, ... */
	struct lb_input_batch input;  /* of a chunk, or of all rows if kept */
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
	o->plain = lb_alloc(lb_model_spec_size(&setup->model) + lb_setup_loss_params(setup, c->features->data), sizeof *o->plain, err);
	if (!o->id || !o->plain || lb_team_new(lb_kernel()->chain ? c->threads : 1, &o->team, err) ||
	    lb_input_batch_open(&o->input, c->features, lb_input_batch_compressed(c), o->kept ? o->n : c->batch, false, err) ||
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
	lb_learner_close(&o->learner);
	lb_input_batch_close(&o->input);
	lb_team_free(o->team);
	free(o->id);
	free(o->plain);
	free(o->mean);
	free(o);
}

/* Rows start .. start + b - 1 of the training split. */
static struct lb_input_batch chunk(struct lb_objective *o, size_t start, size_t b)
{
	struct lb_input_batch f;

	if (!o->kept)
		lb_input_batch_load(&o->input, o->cohort.split->rows[LB_TRAIN] + start, b, o->team);
	f = o->input;
	if (o->kept)
		f.x += start * f.e->d;
	return f;
}

int lb_objective_centring(struct lb_objective *o, struct lb_centring *c, struct lb_err *err)
{
	const struct lb_layer *first = &o->learner.model.net->layer[0];
	const size_t d = first->in;

	*c = (struct lb_centring){ .in = d, .out = first->out };
	const struct lb_model_spec *model = &o->learner.model.net->spec;
	const bool unbiased = model->n_layers == 1 && model->cosine_scale > 0; /* no bias takes up the mean */
	if (lb_input_batch_compressed(&o->cohort) || unbiased)
		return 0;
	if (!o->mean && !(o->mean = lb_alloc(d, sizeof *o->mean, err)))
		return -1;
	memset(o->mean, 0, d * sizeof *o->mean);
	for (size_t start = 0; start < o->n; start += o->cohort.batch) {
		const size_t b = o->n - start < o->cohort.batch ? o->n - start : o->cohort.batch;
		const struct lb_input_batch f = chunk(o, start, b);
		for (size_t i = 0; i < b; i++)
			for (size_t j = 0; j < d; j++)
				o->mean[j] += (double)f.x[i * d + j] / (double)o->n;
	}
	c->mean = o->mean;
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
		const struct lb_input_batch f = chunk(o, start, b);
		const struct lb_minibatch m = { .input = &f, .rows = o->cohort.split->rows[LB_TRAIN] + start, .id = o->id + start, .b = b,
						.team = o->team };
		value += share * lb_learner_gradient(&o->learner, &o->cohort, &m);
		lb_model_unpack(model, model->g, o->plain);
		for (size_t i = 0; i < n_params; i++)
			g[i] += share * o->plain[i];
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
