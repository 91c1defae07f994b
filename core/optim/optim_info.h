/* What every optimiser has in common, free of precision. */
#ifndef LB_OPTIM_INFO_H
#define LB_OPTIM_INFO_H

#include "core/base/info.h"

/* The first three parameters of every optimiser. */
enum { LB_OPT_LR, LB_OPT_WEIGHT_DECAY, LB_OPT_DECAY_BIAS, LB_OPT_OWN };

/* The registered optimisers' descriptors, the same in both precisions; NULL past the end. */
const struct lb_info *lb_optim_info_f32(size_t i);
const struct lb_info *lb_optim_info_f64(size_t i);

#endif
