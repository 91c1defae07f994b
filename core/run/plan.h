/* A plan: every trial of a config, resolved, checked against its data, with its id; nothing has been trained. */
#ifndef LB_PLAN_H
#define LB_PLAN_H

#include "core/config/config.h"
#include "core/config/tune.h"
#include "core/run/trial.h"

struct lb_plan {
	struct lb_config *config;
	struct lb_trial_list list;
	struct lb_data_cache cache;
	struct lb_trial *trial;          /* n trials of different ids, in the order of the sweep */
	size_t n;
	struct lb_tune *tune;            /* with a tune block: the trials are the folds of all candidates, then the refits */
	cJSON *tuning;                   /* the choice; then the refits are among the trials */
	size_t list_cap, trial_cap;
	size_t *slot, n_slots;           /* hash table of the trials by id: 1 + the trial's place, 0 where free */
};

/* Reads, expands, loads and checks the data, computes ids. All errors that can be found are reported at once. */
int lb_plan_open(struct lb_plan *plan, const char *path, const char *const *sets, size_t n_sets, bool allow_sweep,
		 struct lb_err *err);
/* With a tune block, once the records of all folds are there: finds the best candidate of each arm from the records alone and
 * appends the trials that train it at every replicate. A candidate with fewer diverged or failed folds is better than one with more;
 * among those without any the mean over the folds decides; ties go to the candidate drawn first. 1 when trials were appended, 0 when there is nothing
 * to append (no tune block, folds missing, or done before), -1 on failure. lb_plan_open calls it. */
int lb_plan_choose(struct lb_plan *plan, struct lb_err *err);

/* Writes DIR/tuning.json: all candidates of every arm with their means, and the choice. Only after a choice. */
int lb_plan_save_choice(const struct lb_plan *plan, struct lb_err *err);
void lb_plan_close(struct lb_plan *plan);

#endif
