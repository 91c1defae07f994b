/* A trial made ready for training, and what of it needs no rows. */
#ifndef LB_PREPARED_H
#define LB_PREPARED_H

#include "core/config/spec.h"
#include "core/training/anomaly_score_info.h"
#include "core/training/baseline.h"
#include "core/training/cohort.h"
#include "datasets/sampling/row_labels.h"

struct lb_rows;
struct lb_teacher;

/* Survival: the training rows' times, and what was made of them; else all NULL. Owned. */
struct lb_survival {
	double *time, *weight, *cuts, *curve_time, *kaplan_meier;
	int32_t *event;
	struct lb_times times;
	struct lb_curve curve;
};

/* What a saved model gives a training to begin with (model.start). Owned, but for the path. */
struct lb_start {
	const char *path;                /* NULL: nothing */
	char sha256[65];                 /* of the file */
	char *model;                     /* the id of the trial that trained it */
	double *w;                       /* as lb_setup.start */
	double *own;                     /* as lb_setup.start_own */
};

/* What struct lb_setup and struct lb_cohort borrow lives here. Made by lb_prepare; a model that was
 * read has the spec, the setup and the precision alone. */
struct lb_prepared {
	struct lb_spec spec;
	struct lb_rows *rows;            /* whose split and features these are; NULL: of a model that was read */
	struct lb_split split;
	struct lb_encoding features;
	int32_t *y;                      /* labels as corrupted */
	uint32_t *pair_row;              /* (training rows) what second views are of, with corrupt.pairs */
	double *target;                  /* targets, or labels of a multi-label task, as corrupted; NULL: the dataset's */
	double *taught;                  /* what is trained on in their place, the means of bags; or NULL */
	double *row_weight;
	double *part[LB_ROW_LISTS];      /* of terms that are means over LB_FORGET or LB_RETAIN: as lb_term.part */
	struct lb_unit *unit;            /* of each target, or NULL */
	struct lb_arg anomaly_par[LB_MOST_ANOMALY_SCORE_PARAMS]; /* the defaults of a score that the config does not name */
	struct lb_start start;
	const struct lb_teacher *reference; /* the model of evaluate.reference, or NULL; borrowed from the cache */
	struct lb_term term[LB_MOST_TERMS];
	struct lb_metric_use metric[32];
	char *key[32];
	struct lb_procedure_use procedure[LB_MOST_PROCEDURES];
	struct lb_regulariser_use regulariser[LB_MOST_REGULARISERS];
	struct lb_setup setup;
	struct lb_cohort cohort;         /* of this one trial */
	int precision;                   /* 32 or 64 */
	char *checkpoint, *checkpoint_tag; /* of the setup, or NULL */
	struct lb_sentences warnings;    /* what is to be told of its rows, in addition to the dataset's own warnings */
	struct lb_query_batches queries; /* of a ranking, or of bags */
	struct lb_survival survival;
	struct lb_baseline baseline;     /* what the training has to beat */
	double seconds;                  /* that preparing took */
};

#endif
