#include "core/engine/step/learner.h"

#include "core/base/mem.h"
#include "core/training/optim_params.h"
#include "core/engine/eval/evaluate.h"
#include "core/engine/train/divergence.h"
#include "core/engine/data/augment.h"

#include <stdlib.h>
#include <string.h>

static const struct lb_optim *optim_of(const struct lb_info *info)
{
	const struct lb_optim *o = NULL;

	for (size_t i = 0; (o = lb_optim_at(i)); i++)
		if (!strcmp(o->base.name, info->name))
			break;
	return o;
}

static int count_classes(struct lb_learner *l, const struct lb_cohort *c, struct lb_err *err)
{
	const struct lb_dataset *data = c->features->data;

	l->facts = (struct lb_loss_facts){ .n_rows = c->split->n[LB_TRAIN], .n_classes = data->n_classes };
	if (c->kind == LB_REGRESSION)
		return 0;
	if (!(l->counts = lb_alloc(data->n_classes, sizeof *l->counts, err)))
		return -1;
	for (size_t i = 0; i < l->facts.n_rows; i++) {
		const size_t row = c->split->rows[LB_TRAIN][i];
		for (size_t k = 0; c->kind == LB_MULTILABEL && k < data->n_targets; k++)
			l->counts[k] += data->target[row * data->n_targets + k] > 0;
		if (c->kind != LB_MULTILABEL)
			l->counts[l->setup->y[row]]++;
	}
	l->facts.counts = l->counts;
	return 0;
}

static int alloc_buffers(struct lb_learner *l, const struct lb_cohort *c, struct lb_err *err)
{
	const size_t n = l->n_params, cells = c->batch * l->columns, wide = l->views * c->batch;

	for (int i = 0; i < l->optim->slots; i++)
		if (!(l->slot[i] = lb_alloc_aligned(n, sizeof(real), err)))
			return -1;
	if (l->setup->stop.on && !(l->best = lb_alloc_aligned(n, sizeof(real), err)))
		return -1;
	if (l->setup->row_weight && !(l->weight = lb_alloc_aligned(c->batch, sizeof(real), err)))
		return -1;
	if ((lb_kind_of_columns(c->kind) || l->setup->teacher) && !(l->t = lb_alloc_aligned(cells, sizeof(real), err)))
		return -1;
	if (!lb_kind_of_columns(c->kind) && !(l->y = lb_alloc(c->batch, sizeof(int32_t), err)))
		return -1;
	if (l->loss->info.needs & LB_NEEDS_FEATURES && l->setup->model.n_layers > 1 &&
	    !(l->h = lb_alloc_aligned(c->batch * l->setup->model.width[l->setup->model.n_layers - 1], sizeof(real), err)))
		return -1;
	if ((l->views > 1 || l->setup->attack) && !(l->x = lb_alloc_aligned(wide * c->features->d, sizeof(real), err)))
		return -1;
	if ((l->n_own || l->loss->info.needs & LB_NEEDS_VIEWS) && !(l->wide = lb_alloc(l->columns + 2 * l->facts.n_classes, sizeof(double), err)))
		return -1;
	if (l->setup->unit && (!(l->unscaled = lb_alloc_aligned(n, sizeof(real), err)) ||
			       !(l->plain = lb_alloc(lb_model_spec_size(&l->setup->model) + l->n_own, sizeof(double), err))))
		return -1;
	l->w = lb_alloc_aligned(n, sizeof(real), err);
	l->g = lb_alloc_aligned(n, sizeof(real), err);
	l->dz = lb_alloc_aligned(wide * l->net->ld, sizeof(real), err);
	l->scratch = lb_alloc_aligned(c->batch * (l->columns + 4), sizeof(real), err);
	if ((l->loss->form->batch || l->loss->visit) && !(l->tight = lb_alloc_aligned(2 * wide * l->columns, sizeof(real), err)))
		return -1;
	return l->w && l->g && l->dz && l->scratch ? 0 : -1;
}

/* For compressed rows, if these are what the cohort reads. */
static int open_compressed(struct lb_learner *l, const struct lb_cohort *c, struct lb_err *err)
{
	const struct lb_arg *par = l->setup->optimizer_par;
	const size_t d = c->features->d;

	if (!lb_feed_compressed(c))
		return 0;
	l->lazy = l->optim->idle && l->optim->idle(par) && par[LB_OPT_PROJECT].v == 0;
	if (!(l->stale = lb_alloc(d, sizeof *l->stale, err)))
		return -1;
	return l->lazy && !(l->decay_seen = lb_alloc(d, sizeof *l->decay_seen, err)) ? -1 : 0;
}

int lb_learner_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_setup *setup, struct lb_err *err)
{
	const bool both = setup->attack && setup->loss->needs & LB_NEEDS_VIEWS;
	const size_t views = setup->view ? (size_t)setup->view_par[LB_VIEW_COUNT].v : both ? 2 : 1, rows = views * c->batch;
	const size_t widest_batch = rows > LB_EVAL_CHUNK ? rows : LB_EVAL_CHUNK;

	*l = (struct lb_learner){ .setup = setup, .columns = setup->model.width[setup->model.n_layers], .views = views,
				    .active = true };
	l->loss = lb_loss_of(setup->loss);
	l->optim = optim_of(setup->optimizer);
	l->n_own = lb_setup_own(setup, c->features->data);
	if (count_classes(l, c, err) || !(l->net = lb_net_new(&setup->model, widest_batch, err)))
		goto fail;
	l->n_params = l->net->n_params + l->n_own;
	if (alloc_buffers(l, c, err) || open_compressed(l, c, err))
		goto fail;
	if (setup->attack && lb_attack_open(&l->attack, setup->attack, setup->attack_par, l->net, c->batch, err))
		goto fail;
	if (l->loss->init && !(l->loss_state = l->loss->init(setup->loss_par, &l->facts, err)))
		goto fail;
	lb_net_init(l->net, l->w);
	if (l->n_own)
		l->loss->own_init(setup->loss_par, l->columns, &l->facts, setup->model.seed, l->w + l->net->n_params);
	return 0;
fail:
	lb_learner_close(l);
	return -1;
}

void lb_learner_close(struct lb_learner *l)
{
	if (l->loss_state)
		l->loss->free(l->loss_state);
	lb_net_free(l->net);
	lb_attack_close(&l->attack);
	for (int i = 0; i < LB_MAX_SLOTS; i++)
		free(l->slot[i]);
	free(l->counts);
	free(l->w);
	free(l->g);
	free(l->best);
	free(l->dz);
	free(l->scratch);
	free(l->tight);
	free(l->stale);
	free(l->decay_seen);
	free(l->h);
	free(l->y);
	free(l->t);
	free(l->wide);
	free(l->x);
	free(l->weight);
	free(l->unscaled);
	free(l->plain);
	*l = (struct lb_learner){ 0 };
}

void lb_learner_fetch(const struct lb_learner *l, const real *v, double *plain)
{
	const size_t n = lb_model_spec_size(&l->net->spec);

	lb_net_fetch(l->net, v, plain);
	for (size_t i = 0; i < l->n_own; i++)
		plain[n + i] = (double)v[l->net->n_params + i];
}

const real *lb_learner_judged(struct lb_learner *l)
{
	if (!l->setup->unit)
		return l->w;
	lb_learner_fetch(l, l->w, l->plain);
	lb_setup_unscale(l->setup, l->plain);
	lb_learner_store(l, l->plain, l->unscaled);
	return l->unscaled;
}

void lb_learner_store(const struct lb_learner *l, const double *plain, real *v)
{
	const size_t n = lb_model_spec_size(&l->net->spec);

	lb_net_store(l->net, plain, v);
	for (size_t i = 0; i < l->n_own; i++)
		v[l->net->n_params + i] = (real)plain[n + i];
}

/* Copies rows of n values from one row stride to another. */
static void restride(size_t rows, size_t n, const real *x, size_t from, real *y, size_t to)
{
	for (size_t i = 0; i < rows; i++)
		memcpy(y + i * to, x + i * from, n * sizeof *y);
}

/* What the output layer saw of the batch, (b, *d), for a loss that needs it; else NULL. */
static const real *features(const struct lb_learner *l, const struct lb_minibatch *m, size_t *d)
{
	size_t stride;
	const real *h = l->loss->info.needs & LB_NEEDS_FEATURES ? lb_net_features(l->net, l->x ? l->x : m->feed->x, d, &stride) : NULL;

	if (!h || !l->h)
		return h;
	restride(m->b, *d, h, stride, l->h, *d);
	return l->h;
}

static struct lb_batch loss_batch(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *m,
				     const real *z)
{
	const struct lb_dataset *data = c->features->data;
	const double *target = l->setup->teacher ? l->setup->teacher : data->target;
	const size_t targets = lb_setup_targets(l->setup);
	size_t dh = 0;
	const real *h = features(l, m, &dh);

	for (size_t i = 0; l->y && i < m->b; i++)
		l->y[i] = l->setup->y[m->rows[i]];
	for (size_t i = 0; l->weight && i < m->b; i++)
		l->weight[i] = (real)l->setup->row_weight[m->rows[i]];
	for (size_t i = 0; l->t && i < m->b * targets; i++) {
		const double v = target[m->rows[i / targets] * targets + i % targets];
		const struct lb_unit *unit = l->setup->unit ? &l->setup->unit[i % targets] : NULL;
		l->t[i] = (real)(unit ? (v - unit->mean) / unit->sd : v);
	}
	return (struct lb_batch){ .b = m->b, .c = l->columns, .views = l->views, .z = z, .ld = l->net->ld, .y = l->y, .t = l->t, .h = h,
				     .dh = dh, .id = m->id, .w = l->weight, .par = l->setup->loss_par, .facts = &l->facts,
				     .epoch = l->epoch, .epochs = c->epochs, .state = l->loss_state, .scratch = l->scratch, .wide = l->wide,
				     .own = l->n_own ? l->w + l->net->n_params : NULL, .down = l->n_own ? l->g + l->net->n_params : NULL };
}

/* Scales g to length 1 where the optimiser says so, or down to length clip_norm. A length that is
 * 0, infinite or NaN leaves it: the next loss tells. */
static void rescale(const struct lb_learner *l)
{
	const bool unit = l->optim->unit_length && l->optim->unit_length(l->setup->optimizer_par);
	const double clipped = l->setup->clip_norm, longest = unit && !(clipped > 0 && clipped < 1) ? 1 : clipped;
	double sum = 0;

	if (longest <= 0)
		return;
	for (size_t i = 0; i < l->n_params; i++)
		sum += (double)l->g[i] * (double)l->g[i];
	if (!(sqrt(sum) > (unit ? 0 : longest)) || isinf(sum))
		return;
	for (size_t i = 0; i < l->n_params; i++)
		l->g[i] *= (real)(longest / sqrt(sum));
}

/* Lets the optimiser replace the gradient by the scores before it goes back (normalized_gd, batch_perceptron). */
static void redirect(struct lb_learner *l, const real *z, size_t b, int64_t step)
{
	const struct lb_scored scored = { .b = b, .views = l->views, .c = l->columns, .ld = l->net->ld, .z = z, .y = l->y,
					     .weight = l->weight, .dz = l->dz };
	const double divisor = l->optim->redirect(l->setup->optimizer_par, step + 1, &scored);

	for (size_t i = 0; i < l->n_own; i++)
		l->g[l->net->n_params + i] = (real)((double)l->g[l->net->n_params + i] / divisor);
}

static void update_by(struct lb_learner *l, size_t start, size_t n, const real *g, int64_t t, double lr, double decay)
{
	real *slot[LB_MAX_SLOTS] = { 0 };

	for (int i = 0; i < l->optim->slots; i++)
		slot[i] = l->slot[i] + start;
	l->optim->step(l->setup->optimizer_par, t, lr, decay, n, l->w + start, g, slot);
}

static void update(struct lb_learner *l, size_t start, size_t n, int64_t t, double lr, double decay)
{
	update_by(l, start, n, l->g + start, t, lr, decay);
}

/* A step of the optimiser. */
struct stepping {
	struct lb_learner *l;
	int64_t t;
	double lr, decay;
	bool done;               /* with the weights, as their gradients were made */
};

static void update_ready(void *arg, size_t at, size_t n, const real *g)
{
	const struct stepping *s = arg;

	update_by(s->l, at, n, g, s->t, s->lr, s->decay);
}

/* Returns false if the loss is not finite or skips updates in this epoch. */
static bool steps(const struct lb_learner *l, const struct lb_cohort *c, double value)
{
	return isfinite(value) && !(l->loss->rests && l->loss->rests(l->setup->loss_par, l->epoch, c->epochs));
}

/* Whether each weight's step needs its own gradient alone. */
static bool steps_at_once(const struct lb_learner *l, const struct lb_cohort *c, double value)
{
	const struct lb_arg *par = l->setup->optimizer_par;
	const bool unit = l->optim->unit_length && l->optim->unit_length(par);

	return steps(l, c, value) && fabs(value) < LB_STRAINED && !unit && l->setup->clip_norm <= 0 && !(par[LB_OPT_PROJECT].v != 0) && !l->stale;
}

/* The mean loss; dz <- its derivatives. */
static double apply_loss(struct lb_learner *l, struct lb_batch *in)
{
	const size_t c = l->columns, ld = l->net->ld, rows = l->views * in->b;
	real *tight_dz = l->tight ? l->tight + rows * c : NULL;

	if (l->tight) {
		restride(rows, c, in->z, ld, l->tight, c);
		in->z = l->tight;
		in->ld = c;
	}
	if (l->loss->visit)
		l->loss->visit(in);
	const double value = lb_loss_apply(l->loss, in, l->tight ? tight_dz : l->dz);
	if (l->tight)
		restride(rows, c, tight_dz, c, l->dz, ld);
	return value;
}

/* ---- compressed rows ---- */

/* Returns the LB_PANEL weights that connect input `column` to one panel of the first layer's
 * outputs, in a vector laid out like the weights. */
static real *piece(const struct lb_learner *l, real *v, size_t column, size_t panel)
{
	return v + l->net->layer[0].w + (panel * l->net->layer[0].in + column) * LB_PANEL;
}

static size_t pieces(const struct lb_learner *l)
{
	return l->net->layer[0].ld / LB_PANEL;
}

/* The gradient of the last batch's columns becomes 0; those of this batch are noted. A projection
 * writes all columns. */
static void clear_stale(struct lb_learner *l, const struct lb_feed *f)
{
	const struct lb_layer *first = &l->net->layer[0];

	if (l->optim->slots && l->setup->optimizer_par[LB_OPT_PROJECT].v != 0)
		memset(l->g + first->w, 0, (first->b - first->w) * sizeof(real));
	for (size_t i = 0; i < l->n_stale; i++)
		for (size_t p = 0; p < pieces(l); p++)
			memset(piece(l, l->g, l->stale[i], p), 0, LB_PANEL * sizeof(real));
	memcpy(l->stale, f->column, f->n_columns * sizeof *f->column);
	l->n_stale = f->n_columns;
}

/* The decay that a column's weights missed since they were last read. */
static void catch_up(struct lb_learner *l, size_t column)
{
	const double factor = exp(l->decayed - l->decay_seen[column]);

	l->decay_seen[column] = l->decayed;
	for (size_t p = 0; factor < 1 && p < pieces(l); p++)
		for (size_t k = 0; k < LB_PANEL; k++)
			piece(l, l->w, column, p)[k] *= (real)factor;
}

void lb_learner_settle(struct lb_learner *l)
{
	for (size_t column = 0; l->lazy && column < l->net->layer[0].in; column++)
		catch_up(l, column);
}

/* The first layer's weights where the batch has entries. */
static void update_read(struct lb_learner *l, const struct lb_feed *f, int64_t t, double lr, double decay)
{
	for (size_t i = 0; i < f->n_columns; i++)
		for (size_t p = 0; p < pieces(l); p++)
			update(l, (size_t)(piece(l, l->w, f->column[i], p) - l->w), LB_PANEL, t, lr, decay);
	l->decayed += log1p(-lr * decay);
	for (size_t i = 0; i < f->n_columns; i++)
		l->decay_seen[f->column[i]] = l->decayed;
}

/* l->x <- the moved rows; where the loss wants both, the rows and then the moved ones. */
static void attack(struct lb_learner *l, const struct lb_minibatch *m, int64_t step)
{
	const struct lb_attacked on = { .net = l->net, .w = l->w, .x = m->feed->x, .y = l->setup->y, .rows = m->rows, .b = m->b, .step = step };
	const size_t cells = m->b * l->attack.d;

	if (l->views > 1)
		memcpy(l->x, m->feed->x, cells * sizeof *l->x);
	lb_attack_run(&l->attack, &on, l->x + (l->views - 1) * cells);
}

/* As lb_learner_gradient; a step, unless NULL, is taken with the weights where it can be. */
static double gradient(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *m, int64_t step, struct stepping *s)
{
	const size_t rows = l->views * m->b;
	const real *x = l->x ? l->x : m->feed->x;

	l->net->sparse = &m->feed->rows;
	if (!x)
		clear_stale(l, m->feed);

	if (l->setup->attack)
		attack(l, m, step);
	else if (l->views > 1)
		lb_views_make(l->setup->view, l->setup->view_par, step, m->feed->x, m->b, c->features->d, l->x);
	const real *z = lb_net_forward(l->net, l->w, x, rows, step);
	struct lb_batch in = loss_batch(l, c, m, z);
	const double value = apply_loss(l, &in);
	if (l->optim->redirect)
		redirect(l, z, m->b, step);

	if (s && (s->done = steps_at_once(l, c, value)))
		l->net->ready = update_ready;
	l->net->ready_arg = s;
	lb_net_backward(l->net, l->w, x, rows, l->dz, l->g);
	l->net->ready = NULL;
	return value;
}

double lb_learner_gradient(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *m, int64_t step)
{
	return gradient(l, c, m, step, NULL);
}

double lb_learner_step(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *m, int64_t step,
			  double factor)
{
	const struct lb_arg *par = l->setup->optimizer_par;
	const double lr = par[LB_OPT_LR].v * factor, decay = par[LB_OPT_WEIGHT_DECAY].v;
	const bool lazy = l->lazy && lr * decay < 1;

	for (size_t i = 0; l->lazy && i < m->feed->n_columns; i++)
		catch_up(l, m->feed->column[i]);
	if (!lazy)
		lb_learner_settle(l);
	struct stepping s = { .l = l, .t = step + 1, .lr = lr, .decay = decay };
	const double value = gradient(l, c, m, step, &s);
	if (!steps(l, c, value))
		return value;
	if (fabs(value) >= LB_STRAINED)
		lb_strain_measure(l, step);

	rescale(l);
	for (size_t i = 0; i < l->net->spec.n_layers; i++) {
		const struct lb_layer *layer = &l->net->layer[i];
		if (par[LB_OPT_PROJECT].v != 0)
			lb_optim_project(layer->b - layer->w, l->w + layer->w, l->g + layer->w);
		if (i == 0 && lazy)
			update_read(l, m->feed, step + 1, lr, decay);
		else if (!s.done)
			update(l, layer->w, layer->b - layer->w, step + 1, lr, decay);
		update(l, layer->b, layer->ld, step + 1, lr, par[LB_OPT_DECAY_BIAS].v != 0 ? decay : 0);
	}
	if (l->n_own)
		update(l, l->net->n_params, l->n_own, step + 1, lr, 0);
	return value;
}
