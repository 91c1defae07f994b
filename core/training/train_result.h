/* What a training gave: how it ended, metrics, curves, scores and parameters. Free of precision. */
#ifndef LB_TRAIN_RESULT_H
#define LB_TRAIN_RESULT_H

#include "core/training/cohort.h"

enum lb_status { LB_TRIAL_OK, LB_TRIAL_DIVERGED, LB_TRIAL_FAILED, LB_TRIAL_INTERRUPTED };
const char *lb_status_name(enum lb_status s);

/* What a training gave. Owned by the caller; release with lb_train_result_free. */
struct lb_train_result {
	enum lb_status status;
	size_t epochs;                   /* finished */
	size_t best_epoch;               /* whose parameters the metrics are of; from 1 */
	size_t undefined_epochs;         /* after which the metric of early stopping was undefined */
	int64_t steps;
	size_t n_params;
	size_t bad_epoch;                /* diverged: from 1 */
	int64_t bad_step;                /* diverged: from 1, over the whole training */
	char cause[160];                 /* diverged: in words */
	double *metric[3];               /* n_metrics values a split; NULL for a split without rows or a trial that is not ok */
	double *loss_curve;              /* mean training loss of each finished epoch, as seen in training */
	double *curve[3];                /* epochs x n_metrics, row-major, for the splits asked for */
	double *scores;                  /* (test rows, columns) if kept */
	double *w;                       /* n_params values in the plain order (core/engine/model/net.h), then the loss's own; if kept */
	struct lb_curvature curvature;   /* where a metric reads it, once the training is over; else NAN */
	double *hazard;                  /* survival: the baseline hazard at the times of the curves, with a kept model of proportional hazards */
	size_t resumed;                  /* epochs that came from a checkpoint */
	struct lb_decision decision;     /* how the metrics were taken from the scores; plain unless asked for */
	bool minimised;                  /* by a full-batch optimiser, which leaves the next two */
	double objective;                /* mean training loss plus penalty */
	double gradient;                 /* its largest gradient entry */
	size_t columns;
	double train_seconds, evaluate_seconds;
};
/* Makes room for the metrics of the parts that have rows and, as the setup asks, for the scores of
 * the test rows; by_epochs: also for the curves and the parameters to keep. */
int lb_train_result_open(struct lb_train_result *o, const struct lb_cohort *c, const struct lb_setup *setup, bool by_epochs, struct lb_err *err);
void lb_train_result_free(struct lb_train_result *o);

/* The trial has ended so; unless it ended well, its metrics are released. */
void lb_train_result_end(struct lb_train_result *o, enum lb_status status);
/* It diverged in that epoch, from 1, by a cause to be written into o->cause. */
void lb_train_result_diverged(struct lb_train_result *o, size_t epoch, const char *cause);
/* It diverged because the score of a row of that split is not finite. */
void lb_train_result_bad_score(struct lb_train_result *o, size_t epoch, int part, size_t row);

#endif
