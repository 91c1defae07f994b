/* The closed forms of models whose classes are Gaussians of one covariance: naive Bayes, where it
 * is diagonal, linear discriminant analysis, and one Gaussian of all training rows, whose outputs
 * are whitened features. Compiled once per precision, that of the encoded
 * features; sums are in double. */
#ifndef LB_GAUSSIAN_CLASSES_H
#define LB_GAUSSIAN_CLASSES_H

#include "core/training/cohort.h"

/* w <- weights and biases of the linear model that setup->model.closed_form says, laid out as
 * core/engine/model/net.h says. -1 when memory runs out, a class has no training rows, the
 * covariance has no inverse, or none of the components asked for is left. */
int lb_gaussian_classes_f32(const struct lb_cohort *c, const struct lb_setup *setup, double *w, struct lb_err *err);
int lb_gaussian_classes_f64(const struct lb_cohort *c, const struct lb_setup *setup, double *w, struct lb_err *err);

#endif
