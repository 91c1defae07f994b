/* What a head of a config may not be combined with. */
#ifndef LB_HEADS_H
#define LB_HEADS_H

#include "core/base/json.h"
#include "datasets/dataset.h"
#include "losses/loss_info.h"

#include <stdbool.h>

/* Whether the config's head makes scores that are cosines. */
bool lb_head_is_cosine(const cJSON *config);

/* Refuses a head that does not fit the model, the data or the loss, and a loss that needs
 * another. */
int lb_head_check(const cJSON *config, const struct lb_dataset *data, const struct lb_loss_info *loss, struct lb_err *err);

#endif
