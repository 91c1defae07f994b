/* What a loss by its formula claims of itself, against random scores: that it is nonnegative,
 * convex in the scores, unchanged by a shift of all scores of a row, or symmetric over labels.
 * (That it is smooth the check of its gradient holds against it.) */
#ifndef LB_CLAIMS_H
#define LB_CLAIMS_H

#include "core/base/err.h"
#include "losses/loss_info.h"

struct lb_buf;

/* Writes one line a broken claim to the report, with the scores. Returns how many there are, -1
 * with err; *n_checks counts what was compared. */
int lb_loss_check_claims(const struct lb_loss_info *info, const struct lb_arg *par, struct lb_buf *report, int *n_checks, struct lb_err *err);

#endif
