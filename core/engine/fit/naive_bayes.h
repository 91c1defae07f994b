/* The closed form of Gaussian naive Bayes with one diagonal variance for all classes. Compiled once
 * per precision, that of the encoded features; sums are in double. */
#ifndef LB_NAIVE_BAYES_H
#define LB_NAIVE_BAYES_H

#include "core/training/cohort.h"

/* w <- weights and biases of the linear model, laid out as core/engine/model/net.h says. -1 when
 * memory runs out or a class has no training rows. */
int lb_naive_bayes_f32(const struct lb_cohort *c, const struct lb_setup *setup, double *w, struct lb_err *err);
int lb_naive_bayes_f64(const struct lb_cohort *c, const struct lb_setup *setup, double *w, struct lb_err *err);

#endif
