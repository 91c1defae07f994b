/* The metric sharpness of a training by steps. Compiled once per precision. */
#ifndef LB_SHARPNESS_OF_LEARNER_H
#define LB_SHARPNESS_OF_LEARNER_H

#include "core/engine/step/learner.h"

/* *value <- the sharpness (core/training/sharpness.h) at the parameters that evaluations are of,
 * where a metric of the trial reads it; else *value stays. -1 when memory runs out. */
int lb_learner_sharpness(struct lb_learner *l, const struct lb_cohort *c, double *value, struct lb_err *err);

#endif
