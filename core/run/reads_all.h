/* Trials that read all training rows at once: by lbfgs, or fitted in closed form. */
#ifndef LB_READS_ALL_H
#define LB_READS_ALL_H

#include "core/base/err.h"
#include "core/base/json.h"

#include <stdbool.h>

bool lb_reads_all(const cJSON *config);

/* Refuses what means nothing to such a trial. train.epochs, batch and shuffle, which always have a
 * value, are left unused instead. */
int lb_full_batch_check(const cJSON *config, struct lb_err *err);

#endif
