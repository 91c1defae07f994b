/* What the options read of augmentations. Their functions are in core/engine/data/augment.h. */
#ifndef LB_AUGMENT_INFO_H
#define LB_AUGMENT_INFO_H

#include "core/base/component.h"

/* The registered augmentations' descriptors, the same in both precisions; and the first parameters
 * of each. */
extern const struct lb_info *const lb_augmentations_f32[], *const lb_augmentations_f64[];
enum { LB_VIEW_COUNT, LB_VIEW_SEED, LB_VIEW_OWN };

/* What an augmentation does, in lb_info.traits. */
enum {
	LB_VIEW_MIXES = 1 << 0, /* its last view is a mixture of the first two, of different rows */
	LB_VIEW_PARTS = 1 << 1  /* its first own parameter is a number of features */
};

#endif
