/* What a trial's loss and metrics make of its rows that a reader of the results must know. */
#ifndef LB_TRIAL_WARNINGS_H
#define LB_TRIAL_WARNINGS_H

#include "core/config/spec.h"
#include "datasets/sampling/row_labels.h"

/* Adds a sentence on each split some of whose rows have no other row of their class, and so are
 * no queries of the trial's metrics of retrieval; y (rows of the dataset) are their labels. Adds
 * one on the order of the classes where a loss or metric counts on it and their names are no
 * numbers. */
int lb_trial_warn(const struct lb_spec *spec, const struct lb_dataset *data, const struct lb_split *split, const int32_t *y, struct lb_sentences *out,
		  struct lb_err *err);

#endif
