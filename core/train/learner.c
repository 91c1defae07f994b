#include "core/train/learner.h"

#include "core/base/mem.h"
#include "core/optim/optim_info.h"
#include "core/train/evaluate.h"

#include <stdlib.h>
#include <string.h>

static const struct X(lb_optim) *optim_of(const struct lb_info *info)
{
	const struct X(lb_optim) *o = NULL;

	for (size_t i = 0; (o = X(lb_optim_at)(i)); i++)
		if (!strcmp(o->base.name, info->name))
			break;
	return o;
}

static int count_classes(struct X(lb_learner) *l, const struct lb_cohort *c, struct lb_err *err)
{
	const struct lb_dataset *data = c->features->data;

	l->facts = (struct lb_loss_facts){ .n_rows = c->split->n[LB_TRAIN], .n_classes = data->n_classes };
	if (c->kind == LB_REGRESSION)
		return 0;
	if (!(l->counts = lb_alloc(data->n_classes, sizeof *l->counts, err)))
		return -1;
	for (size_t i = 0; i < l->facts.n_rows; i++)
		l->counts[l->setup->y[c->split->rows[LB_TRAIN][i]]]++;
	l->facts.counts = l->counts;
	return 0;
}

static int alloc_buffers(struct X(lb_learner) *l, const struct lb_cohort *c, struct lb_err *err)
{
	const size_t n = l->net->n_params, cells = c->batch * l->columns;

	for (int i = 0; i < l->optim->slots; i++)
		if (!(l->slot[i] = lb_alloc_aligned(n, sizeof(real), err)))
			return -1;
	if (l->setup->stop.on && !(l->best = lb_alloc_aligned(n, sizeof(real), err)))
		return -1;
	if (l->setup->row_weight && !(l->weight = lb_alloc_aligned(c->batch, sizeof(real), err)))
		return -1;
	if (c->kind == LB_REGRESSION ? !(l->t = lb_alloc_aligned(cells, sizeof(real), err)) :
				       !(l->y = lb_alloc(c->batch, sizeof(int32_t), err)))
		return -1;
	l->w = lb_alloc_aligned(n, sizeof(real), err);
	l->g = lb_alloc_aligned(n, sizeof(real), err);
	l->dz = lb_alloc_aligned(cells, sizeof(real), err);
	l->scratch = lb_alloc_aligned(c->batch * (l->columns + 4), sizeof(real), err);
	return l->w && l->g && l->dz && l->scratch ? 0 : -1;
}

int X(lb_learner_open)(struct X(lb_learner) *l, const struct lb_cohort *c, const struct lb_setup *setup, size_t columns,
		       struct lb_err *err)
{
	const size_t widest_batch = c->batch > LB_EVAL_CHUNK ? c->batch : LB_EVAL_CHUNK;

	*l = (struct X(lb_learner)){ .setup = setup, .columns = columns, .active = true };
	l->loss = X(lb_loss_of)(setup->loss);
	l->optim = optim_of(setup->optimizer);
	if (count_classes(l, c, err) || !(l->net = X(lb_net_new)(&setup->model, widest_batch, err)) || alloc_buffers(l, c, err))
		goto fail;
	if (l->loss->init && !(l->loss_state = l->loss->init(setup->loss_par, &l->facts, err)))
		goto fail;
	X(lb_net_init)(l->net, l->w);
	return 0;
fail:
	X(lb_learner_close)(l);
	return -1;
}

void X(lb_learner_close)(struct X(lb_learner) *l)
{
	if (l->loss_state)
		l->loss->free(l->loss_state);
	X(lb_net_free)(l->net);
	for (int i = 0; i < LB_MAX_SLOTS; i++)
		free(l->slot[i]);
	free(l->counts);
	free(l->w);
	free(l->g);
	free(l->best);
	free(l->dz);
	free(l->scratch);
	free(l->y);
	free(l->t);
	free(l->weight);
	*l = (struct X(lb_learner)){ 0 };
}

static struct X(lb_batch) loss_batch(struct X(lb_learner) *l, const struct lb_cohort *c, const struct X(lb_minibatch) *m,
				     const real *z)
{
	const struct lb_dataset *data = c->features->data;

	for (size_t i = 0; i < m->b; i++) {
		if (l->y)
			l->y[i] = l->setup->y[m->rows[i]];
		if (l->weight)
			l->weight[i] = (real)l->setup->row_weight[m->rows[i]];
		for (size_t k = 0; l->t && k < l->columns; k++)
			l->t[i * l->columns + k] = (real)data->target[m->rows[i] * l->columns + k];
	}
	return (struct X(lb_batch)){ .b = m->b, .c = l->columns, .z = z, .y = l->y, .t = l->t, .id = m->id, .w = l->weight,
				     .par = l->setup->loss_par, .facts = &l->facts, .state = l->loss_state, .scratch = l->scratch };
}

/* Scales g down to length clip_norm. An infinite or NaN length leaves it: the next loss tells. */
static void clip(const struct X(lb_learner) *l)
{
	const double longest = l->setup->clip_norm;
	double sum = 0;

	if (longest <= 0)
		return;
	for (size_t i = 0; i < l->net->n_params; i++)
		sum += (double)l->g[i] * (double)l->g[i];
	if (!(sqrt(sum) > longest) || isinf(sum))
		return;
	const real scale = (real)(longest / sqrt(sum));
	for (size_t i = 0; i < l->net->n_params; i++)
		l->g[i] *= scale;
}

static void update(struct X(lb_learner) *l, size_t start, size_t n, int64_t t, double lr, double decay)
{
	real *slot[LB_MAX_SLOTS] = { 0 };

	for (int i = 0; i < l->optim->slots; i++)
		slot[i] = l->slot[i] + start;
	l->optim->step(l->setup->optimizer_par, t, lr, decay, n, l->w + start, l->g + start, slot);
}

double X(lb_learner_gradient)(struct X(lb_learner) *l, const struct lb_cohort *c, const struct X(lb_minibatch) *m, int64_t step)
{
	const real *z = X(lb_net_forward)(l->net, l->w, m->x, m->b, step);
	const struct X(lb_batch) in = loss_batch(l, c, m, z);

	if (l->loss->visit)
		l->loss->visit(&in);
	const double value = X(lb_loss_apply)(l->loss, &in, l->dz);
	X(lb_net_backward)(l->net, l->w, m->x, m->b, l->dz, l->g);
	return value;
}

double X(lb_learner_step)(struct X(lb_learner) *l, const struct lb_cohort *c, const struct X(lb_minibatch) *m, int64_t step,
			  double factor)
{
	const struct lb_arg *par = l->setup->optimizer_par;
	const double lr = par[LB_OPT_LR].v * factor, decay = par[LB_OPT_WEIGHT_DECAY].v;
	const double value = X(lb_learner_gradient)(l, c, m, step);

	clip(l);
	for (size_t i = 0; i < l->net->spec.n_layers; i++) {
		const struct X(lb_layer) *layer = &l->net->layer[i];
		update(l, layer->w, layer->b - layer->w, step + 1, lr, decay);
		update(l, layer->b, layer->out, step + 1, lr, par[LB_OPT_DECAY_BIAS].v != 0 ? decay : 0);
	}
	return value;
}
