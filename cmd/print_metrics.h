/* The metrics that train --print names, such as test.accuracy, as numbers for shell scripts and
 * optimisers. */
#ifndef LB_PRINT_METRICS_H
#define LB_PRINT_METRICS_H

#include "cmd/cmd.h"
#include "core/base/json.h"
#include "core/run/plan.h"

/* Refuses a name that is no SPLIT.METRIC of the plan's only trial, before anything is trained. */
int check_printed(struct lb_plan *plan, const struct opt_list *names, struct lb_err *err);

/* Prints the number of each name from a finished record, one a line, so that it reads back exactly;
 * `nan` where it is undefined or the training diverged. */
int print_named(const cJSON *record, const struct opt_list *names, struct lb_err *err);

#endif
