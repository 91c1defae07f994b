/* Where a training begins to fail: the gradient of each layer, measured while the loss is finite
 * but large. Compiled once per precision. */
#ifndef LB_DIVERGENCE_H
#define LB_DIVERGENCE_H

#include "core/engine/step/learner.h"

/* When the loss reaches this in size, the gradient norm of each layer is recorded for the message
 * about divergence. */
#define LB_DIVERGENCE_LOSS 1e6

/* Records in l->progress the layer whose gradient, in l->model.g at step `step` (from 0), has the
 * largest norm. A norm that is not finite counts as the largest. */
void lb_divergence_measure(struct lb_learner *l, int64_t step);

/* Appends to the words in text what is known: "; gradient norm 3e+38 in layer 2 at step 17", or
 * which layer has weights that are not finite, or nothing. */
void lb_divergence_describe(const struct lb_learner *l, char *text, size_t size);

#endif
