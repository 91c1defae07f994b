/* What the checks of constraints (core/config/constraints.c) read and say. */
#ifndef LB_CONSTRAINT_CHECK_H
#define LB_CONSTRAINT_CHECK_H

#include "core/config/lookup.h"

/* The value that the option of this path has, or NULL. */
const cJSON *lb_resolved(const struct lb_resolving *r, const char *path);

/* Reports what is wrong with the option of this path. */
#define diagnostic(r, path, ...)                                          \
	do {                                                         \
		const struct lb_location mark_ = lb_location_of(r, path); \
		lb_diagnostic((r)->diagnostics, &mark_, path, __VA_ARGS__);    \
	} while (0)

/* Checks that early stopping, and tuning, go by a metric of the validation rows
 * (core/config/metric_constraints.c). */
void lb_stopping_has_a_metric(const struct lb_resolving *r);
void lb_tuning_has_a_metric(const struct lb_resolving *r);

#endif
