/* One step of a trial's training, and what it is made of: the primitives that the plain step, at
 * the end of step.c, and procedures (core/engine/step/procedure.h) are written in. Compiled once
 * per precision. */
#ifndef LB_STEP_H
#define LB_STEP_H

#include "core/engine/step/learner.h"

/* Makes s->x and s->set: views, an attack, then procedures. */
void lb_make_inputs(struct lb_step *s);

/* The pass of s->x through the net. */
struct lb_pass lb_pass_of(const struct lb_step *s);

/* m->z <- the scores of s->x. */
void lb_forward(struct lb_step *s, struct lb_model *m);

/* Counts the weights that procedures gave the rows, and those of rows whose label is the true
 * one. */
static inline void lb_note_selected(struct lb_step *s)
{
	const int32_t *given = s->l->setup->y, *right = s->c->features->data->y;
	struct lb_reached *p = &s->l->progress;

	for (size_t i = 0; given && right && i < s->batch->b; i++) {
		const double w = s->row_weight[i] > 0 ? (double)s->row_weight[i] : 0;
		p->selected += w;
		p->selected_clean += given[s->batch->rows[i]] == right[s->batch->rows[i]] ? w : 0;
	}
}

/* out (b) <- the loss of each row at m->z. Losses that are a sum over rows only. */
void lb_row_losses(struct lb_step *s, struct lb_model *m, real *out);

/* Returns the mean loss at m->z. m->dz <- its derivatives, as the optimiser takes them. */
double lb_loss_of_batch(struct lb_step *s, struct lb_model *m);

/* m->dz <- the derivatives of the mean loss at m->z by the scores, without what procedures and
 * regularisers add. */
void lb_loss_slopes(struct lb_step *s, struct lb_model *m);

/* Returns false if the parameters stay: the loss is not finite, or skips updates in this epoch. */
bool lb_moves(const struct lb_step *s, double value);

/* update.c: m->g <- the gradient, from m->dz. */
void lb_backward(struct lb_step *s, struct lb_model *m);

/* update.c: makes the gradient m->g from m->dz, unless it is there as the mean of several draws,
 * lets procedures change it, clips or normalises it, and takes the optimiser's step. value is the
 * step's loss. Where each weight's step needs its own gradient alone, it is taken while the
 * gradient is in the first caches: the same bytes, in less time. */
void lb_backward_update(struct lb_step *s, struct lb_model *m, double value);

/* m->g <- the gradient of the same batch, with the same draws, labels and row weights, at m->w as
 * it is now. Returns the loss. */
double lb_gradient_again(struct lb_step *s, struct lb_model *m);

/* One optimiser step; step counts from 0. Returns the batch's mean loss, and changes no parameter
 * when that is not finite. factor is the schedule's. */
double lb_learner_step(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *batch, int64_t step, double factor);

/* l->model.g <- the gradient of the mean loss of dense rows that are no batch of the training, with
 * these labels (of the dataset), or the setup's if NULL; without dropout. Losses do not take them
 * into their states. */
void lb_learner_aside(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *batch, const int32_t *y);

/* l->model.z <- the scores of the batch without dropout; row_loss (b) <- the losses of its rows. */
void lb_learner_look(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *batch, real *row_loss);

/* Returns the batch's mean loss without dropout; its gradient is left in l->model.g. */
double lb_learner_gradient(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *batch);

#endif
