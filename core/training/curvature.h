/* How curved the training loss is where a training has ended: the metrics sharpness and
 * hessian_trace. */
#ifndef LB_CURVATURE_H
#define LB_CURVATURE_H

#include "core/metrics/metric.h"
#include "core/training/cohort.h"

/* Whether a metric of the trial reads it. */
bool lb_curvature_wanted(const struct lb_setup *setup);

/* *out <- what metrics of the trial read of the Hessian of the mean loss over the training rows, by
 * the model's weights and biases, at the parameters w (plain order, then the losses' own; of
 * targets as they are, while the loss is of targets in their units). The rest of *out stays.
 * Dropout, procedures, regularisers, weight decay and the training's attack do not count. The
 * largest eigenvalue by power iteration from a fixed direction, until it changes by less than a ten
 * thousandth of itself, 100 products at most; the trace by a product for each parameter, or for
 * each of 100 fixed directions where there are more. Each product with the Hessian is a difference
 * of gradients, always in double, and reads all training rows twice. Kinks, of relu or of a loss,
 * do not count: there the differences are so short that one hardly ever lies within them, and are
 * of the side without one. NAN where the loss or its slope is not finite. The losses have to be
 * means of row losses. -1 when memory runs out. */
int lb_curvature_measure(const struct lb_cohort *c, const struct lb_setup *setup, const double *w, struct lb_curvature *out, struct lb_err *err);

#endif
