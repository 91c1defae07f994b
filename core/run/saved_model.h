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
 *   cuts                 survival: the ends of the loss's intervals, where it has some
 *   curve_times          survival: the times that its curves are told at, where it makes some
 *   baseline_hazard      survival: the cumulative baseline hazard at these times, of proportional
 *                        hazards
 *   classes              names of the classes; absent in regression, whose last layer has the
 *                        outputs of the first target, then of the second
 *   train_rows           number of training rows
 *   decision, ...        how it decides, where not plainly (core/run/saved_decision.h)
 * */
#ifndef LB_SAVED_MODEL_H
#define LB_SAVED_MODEL_H

#include "core/config/config.h"
#include "core/run/prepared.h"
#include "datasets/formats/npz_archive.h"

#define LB_SAVED_MODEL_SCHEMA "lossbench-model/1"

enum model_text { MODEL_SCHEMA, MODEL_CONFIG, MODEL_KERNELS, MODEL_COLUMNS, MODEL_ID, MODEL_CATEGORY_COLUMNS, MODEL_CATEGORY, MODEL_CLASSES, MODEL_TEXTS };
enum model_number { MODEL_ROWS, MODEL_SCALE, MODEL_SHIFT, MODEL_FILL, MODEL_CATEGORY_OF, MODEL_CATEGORY_FEATURE, MODEL_CUTS, MODEL_CURVE_TIMES, MODEL_HAZARD,
	MODEL_DECISION, MODEL_DECISION_SCORES, MODEL_DECISION_PROBABILITIES, MODEL_DECISION_MAPS, MODEL_DECISION_MATRIX, MODEL_GUIDE_COLUMNS, MODEL_NUMBERS };

/* The numbers of its array `decision`. */
enum lb_decision_number { LB_DECISION_SLOPE, LB_DECISION_INTERCEPT, LB_DECISION_THRESHOLD, LB_DECISION_BEYOND, LB_DECISION_NUMBERS };
/* The columns of its array `decision_maps`. */
enum lb_map_number { LB_MAP_SLOPE, LB_MAP_BELOW, LB_MAP_INTERCEPT, LB_MAP_KNOTS, LB_MAP_NUMBERS };

/* A model that was read. */
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
	struct lb_prepared p;            /* loss and model */
	double *w;                       /* as lb_train_result.w */
	size_t *level_of;                /* MODEL_CATEGORY_OF */
	struct lb_curve curve;           /* of the setup, where it has one */
	struct lb_decision decision;     /* from scores to classes and probabilities */
	double *calibrated;              /* (classes) room for what scores become; NULL where classes keep their order */
	size_t targets;                  /* regression, multilabel, ranking, survival; else 0 */
};

/* Reads a model and checks all that it says: nothing in it is trusted. */
struct lb_saved_model *lb_saved_model_load(const char *path, struct lb_err *err);
/* The same with metrics, which go to m->p.setup: those of its config (""), or others, as a config
 * lists them ("[auc, {name: top_k, k: 3}]"). */
struct lb_saved_model *lb_saved_model_load_judged(const char *path, const char *metrics, struct lb_err *err);
void lb_saved_model_free(struct lb_saved_model *m);

#endif
