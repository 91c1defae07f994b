/* What a trained model says of rows: compiled once per precision, numbers are double at this
 * seam. */
#ifndef LB_PREDICT_H
#define LB_PREDICT_H

#include "core/training/cohort.h"

/* Parameters are w, in the plain order (core/engine/model/net.h) and then the loss's own, as
 * lb_train_result keeps them; n_train is the training's number of rows, which some losses' scores
 * depend on. Of the setup only loss and model are read, and the metrics where some are measured. */
struct lb_predicting {
	const struct lb_setup *setup;
	const struct lb_encoding *features; /* all rows of its dataset are predicted; kind and classes are set there */
	size_t n_train;
	const double *w;
	bool embeddings;         /* what the output layer saw (an embedding model: its output) instead of scores */
	/* Where the rows have labels (y, or the targets of the dataset): n_metrics of the setup
	 * go to `value`. NULL: none are measured. */
	const int32_t *y;
	double *value;
	const uint32_t *rows;    /* their order, which those of a query are side by side in; NULL: as in the dataset */
	const struct lb_decision *decision; /* that the metrics follow; NULL: plain */
};

/* Columns of what lb_predict gives; 0: the model is linear, so that its embeddings are the
 * features. */
size_t lb_predict_columns(const struct lb_predicting *p);

/* out (rows, columns), or NULL where metrics alone are wanted: the same bytes as in the evaluation
 * of a training. LB_DATA when a score is not finite. */
int lb_predict_f32(const struct lb_predicting *p, double *out, struct lb_err *err);
int lb_predict_f64(const struct lb_predicting *p, double *out, struct lb_err *err);

#endif
