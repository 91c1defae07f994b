/* What every optimiser has in common, free of precision. */
#ifndef LB_OPTIM_PARAMS_H
#define LB_OPTIM_PARAMS_H

#include "core/base/component.h"

/* The first parameters of every optimiser that takes steps by minibatches. */
enum { LB_OPT_LR, LB_OPT_WEIGHT_DECAY, LB_OPT_DECAY_BIAS, LB_OPT_PROJECT, LB_OPT_OWN };

/* The parameters of lbfgs, the optimiser that reads all training rows at once. */
enum { LB_LBFGS_WEIGHT_DECAY, LB_LBFGS_DECAY_BIAS, LB_LBFGS_TOLERANCE, LB_LBFGS_MAX_ITERATIONS, LB_LBFGS_MEMORY };

/* The registered optimisers' descriptors, the same in both precisions; NULL past the end. */
const struct lb_info *lb_optim_info_f32(size_t i);
const struct lb_info *lb_optim_info_f64(size_t i);

/* True for an optimiser that reads all training rows at once. */
bool lb_optim_full_batch_f32(const struct lb_info *info);
bool lb_optim_full_batch_f64(const struct lb_info *info);

/* True for an optimiser of binary and multi-class tasks alone. */
bool lb_optim_classes_only_f32(const struct lb_info *info);
bool lb_optim_classes_only_f64(const struct lb_info *info);

#endif
