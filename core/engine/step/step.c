#include "core/engine/step/step.h"

#include "core/engine/data/augment.h"
#include "core/engine/step/batch_labels.h"
#include "core/engine/step/procedure.h"
#include "core/engine/step/regularise.h"
#include "core/training/optim_params.h"

#include <string.h>

/* factor is the schedule's. */
static struct lb_step step_of(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *batch, int64_t step, double factor)
{
	return (struct lb_step){ .l = l, .c = c, .batch = batch, .step = step, .lr = l->setup->optimizer_par[LB_OPT_LR].v * factor,
				 .set = { { .share = 1 } }, .n_sets = 1 };
}

/* ---- inputs ---- */

/* l->x <- the moved rows; where the loss wants both, the rows and then the moved ones. */
static void attack(struct lb_step *s)
{
	struct lb_learner *l = s->l;
	const struct lb_minibatch *m = s->batch;
	const struct lb_attacked on = { .net = l->model.net, .team = m->team, .w = l->model.w, .x = m->input->x, .y = l->setup->y, .rows = m->rows,
					.b = m->b, .step = s->step };
	const size_t cells = m->b * l->attack.d;

	if (l->views > 1)
		memcpy(l->x, m->input->x, cells * sizeof *l->x);
	lb_attack_run(&l->attack, &on, l->x + (l->views - 1) * cells);
}

/* l->x <- the views. */
static void make_views(struct lb_step *s)
{
	struct lb_learner *l = s->l;
	struct lb_viewed v = { .b = s->batch->b, .d = s->c->features->d, .x = s->batch->input->x, .partner = l->partner };

	if (l->y) {
		for (size_t i = 0; i < v.b; i++)
			l->y[i] = l->setup->y[s->batch->rows[i]];
		v.y = l->y;
	}
	if (l->setup->pair_row) {
		for (size_t i = 0; i < v.b; i++)
			l->pair[i] = l->setup->pair_row[s->batch->id[i]];
		lb_input_batch_load(&l->paired, l->pair, v.b, s->batch->team);
		v.second = l->paired.x;
	}
	lb_views_make(l->augmentation, l->setup->view_par, s->step, &v, l->x);
	l->mix = v.mix;
}

void lb_make_inputs(struct lb_step *s)
{
	struct lb_learner *l = s->l;
	const struct lb_minibatch *m = s->batch;
	const size_t d = s->c->features->d;

	s->x = l->x ? l->x : m->input->x;
	if (l->setup->attack)
		attack(s);
	else if (l->views > 1)
		make_views(s);
	else if (l->x)
		memcpy(l->x, m->input->x, m->b * d * sizeof *l->x);
	for (size_t i = 0; i < l->n_hooks; i++) {
		const struct lb_procedure *p = l->hook[i].procedure;
		if (p->inputs)
			p->inputs(&l->hook[i], s, l->x);
		if (p->labels)
			p->labels(&l->hook[i], s);
	}
}

/* ---- forward and loss ---- */

struct lb_pass lb_pass_of(const struct lb_step *s)
{
	const struct lb_minibatch *m = s->batch;

	return (struct lb_pass){ .b = s->l->views * m->b, .x = s->x, .sparse = &m->input->rows, .step = s->step, .draw = s->draw,
				 .features_only = s->l->model.factored.on,
				 .first_layer_done = m->first_layer_done && !s->visited, .team = m->team,
				 .offset = s->c->features->data->offset, .rows = m->rows, .outputs = lb_setup_outputs(s->l->setup) };
}

/* The weights that a forward reads: w, or what procedures make of it. */
static const real *weights_read(const struct lb_step *s, const struct lb_model *m)
{
	struct lb_learner *l = s->l;

	if (!(l->traits & LB_CHANGES_WEIGHTS))
		return m->w;
	memcpy(l->changed, m->w, m->n_params * sizeof *m->w);
	for (size_t i = 0; i < l->n_hooks; i++)
		if (l->hook[i].procedure->weights)
			l->hook[i].procedure->weights(&l->hook[i], l, s->step, l->changed);
	return l->changed;
}

/* Copies rows of n values from one row stride to another. */
static void restride(size_t rows, size_t n, const real *x, size_t from, real *y, size_t to)
{
	for (size_t i = 0; i < rows; i++)
		memcpy(y + i * to, x + i * from, n * sizeof *y);
}

/* l->held <- what a second network makes of the views, where a procedure has one. */
static void make_held(struct lb_step *s, const struct lb_model *m, const struct lb_pass *pass)
{
	struct lb_learner *l = s->l;
	struct lb_pass own = *pass;

	if (!(l->traits & LB_HAS_TARGET))
		return;
	memcpy(l->target_w, m->w, m->n_params * sizeof *m->w);
	for (size_t i = 0; i < l->n_hooks; i++)
		if (l->hook[i].procedure->target)
			l->hook[i].procedure->target(&l->hook[i], l, l->target_w);
	own.first_layer_done = false;
	restride(pass->b, l->columns, lb_net_forward(m->net, l->target_w, &own), m->net->ld, l->held, l->columns);
}

void lb_forward(struct lb_step *s, struct lb_model *m)
{
	const struct lb_pass pass = lb_pass_of(s);
	const double decay = m->par[LB_OPT_WEIGHT_DECAY].v;

	if (m->sparse.on && !(s->lr * decay < 1))
		lb_row_sparse_flush(&m->sparse, m->w);
	if (m->sparse.on && !m->sparse.leaves_zero) {
		lb_input_batch_list(s->batch->input);
		lb_row_sparse_begin(&m->sparse, s->batch->input->column, s->batch->input->n_columns, m->w, m->g);
	}
	make_held(s, m, &pass);
	m->read = weights_read(s, m);
	m->z = lb_net_forward(m->net, m->read, &pass);
}

/* *in <- the batch, with the labels that were gathered, as a loss reads it; no gradient is asked
 * for. A loss updates its state from it once, and triplets or pairs are mined of it once. */
static void read_batch(const struct lb_step *s, struct lb_model *m, const struct lb_loss_in_use *t, struct lb_batch *in)
{
	struct lb_learner *l = s->l;
	const unsigned needs = t->loss->info.needs;
	const enum lb_kind kind = t->loss->info.kind;
	const size_t b = s->batch->b, c = l->columns, views = needs & LB_NEEDS_VIEWS ? l->views : 1;
	const struct lb_loss_shape shape = lb_setup_loss_shape(l->setup, l->stats.n_classes);

	*in = (struct lb_batch){ .b = b, .c = c, .views = views, .output = { .value = m->z, .rows = views * b, .cols = c, .stride = m->net->ld },
				 .y = l->y, .target = lb_kind_of_targets(kind) ? l->target : NULL, .group = l->group,
				 .teacher = kind != LB_DISTILLATION && !(needs & LB_NEEDS_TEACHER) ? NULL : l->teacher ? l->teacher : l->target,
				 .second_teacher = l->second_teacher, .label_matrix = kind == LB_MULTILABEL ? l->target : NULL,
				 .row_id = s->batch->id, .row_weight = lb_loss_weights(s, t), .par = t->par,
				 .stats = &l->stats, .epoch = l->epoch, .epochs = s->c->epochs, .state = t->state, .workspace = l->workspace,
				 .partner = l->partner, .mix = l->mix, .held = needs & LB_TAKES_TARGET ? l->held : NULL, .scale = 1 };
	if (needs & LB_NEEDS_FEATURES) {
		in->hidden.rows = views * b;
		in->hidden.value = lb_net_features(m->net, s->x, &in->hidden.cols, &in->hidden.stride);
	}
	if (needs & LB_NEEDS_INPUTS)
		in->inputs = (struct lb_io){ .value = s->x, .rows = b, .cols = s->c->features->d, .stride = s->c->features->d };
	if (needs & LB_NEEDS_GUIDE)
		in->inputs = (struct lb_io){ .value = l->guide, .rows = b, .cols = l->setup->guide_columns, .stride = l->setup->guide_columns };
	if (t->n_params)
		in->params = lb_loss_params_io(t->loss, t->par, &shape, m->read + m->net->n_params + t->params, NULL);
	if (lb_reads_packed(l, t->loss)) {
		restride(views * b, c, m->z + t->head * c, m->net->ld, l->packed, c);
		in->output.value = l->packed;
		in->output.stride = c;
	}
	if (!s->visited)
		lb_loss_update_state(t->loss, in);
	if (l->miner && needs & (LB_TAKES_TRIPLETS | LB_TAKES_PAIRS)) {
		if (!s->visited)
			lb_mine(l->miner, l->setup->miner_par, (uint64_t)(s->step > 0 ? s->step : 0), t->loss, in, &l->mined);
		lb_mined_use(&l->mined, !s->visited, in);
	}
}

/* x (rows, n) <- 0 from row `from` on. */
static void clear_rows(real *x, size_t from, size_t rows, size_t n)
{
	if (from < rows)
		memset(x + from * n, 0, (rows - from) * n * sizeof *x);
}

/* Returns `factor` times the mean of one loss. m->dz, m->dfeatures and its part of m->g <- its
 * gradient. */
static double apply_loss(struct lb_step *s, struct lb_model *m, const struct lb_loss_in_use *t, double factor)
{
	const struct lb_learner *l = s->l;
	const bool packed = lb_reads_packed(l, t->loss), moves = m->dfeatures && t->loss->info.needs & LB_MOVES_FEATURES;
	const size_t all = l->views * s->batch->b, c = l->columns, ld = m->net->ld;
	struct lb_batch in;

	read_batch(s, m, t, &in);
	const size_t rows = in.output.rows;
	in.scale = factor;
	in.output.grad = packed ? l->packed + rows * c : m->dz;
	in.hidden.grad = moves ? m->dfeatures : NULL;
	in.params.grad = t->n_params ? m->g + m->net->n_params + t->params : NULL;
	clear_rows(m->dz, l->heads > 1 ? 0 : rows, all, ld);
	if (m->dfeatures)
		clear_rows(m->dfeatures, moves ? in.b : 0, all, lb_net_features_stride(m->net));
	const double value = lb_loss_apply(t->loss, &in);
	if (packed)
		restride(rows, c, in.output.grad, c, m->dz + t->head * c, ld);
	return value;
}

/* sum (n) += g */
static void add(real *sum, const real *g, size_t n)
{
	for (size_t i = 0; sum && i < n; i++)
		sum[i] += g[i];
}

/* Moves a sum (n) to where the gradient is read, and leaves 0. */
static void take(real *sum, real *g, size_t n)
{
	if (!sum)
		return;
	memcpy(g, sum, n * sizeof *g);
	memset(sum, 0, n * sizeof *sum);
}

/* The losses of all sets of labels, each by its share and its weight; with soft labels, of each as
 * one of every class. */
static double sum_losses(struct lb_step *s, struct lb_model *m)
{
	const struct lb_learner *l = s->l;
	const size_t rows = l->views * s->batch->b, n_z = rows * m->net->ld, n_features = rows * lb_net_features_stride(m->net);
	real *params = m->g + m->net->n_params;
	const size_t classes = l->setup->soft_labels || s->set[0].soft ? l->stats.n_classes : 1;
	double value = 0;

	for (size_t k = 0; k < s->n_sets * classes; k++) {
		const struct lb_label_set *set = &s->set[k / classes];
		const double share = set->share;
		if (share == 0)
			continue;
		lb_gather_labels(s, set, k % classes);
		for (size_t i = 0; i < l->n_terms; i++) {
			const struct lb_loss_in_use *t = &l->term[i];
			value += apply_loss(s, m, t, share * t->weight);
			add(l->dz_sum, m->dz, n_z);
			add(l->dfeatures_sum, m->dfeatures, n_features);
			add(l->params_sum ? l->params_sum + t->params : NULL, params + t->params, t->n_params);
		}
		s->visited = true;
	}
	take(l->dz_sum, m->dz, n_z);
	take(l->dfeatures_sum, m->dfeatures, n_features);
	take(l->params_sum, params, m->n_loss_params);
	return value;
}

/* Lets the optimiser replace the derivatives by the scores before they go back (normalized_gd,
 * batch_perceptron). */
static void transform_output_gradient(struct lb_step *s, struct lb_model *m)
{
	const struct lb_learner *l = s->l;
	const struct lb_scored_batch scored = { .b = s->batch->b, .views = l->views, .c = l->heads * l->columns, .ld = m->net->ld, .z = m->z, .y = l->y,
					  .weight = lb_weighs_rows(s) ? l->weight : NULL, .dz = m->dz };
	const double divisor = m->optim->transform_output_gradient(m->par, s->step + 1, &scored);

	for (size_t i = m->net->n_params; i < m->n_params; i++)
		m->g[i] = (real)((double)m->g[i] / divisor);
	for (size_t i = 0; m->dfeatures && i < l->views * scored.b * lb_net_features_stride(m->net); i++)
		m->dfeatures[i] = (real)((double)m->dfeatures[i] / divisor);
}

/* Returns what procedures add to the loss; m->dz += its derivatives. */
static double penalties(const struct lb_step *s, struct lb_model *m)
{
	const struct lb_learner *l = s->l;
	double value = 0;

	for (size_t i = 0; l->traits & LB_ADDS_PENALTY && i < l->n_hooks; i++)
		if (l->hook[i].procedure->penalty)
			value += l->hook[i].procedure->penalty(&l->hook[i], s, m);
	return value;
}

/* Returns the mean loss. m->dz <- its derivatives. */
static double losses(struct lb_step *s, struct lb_model *m)
{
	const bool plain = s->l->one_loss && s->n_sets == 1 && !(s->set[0].share < 1) && !s->l->setup->soft_labels && !s->set[0].soft;
	double value;

	if (plain) {
		lb_gather_labels(s, &s->set[0], 0);
		value = apply_loss(s, m, &s->l->term[0], 1);
		s->visited = true;
	} else {
		value = sum_losses(s, m);
	}
	return value;
}

void lb_loss_slopes(struct lb_step *s, struct lb_model *m)
{
	losses(s, m);
}

double lb_loss_of_batch(struct lb_step *s, struct lb_model *m)
{
	double value = losses(s, m);

	value += penalties(s, m);
	lb_regularise_scores(s, m);
	if (m->optim->transform_output_gradient)
		transform_output_gradient(s, m);
	return value;
}

void lb_row_losses(struct lb_step *s, struct lb_model *m, real *out)
{
	const struct lb_learner *l = s->l;

	for (size_t i = 0; i < s->batch->b; i++)
		out[i] = 0;
	for (size_t k = 0; k < s->n_sets; k++) {
		lb_gather_labels(s, &s->set[k], 0);
		for (size_t j = 0; j < l->n_terms; j++) {
			struct lb_batch in;
			read_batch(s, m, &l->term[j], &in);
			in.scale = s->set[k].share * l->term[j].weight;
			in.row_loss = out;
			lb_loss_apply(l->term[j].loss, &in);
		}
		s->visited = true;
	}
}

/* Gives labels probabilities, where a procedure does. */
static void relabel_rows(struct lb_step *s, const struct lb_model *m)
{
	const struct lb_learner *l = s->l;

	for (size_t i = 0; l->traits & LB_SOFTENS_LABELS && i < l->n_hooks; i++)
		if (l->hook[i].procedure->relabel)
			l->hook[i].procedure->relabel(&l->hook[i], s, m);
}

/* s->row_weight <- what procedures make of the rows' losses; NULL where none weighs rows. */
static void weigh_rows(struct lb_step *s, struct lb_model *m)
{
	struct lb_learner *l = s->l;

	if (!(l->traits & LB_WEIGHS_ROWS))
		return;
	lb_row_losses(s, m, l->row_loss);
	for (size_t i = 0; i < s->batch->b; i++)
		l->row_weight[i] = 1;
	for (size_t i = 0; i < l->n_hooks; i++)
		if (l->hook[i].procedure->weigh)
			l->hook[i].procedure->weigh(&l->hook[i], s, l->row_loss, l->row_weight);
	s->row_weight = l->row_weight;
	lb_note_selected(s);
}

bool lb_moves(const struct lb_step *s, double value)
{
	const struct lb_learner *l = s->l;

	for (size_t i = 0; i < l->n_terms; i++)
		if (l->term[i].loss->skips_update && l->term[i].loss->skips_update(l->term[i].par, l->epoch, s->c->epochs))
			return false;
	return isfinite(value);
}

/* Calls the regularisers and procedures that follow an update. */
static void end_step(struct lb_step *s, struct lb_model *m)
{
	struct lb_learner *l = s->l;

	lb_regularise_weights(s, m);
	for (size_t i = 0; i < l->n_hooks; i++)
		if (l->hook[i].procedure->stepped)
			l->hook[i].procedure->stepped(&l->hook[i], s, m);
}

static double gradient_once(struct lb_step *s, struct lb_model *m)
{
	lb_forward(s, m);
	const double value = lb_loss_of_batch(s, m);
	lb_backward(s, m);
	return value;
}

double lb_gradient_again(struct lb_step *s, struct lb_model *m)
{
	const size_t draws = s->step < 0 ? 1 : s->l->draws;
	double value = gradient_once(s, m);

	if (draws < 2)
		return value;
	memcpy(s->l->g_sum, m->g, m->n_params * sizeof *m->g);
	for (s->draw = 1; s->draw < draws; s->draw++) {
		value += gradient_once(s, m);
		add(s->l->g_sum, m->g, m->n_params);
	}
	s->draw = 0;
	for (size_t i = 0; i < m->n_params; i++)
		m->g[i] = s->l->g_sum[i] / (real)draws;
	return value / (double)draws;
}

/* ---- the step ---- */

/* One step of a model with a factored head, whose loss is one of the spherical family. */
static double factored_step(struct lb_step *s)
{
	struct lb_learner *l = s->l;
	struct lb_model *m = &l->model;
	struct lb_factored_batch in = { .b = s->batch->b, .y = l->y, .loss = &l->term[0].loss->info, .par = l->term[0].par };
	size_t d;

	lb_make_inputs(s);
	lb_forward(s, m);
	lb_gather_labels(s, &s->set[0], 0);
	in.weight = lb_loss_weights(s, &l->term[0]);
	in.h = lb_net_features(m->net, s->x, &d, &in.stride);
	const double value = lb_factored_loss(&m->factored, m->w, &in, m->dfeatures);
	if (lb_moves(s, value))
		lb_backward_update(s, m, value);
	return value;
}

/* One step of empirical risk minimisation, in which procedures take part. Returns the loss. */
static double plain_step(struct lb_step *s)
{
	struct lb_model *m = &s->l->model;
	double value;

	lb_make_inputs(s);
	if (s->l->draws > 1) {
		value = lb_gradient_again(s, m);
	} else {
		lb_forward(s, m);
		relabel_rows(s, m);
		weigh_rows(s, m);
		value = lb_loss_of_batch(s, m);
	}
	if (lb_moves(s, value)) {
		lb_backward_update(s, m, value);
		end_step(s, m);
	}
	return value;
}

double lb_learner_step(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *batch, int64_t step, double factor)
{
	struct lb_step s = step_of(l, c, batch, step, factor);

	/* A procedure that takes the whole step is the only one. */
	if (l->traits & LB_WHOLE_STEP)
		return l->hook[0].procedure->step(&l->hook[0], &s);
	return l->model.factored.on ? factored_step(&s) : plain_step(&s);
}

double lb_learner_gradient(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *batch)
{
	struct lb_step s = step_of(l, c, batch, -1, 0);

	lb_make_inputs(&s);
	return lb_gradient_again(&s, &l->model);
}

void lb_learner_aside(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *batch, const int32_t *y)
{
	struct lb_step s = step_of(l, c, batch, -1, 0);

	s.x = batch->input->x;
	s.set[0].y = y;
	s.visited = true;
	lb_forward(&s, &l->model);
	losses(&s, &l->model);
	lb_backward(&s, &l->model);
}

void lb_learner_look(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *batch, real *row_loss)
{
	struct lb_step s = step_of(l, c, batch, -1, 0);

	lb_make_inputs(&s);
	lb_forward(&s, &l->model);
	lb_row_losses(&s, &l->model, row_loss);
}
