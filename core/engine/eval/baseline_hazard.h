/* The cumulative baseline hazard of a model of proportional hazards. Compiled once per
 * precision. */
#ifndef LB_BASELINE_HAZARD_H
#define LB_BASELINE_HAZARD_H

#include "core/engine/eval/evaluator.h"

/* Whether the curves of a model need it and it has to be made of the training rows. */
bool lb_needs_baseline_hazard(const struct lb_setup *setup);

/* hazard (setup->survival_curve->n) <- Breslow's estimate from the model's scores of the training
 * rows, which are gathered into e->input. */
int lb_baseline_hazard(struct lb_evaluator *e, const struct lb_eval_model *s, double *hazard, struct lb_err *err);

#endif
