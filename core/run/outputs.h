/* The outputs that a regression's loss has for each target (losses/loss_info.h), and what goes with
 * them. */
#ifndef LB_RUN_OUTPUTS_H
#define LB_RUN_OUTPUTS_H

#include "core/base/json.h"
#include "core/training/train.h"

/* Refuses parameters of the config's loss that do not fit together, and early stopping by a metric
 * of outputs that the loss has not. */
int lb_outputs_check(const cJSON *config, const struct lb_loss_info *loss, struct lb_err *err);

/* The number of outputs that the loss of a regression's config has for each target. */
int lb_outputs_count(const cJSON *config, size_t *outputs, struct lb_err *err);

/* Whether the losses of the two have the same outputs. */
bool lb_outputs_same(const struct lb_setup *a, const struct lb_setup *b);

#endif
