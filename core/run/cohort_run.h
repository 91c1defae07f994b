/* Running trials: one in this process, or many in worker processes. */
#ifndef LB_COHORT_RUN_H
#define LB_COHORT_RUN_H

#include "core/run/store.h"
#include "core/run/trial.h"

#include <stdbool.h>

/* What all trials of a command share. */
struct lb_run_options {
	const char *study, *question;    /* question: what the config asks, or NULL */
	const char *const *argv;
	int jobs;                        /* worker processes, >= 1 */
	int threads;                     /* of each training; 0 and 1: one */
	/* Called after each epoch of a trial that runs in this process; NULL for none. */
	void (*progress)(void *arg, size_t i, size_t epoch, double train_loss, const double *valid_metric);
};

/* Prepares, trains and stores one trial. The record (new) in *record unless NULL. Returns 0
 * whatever the trial's status (ok, diverged, interrupted); -1 when it could not be run or stored.
 * The record's folder is the config's output.dir. */
int lb_run_trial(const struct lb_trial *t, const struct lb_run_options *opt, cJSON **record, struct lb_err *err);

/* How a trial of a cohort ended. */
struct lb_run_end {
	int rc;                          /* 0, or -1 with err when it could not be run or stored */
	enum lb_status status;           /* with rc 0 */
	struct lb_err err;               /* with rc 0 its text holds remarks on the training, a line each (core/run/remarks.h) */
};

/* The same for k trials of one cohort key at once (one trial may be of no cohort). Each record is
 * stored as soon as its trial has ended, each end told. Results are the same to the byte as one by
 * one. A training that takes long is kept every half minute (LOSSBENCH_CHECKPOINT_SECONDS in the
 * environment changes that, 0: never) and goes on from there when it was killed. */
void lb_run_cohort(const struct lb_trial *const *t, size_t k, const struct lb_run_options *opt, struct lb_run_end *end, cJSON **record);

/* True when the store holds a finished result of the trial and all that it should keep. */
bool lb_trial_done(const struct lb_trial *t);

struct lb_run_counts {
	size_t ok, diverged, failed;
	size_t interrupted, left;          /* broken off in the middle, with a record that says so; not begun, for the same reason */
};

/* Runs trials in `jobs` worker processes, each forked for one cohort from this process, which holds
 * the data: a crash costs the cohort in hand, and workers end with their parent. A trial that
 * another lossbench is running is waited for, not run twice. Shows progress on stderr.
 * lb_stop_on_signals must have been called. Returns -1 with err on a failure that ends the sweep
 * (disk full, read-only). */
int lb_run_all(const struct lb_trial *trials, size_t n, size_t done_before, const struct lb_run_options *opt,
	       struct lb_run_counts *counts, struct lb_err *err);

#endif
