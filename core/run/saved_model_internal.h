/* What is in a model that was read; inside core/run only. */
#ifndef LB_SAVED_MODEL_INTERNAL_H
#define LB_SAVED_MODEL_INTERNAL_H

#include "core/config/spec.h"
#include "core/run/saved_model.h"
#include "core/training/train.h"
#include "datasets/formats/npz_archive.h"

enum model_text { MODEL_SCHEMA, MODEL_CONFIG, MODEL_KERNELS, MODEL_COLUMNS, MODEL_ID, MODEL_CATEGORY_COLUMNS, MODEL_CATEGORY, MODEL_CLASSES, MODEL_TEXTS };
enum model_number { MODEL_ROWS, MODEL_SCALE, MODEL_SHIFT, MODEL_FILL, MODEL_CATEGORY_OF, MODEL_CATEGORY_FEATURE, MODEL_NUMBERS };

struct lb_saved_model {
	const char *path;
	struct lb_arrays_file *file;     /* NULL once all is read */
	char **text[MODEL_TEXTS];        /* NULL where the array is not there */
	size_t n_text[MODEL_TEXTS];
	double *number[MODEL_NUMBERS];
	size_t n_number[MODEL_NUMBERS];
	struct lb_config *config;
	struct lb_trial_list list;       /* its one resolved config */
	enum lb_kind kind;               /* of the data */
	struct lb_spec spec;             /* of that config */
	struct lb_setup setup;           /* of the spec, without rows */
	struct lb_term term[LB_MOST_TERMS]; /* of the setup */
	size_t features;
	double *w;                       /* as lb_train_result.w */
	size_t *level_of;                /* MODEL_CATEGORY_OF */
	size_t targets;                  /* regression, multilabel; else 0 */
};

/* How a file is read so that the model finds its features in it. */
void lb_saved_model_read_options(const struct lb_saved_model *m, struct lb_read_options *opt);

/* *out <- the model's scores of a table's rows, one a class, in new memory. `beside`, or NULL, has
 * the table's labels; else `label` names their column (NULL: the last, unless it is a feature). */
int lb_saved_model_scores(const struct lb_saved_model *m, struct lb_table *t, struct lb_table *beside, const char *path, const char *label, double **out,
		    struct lb_err *err);

#endif
