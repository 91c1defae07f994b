/* Keeps what a training needs to go on after a step to the same bytes: the blocks that were
 * registered in l->state where they were allocated (core/training/persist.h). All else follows from
 * seeds and counters. Compiled once per precision. */
#ifndef LB_CHECKPOINT_H
#define LB_CHECKPOINT_H

#include "core/engine/step/learner.h"

/* Writes setup->checkpoint whole or not at all: the state of a trial that has not ended, after
 * l->progress.step steps of the training; at the end of an epoch, after its evaluation. */
int lb_checkpoint_save(const struct lb_learner *l, struct lb_err *err);

/* Takes up what setup->checkpoint holds, into a learner as it was opened; l->start <- after how
 * many steps. 1 when it did, 0 when there is no file or (with a warning) none that belongs to this
 * trial and build, is whole and can have come from a training: nothing is changed then. */
int lb_checkpoint_load(struct lb_learner *l, const struct lb_cohort *c, struct lb_err *err);

#endif
