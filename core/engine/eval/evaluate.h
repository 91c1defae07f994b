/* From parameters to metrics: the scores of a split, reduced (core/engine/eval/row_stats.h) and
 * evaluated. Compiled once per precision. */
#ifndef LB_EVALUATE_H
#define LB_EVALUATE_H

#include "core/engine/eval/evaluator.h"

struct lb_evaluator *lb_evaluator_new(const struct lb_cohort *c, size_t columns, struct lb_err *err);
void lb_evaluator_free(struct lb_evaluator *e);

/* Evaluates n models on a split, each chunk of rows gathered once for as many as there is room for.
 * 0, or -1 when memory runs out. */
int lb_evaluate(struct lb_evaluator *e, struct lb_eval_model *s, size_t n, int part, struct lb_err *err);

/* One model, its decisions plain: 0; 1 when a score is not finite (*bad_row is the row of the
 * dataset, metric is untouched); -1. */
int lb_evaluate_one(struct lb_evaluator *e, const struct lb_setup *setup, struct lb_net *net, const real *w, int part,
		       double *metric, double *scores, size_t *bad_row, struct lb_err *err);

/* Calibration and threshold as the setup asks, fitted to the validation rows: decision is to be
 * freed, on failure too. s->metric is scratch, s->decision and s->scores are not looked at. 0; 1
 * with s->bad; -1 when memory runs out. Without validation rows, or where nothing is asked for,
 * decision is plain. */
int lb_evaluate_decide(struct lb_evaluator *e, struct lb_eval_model *s, struct lb_decision *decision, struct lb_err *err);

#endif
