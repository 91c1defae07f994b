/* What a model gives before it is trained. Compiled once per precision, numbers are double at this
 * seam. */
#ifndef LB_FIRST_OUTPUTS_H
#define LB_FIRST_OUTPUTS_H

#include "core/training/cohort.h"

/* mean (outputs of the model) <- the mean output over the training rows of the model as its seed
 * draws it, without dropout. -1 when memory runs out. */
int lb_first_outputs_f32(const struct lb_cohort *c, const struct lb_setup *setup, double *mean, struct lb_err *err);
int lb_first_outputs_f64(const struct lb_cohort *c, const struct lb_setup *setup, double *mean, struct lb_err *err);

#endif
