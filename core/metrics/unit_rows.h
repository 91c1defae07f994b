/* What metrics of embeddings share: rows of length 1, and where they come from. */
#ifndef LB_UNIT_ROWS_H
#define LB_UNIT_ROWS_H

#include "core/metrics/metric.h"

/* Where metrics of embeddings find them; the end of their notes. */
#define LB_EMBEDDINGS_ARE \
	"Embeddings are the model's outputs in task embedding, else what the output layer reads (null of a linear model of compressed rows)."

/* Returns a copy of the first n embeddings, `every` rows apart, made for the call, each divided by
 * its length where `unit`; a row of zeros stays one. NULL when memory runs out. */
double *lb_embedding_rows(const struct lb_metric_inputs *o, size_t n, size_t every, bool unit, struct lb_err *err);

#endif
