/* The training procedures of a config. */
#ifndef LB_PROCEDURES_H
#define LB_PROCEDURES_H

#include "core/base/json.h"
#include "core/run/trial.h"

/* Refuses procedures that the loss, the optimiser, the data or another procedure cannot be combined
 * with. full_batch: the trial reads all rows at once. */
int lb_procedures_check(const cJSON *config, const struct lb_dataset *data, const struct lb_loss_info *loss, bool full_batch, struct lb_err *err);

/* p->setup.procedure <- those of a resolved config, with their parameters. */
int lb_procedures_prepare(struct lb_prepared *p, const cJSON *config, struct lb_err *err);

#endif
