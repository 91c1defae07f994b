/* Regularisers in a training (core/training/regulariser.h): what they add to the gradient, and
 * their proximal points. Compiled once per precision. */
#ifndef LB_REGULARISE_H
#define LB_REGULARISE_H

#include "core/engine/step/learner.h"

/* Opens the regularisers of l->setup, after the model and the losses; l->regularised stays NULL
 * without any. */
int lb_regularise_open(struct lb_learner *l, const struct lb_cohort *c, struct lb_err *err);
void lb_regularise_close(struct lb_learner *l);

/* m->dz += the gradients by the scores of the regularisers of scores. */
void lb_regularise_scores(const struct lb_step *s, struct lb_model *m);

/* Whether one is of slopes, which reads the hidden values of the last forward. */
static inline bool lb_regularises_slopes(const struct lb_setup *setup)
{
	bool any = false;

	for (size_t k = 0; k < setup->n_regularisers; k++)
		any |= ((const struct lb_regulariser *)setup->regulariser[k].info)->of_slope != NULL;
	return any;
}

/* m->g += the gradients of the others but those that go by their proximal points. */
void lb_regularise_gradient(const struct lb_step *s, struct lb_model *m);

/* m->w <- the proximal points, after an update. */
void lb_regularise_weights(const struct lb_step *s, struct lb_model *m);

#endif
