/* What every optimiser has in common, free of precision. */
#ifndef LB_OPTIM_PARAMS_H
#define LB_OPTIM_PARAMS_H

#include "core/base/component.h"

/* The first parameters of every optimiser that takes steps by minibatches. */
enum { LB_OPT_LR, LB_OPT_WEIGHT_DECAY, LB_OPT_DECAY_BIAS, LB_OPT_PROJECT, LB_OPT_OWN };

/* The parameters of the optimisers that read all training rows at once, lbfgs and newton; they
 * begin alike. */
enum { LB_LBFGS_WEIGHT_DECAY, LB_LBFGS_DECAY_BIAS, LB_LBFGS_TOLERANCE, LB_LBFGS_MAX_ITERATIONS, LB_LBFGS_MEMORY,
       LB_LBFGS_OBJECTIVE_TOLERANCE };
enum { LB_NEWTON_WEIGHT_DECAY, LB_NEWTON_DECAY_BIAS, LB_NEWTON_STEPS, LB_NEWTON_DAMPING, LB_NEWTON_TOLERANCE, LB_NEWTON_MAX_ITERATIONS };

enum lb_optimizer_trait {
	LB_FULL_BATCH = 1 << 0,  /* reads all training rows at once */
	LB_KEEPS_ZEROS = 1 << 1, /* a weight that is 0 stays 0 */
	LB_DESCENDS = 1 << 2     /* moves weights along their gradient; by it alone without `momentum` */
};

/* The registered optimisers' descriptors, the same in both precisions; .traits of enum
 * lb_optimizer_trait. */
extern const struct lb_info *const lb_optimizers_f32[], *const lb_optimizers_f64[];

#endif
