#include "core/engine/step/learner_open.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/engine/step/procedure.h"
#include "core/engine/step/regularise.h"
#include "core/training/augment_info.h"
#include "core/training/optim_params.h"

#include <stdlib.h>
#include <string.h>

static int count_classes(struct lb_learner *l, const struct lb_cohort *c, struct lb_err *err)
{
	const struct lb_dataset *data = c->features->data;
	const double *label = lb_setup_target(l->setup, data);

	l->stats = (struct lb_loss_stats){ .n_rows = c->split->n[LB_TRAIN], .n_classes = data->n_classes, .n_columns = l->columns,
					  .scale = l->setup->model.cosine_scale, .cuts = l->setup->cuts, .guide = l->setup->guide, .guide_columns = l->setup->guide_columns,
					  .guide_row = c->split->rows[LB_TRAIN] };
	if (lb_kind_of_targets(c->kind))
		return 0;
	if (!(l->counts = lb_alloc(data->n_classes, sizeof *l->counts, err)))
		return -1;
	for (size_t i = 0; i < l->stats.n_rows; i++) {
		const size_t row = c->split->rows[LB_TRAIN][i];
		for (size_t k = 0; c->kind == LB_MULTILABEL && k < data->n_targets; k++)
			l->counts[k] += label[row * data->n_targets + k] > 0;
		if (c->kind != LB_MULTILABEL)
			l->counts[l->setup->y[row]]++;
	}
	l->stats.counts = l->counts;
	return 0;
}

/* What the guide says of the training rows of each class in the mean, where a loss reads it. */
static int average_guide(struct lb_learner *l, const struct lb_cohort *c, struct lb_err *err)
{
	const struct lb_setup *setup = l->setup;
	const size_t n = setup->guide_columns;

	if (!(l->needs & LB_NEEDS_GUIDE) || !l->counts || !setup->y)
		return 0;
	if (!(l->guide_means = lb_alloc(l->stats.n_classes * n, sizeof *l->guide_means, err)))
		return -1;
	for (size_t i = 0; i < l->stats.n_rows; i++) {
		const size_t row = c->split->rows[LB_TRAIN][i], y = (size_t)setup->y[row];
		for (size_t k = 0; k < n; k++)
			l->guide_means[y * n + k] += setup->guide[row * n + k] / l->counts[y];
	}
	l->stats.guide_means = l->guide_means;
	return 0;
}

/* *p <- n values if they are wanted. Returns false when memory runs out. */
static bool room(real **p, bool wanted, size_t n, struct lb_err *err)
{
	return !wanted || (*p = lb_alloc_aligned(n, sizeof(real), err));
}

static bool any_part(const struct lb_learner *l)
{
	for (size_t i = 0; i < l->n_terms; i++)
		if (l->term[i].part)
			return true;
	return false;
}

static bool any_packed(const struct lb_learner *l)
{
	for (size_t i = 0; i < l->n_terms; i++)
		if (lb_reads_packed(l, l->term[i].loss))
			return true;
	return false;
}

/* The sizes that the losses see, of batches of b rows. */
static struct lb_loss_shape shape_of(const struct lb_learner *l, size_t b)
{
	struct lb_loss_shape shape = lb_setup_loss_shape(l->setup, l->stats.n_classes);

	shape.b = b;
	shape.views = l->views;
	return shape;
}

/* Bytes of the workspace for the loss that needs most. */
static size_t most_workspace(const struct lb_learner *l, size_t b)
{
	const struct lb_loss_shape shape = shape_of(l, b);
	size_t most = 0;

	for (size_t i = 0; i < l->n_terms; i++) {
		const size_t bytes = lb_loss_workspace(l->term[i].loss, l->term[i].par, &shape);
		most = bytes > most ? bytes : most;
	}
	return most;
}

/* Distance of two rows of the features of the last hidden layer, where a loss moves them; else
 * 0. */
static size_t moved_features(const struct lb_learner *l)
{
	const size_t last = l->setup->model.n_layers - 1;

	return (l->needs & LB_MOVES_FEATURES || l->setup->model.factored) && last ? LB_PADDED(l->setup->model.width[last]) : 0;
}

/* What the losses read of a batch. */
static int alloc_batch(struct lb_learner *l, const struct lb_cohort *c, struct lb_err *err)
{
	const struct lb_setup *setup = l->setup;
	const size_t b = c->batch, rows = l->views * b;
	const bool columns = lb_kind_of_columns(c->kind), weighs = l->traits & LB_WEIGHS_ROWS;
	const bool sums = !l->one_loss || l->traits & LB_CHANGES_LABELS || setup->soft_labels;
	const bool ok = room(&l->weight, setup->row_weight || setup->soft_labels || weighs || l->traits & LB_SOFTENS_LABELS, b, err) && room(&l->part_weight, any_part(l), b, err) && room(&l->target, columns || setup->teacher || setup->anomaly, b * l->columns, err) &&
			room(&l->teacher, columns && setup->teacher, b * l->columns, err) && room(&l->second_teacher, setup->second_teacher, b * l->columns, err) && room(&l->guide, setup->guide, b * setup->guide_columns, err) &&
			room(&l->x, l->views > 1 || setup->attack || l->traits & LB_CHANGES_INPUTS, rows * c->features->d, err) &&
			room(&l->packed, any_packed(l), 2 * rows * l->columns, err) && room(&l->dz_sum, sums, rows * l->model.net->ld, err) &&
			room(&l->dfeatures_sum, sums && moved_features(l), rows * moved_features(l), err) &&
			room(&l->params_sum, sums && l->model.n_loss_params, l->model.n_loss_params, err);

	if (setup->view && setup->view->traits & LB_VIEW_MIXES && !(l->partner = lb_alloc(b, sizeof *l->partner, err)))
		return -1;
	if (setup->pair_row && (!(l->pair = lb_alloc(b, sizeof *l->pair, err)) || lb_input_batch_open(&l->paired, c->features, false, b, LB_ROWS_REPEAT, err)))
		return -1;
	if ((c->kind == LB_RANKING || c->split->bag) && !(l->group = lb_alloc(b, sizeof *l->group, err)))
		return -1;
	if (!ok || (lb_kind_of_labels(c->kind) && !(l->y = lb_alloc(b, sizeof *l->y, err))))
		return -1;
	if (!(l->workspace = lb_alloc_aligned(most_workspace(l, b), 1, err)))
		return -1;
	l->miner = setup->miner && lb_miner_chooses(lb_miner_of(setup->miner)) ? lb_miner_of(setup->miner) : NULL;
	return l->miner ? lb_mined_open(&l->mined, b, err) : 0;
}

/* Copies of the parameters, and what procedures need. */
static int alloc_copies(struct lb_learner *l, const struct lb_cohort *c, struct lb_err *err)
{
	const size_t n = l->model.n_params, b = c->batch;
	const bool weighs = l->traits & LB_WEIGHS_ROWS, stop = l->setup->stop.on, units = l->setup->unit;

	if (!room(&l->best, stop, n, err) || !room(&l->unscaled, units, n, err) || !room(&l->row_loss, weighs, b, err) ||
	    !room(&l->row_weight, weighs, b, err) || !room(&l->changed, l->traits & (LB_CHANGES_WEIGHTS | LB_CHANGES_RESULT), n, err) ||
	    !room(&l->g_sum, l->traits & LB_DRAWS_AGAIN, n, err) || !room(&l->target_w, l->traits & LB_HAS_TARGET, n, err) || !room(&l->held, l->traits & LB_HAS_TARGET, l->views * b * l->columns, err))
		return -1;
	if (units && !(l->plain = lb_alloc(lb_model_spec_size(&l->setup->model) + l->model.n_loss_params, sizeof *l->plain, err)))
		return -1;
	return stop ? lb_persist(&l->state, "best parameters", l->best, n * sizeof(real), err) : 0;
}

/* For compressed rows. Rows that are left as they are must be read by nobody else. */
static int open_sparse(struct lb_learner *l, struct lb_model *m, struct lb_err *err)
{
	const struct lb_layer *first = &m->net->layer[0];
	const unsigned read_all = LB_CHANGES_WEIGHTS | LB_CHANGES_GRADIENT | LB_ENDS_STEPS | LB_CHANGES_RESULT;
	const bool steps = m->optim->step || m->optim->step_whole;
	const bool project = steps && m->par[LB_OPT_PROJECT].v != 0;
	const bool lazy = m->optim->idle && m->optim->idle(m->par) && !project && !(l->traits & read_all);

	return lb_row_sparse_open(&m->sparse, first, project || l->traits & LB_CHANGES_GRADIENT, lazy,
				  steps && m->par[LB_OPT_WEIGHT_DECAY].v > 0, &l->state, err);
}

/* The parameters that a saved model gives, in the place of those drawn. */
static int begin_with(const struct lb_setup *setup, struct lb_model *m, struct lb_err *err)
{
	const size_t n = lb_model_spec_size(&setup->model);
	double *plain = lb_alloc(n + m->n_loss_params, sizeof *plain, err);

	if (!plain)
		return -1;
	lb_model_unpack(m, m->w, plain);
	memcpy(plain, setup->start, setup->n_start * sizeof *plain);
	if (setup->start_own)
		memcpy(plain + n, setup->start_own, m->n_loss_params * sizeof *plain);
	lb_model_pack(m, plain, m->w);
	free(plain);
	return 0;
}

int lb_learner_open_model(struct lb_learner *l, const struct lb_cohort *c, uint64_t seed, struct lb_model *m, struct lb_err *err)
{
	const struct lb_setup *setup = l->setup;
	const struct lb_loss_shape shape = shape_of(l, c->batch);
	const size_t rows = l->views * c->batch, most = rows > LB_EVAL_CHUNK ? rows : LB_EVAL_CHUNK;

	if (lb_model_open(m, setup, seed, lb_setup_loss_params(setup, c->features->data), rows, most, &l->state, err) ||
	    (lb_input_batch_compressed(c) && open_sparse(l, m, err)))
		return -1;
	if (!room(&m->dfeatures, moved_features(l), rows * moved_features(l), err))
		return -1;
	lb_net_init(m->net, m->w);
	for (size_t i = 0; i < l->n_terms; i++) {
		const struct lb_loss_in_use *t = &l->term[i];
		if (t->n_params)
			t->loss->init_params(t->par, &shape, seed, m->w + m->net->n_params + t->params);
	}
	if (setup->start && begin_with(setup, m, err))
		return -1;
	if (m->factored.on)
		lb_factored_begin(&m->factored, m->w);
	return 0;
}

/* The losses, but for their states. */
static void list_losses(struct lb_learner *l)
{
	const struct lb_loss_shape shape = lb_setup_loss_shape(l->setup, l->stats.n_classes);
	size_t params = 0;

	l->n_terms = lb_setup_terms(l->setup);
	for (size_t i = 0; i < l->n_terms; i++) {
		const struct lb_term term = lb_setup_term(l->setup, i);
		l->term[i] = (struct lb_loss_in_use){ .loss = lb_loss_of(term.loss), .par = term.par, .weight = term.weight, .head = term.head, .part = term.part, .params = params };
		l->term[i].n_params = lb_loss_n_params(term.loss, term.par, &shape);
		params += l->term[i].n_params;
	}
	l->one_loss = l->n_terms == 1 && !(l->term[0].weight < 1 || l->term[0].weight > 1);
}

/* The state of a loss, which a checkpoint keeps. */
static int open_loss(struct lb_learner *l, struct lb_loss_in_use *t, struct lb_err *err)
{
	if (t->loss->init && !(t->state = t->loss->init(t->par, &l->stats, err)))
		return -1;
	return t->loss->state_size ? lb_persist(&l->state, "loss", t->state, t->loss->state_size(t->par, &l->stats), err) : 0;
}

/* Views of parts leave the second view some of the features, as preprocessing made them. */
static int parts_are_of_the_features(const struct lb_setup *setup, size_t d, struct lb_err *err)
{
	const double first = setup->view && setup->view->traits & LB_VIEW_PARTS ? setup->view_par[LB_VIEW_OWN].v : 0;

	if (first < (double)d)
		return 0;
	return lb_fail(err, LB_CONFIG, "train.views.features: found %g, allowed: 0 to %zu, as the data have %zu feature%s after preprocessing and the second view takes the "
		       "others", first, d - 1, d, lb_s(d));
}

int lb_learner_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_setup *setup, struct lb_err *err)
{
	const unsigned needs = lb_setup_needs(setup);
	const bool both = setup->attack && needs & LB_NEEDS_VIEWS;

	*l = (struct lb_learner){ .setup = setup, .columns = lb_model_spec_columns(&setup->model), .heads = setup->model.heads ? setup->model.heads : 1, .active = true,
				  .augmentation = setup->view ? lb_augmentation_of(setup->view) : NULL,
				  .views = setup->view ? (size_t)setup->view_par[LB_VIEW_COUNT].v : both ? 2 : 1,
				  .traits = lb_setup_traits(setup), .needs = needs, .draws = 1, .schedule.factor = 1, .progress.train_seconds = c->spent };
	if (parts_are_of_the_features(setup, c->features->d, err))
		goto fail;
	if (lb_persist(&l->state, "progress", &l->progress, sizeof l->progress, err) || count_classes(l, c, err) || average_guide(l, c, err))
		goto fail;
	if (setup->schedule && setup->schedule->follow && lb_persist(&l->state, "schedule", &l->schedule, sizeof l->schedule, err))
		goto fail;
	list_losses(l);
	if (lb_learner_open_model(l, c, setup->model.seed, &l->model, err) || alloc_batch(l, c, err) || alloc_copies(l, c, err))
		goto fail;
	if (setup->attack && lb_attack_open(&l->attack, setup->attack, setup->attack_par, l->model.net, c->batch, err))
		goto fail;
	for (size_t i = 0; i < l->n_terms; i++)
		if (open_loss(l, &l->term[i], err))
			goto fail;
	if (lb_hooks_open(l, c, err) || lb_regularise_open(l, c, err))
		goto fail;
	return 0;
fail:
	lb_learner_close(l);
	return -1;
}

void lb_learner_close(struct lb_learner *l)
{
	lb_hooks_close(l);
	lb_regularise_close(l);
	for (size_t i = 0; i < l->n_terms; i++)
		if (l->term[i].state)
			l->term[i].loss->free(l->term[i].state);
	lb_model_close(&l->model);
	lb_attack_close(&l->attack);
	free(l->counts);
	free(l->guide_means);
	free(l->y);
	free(l->group);
	free(l->partner);
	free(l->pair);
	lb_input_batch_close(&l->paired);
	free(l->target);
	free(l->teacher);
	free(l->second_teacher);
	free(l->guide);
	free(l->weight);
	free(l->part_weight);
	free(l->x);
	free(l->workspace);
	free(l->packed);
	lb_mined_close(&l->mined);
	free(l->row_loss);
	free(l->row_weight);
	free(l->dz_sum);
	free(l->dfeatures_sum);
	free(l->params_sum);
	free(l->changed);
	free(l->g_sum);
	free(l->target_w);
	free(l->held);
	free(l->best);
	free(l->unscaled);
	free(l->plain);
	lb_persisted_free(&l->state);
	*l = (struct lb_learner){ 0 };
}

/* Returns the parameters that an evaluation reads: w, or a copy as procedures change it. */
static const real *evaluated(struct lb_learner *l)
{
	if (l->restored || !(l->traits & (LB_CHANGES_WEIGHTS | LB_CHANGES_RESULT)))
		return l->model.w;
	memcpy(l->changed, l->model.w, l->model.n_params * sizeof *l->changed);
	for (size_t i = 0; i < l->n_hooks; i++) {
		const struct lb_procedure *p = l->hook[i].procedure;
		if (p->finish)
			p->finish(&l->hook[i], l, l->changed);
	}
	for (size_t i = 0; i < l->n_hooks; i++)
		if (l->hook[i].procedure->weights)
			l->hook[i].procedure->weights(&l->hook[i], l, -1, l->changed);
	return l->changed;
}

const real *lb_learner_eval_weights(struct lb_learner *l)
{
	const real *w = evaluated(l);

	if (!l->setup->unit)
		return w;
	lb_model_unpack(&l->model, w, l->plain);
	lb_setup_unscale(l->setup, l->plain);
	lb_model_pack(&l->model, l->plain, l->unscaled);
	return l->unscaled;
}

void lb_learner_keep_best(struct lb_learner *l)
{
	memcpy(l->best, evaluated(l), l->model.n_params * sizeof *l->best);
}

void lb_learner_restore_best(struct lb_learner *l)
{
	memcpy(l->model.w, l->best, l->model.n_params * sizeof *l->best);
	l->restored = true;
}
