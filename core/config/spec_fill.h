/* Fills struct lb_spec from a resolved config, by the option table, and finds the parameters of its
 * components by name. */
#ifndef LB_SPEC_FILL_H
#define LB_SPEC_FILL_H

#include "core/config/spec.h"

/* Fills the spec, { 0 } or one filled before, from a resolved config, which must live as long as
 * the spec. Blocks that this config shares with that of the latest filling (lb_config_share,
 * lb_config_expand) are not filled again, so that one must live, too. -1 when memory runs out or a
 * component is unknown; then the spec is { 0 }. Release with lb_spec_free. */
int lb_spec_fill(struct lb_spec *spec, const cJSON *config, const struct lb_registry *reg, struct lb_err *err);
void lb_spec_free(struct lb_spec *spec);

/* Returns the component's parameter of that name; NULL where it has none, or there is no
 * component. */
const struct lb_arg *lb_use_arg(const struct lb_component_use *use, const char *name);

/* The number of such a parameter, or `otherwise`. */
double lb_use_number(const struct lb_component_use *use, const char *name, double otherwise);

/* Returns true if there is a component of that name. */
bool lb_use_is(const struct lb_component_use *use, const char *name);

#endif
