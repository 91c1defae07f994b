/* What an evaluation works on: the models, and room for one chunk of rows. Compiled once per
 * precision. */
#ifndef LB_EVALUATOR_H
#define LB_EVALUATOR_H

#include "core/engine/model/net.h"
#include "core/engine/eval/row_stats.h"
#include "core/engine/data/batch.h"
#include "core/engine/train/joint_first_layer.h"
#include "core/engine/eval/penultimate.h"
#include "core/training/train_result.h"

/* A model to be evaluated. All is borrowed. */
struct lb_eval_model {
	const struct lb_setup *setup;
	const struct lb_loss *loss;          /* set by lb_evaluate: of the setup, in this precision; NULL where there is none */
	struct lb_net *net;               /* takes batches of as many rows as a chunk has */
	const real *w;
	const struct lb_decision *decision;  /* that the row statistics follow, or NULL: plain */
	double *metric;                      /* setup->n_metrics values */
	double selected, selected_clean;     /* of the training, for metrics that read them */
	struct lb_curvature curvature;       /* likewise; NAN before the training is over */
	double *scores;                      /* (rows, columns) raw scores, or NULL */
	double *hazard;                      /* gets the baseline hazard at the times of the survival curve, if it is made; or NULL */
	bool bad;                            /* told: a score is not finite; metric is as it was */
	size_t bad_row;                      /* told: of the dataset, if bad */
};

/* The rows of a part after mean shift. */
struct lb_shifted_rows {
	size_t rounds, neighbours;           /* that they are made with */
	real *x;                             /* (rows of the part, features); NULL: not made */
};

/* Room for the row statistics of some trials of a cohort and for one chunk of rows. */
struct lb_evaluator {
	const struct lb_cohort *cohort;
	size_t columns;                   /* the most that a trial's scores have */
	size_t chunk;                     /* rows at once (lb_eval_rows) */
	struct lb_input_batch input;      /* one chunk */
	real *z;                             /* (chunk, columns) what a loss makes of the model's output */
	void *workspace;                     /* of a loss that makes it; grows where one needs more */
	size_t workspace_bytes;
	struct lb_row_stats *row_stats;      /* together: of as many models as are evaluated at once */
	struct lb_row_stats *unlearning[LB_ROW_LISTS]; /* the same of the rows to be forgotten, LB_FORGET, and the others, LB_RETAIN; NULL where no trial
	                                        has a metric that reads them */
	size_t together;
	double *hazard;                      /* (together, LB_CURVE_TIMES) survival: of each of these; NULL for another task */
	struct lb_row_stats_scratch room;
	struct lb_last_layer last;
	struct lb_shifted_rows shifted[LB_ROW_LISTS]; /* of each part, for anomaly scores that shift rows */
	real *moved;                         /* (chunk, features) by the evaluation attack; NULL where no trial has one */
	struct lb_joint_layer *joint_layer; /* borrowed; for several models at once, or NULL */
	struct lb_team *team;             /* borrowed; threads that share the work, or NULL */
};

/* Makes e->workspace at least so large. -1 when memory runs out. */
int lb_evaluator_workspace(struct lb_evaluator *e, size_t bytes, struct lb_err *err);

#endif
