/* What a training does with the validation metrics of an epoch: a schedule follows one; early
 * stopping says when it ends, and whose parameters it leaves. Compiled once per precision. */
#ifndef LB_EARLY_STOPPING_H
#define LB_EARLY_STOPPING_H

#include "core/engine/step/learner.h"

/* Whether a training looks at the validation metrics after each epoch, and what it does with them:
 * the schedule and early stopping. Returns whether the trial should stop. */
bool lb_heeds_valid(const struct lb_setup *setup);
bool lb_heed_valid(struct lb_learner *l, const double *valid, size_t epoch);

/* Restores the parameters of the best epoch, as they were evaluated. Returns that epoch, from 1, or
 * 0 where there is none. */
size_t lb_stop_restore(struct lb_learner *l);

#endif
