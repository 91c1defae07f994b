/* From parameters to metrics: scores of a split, digested row by row (metrics/metric.h). Compiled once per precision. */
#ifndef LB_EVALUATE_H
#define LB_EVALUATE_H

#include "core/model/net.h"
#include "core/train/feed.h"
#include "core/train/last_layer.h"
#include "core/train/train.h"

/* Room for the digests of up to max_rows rows and for one chunk of rows; shared by the trials of a cohort. */
struct X(lb_evaluator) {
	const struct lb_cohort *cohort;
	size_t max_rows, columns;
	struct X(lb_feed) feed;  /* one chunk */
	real *z;                 /* (chunk, columns) scores that a loss makes of embeddings */
	int32_t *label, *pred, *rank;
	double *logp, *brier, *conf, *score, *peak, *pred_t, *target_t;
	double *wide, *term;     /* (chunk, columns padded to 8) scores in double, and the terms of their softmax */
	double *sums;            /* (4, chunk) what lb_softmax_rows_f64 tells */
	bool *collapsed;
	struct X(lb_last_layer) last;
	int32_t *robust;         /* what the probe finds (core/train/probe.h); NULL where no trial has one */
	double *robust_logp;
	real *moved;             /* (chunk, features) */
	const struct lb_decision *decision; /* borrowed; that the digests follow, plain after lb_evaluator_new */
};

struct X(lb_evaluator) *X(lb_evaluator_new)(const struct lb_cohort *c, size_t columns, struct lb_err *err);
void X(lb_evaluator_free)(struct X(lb_evaluator) *e);

/* Rows gathered at once; net must take batches of this size. */
enum { LB_EVAL_CHUNK = 512 };

/* The metrics of a split into metric (setup->n_metrics values), and the raw scores (rows, columns) into scores unless NULL.
 * 0; 1 when a score is not finite (*bad_row is the row of the dataset, metric is untouched); -1 when memory runs out. */
int X(lb_evaluate)(struct X(lb_evaluator) *e, const struct lb_setup *setup, struct X(lb_net) *net, const real *w, int part,
		   double *metric, double *scores, size_t *bad_row, struct lb_err *err);

/* Calibration and threshold as the setup asks, fitted to the validation rows: decision is to be freed, on failure too. metric is scratch,
 * the rest as in lb_evaluate. Without validation rows, or where nothing is asked for, decision is plain. */
int X(lb_evaluate_decide)(struct X(lb_evaluator) *e, const struct lb_setup *setup, struct X(lb_net) *net, const real *w, double *metric,
			  struct lb_decision *decision, size_t *bad_row, struct lb_err *err);

#endif
