/* Labels, targets and weights of the rows of a step, as its losses read them. Compiled once per
 * precision. */
#ifndef LB_BATCH_LABELS_H
#define LB_BATCH_LABELS_H

#include "core/engine/step/learner.h"

/* Labels, targets and weights of the batch into the learner's room. With soft labels all rows are
 * of class k, each by its share of it. */
void lb_gather_labels(const struct lb_step *s, const struct lb_label_set *set, size_t k);

/* Returns whether rows have weights, which lb_gather_labels has written to l->weight. */
bool lb_weighs_rows(const struct lb_step *s);

/* Returns the weights (b) of the rows in one loss: these, and 0 for rows that it leaves out; NULL
 * where there are none. */
const real *lb_loss_weights(const struct lb_step *s, const struct lb_loss_in_use *t);

#endif
