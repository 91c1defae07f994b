/* The expected loss of one row, of three classes (binary: two), under known probabilities of its
 * labels: where it is smallest tells whether a loss is proper or classification-calibrated. */
#ifndef LB_EXPECTED_LOSS_H
#define LB_EXPECTED_LOSS_H

#include "core/base/err.h"
#include "losses/loss_info.h"

/* Of a multiclass or binary loss that reads scores, labels and class counts alone. 1: it holds at
 * three distributions of the label; 0: it does not; -1 with err when memory runs out. */

/* The expected loss is smallest where the link, softmax (sigmoid) of z, or of z / temperature where
 * a loss has a parameter of that name, gives the probabilities themselves. */
int lb_loss_is_proper(const struct lb_loss_info *info, const struct lb_arg *par, struct lb_err *err);

/* The expected loss cannot come as low as its minimum while a class that is not the likeliest has a
 * largest score. */
int lb_loss_is_calibrated(const struct lb_loss_info *info, const struct lb_arg *par, struct lb_err *err);

#endif
