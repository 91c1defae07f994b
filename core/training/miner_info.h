/* What a miner says of itself, free of precision. Its function is in
 * core/engine/data/miner/miner.h. */
#ifndef LB_MINER_INFO_H
#define LB_MINER_INFO_H

#include "core/base/component.h"

enum { LB_MOST_MINER_PARAMS = 4 };

/* The registered miners' descriptors, the same in both precisions; NULL past the end. */
const struct lb_info *lb_miner_info_f32(size_t i);
const struct lb_info *lb_miner_info_f64(size_t i);

#endif
