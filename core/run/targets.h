/* What a trial's training is to learn: labels and targets as corrupted, the weights of rows, the
 * units of targets. */
#ifndef LB_RUN_TARGETS_H
#define LB_RUN_TARGETS_H

#include "core/run/prepared.h"

/* Refuses a corruption of labels that does not fit the data's classes. */
int lb_targets_check(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_err *err);

/* Refuses a loss of that path in the config that is not defined for the target of some of these
 * rows; target as lb_dataset.target. `after` says what made the targets so: "", " after
 * corrupt.labels". */
int lb_targets_suit(const struct lb_loss_info *loss, const char *path, const double *target, size_t targets, const uint32_t *rows, size_t n,
		    const char *after, struct lb_err *err);

/* Makes them for a trial whose spec, split and features are there, with the warnings that they give
 * rise to. */
int lb_targets_prepare(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err);

#endif
