/* What a miner says of itself, free of precision. Its function is in
 * core/engine/data/miner/miner.h. */
#ifndef LB_MINER_INFO_H
#define LB_MINER_INFO_H

#include "core/base/component.h"

enum { LB_MOST_MINER_PARAMS = 4 };

/* The registered miners' descriptors, the same in both precisions. */
extern const struct lb_info *const lb_miners_f32[], *const lb_miners_f64[];

#endif
