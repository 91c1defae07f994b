/* The losses that know how many training rows each class has: the state is one number, made once a
 * run. A class without training rows counts as one of a single row, so that validation rows of it
 * have a finite loss. */
#ifndef LB_CLASS_PRIOR_H
#define LB_CLASS_PRIOR_H

#include "core/base/mem.h"
#include "losses/support/margin.h"

#include <stdlib.h>

/* Positives for each negative. */
static inline double lb_odds(const struct lb_loss_stats *stats)
{
	const double *n = stats->counts;

	return (n[1] > 0 ? n[1] : 1) / (n[0] > 0 ? n[0] : 1);
}

static inline double *lb_number(double value, struct lb_err *err)
{
	double *state = lb_alloc(1, sizeof *state, err);

	if (state)
		*state = value;
	return state;
}

#endif
