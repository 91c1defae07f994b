/* What a training decided by, in its model file: a calibration and a threshold, fitted on its
 * validation rows. Beside the arrays of core/run/saved_model.h:
 *
 *   decision                 slope, intercept, threshold (core/metrics/decision_rule.h), and -1 or
 *                            1 in the place of a threshold below or above all scores, else 0
 *   decision_maps            one row a class, or one in a binary task with two slopes: slope, slope
 *                            below, intercept, number of knots
 *   decision_scores          the knots' scores, ascending, of one class after the other
 *   decision_probabilities   and their probabilities
 *   decision_matrix          (classes, classes + 1) what scores are multiplied by, and intercepts
 *
 * Absent where scores were left as they are and decided plainly, and in older models. */
#ifndef LB_SAVED_DECISION_H
#define LB_SAVED_DECISION_H

#include "core/run/saved_model.h"

/* Adds the arrays of a finished training. */
int lb_saved_decision_put(struct lb_arrays *a, const struct lb_prepared *p, const struct lb_decision *d, struct lb_err *err);
/* The class of a row by its scores, which are not kept; and, in their place, its calibrated
 * probabilities (binary: of the second class; several labels: of each). */
size_t lb_saved_decision_class(const struct lb_saved_model *m, double *z, size_t c);
void lb_saved_decision_soften(const struct lb_saved_model *m, double *z, size_t c);

#endif
