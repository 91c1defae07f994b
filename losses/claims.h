/* What a loss says of itself, against its own values: claims, examples. (That it is smooth the
 * check of its gradient holds against it.) */
#ifndef LB_CLAIMS_H
#define LB_CLAIMS_H

#include "core/base/err.h"
#include "losses/loss_info.h"

struct lb_buf;

/* True when claims can be checked at drawn rows: a mean of row losses with one score for each
 * class, label or target, which reads nothing else. */
bool lb_loss_claims_testable(const struct lb_loss_info *info);

/* That it is nonnegative, convex in the scores, unchanged by a shift of all scores of a row,
 * symmetric over labels or bounded, at random scores; proper or calibrated, by where its
 * expectation is smallest. Writes one line a broken claim to the report, with the scores. Returns
 * how many there are, -1 with err; *n_checks counts what was compared. */
int lb_loss_check_claims(const struct lb_loss_info *info, const struct lb_arg *par, struct lb_buf *report, int *n_checks, struct lb_err *err);

/* *value <- the loss at the example's scores and parameters. -1 with err. */
int lb_loss_example_value(const struct lb_loss_info *info, const struct lb_example *example, double *value, struct lb_err *err);

/* Writes one line for each example of the descriptor that does not come out, to 1e-9. Returns how
 * many, -1 with err. */
int lb_loss_check_examples(const struct lb_loss_info *info, struct lb_buf *report, struct lb_err *err);

#endif
