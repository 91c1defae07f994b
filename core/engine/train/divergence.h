/* Where a training begins to fail: the gradient of each layer, measured while the loss is finite but large. Compiled once per
 * precision. */
#ifndef LB_DIVERGENCE_H
#define LB_DIVERGENCE_H

#include "core/engine/step/learner.h"

/* Losses from here on, up or down, have their gradients measured. */
#define LB_STRAINED 1e6

/* l->strain <- the layer whose gradient, the one in l->g of step `step` (from 0), is longest; one that is not finite counts as longest. */
void lb_strain_measure(struct lb_learner *l, int64_t step);

/* Appends to the words in text what is known: "; gradient norm 3e+38 in layer 2 at step 17", or which layer has weights that are not
 * finite, or nothing. */
void lb_strain_tell(const struct lb_learner *l, char *text, size_t size);

#endif
