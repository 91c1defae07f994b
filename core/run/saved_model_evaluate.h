/* How good a saved model is on labelled rows. */
#ifndef LB_SAVED_MODEL_EVALUATE_H
#define LB_SAVED_MODEL_EVALUATE_H

#include "core/run/saved_rows.h"

/* The metrics of m->p.setup, which are left out of it where they need more than the rows. */
struct lb_saved_evaluation {
	size_t rows;
	double value[32];            /* of each metric, NaN where it is undefined */
};

/* Measures a model that was loaded with metrics on the rows of a file: the bytes of a training that
 * tested on them. */
int lb_saved_model_evaluate(struct lb_saved_model *m, const struct lb_rows_request *q, struct lb_saved_evaluation *out, struct lb_err *err);

#endif
