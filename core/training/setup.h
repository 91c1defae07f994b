/* A trial as its training reads it: the labels, components and parameters that were made of its
 * config. Free of precision. */
#ifndef LB_SETUP_H
#define LB_SETUP_H

#include "core/metrics/decision_rule.h"
#include "core/metrics/metric.h"
#include "core/training/miner_info.h"
#include "core/training/model_spec.h"
#include "core/training/procedure_info.h"
#include "core/training/regulariser.h"
#include "core/training/schedule.h"
#include "core/training/survival_times.h"
#include "datasets/dataset.h"
#include "losses/loss_info.h"

#include <stdbool.h>

/* A metric asked for: its descriptor, parameters, and the key it has in the record
 * ("top_k(k=3)"). */
struct lb_metric_use {
	const struct lb_metric *metric;
	const struct lb_arg *par;
	const char *key;
};

struct lb_early_stopping {
	bool on;
	size_t metric;           /* index into metrics, evaluated on the validation rows */
	int64_t patience;        /* epochs without an improvement of more than min_delta; an undefined value is none */
	double min_delta;
};

/* One of the losses whose weighted sum a trial minimises. Borrowed. */
struct lb_term {
	const struct lb_loss_info *loss;
	const struct lb_arg *par;
	double weight;                   /* positive */
	size_t head;                     /* of the model, whose scores it reads, from 0 */
	/* (rows of the dataset) 0 for rows that it leaves out, else one number: the term is the
	 * mean over these rows. With row_weight the products have mean 1 over the training rows.
	 * NULL: all rows. */
	const double *part;
};
enum { LB_MOST_TERMS = 8 };

/* What a target is measured in: the training sees (target - mean) / sd. */
struct lb_unit {
	double mean, sd;
};

/* One trial of a cohort. Everything is borrowed and only read. */
struct lb_setup {
	const struct lb_loss_info *loss; /* the main one, which makes scores where it is of embeddings */
	const struct lb_arg *loss_par;
	const struct lb_term *term;      /* (n_terms) losses of the same scores whose weighted sum is minimised; none: `loss` alone */
	size_t n_terms;
	struct lb_model_spec model;
	const double *start;             /* (n_start) the first parameters, in the plain order, that the training begins with, of targets in their
	                                    units; NULL: all are drawn */
	size_t n_start;
	const double *start_own;         /* the losses' own parameters, all of them; NULL: drawn */
	const struct lb_info *optimizer;
	const struct lb_arg *optimizer_par;
	const struct lb_schedule *schedule;
	const struct lb_arg *schedule_par;
	size_t schedule_metric;          /* index into metrics, of the validation rows, that the schedule follows, if it follows one */
	const struct lb_info *view;      /* how further views of a row are made, or NULL for the row alone */
	const struct lb_arg *view_par;
	const uint32_t *pair_row;        /* (training rows) the row of the dataset that the second view is of, for views of parts; NULL: the row itself */
	const struct lb_info *attack;    /* the training sees rows as it moves them, or, where the loss wants views, both; NULL: as they are */
	const struct lb_arg *attack_par;
	const struct lb_info *eval_attack; /* the attack that robust metrics are measured under, or NULL */
	const struct lb_arg *eval_attack_par;
	const struct lb_procedure_use *procedure; /* (n_procedures) that take part in each step, in this order */
	size_t n_procedures;
	const struct lb_regulariser_use *regulariser; /* (n_regularisers) what is added to the losses */
	size_t n_regularisers;
	const struct lb_info *miner;     /* chooses the triplets of a batch; NULL: all count */
	const struct lb_arg *miner_par;
	const struct lb_info *judge;     /* of embeddings, for judged metrics (core/training/judge.h), or NULL */
	const struct lb_arg *judge_par;
	const struct lb_info *anomaly;   /* how a row of task anomaly is scored (core/training/anomaly_score_info.h); NULL: another task */
	const struct lb_arg *anomaly_par;
	bool centred;                    /* task anomaly: the targets of every row are 0 in units that begin at minus a centre, which makes them that centre */
	double loss_lr_factor;           /* the learning rate of the losses' own parameters is this times the model's */
	double clip_norm;                /* gradients longer than this are scaled down to it; 0: off */
	const int32_t *y;                /* label of every row of the dataset, as corrupted; NULL in regression */
	const double *target;            /* targets, or labels of a multi-label task, of every row of the dataset, as corrupted; NULL: the
	                                    dataset's (lb_setup_target) */
	const double *taught;            /* what the training sees in their place where it is something else, the means of bags; or NULL */
	const double *row_weight;        /* weight of every row, mean 1 over the training rows, or NULL */
	const struct lb_unit *unit;      /* regression: of each target, or NULL for targets as they are. Losses, and the objective, are of targets
	                                    in their units; the parameters kept, scores and metrics
	                                    are of targets as they are */
	const double *cuts;              /* survival: ends of the loss's intervals, from the training rows' event times; NULL: it has none */
	const struct lb_times *times;    /* survival: of the training rows; NULL: a model that was read */
	const struct lb_curve *survival_curve; /* survival: times that curves are told at; NULL: risks alone. hazard is that of a model that was read, else NULL:
	                                    made from the training rows when needed */
	const double *kaplan_meier;      /* survival: (survival_curve->n) the share of training rows without an event, with a curve */
	const double *teacher;           /* (rows of the dataset, columns) a teacher's scores, in distillation and ranking, its predictions in regression, or NULL */
	const double *second_teacher;    /* regression: those of another one, or NULL */
	const double *reference;         /* (rows of the dataset, classes) the scores of a model that this one is compared with, or NULL */
	const double *guide;             /* (rows of the dataset, guide_columns) what a guide says of them, for losses that read it, or NULL */
	size_t guide_columns;
	const double *soft_labels;       /* (rows of the dataset, classes) the probabilities of a row's label, over which its loss is a mean; NULL: y is
	                                    the label */
	const struct lb_metric_use *metric;
	size_t n_metrics;
	struct lb_early_stopping stop;
	bool curve[3];                   /* which splits get their metrics after every epoch */
	bool keep_scores;                /* of the test rows */
	const struct lb_calibration *calibration; /* fitted on the validation rows when the training has ended; NULL: none */
	const struct lb_arg *calibration_par; /* in the order of its descriptor */
	const struct lb_threshold *threshold;     /* NULL: fixed */
	bool keep_model;                 /* the trained parameters */
	const char *checkpoint;          /* file that the state is kept in, or NULL; a training begins with what it holds, if it was written
					  * under the same tag */
	size_t checkpoint_every;         /* epochs after which the state is kept; 0: only as the cohort's keep_seconds say */
	const char *checkpoint_tag;      /* what the bytes of the training depend on: trial, build, processor */
};

/* Returns the times of the curves that scores of survival end with; 0: they are risks alone. */
size_t lb_setup_curve_times(const struct lb_setup *setup);

/* Returns whether a metric of the trial asks for the probabilities of all classes. */
bool lb_setup_reads_probabilities(const struct lb_setup *setup);

/* Targets, or labels of a multi-label task, of every row of the dataset, laid out as they are
 * there: what a trial is judged by. NULL for tasks with classes. */
const double *lb_setup_target(const struct lb_setup *setup, const struct lb_dataset *data);
/* What it is trained on: the same, or of the training rows the means of their bags. */
const double *lb_setup_taught(const struct lb_setup *setup, const struct lb_dataset *data);

/* Losses that the trial minimises, at least one; and the i-th of them. */
size_t lb_setup_terms(const struct lb_setup *setup);
struct lb_term lb_setup_term(const struct lb_setup *setup, size_t i);
/* What any of them needs, of enum lb_need. Returns 0 for a setup without a loss. */
unsigned lb_setup_needs(const struct lb_setup *setup);
/* Whether each of them is a mean of row losses. */
bool lb_setup_separable(const struct lb_setup *setup);

/* Returns the trial as nothing but its losses over rows: without weight decay, dropout, procedures
 * and all else that is of a training. */
struct lb_setup lb_setup_bare(const struct lb_setup *setup);

/* What its procedures and regularisers do together, of enum lb_procedure_trait. */
unsigned lb_setup_traits(const struct lb_setup *setup);

/* Whether the targets of a row are its own features: task anomaly, without a centre. */
bool lb_setup_reconstructs(const struct lb_setup *setup);

/* Columns of the scores: those of head 1 of the model's output, or one a class where the loss makes
 * these of embeddings or of other scores, or, with several outputs a target, the targets'
 * predictions and then the outputs. Embeddings without scores take their place. In task anomaly
 * one. */
size_t lb_setup_columns(const struct lb_setup *setup, const struct lb_dataset *data);
/* Targets of a regression or labels of a multi-label task that the model's output is for. */
size_t lb_setup_targets(const struct lb_setup *setup);
/* Columns of the model's output for each of them; 1 for a setup without a loss. */
size_t lb_setup_outputs(const struct lb_setup *setup);
/* The name of a column of the scores, from 0: "score_1", or what is told of a target beside its
 * prediction: "quantile_0.9_1", "sd_1"; the last number is the target's. */
enum { LB_COLUMN_NAME = 64 };
void lb_setup_column_name(const struct lb_setup *setup, size_t column, char name[LB_COLUMN_NAME]);
/* Turns parameters, in the plain order (core/engine/model/net.h), of a model of targets in their
 * units into those of targets as they are: the output layer gives mean + sd times what it gave, and
 * to a log variance 2 ln sd is added. */
void lb_setup_unscale(const struct lb_setup *setup, double *plain);
/* And back. */
void lb_setup_scale(const struct lb_setup *setup, double *plain);
/* Parameters of the losses themselves, in the order of the terms; they follow the model's. */
struct lb_loss_shape lb_setup_loss_shape(const struct lb_setup *setup, size_t n_classes);
size_t lb_setup_loss_params(const struct lb_setup *setup, const struct lb_dataset *data);

/* True for a trial that is fitted to all training rows at once, by a full-batch optimiser or in
 * closed form: it goes to lb_fit, never to lb_train. */
bool lb_full_batch(const struct lb_setup *setup);

#endif
