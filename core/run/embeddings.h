/* Rows that metrics of retrieval leave out. */
#ifndef LB_EMBEDDINGS_H
#define LB_EMBEDDINGS_H

#include "core/config/spec.h"
#include "datasets/sampling/row_labels.h"

/* Adds a sentence on each split some of whose rows have no other row of their class, and so are no
 * queries of the trial's metrics of retrieval; y (rows of the dataset) are their labels. */
int lb_embeddings_warn(const struct lb_spec *spec, const struct lb_dataset *data, const struct lb_split *split, const int32_t *y, struct lb_sentences *out,
		       struct lb_err *err);

#endif
