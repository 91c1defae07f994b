/* A trained model in one NPZ file: parameters, preprocessing, names and the resolved config.
 * numpy.load reads it as it is:
 *
 *   lossbench            "lossbench-model/1"
 *   id, config           the trial, its resolved config as JSON text
 *   kernels              the arithmetic that trained (run.kernels of the record)
 *   W1, b1, W2, ...      weights (out, in) and biases (out) of each layer, in the precision of
 *     the training
 *   loss_parameters      the loss's own, such as prototypes; absent where it has none
 *   scale, shift, fill   numeric feature j is x * scale[j] + shift[j], a missing one fill[j]
 *   columns              their names; absent for a block of numbers such as images
 *   category_columns     names of the categorical columns; absent without any, as are the next
 *                        three, which have one entry a value
 *   category             the values
 *   category_of          number of the column that has it, from 0
 *   category_feature     the feature that is 1 for it, numbered from 0 after the numeric ones;
 *                        -1: none
 *   classes              names of the classes; absent in regression, whose last layer has the
 *                        outputs of the first target, then of the second
 *   train_rows           number of training rows
 * */
#ifndef LB_SAVED_MODEL_H
#define LB_SAVED_MODEL_H

#include "core/base/err.h"

#define LB_SAVED_MODEL_SCHEMA "lossbench-model/1"

struct lb_saved_model;

/* Reads a model and checks all that it says: nothing in it is trusted. */
struct lb_saved_model *lb_saved_model_load(const char *path, struct lb_err *err);
void lb_saved_model_free(struct lb_saved_model *m);

enum lb_said { LB_SAID_SCORES, LB_SAID_PROBABILITIES, LB_SAID_EMBEDDINGS, LB_SAID_LABELS };

/* What the model says of the rows of a file, row by row, to `out`: CSV (row from 0, label or
 * targets where the file has them, then the columns) or, by its ending, NPY (the columns alone).
 * out NULL: CSV to *text, a new string. labels may name a file with the labels. format: a reader's
 * name, NULL: by content. */
int lb_saved_model_predict(const struct lb_saved_model *m, const char *data, const char *labels, const char *format, enum lb_said what,
		     const char *out, char **text, struct lb_err *err);

#endif
