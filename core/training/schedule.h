/* Learning-rate schedules: a factor on the optimiser's rate for each step. Free of precision. */
#ifndef LB_SCHEDULE_H
#define LB_SCHEDULE_H

#include "core/base/component.h"

#include <stdint.h>

/* When a step is: from 0, of `total`, in an epoch (from 0) of `epochs`. */
struct lb_schedule_time {
	int64_t step, total, epoch, epochs;
};

/* What a schedule that follows a metric has seen so far. It holds no pointer. */
struct lb_schedule_state {
	double factor, best;
	int64_t values, bad, waiting; /* values seen; those since the best; those that do not count any more */
};

struct lb_schedule {
	struct lb_info base;
	/* Factor for a step. step and total leave warm-up out, `each` is the steps of an epoch. */
	double (*factor)(const struct lb_arg *par, const struct lb_schedule_time *at, double each);
	/* Takes note of a metric after an epoch: changes s->factor, by which the rate is multiplied
	 * further. NULL: the schedule follows none. */
	void (*follow)(const struct lb_arg *par, struct lb_schedule_state *s, double value, bool higher_is_better);
};

/* The first parameter of every schedule, and the second of one that follows a metric. */
enum { LB_SCHED_WARMUP, LB_SCHED_OWN, LB_SCHED_METRIC = LB_SCHED_OWN };

#define LB_SCHED_WARMUP_PARAM                                                                                                 \
	[LB_SCHED_WARMUP] = { .name = "warmup", .type = LB_REAL_PARAM, .min = 0, .max = 1, .max_open = true,                  \
			      .help = "share of all steps in which the rate rises linearly from 0" }

/* The registered schedules, each the .base of a struct lb_schedule. */
extern const struct lb_info *const lb_schedules[];
#define SCHEDULE(name) extern const struct lb_schedule lb_schedule_##name;
#include "core/training/schedules.def"
#undef SCHEDULE

/* The factor with linear warm-up: over the first warmup * total steps it rises from 1/W to 1, then
 * the schedule runs over the steps that are left. */
double lb_schedule_factor(const struct lb_schedule *s, const struct lb_arg *par, struct lb_schedule_time at);

#endif
