/* Opens the learner of a trial, and tells which of its parameters evaluations and models are of.
 * Compiled once per precision. */
#ifndef LB_LEARNER_OPEN_H
#define LB_LEARNER_OPEN_H

#include "core/engine/step/learner.h"

/* Buffers for batches of cohort->batch rows (and evaluation chunks), initial parameters. On failure
 * everything is released. */
int lb_learner_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_setup *setup, struct lb_err *err);
void lb_learner_close(struct lb_learner *l);

/* Opens a model of this trial, its own or a second one for a procedure, with initial parameters and
 * dropout of that seed. Its state is registered. Release with lb_model_close, on failure too. */
int lb_learner_open_model(struct lb_learner *l, const struct lb_cohort *c, uint64_t seed, struct lb_model *m, struct lb_err *err);

/* Returns the parameters that evaluations and models are of: model.w as procedures change it and,
 * where the targets have units, so that it gives targets as they are. Valid until the next call. */
const real *lb_learner_eval_weights(struct lb_learner *l);

/* Keeps the parameters that lb_learner_eval_weights would return now, before units, as the best;
 * and puts them in the place of the last ones. */
void lb_learner_keep_best(struct lb_learner *l);
void lb_learner_restore_best(struct lb_learner *l);

#endif
