/* Fills struct lb_spec from a resolved config, by the option table. */
#ifndef LB_SPEC_FILL_H
#define LB_SPEC_FILL_H

#include "core/config/spec.h"

/* Fills the spec, { 0 } or one filled before, from a resolved config, which must live as long as
 * the spec. Blocks that this config shares with that of the latest filling (lb_config_share,
 * lb_config_expand) are not filled again, so that one must live, too. -1 when memory runs out or a
 * component is unknown; then the spec is { 0 }. Release with lb_spec_free. */
int lb_spec_fill(struct lb_spec *spec, const cJSON *config, const struct lb_registry *reg, struct lb_err *err);

#endif
