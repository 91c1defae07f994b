/* What a tree that is being resolved gives: options, their places, components. */
#ifndef LB_LOOKUP_H
#define LB_LOOKUP_H

#include "core/config/config.h"
#include "core/config/diagnostics.h"
#include "core/config/options.h"
#include "core/config/yaml.h"

/* The state of resolving one trial's tree. */
struct lb_resolving {
	struct lb_node *root;
	const char *file, *study;
	const struct lb_registry *reg;
	enum lb_kind kind;       /* LB_N_KINDS while the task is not known */
	cJSON *out;
	struct lb_diagnostics *diagnostics;
	uint64_t *reads;         /* unless NULL, gets the bit of every top-level key that is looked at (lb_option_top) */
};

/* The option's node, or NULL when it is absent. */
const struct lb_node *lb_option_set(const struct lb_resolving *r, const char *path);
/* Place of the option, or of the nearest enclosing block that is given. */
struct lb_location lb_location_of(const struct lb_resolving *r, const char *path);

/* The next component of a block, from a walk { 0 }, or the one of that name, among those of the
 * task; kind = LB_N_KINDS goes through all tasks, one after the other. NULL when there is none. */
struct lb_component_iterator {
	enum lb_kind kind;
	size_t at;
};
const struct lb_info *lb_component_next(const struct lb_registry *reg, const char *block, enum lb_kind kind, struct lb_component_iterator *iterator);
const struct lb_info *lb_component_find(const struct lb_registry *reg, const char *block, enum lb_kind kind, const char *name);
/* The component of a block's node: that which it describes, or names (def_name where it does
 * neither); with diagnostics as of_node of the registry. *described tells that it describes one. */
const struct lb_info *lb_component_of(const struct lb_registry *reg, const struct lb_option *block, enum lb_kind kind, const struct lb_node *node,
				      struct lb_diagnostics *diagnostics, bool *described);
/* The parameter of that name that a block of this component has: the component's, or the block's
 * own; NULL when there is none. */
const struct lb_param *lb_block_param(const struct lb_option *block, const struct lb_info *info, const char *name);

#endif
