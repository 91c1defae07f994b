/* The record of a trial: one JSON file; results/README.md explains it, results/trial.schema.json is
 * its schema. */
#ifndef LB_RECORD_H
#define LB_RECORD_H

#include "core/run/trial.h"

/* What a run was like; not part of the result. */
struct lb_run_facts {
	const char *study, *question;    /* question: what the config asks, or NULL */
	const char *const *argv;         /* NULL-ended */
	char started[32];                /* UTC */
	double load_seconds, prepare_seconds, total_seconds, cpu_seconds;
};

/* The record as a new JSON tree. p and out may be NULL for a trial that failed before or during
 * training: then `message` says why and the status is failed. */
cJSON *lb_record_make(const struct lb_trial *t, const struct lb_prepared *p, const struct lb_train_result *out,
		      const struct lb_run_facts *facts, const char *message, struct lb_err *err);

#endif
