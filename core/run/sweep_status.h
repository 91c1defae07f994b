/* What a folder of results is meant to hold: DIR/.plan (JSON), which every sweep writes when it
 * begins. */
#ifndef LB_SWEEP_STATUS_H
#define LB_SWEEP_STATUS_H

#include "core/run/plan.h"

#include <stdbool.h>

/* Writes DIR/.plan: the config's path, the overrides, the worker processes, the ids in the order of
 * the plan, and whether and how many trials will be added once a tuning has chosen. */
int lb_sweep_plan_write(const char *dir, const struct lb_plan *plan, const char *path, const char *const *sets, size_t n_sets, int jobs,
		     struct lb_err *err);

/* The tree (yours to delete), or NULL: with err when there is a file that cannot be used, without
 * when there is none. */
cJSON *lb_sweep_plan_read(const char *dir, struct lb_err *err);

/* How many trials of a folder are done, have failed, are running or are missing. */
struct lb_sweep_status {
	size_t planned;          /* 0 when no plan is known: then all counts are of the records that are there */
	size_t ok, diverged, failed, interrupted, running, to_do;
	size_t others;           /* records that the plan does not hold */
	size_t measured;         /* finished trials whose time is known */
	double seconds;          /* their mean */
};

/* Looks at every record and every claim of the folder; sweep_plan may be NULL. */
int lb_sweep_status_read(const char *dir, const cJSON *sweep_plan, struct lb_sweep_status *out, struct lb_err *err);

struct lb_estimate {
	size_t done;             /* trials that have ended */
	size_t measured, guessed; /* finished trials with a time; trials that it was carried over to */
	double seconds;           /* of all that is to do, one at a time */
};

/* Time that the undone trials will take, from the records of the done ones: each by the mean of
 * those with its loss and model, else of those with its model, else of all, in proportion to the
 * epochs. measured = 0: nothing is known. */
void lb_estimate_time(const struct lb_trial *trials, size_t n, struct lb_estimate *out);

#endif
