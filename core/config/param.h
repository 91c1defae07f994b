/* Parameters of components, read from a block of a resolved config without the descriptor's own
 * check. */
#ifndef LB_PARAM_H
#define LB_PARAM_H

#include "core/config/config.h"

/* Returns how many numbers the lists in a component's block hold. */
size_t lb_args_numbers(const struct lb_info *info, const cJSON *block);
/* Reads a block as lb_args_from_block does; lists go to room. */
int lb_args_read(const struct lb_info *info, const cJSON *block, struct lb_arg *par, double *room, struct lb_err *err);

#endif
