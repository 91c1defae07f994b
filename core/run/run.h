/* Running trials: one in this process, or many in worker processes. */
#ifndef LB_RUN_H
#define LB_RUN_H

#include "core/run/store.h"
#include "core/run/trial.h"

#include <stdbool.h>

/* What all trials of a command share. */
struct lb_run_options {
	const char *study;
	const char *const *argv;
	int jobs;                        /* worker processes, >= 1 */
	bool quiet;
	/* Called after each epoch of a trial that runs in this process; NULL for none. */
	void (*progress)(void *arg, size_t i, size_t epoch, double train_loss, const double *valid_metric);
};

/* Prepares, trains and stores one trial. The record (new) in *record unless NULL. Returns 0 whatever the trial's status (ok, diverged,
 * interrupted); -1 when it could not be run or stored. The record's folder is the config's output.dir. */
int lb_run_trial(const struct lb_trial *t, const struct lb_run_options *opt, cJSON **record, struct lb_err *err);

/* True when the store holds a finished result of the trial and all that it should keep. */
bool lb_trial_done(const struct lb_trial *t);

struct lb_run_counts {
	size_t ok, diverged, failed, left; /* left: not run because of an interruption */
};

/* Runs trials in `jobs` worker processes, each forked for one trial from this process, which holds the data: a crash costs the trial
 * in hand, and workers end with their parent. A trial that another lossbench is running is waited for, not run twice. Shows progress
 * on stderr. lb_stop_on_signals must have been called. Returns -1 with err on a failure that ends the sweep (disk full, read-only). */
int lb_run_all(const struct lb_trial *trials, size_t n, size_t done_before, const struct lb_run_options *opt,
	       struct lb_run_counts *counts, struct lb_err *err);

#endif
