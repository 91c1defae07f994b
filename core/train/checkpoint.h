/* What a training needs to go on after an epoch to the same bytes: parameters, optimiser slots, the loss's memory, early stopping,
 * curves. All else follows from seeds and counters. Compiled once per precision. */
#ifndef LB_CHECKPOINT_H
#define LB_CHECKPOINT_H

#include "core/train/learner.h"

/* Writes setup->checkpoint whole or not at all: the learner and the outcome as they stand after `epochs` epochs, l->w up to date. */
int X(lb_checkpoint_save)(const struct X(lb_learner) *l, const struct lb_cohort *c, const struct lb_outcome *o, size_t epochs,
			  struct lb_err *err);

/* Takes up what setup->checkpoint holds, into a learner and an outcome as they were opened; *epochs <- after how many. 1 when it did, 0
 * when there is no file or (with a warning) none that belongs to this trial and build and is whole: nothing is changed then. */
int X(lb_checkpoint_load)(struct X(lb_learner) *l, const struct lb_cohort *c, struct lb_outcome *o, size_t *epochs, struct lb_err *err);

#endif
