/* The losses of a config: `loss` and then `terms`, whose weighted sum is minimised. */
#ifndef LB_TERMS_H
#define LB_TERMS_H

#include "core/run/trial.h"

/* The losses of a resolved config, at most LB_MOST_TERMS, into loss; returns how many. */
size_t lb_losses_of(const cJSON *config, const struct lb_loss_info *loss[LB_MOST_TERMS]);

/* The option that names the i-th of them, for messages. */
const char *lb_loss_path(size_t i);

/* Refuses terms that have no meaning. */
int lb_terms_check(const cJSON *config, struct lb_err *err);

/* p->setup.term <- p's loss and the config's terms; a loss of weight 0 is left out. Refuses a loss
 * that is for another number of classes than n_classes. */
int lb_terms_prepare(struct lb_prepared *p, const cJSON *config, size_t n_classes, struct lb_err *err);

#endif
