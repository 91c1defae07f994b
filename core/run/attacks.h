/* train.attack and evaluate.attack of a config: what they refuse. */
#ifndef LB_ATTACKS_H
#define LB_ATTACKS_H

#include "core/base/json.h"
#include "core/training/train.h"

/* An attack at this path, NULL where there is none or it is `none`. */
const cJSON *lb_attack_at_path(const cJSON *config, const char *path);

/* Refuses attacks that the model, the data, the loss or the metrics have no use for. full_batch:
 * the trial reads all rows at once. */
int lb_attacks_check(const cJSON *config, const struct lb_dataset *data, const struct lb_loss_info *loss, bool full_batch, struct lb_err *err);

#endif
