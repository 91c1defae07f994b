/* Further views of the rows of a minibatch, for losses that want several. Compiled once per
 * precision; listed in core/engine/data/augmentations.def. */
#ifndef LB_AUGMENT_H
#define LB_AUGMENT_H

#include "core/base/component.h"
#include "core/engine/precision.h"

#include <stdint.h>

struct lb_rng;

struct lb_augmentation {
	struct lb_info base;     /* its first parameters are LB_VIEW_COUNT and LB_VIEW_SEED (core/training/augment_info.h) */
	/* out (n) <- a changed copy of the features x (n), drawn from rng alone. */
	void (*change)(const struct lb_arg *par, struct lb_rng *rng, size_t n, const real *x, real *out);
};

/* Returns the augmentation of a descriptor of lb_augmentations_f64. */
const struct lb_augmentation *lb_augmentation_of(const struct lb_info *info);

/* out (count * b, d) <- x (b, d) itself, then count - 1 changed copies of it. Drawn from the seed
 * and the step alone, so every loss sees the same. */
void lb_views_make(const struct lb_augmentation *kind, const struct lb_arg *par, int64_t step, const real *x, size_t b, size_t d, real *out);

#endif
