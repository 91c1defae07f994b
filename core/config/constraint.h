/* What may not be combined: one row for each rule, said in a line of plain English that
 * `lossbench config reference` prints. Rules that the config alone decides are those of
 * constraints.c; those that need components or data are those of core/run/trial_constraints.c. */
#ifndef LB_CONSTRAINT_H
#define LB_CONSTRAINT_H

#include <stddef.h>

/* What a rule needs to be judged. */
enum lb_judged_by { LB_BY_CONFIG, LB_BY_COMPONENTS, LB_BY_DATA };

struct lb_constraint {
	const char *path;            /* the option that a message names first */
	enum lb_judged_by by;
	const char *rule;            /* a sentence */
};

/* The i-th rule that the config alone decides; NULL past the end. */
const struct lb_constraint *lb_config_constraint(size_t i);

#endif
