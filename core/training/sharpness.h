/* How sharp the minimum is that a training has found: the metric sharpness. */
#ifndef LB_SHARPNESS_H
#define LB_SHARPNESS_H

#include "core/training/cohort.h"

/* Whether a metric of the trial reads it. */
bool lb_sharpness_wanted(const struct lb_setup *setup);

/* *value <- the eigenvalue of the largest size of the Hessian of the mean loss over the training
 * rows, by the model's weights and biases, at the parameters w (plain order, then the losses' own;
 * of targets as they are, while the loss is of targets in their units). Dropout, procedures,
 * regularisers, weight decay and the training's attack do not count. Power iteration from a fixed
 * direction, until the eigenvalue changes by less than a ten thousandth of itself, 100 products at
 * most; each product with the Hessian is a difference of gradients, always in double, and reads
 * all training rows twice. Kinks, of relu or of a loss, do not count: there the differences are so
 * short that one hardly ever lies within them, and are of the side without one. NAN where the loss
 * or its slope is not finite. The losses have to be means of row losses. -1 when memory runs
 * out. */
int lb_sharpness(const struct lb_cohort *c, const struct lb_setup *setup, const double *w, double *value, struct lb_err *err);

#endif
