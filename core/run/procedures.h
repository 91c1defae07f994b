/* The training procedures of a config: what they refuse. */
#ifndef LB_PROCEDURES_H
#define LB_PROCEDURES_H

#include "core/base/json.h"
#include "core/training/train.h"

/* Refuses procedures that the loss, the optimiser, the data or another procedure cannot be combined
 * with. full_batch: the trial reads all rows at once. */
int lb_procedures_check(const cJSON *config, const struct lb_dataset *data, const struct lb_loss_info *loss, bool full_batch, struct lb_err *err);

#endif
