/* The cohort trainer. The batch is gathered once for all trials of a cohort. A single trial is a
 * cohort of one, and its result is the same to the byte in any company. */
#ifndef LB_TRAIN_H
#define LB_TRAIN_H

#include "core/training/cohort.h"
#include "core/training/train_result.h"

/* Trains the cohort; out has room for k outcomes, each to be freed even on failure. Divergence is
 * an outcome, not a failure; a pending stop request (core/base/interrupt.h) ends all trials as
 * interrupted. Trials of a cohort may go on from checkpoints of different steps: those that are
 * ahead sit out until the others are there. -1 only when memory runs out, a checkpoint that
 * checkpoint_every asked for cannot be written (one of keep_seconds is a warning), or `ended`
 * fails. */
int lb_train_f32(const struct lb_cohort *cohort, struct lb_train_result *out, struct lb_err *err);
int lb_train_f64(const struct lb_cohort *cohort, struct lb_train_result *out, struct lb_err *err);

/* The same without the procedures that take the whole training. A trial with one of these is alone
 * in its cohort. */
int lb_train_once_f32(const struct lb_cohort *cohort, struct lb_train_result *out, struct lb_err *err);
int lb_train_once_f64(const struct lb_cohort *cohort, struct lb_train_result *out, struct lb_err *err);

/* As lb_train, trial by trial; to the end in double whatever the precision, which is that of the
 * evaluation. epochs stays 0, steps counts the iterations. -1 also when a closed form has no
 * answer. */
int lb_fit_f32(const struct lb_cohort *cohort, struct lb_train_result *out, struct lb_err *err);
int lb_fit_f64(const struct lb_cohort *cohort, struct lb_train_result *out, struct lb_err *err);

#endif
