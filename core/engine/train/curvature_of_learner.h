/* The curvature at which a training by steps ends. Compiled once per precision. */
#ifndef LB_CURVATURE_OF_LEARNER_H
#define LB_CURVATURE_OF_LEARNER_H

#include "core/engine/step/learner.h"
#include "core/metrics/metric.h"

/* *out <- what metrics of the trial read of the curvature (core/training/curvature.h) at the
 * parameters that evaluations are of; the rest stays. -1 when memory runs out. */
int lb_learner_curvature(struct lb_learner *l, const struct lb_cohort *c, struct lb_curvature *out, struct lb_err *err);

#endif
