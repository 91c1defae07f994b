/* What a training needs to go on after a step to the same bytes: parameters, optimiser slots, the
 * loss's memory, early stopping, curves. All else follows from seeds and counters. Compiled once
 * per precision. */
#ifndef LB_CHECKPOINT_H
#define LB_CHECKPOINT_H

#include "core/engine/step/learner.h"

/* Steps of an epoch. */
int64_t lb_checkpoint_steps(const struct lb_cohort *c);

/* Writes setup->checkpoint whole or not at all: the learner and the outcome of a trial that has not
 * ended, as they stand after `step` steps of the training; at the end of an epoch, after its
 * evaluation. */
int lb_checkpoint_save(const struct lb_learner *l, const struct lb_cohort *c, const struct lb_outcome *o, int64_t step,
			  struct lb_err *err);

/* Takes up what setup->checkpoint holds, into a learner and an outcome as they were opened;
 * l->start <- after how many steps. 1 when it did, 0 when there is no file or (with a warning) none
 * that belongs to this trial and build, is whole and can have come from a training: nothing is
 * changed then. */
int lb_checkpoint_load(struct lb_learner *l, const struct lb_cohort *c, struct lb_outcome *o, struct lb_err *err);

#endif
