/* What a saved model says of rows. */
#ifndef LB_SAVED_MODEL_PREDICT_H
#define LB_SAVED_MODEL_PREDICT_H

#include "core/run/prediction_table.h"

/* *out <- the model's scores of a table's rows, one a class, or its embeddings of them, in new
 * memory; *columns <- how many numbers a row has. `beside`, or NULL, has the table's labels; else
 * `label` names their column (NULL: the last, unless it is a feature). */
int lb_saved_model_say(const struct lb_saved_model *m, struct lb_table *t, struct lb_table *beside, const char *path, const char *label, bool embeddings, double **out,
		    size_t *columns, struct lb_err *err);

struct lb_predict_request {
	struct lb_rows_request rows; /* its columns wanted are passed on */
	enum lb_said what[LB_SAIDS]; /* n_what different ones */
	size_t n_what;
	const char *out;             /* CSV or, by its ending, NPY (the numbers alone); NULL: CSV to a string */
};

/* What the model says of the rows of a file, row by row: row from 0, the kept columns, label or
 * targets where the file has them, then what is asked for, in its order. *text, without `out`, is a
 * new string. */
int lb_saved_model_predict(const struct lb_saved_model *m, const struct lb_predict_request *q, char **text, struct lb_err *err);

/* Warns where other kernels trained the model than now compute. */
void lb_saved_model_warn_of_kernels(const struct lb_saved_model *m);

#endif
