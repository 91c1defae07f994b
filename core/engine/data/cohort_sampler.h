/* The sampler of a cohort, from the labels or the pseudo-classes of its training rows. Compiled
 * once per precision. */
#ifndef LB_COHORT_SAMPLER_H
#define LB_COHORT_SAMPLER_H

#include "core/engine/names.h"
#include "core/training/cohort.h"

/* Opens the sampler that the cohort names. Release with lb_sampler_close, on failure too. */
int lb_cohort_sampler_open(struct lb_sampler *s, const struct lb_cohort *c, struct lb_err *err);

#endif
