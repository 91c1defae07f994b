/* Ridge regression on a layer of random features, in closed form. Compiled once per precision, as
 * all of the engine; the features that are fitted have it, and sums are in double. lb_fit takes
 * that of double, whatever the precision of the evaluation. */
#ifndef LB_RANDOM_FEATURES_H
#define LB_RANDOM_FEATURES_H

#include "core/training/cohort.h"

/* w <- the parameters of the network of one hidden layer that setup->model says, in the plain order
 * of core/engine/model/net.h: drawn hidden weights and the output layer of least squared error with
 * the ridge. Targets are those in their units. -1 when memory runs out or rounding leaves the
 * system without a solution; a stop request ends it without one. */
int lb_random_features_f32(const struct lb_cohort *c, const struct lb_setup *setup, double *w, struct lb_err *err);
int lb_random_features_f64(const struct lb_cohort *c, const struct lb_setup *setup, double *w, struct lb_err *err);

#endif
