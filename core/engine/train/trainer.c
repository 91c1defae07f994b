#include "core/engine/step/learner_open.h"
#include "core/engine/step/step.h"
#include "core/training/train.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/interrupt.h"
#include "core/engine/train/checkpoint.h"
#include "core/engine/data/cohort_sampler.h"
#include "core/engine/eval/evaluate.h"
#include "core/engine/step/procedure.h"
#include "core/engine/train/candidates.h"
#include "core/engine/train/joint_first_layer.h"
#include "core/engine/train/divergence.h"
#include "core/engine/train/early_stopping.h"
#include "core/engine/train/curvature_of_learner.h"

#include <stdlib.h>

/* All that a cohort's training holds. */
struct trainer {
	const struct lb_cohort *c;
	struct lb_train_result *out;
	struct lb_learner *learner;   /* k */
	struct lb_joint_layer joint_layer;
	struct lb_evaluator *eval;
	uint32_t *order, *rows;          /* (training rows), (batch) */
	struct lb_input_batch input;
	struct lb_eval_model *eval_model; /* k: the models that this pass evaluates */
	size_t *who;                     /* k: the index of the trial of each subject */
	double *valid;                   /* (k, most metrics of a trial) room for one split's metrics */
	size_t most_metrics;
	int64_t step, total;             /* steps done, of all */
	bool *is_final;                  /* k: whose outcome is final */
	double kept, pause;              /* when the states were kept last, and seconds to the next time */
	bool warned;                     /* that they could not be */
	struct lb_team *team;
	struct lb_sampler sampler;
};

/* Registers the curves, which a checkpoint keeps. */
static int keep_curves(struct lb_learner *l, const struct lb_cohort *c, struct lb_train_result *o, struct lb_err *err)
{
	static const char *const name[] = { "training curve", "validation curve", "test curve" };

	if (lb_persist(&l->state, "loss curve", o->loss_curve, c->epochs * sizeof *o->loss_curve, err))
		return -1;
	for (int part = 0; part < 3; part++)
		if (o->curve[part] && lb_persist(&l->state, name[part], o->curve[part], c->epochs * l->setup->n_metrics * sizeof(double), err))
			return -1;
	return 0;
}

static int trainer_open(struct trainer *s, struct lb_err *err)
{
	const struct lb_cohort *c = s->c;
	const size_t n = lb_cohort_reads(c), columns = lb_cohort_columns(c);

	s->most_metrics = 1;
	for (size_t i = 0; i < c->k; i++) {
		if (lb_train_result_open(&s->out[i], c, &c->trial[i], true, err))
			return -1;
		if (c->trial[i].n_metrics > s->most_metrics)
			s->most_metrics = c->trial[i].n_metrics;
	}
	s->learner = lb_alloc(c->k, sizeof *s->learner, err);
	s->eval = lb_evaluator_new(c, columns, err);
	s->order = lb_alloc(n, sizeof *s->order, err);
	s->rows = lb_alloc(c->batch, sizeof *s->rows, err);
	s->valid = lb_alloc(c->k * s->most_metrics, sizeof(double), err);
	s->eval_model = lb_alloc(c->k, sizeof *s->eval_model, err);
	s->who = lb_alloc(c->k, sizeof *s->who, err);
	s->is_final = lb_alloc(c->k, sizeof *s->is_final, err);
	if (!s->learner || !s->eval || !s->order || !s->rows || !s->valid || !s->eval_model || !s->who || !s->is_final)
		return -1;
	const unsigned how = LB_ROWS_READ_OFTEN | ((c->sampling && c->sampling->repeats) || c->n_again ? LB_ROWS_REPEAT : 0);
	if (lb_team_new(lb_kernel()->chain ? c->threads : 1, &s->team, err) ||
	    lb_input_batch_open(&s->input, c->features, lb_input_batch_compressed(c), c->batch, how, err))
		return -1;
	for (size_t i = 0; i < c->k; i++) {
		if (lb_learner_open(&s->learner[i], c, &c->trial[i], err) || keep_curves(&s->learner[i], c, &s->out[i], err))
			return -1;
	}
	if (lb_cohort_sampler_open(&s->sampler, c, err) || lb_joint_layer_open(&s->joint_layer, c, c->batch > LB_EVAL_CHUNK ? c->batch : LB_EVAL_CHUNK, err))
		return -1;
	s->eval->joint_layer = &s->joint_layer;
	s->eval->team = s->team;
	s->total = lb_cohort_steps_before(c, c->epochs);
	s->kept = lb_seconds();
	s->pause = c->keep_seconds;
	return 0;
}

static void trainer_close(struct trainer *s)
{
	for (size_t i = 0; s->learner && i < s->c->k; i++)
		lb_learner_close(&s->learner[i]);
	free(s->learner);
	lb_joint_layer_close(&s->joint_layer);
	lb_evaluator_free(s->eval);
	free(s->order);
	free(s->rows);
	lb_input_batch_close(&s->input);
	free(s->valid);
	free(s->eval_model);
	free(s->who);
	free(s->is_final);
	lb_team_free(s->team);
	lb_sampler_close(&s->sampler);
}

/* What the outcome says of the training's progress. */
static void note_progress(struct trainer *s, size_t i)
{
	const struct lb_reached *p = &s->learner[i].progress;

	s->out[i].undefined_epochs = (size_t)p->undefined_epochs;
	s->out[i].train_seconds = p->train_seconds;
	s->out[i].evaluate_seconds = p->evaluate_seconds;
}

static void end_trial(struct trainer *s, size_t i, enum lb_status status)
{
	s->learner[i].active = false;
	lb_train_result_end(&s->out[i], status);
}

/* The trial's outcome is already that of a divergence; this adds where in the model it began. */
static void end_diverged(struct trainer *s, size_t i)
{
	s->learner[i].active = false;
	lb_divergence_describe(&s->learner[i], s->out[i].cause, sizeof s->out[i].cause);
}

static void loss_not_finite(struct trainer *s, size_t i, size_t epoch, double value)
{
	lb_train_result_diverged(&s->out[i], epoch + 1, isnan(value) ? "the training loss is not a number" :
			    value > 0 ? "the training loss is infinite" : "the training loss is minus infinity");
	end_diverged(s, i);
}

/* Trials with a checkpoint take up what it holds. */
static int resume(struct trainer *s, struct lb_err *err)
{
	for (size_t i = 0; i < s->c->k; i++) {
		struct lb_learner *l = &s->learner[i];
		struct lb_train_result *o = &s->out[i];
		if (l->setup->checkpoint && lb_checkpoint_load(l, s->c, err) < 0)
			return -1;
		o->steps = l->start;
		o->resumed = o->epochs = lb_cohort_epoch_of(s->c, l->start);
		note_progress(s, i);
	}
	return 0;
}

/* Whether trial i takes part in the next step: it has not ended, and has not done it already. */
static bool takes_part(const struct trainer *s, size_t i)
{
	return s->learner[i].active && s->step >= s->learner[i].start;
}

/* The same for what comes at the end of an epoch, when its steps are done. */
static bool takes_part_at_end(const struct trainer *s, size_t i)
{
	return s->learner[i].active && s->step > s->learner[i].start;
}

static bool any_active(const struct trainer *s)
{
	for (size_t i = 0; i < s->c->k; i++)
		if (s->learner[i].active)
			return true;
	return false;
}

/* The first step that some trial has still to do. */
static int64_t first_step(const struct trainer *s)
{
	int64_t first = s->total;

	for (size_t i = 0; i < s->c->k; i++)
		if (s->learner[i].active && s->learner[i].start < first)
			first = s->learner[i].start;
	return first;
}

static bool due_by_epochs(const struct trainer *s, const struct lb_learner *l)
{
	const size_t every = l->setup->checkpoint_every;

	return every && lb_cohort_ends_epoch(s->c, s->step) && lb_cohort_epoch_of(s->c, s->step) % every == 0;
}

/* One that only time asked for may fail: the training is worth more than its state. */
static int keep_state(struct trainer *s, size_t i, bool asked, struct lb_err *err)
{
	const struct lb_learner *l = &s->learner[i];
	struct lb_err why = { 0 };

	if (!lb_checkpoint_save(l, &why))
		return 0;
	if (asked)
		return lb_fail(err, why.code, "%s", why.text);
	if (!s->warned)
		lb_warn("%s; the training goes on, but is lost if it is killed now", why.text);
	s->warned = true;
	return 0;
}

/* After a step, or an epoch with its evaluation: keeps the states of the trials that want it. Where
 * writing takes long it is done less often, so that it costs a twentieth of the time at most. */
static int keep_states(struct trainer *s, struct lb_err *err)
{
	const double now = lb_seconds();
	const bool by_time = s->pause > 0 && now - s->kept >= s->pause;

	for (size_t i = 0; i < s->c->k && !lb_stop_requested; i++) {
		const struct lb_learner *l = &s->learner[i];
		const bool asked = due_by_epochs(s, l);
		if (l->setup->checkpoint && (by_time || asked) && takes_part_at_end(s, i) && s->step < s->total &&
		    keep_state(s, i, asked, err))
			return -1;
	}
	if (by_time) {
		s->kept = lb_seconds();
		s->pause = fmax(s->c->keep_seconds, 20 * (s->kept - now));
	}
	return 0;
}

/* Makes the first layers of all trials that take part at once, where that is less work. Returns
 * whether it did. */
static bool begin_step(struct trainer *s, const struct lb_minibatch *m)
{
	size_t n = 0;

	for (size_t i = 0; i < s->c->k; i++)
		n += takes_part(s, i);
	if (!lb_joint_layer_helps(&s->joint_layer, n))
		return false;
	n = 0;
	for (size_t i = 0; i < s->c->k; i++)
		if (takes_part(s, i))
			lb_joint_layer_load(&s->joint_layer, n++, s->learner[i].model.net, s->learner[i].model.w);
	lb_joint_layer_forward(&s->joint_layer, n, m->input->x, m->b, s->team);
	return true;
}

static void step_all(struct trainer *s, struct lb_minibatch *m, size_t epoch)
{
	m->first_layer_done = begin_step(s, m);
	for (size_t i = 0; i < s->c->k; i++) {
		struct lb_learner *l = &s->learner[i];
		if (!takes_part(s, i))
			continue;
		const struct lb_schedule_time now = { .step = s->step, .total = s->total, .epoch = (int64_t)epoch, .epochs = (int64_t)s->c->epochs };
		const double factor = l->schedule.factor * lb_schedule_factor(l->setup->schedule, l->setup->schedule_par, now);
		const double value = lb_learner_step(l, s->c, m, s->step, factor);
		s->out[i].steps = l->progress.step = s->step + 1;
		l->progress.loss_sum += value * lb_cohort_batch_share(s->c, m->id, m->b);
		if (!isfinite(value))
			loss_not_finite(s, i, epoch, value);
	}
	s->step++;
}

/* s->rows <- the rows of the dataset of an epoch's places start .. end. */
static void name_rows(struct trainer *s, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++)
		s->rows[i - start] = s->c->split->rows[LB_TRAIN][s->order[i]];
}

/* Loads the batch of these places, and asks for the rows of the next. */
static void load_batch(struct trainer *s, size_t start, size_t end, size_t n)
{
	const size_t next = n - end < end - start ? n : end + (end - start);

	name_rows(s, end, next);
	lb_input_batch_fetch(&s->input, s->rows, next - end);
	name_rows(s, start, end);
	lb_input_batch_load(&s->input, s->rows, end - start, s->team);
}

/* The steps of an epoch that are still to do. */
static int train_epoch(struct trainer *s, size_t epoch, struct lb_err *err)
{
	const size_t n = lb_cohort_reads(s->c);
	const int64_t begin = lb_cohort_steps_before(s->c, epoch);
	int64_t at = begin;

	lb_cohort_draw(s->c, &s->sampler, epoch, s->order);
	for (size_t i = 0; i < s->c->k; i++) {
		struct lb_learner *l = &s->learner[i];
		l->epoch = epoch;
		if (!l->active || l->start > begin)
			continue;
		l->progress.loss_sum = l->progress.selected = l->progress.selected_clean = 0;
		lb_hooks_epoch(l, epoch);
	}
	for (size_t start = 0, end; start < n && !lb_stop_requested && any_active(s); start = end) {
		end = lb_cohort_batch_end(s->c, s->order, start);
		if (at++ < s->step)
			continue;
		load_batch(s, start, end, n);
		step_all(s, &(struct lb_minibatch){ .input = &s->input, .rows = s->rows, .id = s->order + start, .b = end - start, .team = s->team }, epoch);
		if (s->pause > 0 && !lb_cohort_ends_epoch(s->c, s->step) && keep_states(s, err))
			return -1;
	}
	return 0;
}

static void not_finite(struct trainer *s, size_t i, int part, size_t row, size_t epoch)
{
	lb_train_result_bad_score(&s->out[i], epoch + 1, part, row);
	end_diverged(s, i);
}

/* Adds trial i to the models that are evaluated next. */
static void add_eval_model(struct trainer *s, size_t *n, size_t i, const struct lb_decision *decision, double *metric, double *scores)
{
	struct lb_learner *l = &s->learner[i];

	s->who[*n] = i;
	s->eval_model[(*n)++] = (struct lb_eval_model){ .setup = l->setup, .net = l->model.net, .w = lb_learner_eval_weights(l), .decision = decision,
						  .metric = metric, .scores = scores, .hazard = s->out[i].hazard, .selected = l->progress.selected, .selected_clean = l->progress.selected_clean, .curvature = s->out[i].curvature };
}

/* A score that is not finite ends its trial. over: the training has ended, not an epoch of it. */
static int evaluate(struct trainer *s, size_t n, int part, bool over, struct lb_err *err)
{
	if (lb_evaluate(s->eval, s->eval_model, n, part, err))
		return -1;
	for (size_t k = 0; k < n; k++)
		if (s->eval_model[k].bad)
			not_finite(s, s->who[k], part, s->eval_model[k].bad_row, s->out[s->who[k]].epochs - over);
	return 0;
}

/* The curves' metrics of the epoch, and those on validation rows that the training goes by. */
static int evaluate_epoch(struct trainer *s, size_t epoch, struct lb_err *err)
{
	for (int part = 0; part < 3; part++) {
		size_t n = 0;
		for (size_t i = 0; i < s->c->k && s->c->split->n[part]; i++) {
			const struct lb_setup *setup = s->learner[i].setup;
			double *curve = s->out[i].curve[part];
			if (takes_part_at_end(s, i) && (setup->curve[part] || (part == LB_VALID && lb_heeds_valid(setup))))
				add_eval_model(s, &n, i, NULL, curve ? curve + epoch * setup->n_metrics : s->valid + i * s->most_metrics, NULL);
		}
		if (n && evaluate(s, n, part, false, err))
			return -1;
	}
	return 0;
}

static void end_epoch(struct trainer *s, size_t i, size_t epoch)
{
	struct lb_learner *l = &s->learner[i];
	struct lb_train_result *o = &s->out[i];
	const double *curve = o->curve[LB_VALID], *valid = curve ? curve + epoch * l->setup->n_metrics : NULL;

	if (!valid && lb_heeds_valid(l->setup) && s->c->split->n[LB_VALID])
		valid = s->valid + i * s->most_metrics;
	o->epochs = epoch + 1;
	if (s->c->progress)
		s->c->progress(s->c->progress_arg, i, epoch + 1, o->loss_curve[epoch], valid);
	if (valid && lb_heed_valid(l, valid, epoch))
		l->active = false;
}

/* All trials of the epoch, whose steps took `trained` seconds. */
static int end_epochs(struct trainer *s, size_t epoch, double trained, struct lb_err *err)
{
	const double start = lb_seconds();
	size_t n = 0;

	for (size_t i = 0; i < s->c->k; i++) {
		struct lb_learner *l = &s->learner[i];
		if (!takes_part_at_end(s, i))
			continue;
		n++;
		lb_model_settle(&l->model);
		l->progress.train_seconds += trained / (double)s->c->k;
		s->out[i].loss_curve[epoch] = l->progress.loss_sum / (double)lb_cohort_reads(s->c);
	}
	if (evaluate_epoch(s, epoch, err))
		return -1;
	for (size_t i = 0; i < s->c->k && !lb_stop_requested; i++) {
		if (!takes_part_at_end(s, i))
			continue;
		s->learner[i].progress.evaluate_seconds += (lb_seconds() - start) / (double)n;
		end_epoch(s, i, epoch);
		note_progress(s, i);
	}
	return 0;
}

/* Restores the parameters of the best epoch (early stopping), fits calibration and threshold on the
 * validation rows, and measures what a metric needs of the parameters alone. */
static int settle_on(struct trainer *s, size_t i, struct lb_err *err)
{
	struct lb_learner *l = &s->learner[i];
	struct lb_train_result *o = &s->out[i];
	size_t n = 0, best = lb_stop_restore(l);

	o->best_epoch = best ? best : o->epochs;
	add_eval_model(s, &n, i, NULL, o->metric[LB_VALID], NULL);
	const int rc = lb_evaluate_decide(s->eval, s->eval_model, &o->decision, err);
	if (rc == 1)
		not_finite(s, i, LB_VALID, s->eval_model->bad_row, o->epochs - 1);
	return rc ? -(rc < 0) : lb_learner_curvature(l, s->c, &o->curvature, err);
}

/* Whether trial i has ended and its outcome is not final yet. */
static bool to_finish(const struct trainer *s, size_t i)
{
	return !s->learner[i].active && !s->is_final[i];
}

/* The metrics of those of them that have ended well. */
static int measure_ended(struct trainer *s, struct lb_err *err)
{
	for (size_t i = 0; i < s->c->k; i++)
		if (to_finish(s, i) && s->out[i].status == LB_TRIAL_OK && (lb_candidates_choose(&s->learner[i], s->eval, err) || settle_on(s, i, err)))
			return -1;
	for (int part = 0; part < 3; part++) {
		size_t n = 0;
		for (size_t i = 0; i < s->c->k && s->c->split->n[part]; i++)
			if (to_finish(s, i) && s->out[i].status == LB_TRIAL_OK)
				add_eval_model(s, &n, i, &s->out[i].decision, s->out[i].metric[part], part == LB_TEST ? s->out[i].scores : NULL);
		if (n && evaluate(s, n, part, true, err))
			return -1;
	}
	for (size_t i = 0; i < s->c->k; i++)
		if (to_finish(s, i) && s->out[i].status == LB_TRIAL_OK && s->out[i].w)
			lb_model_unpack(&s->learner[i].model, lb_learner_eval_weights(&s->learner[i]), s->out[i].w);
	return 0;
}

/* Makes the outcomes of the trials that have ended final, and tells of them. */
static int finish(struct trainer *s, struct lb_err *err)
{
	const double start = lb_seconds();
	size_t n = 0;

	for (size_t i = 0; i < s->c->k; i++)
		n += to_finish(s, i);
	if (!n)
		return 0;
	if (measure_ended(s, err))
		return -1;
	const double each = (lb_seconds() - start) / (double)n;
	for (size_t i = 0; i < s->c->k; i++) {
		if (!to_finish(s, i))
			continue;
		s->is_final[i] = true;
		s->out[i].evaluate_seconds += each;
		if (s->c->ended && s->c->ended(s->c->ended_arg, i, err))
			return -1;
	}
	return 0;
}

/* All trials that are still training end here. */
static void end_all(struct trainer *s)
{
	for (size_t i = 0; i < s->c->k; i++) {
		if (lb_stop_requested && !s->is_final[i] && s->out[i].status == LB_TRIAL_OK)
			end_trial(s, i, LB_TRIAL_INTERRUPTED);
		s->learner[i].active = false;
	}
}

static int run(struct trainer *s, struct lb_err *err)
{
	s->step = first_step(s);
	for (size_t epoch = lb_cohort_epoch_of(s->c, s->step); epoch < lb_cohort_end(s->c) && any_active(s) && !lb_stop_requested; epoch++) {
		const double start = lb_seconds();
		if (train_epoch(s, epoch, err))
			return -1;
		if (!lb_stop_requested && (end_epochs(s, epoch, lb_seconds() - start, err) || finish(s, err) || keep_states(s, err)))
			return -1;
	}
	end_all(s);
	return finish(s, err);
}

int lb_train_once(const struct lb_cohort *cohort, struct lb_train_result *out, struct lb_err *err)
{
	struct trainer s = { .c = cohort, .out = out };

	for (size_t i = 0; i < cohort->k; i++)
		out[i] = (struct lb_train_result){ 0 };
	const int rc = trainer_open(&s, err) || resume(&s, err) ? -1 : run(&s, err);
	trainer_close(&s);
	return rc;
}
