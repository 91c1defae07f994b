/* The one place where the config's component blocks meet the registries. */
#ifndef LB_COMPONENTS_H
#define LB_COMPONENTS_H

#include "core/config/config.h"

extern const struct lb_registry lb_registries;

/* Task names are the kinds' names. LB_N_KINDS when unknown. */
enum lb_kind lb_kind_of_task(const char *task);

#endif
