/* From a spec to the part of a setup that needs no rows; for trials and for models that were
 * saved. */
#ifndef LB_TRIAL_SETUP_H
#define LB_TRIAL_SETUP_H

#include "core/config/spec.h"
#include "core/training/train.h"

/* Sets the model, losses, optimiser, schedule, attacks and views of s, for data of these classes or
 * targets with n_features features. s borrows from the spec and from term, which takes the
 * losses. */
int lb_setup_from_spec(const struct lb_spec *spec, const struct lb_dataset *data, size_t n_features, struct lb_setup *s,
		       struct lb_term term[LB_MOST_TERMS], struct lb_err *err);

#endif
