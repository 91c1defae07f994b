/* What a trial's training is to learn: labels as corrupted, the weights of rows, the units of
 * targets. */
#ifndef LB_RUN_TARGETS_H
#define LB_RUN_TARGETS_H

#include "core/run/prepared.h"

/* Refuses a corruption of labels that does not fit the data's classes. */
int lb_targets_check(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_err *err);

/* Makes them for a trial whose spec, split and features are there, with the warnings that they give
 * rise to. */
int lb_targets_prepare(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err);

#endif
