/* The evaluate block of a config and train.sampler: what they refuse, what they set. */
#ifndef LB_EVALUATION_H
#define LB_EVALUATION_H

#include "core/base/json.h"
#include "core/training/train.h"

/* Refuses a threshold or calibration that the task or the split has no use for. */
int lb_evaluation_check(const cJSON *config, const struct lb_split *split, struct lb_err *err);

/* Refuses a sampler that needs classes or minibatches where there are none. full_batch: the trial
 * reads all rows at once. */
int lb_sampler_check(const cJSON *config, const struct lb_dataset *data, const struct lb_split *split, bool full_batch, struct lb_err *err);
const struct lb_sampling *lb_sampling_of(const cJSON *config);

void lb_evaluation_set(struct lb_setup *setup, const cJSON *config);

#endif
