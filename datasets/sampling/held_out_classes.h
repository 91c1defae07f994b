/* A split by classes: some train, the rows of the others validate and test. */
#ifndef LB_HELD_OUT_CLASSES_H
#define LB_HELD_OUT_CLASSES_H

#include "datasets/dataset.h"

/* Returns whether the options name classes, or a number of them, that do not train. */
bool lb_holds_out(const struct lb_split_options *o);

/* Refuses what cannot be held out. */
int lb_held_out_check(const struct lb_dataset *d, const struct lb_split_options *o, struct lb_err *err);

/* part (d->n) <- LB_TRAIN for the rows of classes that train. Those of each other class are
 * divided, by the seed, between LB_VALID and LB_TEST as o->valid to o->test; what rounding takes
 * from one class it gives to the next. */
int lb_split_classes(const struct lb_dataset *d, const struct lb_split_options *o, uint8_t *part, struct lb_err *err);

#endif
