/* What a full-batch optimiser minimises: mean loss over all training rows + weight_decay/2 x sum of
 * squared weights, as a function of the parameters, which are double at this seam. Compiled once
 * per precision; the optimiser may begin with float32 and ends with double. */
#ifndef LB_FULL_BATCH_OBJECTIVE_H
#define LB_FULL_BATCH_OBJECTIVE_H

#include "core/training/feature_whitening.h"
#include "core/training/cohort.h"

struct lb_objective;

/* The objective of a trial whose optimiser is lbfgs. NULL when memory runs out. */
struct lb_objective *lb_objective_new_f32(const struct lb_cohort *c, const struct lb_setup *setup, struct lb_err *err);
struct lb_objective *lb_objective_new_f64(const struct lb_cohort *c, const struct lb_setup *setup, struct lb_err *err);
void lb_objective_free_f32(struct lb_objective *o);
void lb_objective_free_f64(struct lb_objective *o);

/* w (n_params) <- the initial parameters. */
void lb_objective_start_f32(const struct lb_objective *o, double *w);
void lb_objective_start_f64(const struct lb_objective *o, double *w);

/* The change of variables that suits the objective, to be asked for once, whose numbers are the
 * objective's: none for compressed rows, which centring would fill; centred; or, for a linear
 * regression on few features, whitened. -1 when memory runs out. */
int lb_objective_whitening_f32(struct lb_objective *o, struct lb_whitening *c, struct lb_err *err);
int lb_objective_whitening_f64(struct lb_objective *o, struct lb_whitening *c, struct lb_err *err);

/* The value at w; g (n_params) <- its gradient. The same sums in the same order every time. */
double lb_objective_value_f32(struct lb_objective *o, const double *w, double *g);
double lb_objective_value_f64(struct lb_objective *o, const double *w, double *g);

#endif
