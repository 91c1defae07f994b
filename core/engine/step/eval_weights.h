/* The parameters of a learner that are evaluated, kept as the best and saved. Compiled once per
 * precision. */
#ifndef LB_EVAL_WEIGHTS_H
#define LB_EVAL_WEIGHTS_H

#include "core/engine/step/learner.h"

/* Returns the parameters that evaluations and models are of: model.w as procedures change it and,
 * where the targets have units, so that it gives targets as they are. Valid until the next call. */
const real *lb_learner_eval_weights(struct lb_learner *l);

/* Keeps the parameters that lb_learner_eval_weights would return now, before units, as the best;
 * and puts them in the place of the last ones. */
void lb_learner_keep_best(struct lb_learner *l);
void lb_learner_restore_best(struct lb_learner *l);

#endif
