/* The part of a trial's setup that needs no rows. */
#ifndef LB_TRIAL_SETUP_H
#define LB_TRIAL_SETUP_H

#include "core/run/prepared.h"

/* Puts the loss, model, optimiser and schedule of p->spec into p->setup, for data of these classes
 * or targets with p->features.d features. */
int lb_prepare_components(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err);

/* Puts the metrics of p->spec into p->setup. Their keys (p->key) are to be freed, on failure
 * too. */
int lb_prepare_metrics(struct lb_prepared *p, struct lb_err *err);

#endif
