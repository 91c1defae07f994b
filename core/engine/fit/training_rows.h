/* The model whose weights are the training rows, for scores by distances to them. Compiled once
 * per precision. */
#ifndef LB_TRAINING_ROWS_H
#define LB_TRAINING_ROWS_H

#include "core/training/cohort.h"

/* w <- weights and biases of the linear model that has an output for each training row x_i, in
 * their order: x'x_i - |x_i|^2 / 2, which is larger for a nearer one. Laid out as
 * core/engine/model/net.h says. -1 when memory runs out. */
int lb_training_rows_keep_f32(const struct lb_cohort *c, const struct lb_setup *setup, double *w, struct lb_err *err);
int lb_training_rows_keep_f64(const struct lb_cohort *c, const struct lb_setup *setup, double *w, struct lb_err *err);

#endif
