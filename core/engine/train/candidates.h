/* Procedures that evaluations can read in several ways: the one that is best on the validation
 * rows. Compiled once per precision. */
#ifndef LB_CANDIDATES_H
#define LB_CANDIDATES_H

#include "core/engine/eval/evaluator.h"
#include "core/engine/step/learner.h"

/* Lets each procedure of l with candidates take its best (core/engine/step/procedure.h), when the
 * training has ended. Without validation rows, or where scores are not finite, all stays. 0, or -1
 * when memory runs out. */
int lb_candidates_choose(struct lb_learner *l, struct lb_evaluator *e, struct lb_err *err);

#endif
