/* Defaults that depend on other options, and rules of the option table that read them. */
#ifndef LB_DEFAULTS_H
#define LB_DEFAULTS_H

#include "core/config/lookup.h"

/* Returns true if a list of components that is not given holds this one. */
bool lb_rule_listed(const struct lb_resolving *r, const char *path, const struct lb_info *info);

/* Defaults that depend on other options. True when the option has such a rule; *item is NULL to
 * leave it out. */
bool lb_rule_default(const struct lb_resolving *r, const char *path, cJSON **item);
/* True when the option's value is checked as a list: data.split.test with modulo. */
bool lb_rule_takes_list(const struct lb_resolving *r, const struct lb_option *o, const struct lb_node *node);
/* What was given, read without complaint: a wrong value is reported where its option is
 * resolved. */
const char *lb_given_text(const struct lb_resolving *r, const char *path, const char *otherwise);
/* 1 - 0.2 - 0.2 is 0.6, not 0.6000000000000001. */
double lb_tidy(double v);
/* The form that data.split is given in; and the key that says so. */
enum lb_split_form { LB_FRACTIONS, LB_FIRST, LB_MODULO, LB_FOLDS, LB_SPLIT_FORMS };
enum lb_split_form lb_split_form_of(const struct lb_resolving *r);
extern const char *const lb_split_form_path[LB_SPLIT_FORMS];

/* The seed of whatever has none of its own. */
double lb_rule_seed(const struct lb_resolving *r);

#endif
