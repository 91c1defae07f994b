/* The one place where the config's component blocks meet the registries. */
#ifndef LB_COMPONENTS_H
#define LB_COMPONENTS_H

#include "core/config/config.h"

extern const struct lb_registry lb_registries;

#endif
