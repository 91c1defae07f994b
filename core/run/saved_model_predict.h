/* What a saved model says of rows. */
#ifndef LB_SAVED_MODEL_PREDICT_H
#define LB_SAVED_MODEL_PREDICT_H

#include "core/run/saved_model.h"

/* How a file is read so that the model finds its features in it. */
void lb_saved_model_read_options(const struct lb_saved_model *m, struct lb_read_options *opt);

/* *out <- the model's scores of a table's rows, one a class, or its embeddings of them, in new
 * memory; *columns <- how many numbers a row has. `beside`, or NULL, has the table's labels; else
 * `label` names their column (NULL: the last, unless it is a feature). */
int lb_saved_model_say(const struct lb_saved_model *m, struct lb_table *t, struct lb_table *beside, const char *path, const char *label, bool embeddings, double **out,
		    size_t *columns, struct lb_err *err);

enum lb_said { LB_SAID_SCORES, LB_SAID_PROBABILITIES, LB_SAID_EMBEDDINGS, LB_SAID_LABELS };

/* What the model says of the rows of a file, row by row, to `out`: CSV (row from 0, label or
 * targets where the file has them, then the columns) or, by its ending, NPY (the columns alone).
 * out NULL: CSV to *text, a new string. labels may name a file with the labels. format: a reader's
 * name, NULL: by content. */
int lb_saved_model_predict(const struct lb_saved_model *m, const char *data, const char *labels, const char *format, enum lb_said what,
		     const char *out, char **text, struct lb_err *err);

#endif
