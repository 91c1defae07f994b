/* The losses of a config: `loss` and then `terms`, whose weighted sum is minimised. */
#ifndef LB_TERMS_H
#define LB_TERMS_H

#include "core/config/spec.h"
#include "core/training/train.h"

/* Returns true if two losses have the same outputs for each target. */
bool lb_outputs_same(const struct lb_loss_info *a, const struct lb_arg *a_par, const struct lb_loss_info *b, const struct lb_arg *b_par);

/* s->term, in the room of term, <- the losses of the spec; one of weight 0 is left out. Refuses a
 * loss that is for another number of classes than n_classes. */
int lb_terms_prepare(const struct lb_spec *spec, size_t n_classes, struct lb_setup *s, struct lb_term term[LB_MOST_TERMS], struct lb_err *err);

#endif
