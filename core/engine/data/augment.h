/* Views of the rows of a minibatch, for losses that want several. Compiled once per precision;
 * listed in core/engine/data/augmentations.def. */
#ifndef LB_AUGMENT_H
#define LB_AUGMENT_H

#include "core/base/component.h"
#include "core/engine/precision.h"

#include <stdint.h>

struct lb_rng;

/* Rows of which views are made. */
struct lb_viewed {
	size_t b, d;
	const real *x;           /* (b, d) */
	const real *second;      /* (b, d) what views of parts take the second view of; NULL: x */
	const int32_t *y;        /* (b) labels, where rows have some; else NULL */
	uint32_t *partner;       /* (b) of a mixed view, for an augmentation that .mixes: row i is `mix` of row i of the first view, the rest of */
	double mix;              /* row partner[i] of the second */
};

struct lb_augmentation {
	struct lb_info base;     /* its first parameters are LB_VIEW_COUNT and LB_VIEW_SEED (core/training/augment_info.h) */
	/* out (count, b, d) <- the views, drawn from rng alone. */
	void (*make)(const struct lb_arg *par, struct lb_rng *rng, struct lb_viewed *v, real *out);
};

/* Returns the augmentation of a descriptor of lb_augmentations_f64. */
const struct lb_augmentation *lb_augmentation_of(const struct lb_info *info);

/* out (count * b, d) <- the views of v->x. Drawn from the seed and the step alone, so every loss
 * sees the same. */
void lb_views_make(const struct lb_augmentation *kind, const struct lb_arg *par, int64_t step, struct lb_viewed *v, real *out);

#endif
