/* What a trial's training is to learn: labels as corrupted, the weights of rows, the units of
 * targets. */
#ifndef LB_RUN_TARGETS_H
#define LB_RUN_TARGETS_H

#include "core/run/trial.h"

/* Refuses train.class_weight as a block unless it gives each of the classes a number, and nothing
 * else one. */
int lb_targets_check_weights(const cJSON *config, const struct lb_dataset *data, struct lb_err *err);

/* Whether the config gives rows weights of their own. */
bool lb_targets_weighted(const cJSON *config);

/* Refuses a corruption of labels that does not fit the data's classes. */
int lb_targets_check(const cJSON *config, const struct lb_dataset *data, struct lb_err *err);

/* Makes them for a trial whose split and features are there, with the warnings that they give rise
 * to. */
int lb_targets_prepare(struct lb_prepared *p, const cJSON *config, const struct lb_dataset *data, struct lb_err *err);

#endif
