/* The rules on what may not be combined that need components or data. Each file of rules has a
 * table; lb_trial_constraint goes through all of them. */
#ifndef LB_TRIAL_CONSTRAINTS_H
#define LB_TRIAL_CONSTRAINTS_H

#include "core/config/constraint.h"
#include "core/run/uses.h"

/* The two attacks of a config. */
enum lb_attack_of { LB_IN_TRAINING, LB_IN_EVALUATION, LB_ATTACKS };

/* What the rules are judged by. */
struct lb_facts {
	const struct lb_spec *spec;
	const struct lb_dataset *data;
	const struct lb_split *split;
	const struct lb_component_use *loss[LB_MOST_TERMS];
	size_t n_losses;
	const struct lb_loss_info *viewer; /* the loss that compares views of a row, or the main one */
	const struct lb_component_use *attack[LB_ATTACKS]; /* or NULL */
	bool closed_form, full_batch;    /* the trial reads all rows at once */
};

/* A rule and its check: -1, with LB_CONFIG, where it does not hold. */
struct lb_trial_constraint {
	struct lb_constraint base;
	int (*check)(const struct lb_facts *f, struct lb_err *err);
};

/* Checks a trial by all rules; the first that does not hold is reported. */
int lb_constraints_check(const struct lb_spec *spec, const struct lb_dataset *data, const struct lb_split *split, struct lb_err *err);

/* The i-th of these rules; NULL past the end. */
const struct lb_constraint *lb_trial_constraint(size_t i);

/* Runs a descriptor's own check. Its message begins with `before`, "loss." or a list, and a name
 * unless that is "". */
int lb_parameters_check(const struct lb_component_use *use, const char *before, const char *name, struct lb_err *err);

/* The tables, each ended by a row without a check. */
extern const struct lb_trial_constraint lb_loss_constraints[], lb_side_constraints[], lb_rows_constraints[], lb_attack_constraints[],
	lb_procedure_constraints[], lb_step_constraints[], lb_forget_constraints[], lb_anomaly_constraints[];

/* Refuses a data.forget that does not say what rows it is of. */
int lb_forget_check(const struct lb_spec *spec, struct lb_err *err);

/* The option that names the i-th loss, for messages. */
static inline const char *lb_loss_path(size_t i)
{
	return i ? "terms" : "loss";
}

#endif
