/* Further views of the rows of a minibatch, for losses that want several. Compiled once per
 * precision; descriptors: lb_view_at. */
#ifndef LB_AUGMENT_H
#define LB_AUGMENT_H

#include "core/base/component.h"
#include "core/engine/precision.h"

#include <stdint.h>

/* out (count * b, d) <- x (b, d) itself, then count - 1 changed copies of it. Drawn from the seed
 * and the step alone, so every loss sees the same. */
void lb_views_make(const struct lb_info *kind, const struct lb_arg *par, int64_t step, const real *x, size_t b, size_t d, real *out);

#endif
