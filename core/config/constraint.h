/* What may not be combined: one row for each rule, said in a line of plain English that
 * `lossbench config reference` prints. Rules that the config alone decides are those of
 * constraints.c; those that need components or data are those of core/run/trial_constraints.c. */
#ifndef LB_CONSTRAINT_H
#define LB_CONSTRAINT_H

#include <stddef.h>
#include <stdint.h>

/* What a rule needs to be judged. */
enum lb_judged_by { LB_BY_CONFIG, LB_BY_COMPONENTS, LB_BY_DATA };

struct lb_constraint {
	const char *path;            /* the option that a message names first */
	enum lb_judged_by by;
	const char *rule;            /* a sentence */
};

/* The i-th rule that the config alone decides; NULL past the end. */
const struct lb_constraint *lb_config_constraint(size_t i);

/* Judges the rules that the config alone decides. reads[i], 0 to begin with, keeps the top-level
 * keys that rule i looked at; one that looked at none of the changed keys is not judged again. */
enum { LB_CONFIG_CONSTRAINTS = 22 };
struct lb_resolving;
void lb_config_check(struct lb_resolving *r, uint64_t reads[LB_CONFIG_CONSTRAINTS], uint64_t changed);

#endif
