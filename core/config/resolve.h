/* Resolving one trial's tree: every option gets the value that was given, or its default. */
#ifndef LB_RESOLVE_H
#define LB_RESOLVE_H

#include "core/config/lookup.h"

/* The tree with all defaults written out; mistakes go to the diagnostics, and NULL is for want of
 * memory only. `study` is the name where the tree gives none. */
cJSON *lb_resolve(struct lb_node *root, const char *file, const char *study, const struct lb_registry *reg,
		  struct lb_diagnostics *diagnostics, struct lb_err *err);

/* The mistakes of the values of like->root, each looked at by itself: what has to hold between
 * options is not checked. -1 is for want of memory. */
int lb_check_values(const struct lb_resolving *like, struct lb_diagnostics *diagnostics, struct lb_err *err);

/* The task of r->root, LB_N_KINDS when it is none we know. */
enum lb_kind lb_task_of(const struct lb_resolving *r);

/* Returns the option as resolved, a new item; NULL where it is absent or wrong. */
cJSON *lb_resolve_option(const struct lb_resolving *r, const struct lb_option *o);

/* The same of an option that is a list of texts; node NULL: it is not given. */
cJSON *lb_resolve_words(const struct lb_resolving *r, const struct lb_option *o, const struct lb_node *node);

/* The default as JSON; seeds become `seed`, a text without default NULL. */
cJSON *lb_param_default(const struct lb_param *p, double seed);

#endif
