/* Learning-rate schedules: a factor on the optimiser's rate for each step. Free of precision. */
#ifndef LB_SCHEDULE_H
#define LB_SCHEDULE_H

#include "core/base/component.h"

#include <stdint.h>

struct lb_schedule {
	struct lb_info base;
	/* Factor for a step (from 0) of `total`, in an epoch (from 0), warm-up left out. */
	double (*factor)(const struct lb_arg *par, int64_t step, int64_t total, int64_t epoch);
};

/* The first parameter of every schedule. */
enum { LB_SCHED_WARMUP, LB_SCHED_OWN };

/* The registered schedules, each the .base of a struct lb_schedule. */
extern const struct lb_info *const lb_schedules[];
#define SCHEDULE(name) extern const struct lb_schedule lb_schedule_##name;
#include "core/training/schedules.def"
#undef SCHEDULE

/* The factor with linear warm-up: over the first warmup * total steps it rises from 1/W to 1, then
 * the schedule runs over the steps that are left. */
double lb_schedule_factor(const struct lb_schedule *s, const struct lb_arg *par, int64_t step, int64_t total, int64_t epoch);

#endif
