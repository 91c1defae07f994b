/* The losses of a config: `loss` and then `terms`, whose weighted sum is minimised. */
#ifndef LB_TERMS_H
#define LB_TERMS_H

#include "core/run/prepared.h"

/* Returns true if two losses have the same outputs for each target. */
bool lb_outputs_same(const struct lb_loss_info *a, const struct lb_arg *a_par, const struct lb_loss_info *b, const struct lb_arg *b_par);

/* p->setup.term <- the losses of p's spec; one of weight 0 is left out. Refuses a loss that is for
 * another number of classes than n_classes. */
int lb_terms_prepare(struct lb_prepared *p, size_t n_classes, struct lb_err *err);

/* p->setup.term <- the rows that each is a mean over, of rows whose weights are made. */
int lb_terms_take_parts(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err);

#endif
