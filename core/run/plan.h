/* A plan: every trial of a config, resolved, checked against its data, with its id; nothing has
 * been trained. */
#ifndef LB_PLAN_H
#define LB_PLAN_H

#include "core/base/text.h"
#include "core/config/config.h"
#include "core/config/tune.h"
#include "core/run/trial.h"

/* One choice of settings: a candidate of an arm, for the replicates that have the same test rows
 * (of the same data). It is found on folds of the first of these replicates' training and
 * validation rows, so no row that chooses is a row that judges. */
struct lb_choice {
	size_t arm, replicate;           /* the first of its replicates */
	size_t fold;                     /* place in lb_plan.fold of the first fold of the first candidate */
	size_t best;                     /* the candidate chosen; LB_NO_CANDIDATE: none, or not yet */
};
#define LB_NO_CANDIDATE ((size_t)-1)

struct lb_plan {
	struct lb_config *config;
	struct lb_trial_list list;
	struct lb_data_cache cache;
	struct lb_trial_memo memo;       /* of the trial added last */
	struct lb_trial *trial;          /* n trials of different ids, in the order of the sweep */
	size_t n;
	struct lb_tune *tune;            /* with a tune block: the trials are the folds of all candidates of all choices, then the refits */
	struct lb_choice *choice;        /* n_choices, in the order of the arms */
	size_t n_choices;
	size_t *choice_of;               /* (arms, replicates) which choice decides */
	size_t *fold;                    /* n_folds trials, by choice, candidate and fold */
	size_t n_folds;
	bool untested;                   /* some replicate has no test rows, so it is judged by rows that its tuning has seen */
	cJSON *tuning;                   /* the entry of tuning.json, once the choices are made; then the refits are among the trials */
	size_t *refit;                   /* n_refits trials */
	size_t n_refits;
	size_t unjudged;                 /* choices that could not be made; their replicates are not trained */
	struct lb_buf said;              /* what there is to say of the choices, a line each; NULL text when nothing */
	struct lb_buf why;               /* why choices could not be made, a line each */
	size_t list_cap, trial_cap, choice_cap, fold_cap, refit_cap;
	size_t *slot, n_slots;           /* hash table of the trials by id: 1 + the trial's place, 0 where free */
};

/* Reads, expands, loads and checks the data, computes ids. All errors that can be found are
 * reported at once. */
int lb_plan_open(struct lb_plan *plan, const char *path, const char *const *sets, size_t n_sets, bool allow_sweep,
		 struct lb_err *err);

/* Adds a resolved config, which the plan takes, as a trial; *place, unless NULL, becomes its index,
 * or that of the trial with the same id. Mistakes are collected in err; -1 when memory runs out. */
int lb_plan_add(struct lb_plan *plan, cJSON *config, size_t *place, struct lb_err *err);

/* With a tune block, once the records of all folds are there: finds the best candidate of each
 * choice from the records alone (core/run/candidate_choice.h) and appends the trials that train
 * it. 1 when the choices were made, 0 when they were not (no tune block, folds missing, or done
 * before), -1 on failure. Without failures_too a failed fold counts as missing, since a sweep
 * trains it again; lb_plan_open calls it so. */
int lb_plan_choose(struct lb_plan *plan, bool failures_too, struct lb_err *err);

/* Trainings that follow the folds of a tuning, as far as is known. */
size_t lb_plan_refits(const struct lb_plan *plan);

/* Writes the choices to DIR/tuning.json (core/run/tuning.h). Only after lb_plan_choose. */
int lb_plan_save_choice(const struct lb_plan *plan, struct lb_err *err);
void lb_plan_close(struct lb_plan *plan);

#endif
