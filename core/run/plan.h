/* A plan: every trial of a config, resolved, checked against its data, with its id; nothing has been trained. */
#ifndef LB_PLAN_H
#define LB_PLAN_H

#include "core/config/config.h"
#include "core/run/trial.h"

struct lb_plan {
	struct lb_config *config;
	struct lb_trial_list list;
	struct lb_data_cache cache;
	struct lb_trial *trial;          /* n trials of different ids, in the order of the sweep */
	size_t n;
};

/* Reads, expands, loads and checks the data, computes ids. All errors that can be found are reported at once. */
int lb_plan_open(struct lb_plan *plan, const char *path, const char *const *sets, size_t n_sets, bool allow_sweep,
		 struct lb_err *err);
void lb_plan_close(struct lb_plan *plan);

#endif
