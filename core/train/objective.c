#include "core/train/objective.h"

#include "core/base/mem.h"
#include "core/optim/optim_info.h"
#include "core/train/learner.h"
#include "datasets/gather.h"

#include <stdlib.h>
#include <string.h>

/* Rows at a time, for losses that are a sum over rows; the others see all rows at once. */
enum { CHUNK = 2048 };

/* Encoded rows are kept when they take no more than this, else encoded anew in every pass. */
#define KEPT_BYTES ((size_t)512 << 20)

struct lb_objective {
	struct lb_cohort cohort;         /* the trial's, with chunks for batches */
	struct X(lb_learner) learner;
	size_t n;                        /* training rows */
	uint32_t *id;                    /* (n) 0, 1, ... */
	real *x;                         /* (n, features) if kept, else (chunk, features) */
	bool kept;
};

static void gather(struct lb_objective *o, size_t start, size_t b)
{
	real *x = o->kept ? o->x + start * o->cohort.features->d : o->x;

	X(lb_gather)(o->cohort.features, o->cohort.split->rows[LB_TRAIN] + start, b, x);
}

struct lb_objective *X(lb_objective_new)(const struct lb_cohort *c, const struct lb_setup *setup, struct lb_err *err)
{
	const size_t n = c->split->n[LB_TRAIN], d = c->features->d;
	struct lb_objective *o = lb_alloc(1, sizeof *o, err);

	if (!o)
		return NULL;
	o->n = n;
	o->cohort = *c;
	o->cohort.batch = lb_loss_separable(setup->loss) && n > CHUNK ? CHUNK : n;
	o->kept = n <= KEPT_BYTES / sizeof(real) / (d ? d : 1);
	o->id = lb_alloc(n, sizeof *o->id, err);
	o->x = lb_alloc_aligned((o->kept ? n : o->cohort.batch) * d, sizeof(real), err);
	if (!o->id || !o->x ||
	    X(lb_learner_open)(&o->learner, &o->cohort, setup, setup->model.width[setup->model.n_layers], err)) {
		free(o->id);
		free(o->x);
		free(o);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		o->id[i] = (uint32_t)i;
	if (o->kept)
		gather(o, 0, n);
	return o;
}

void X(lb_objective_free)(struct lb_objective *o)
{
	if (!o)
		return;
	X(lb_learner_close)(&o->learner);
	free(o->id);
	free(o->x);
	free(o);
}

void X(lb_objective_start)(const struct lb_objective *o, double *w)
{
	for (size_t i = 0; i < o->learner.net->n_params; i++)
		w[i] = (double)o->learner.w[i];
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

double X(lb_objective_value)(struct lb_objective *o, const double *w, double *g)
{
	struct X(lb_learner) *l = &o->learner;
	const struct lb_arg *par = l->setup->optimizer_par;
	const double decay = par[LB_LBFGS_WEIGHT_DECAY].v, bias_decay = par[LB_LBFGS_DECAY_BIAS].v != 0 ? decay : 0;
	const size_t n_params = l->net->n_params;
	double value = 0;

	for (size_t i = 0; i < n_params; i++)
		l->w[i] = (real)w[i];
	memset(g, 0, n_params * sizeof *g);
	for (size_t start = 0; start < o->n; start += o->cohort.batch) {
		const size_t b = o->n - start < o->cohort.batch ? o->n - start : o->cohort.batch;
		const double share = (double)b / (double)o->n;
		if (!o->kept)
			gather(o, start, b);
		const struct X(lb_minibatch) m = { .x = o->kept ? o->x + start * o->cohort.features->d : o->x,
						   .rows = o->cohort.split->rows[LB_TRAIN] + start, .id = o->id + start, .b = b };
		value += share * X(lb_learner_gradient)(l, &o->cohort, &m, -1);
		for (size_t i = 0; i < n_params; i++)
			g[i] += share * (double)l->g[i];
	}
	for (size_t i = 0; i < l->net->spec.n_layers; i++) {
		const struct X(lb_layer) *layer = &l->net->layer[i];
		value += penalty(decay, layer->b - layer->w, w + layer->w, g + layer->w);
		value += penalty(bias_decay, layer->out, w + layer->b, g + layer->b);
	}
	return value;
}
