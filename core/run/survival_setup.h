/* Survival: what the training rows' times make of a trial. */
#ifndef LB_SURVIVAL_SETUP_H
#define LB_SURVIVAL_SETUP_H

#include "core/run/prepared.h"

/* Makes p->survival and what p->setup borrows of it; nothing for another task. */
int lb_prepare_survival(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err);
void lb_survival_free(struct lb_survival *s);

#endif
