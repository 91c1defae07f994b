/* What a plug-in is compared with, beside LB_PLUGIN_INTERFACE, before it is used. */
#ifndef LB_PLUGIN_LAYOUT_H
#define LB_PLUGIN_LAYOUT_H

#include "core/engine/kernels/kernels.h"
#include "losses/loss.h"

/* A number that differs when a structure that a plug-in shares with the program has another
 * size. */
#define LB_LOSS_LAYOUT (sizeof(struct lb_param) * 1009 + sizeof(struct lb_loss_info) * 103 + sizeof(struct lb_loss) * 53 + sizeof(struct lb_form) * 29 + \
	sizeof(struct lb_batch) * 13 + sizeof(struct lb_query) * 7 + sizeof(struct lb_row_pairs) * 5 + sizeof(struct lb_lane_rows) * 3 + \
	sizeof(struct lb_example) + sizeof(struct lb_loss_shape) + sizeof(struct lb_loss_stats))

#endif
