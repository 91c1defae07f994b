/* The one place where the config's component blocks meet the registries. */
#ifndef LB_COMPONENTS_H
#define LB_COMPONENTS_H

#include "core/config/config.h"

extern const struct lb_registry lb_registries;

/* The list of the i-th block or option that names a component, and its path in *block; NULL past
 * the last. */
const struct lb_info *const *lb_component_list(size_t i, const char **block);

#endif
