/* Embeddings, or what the output layer reads and its weights, kept for the metrics that ask for
 * them (core/metrics/metric.h). Compiled once per precision. */
#ifndef LB_PENULTIMATE_H
#define LB_PENULTIMATE_H

#include "core/engine/model/net.h"
#include "core/training/cohort.h"

/* Of one split and model at a time; empty (all 0) where no trial of the cohort asks. */
struct lb_last_layer {
	size_t width;
	double *feature;         /* (rows, width) */
	double *plain;           /* the model's parameters in the plain order */
	const double *seen;      /* feature, or NULL where nothing was kept of this split */
	const double *weight;    /* of the output layer; NULL with seen */
	const double *embedding; /* feature, where it holds embeddings or seen; else NULL */
};

/* Room for max_rows rows of any trial of the cohort. -1 when memory runs out; close in any case. */
int lb_last_layer_open(struct lb_last_layer *last, const struct lb_cohort *c, size_t max_rows, struct lb_err *err);
void lb_last_layer_close(struct lb_last_layer *last);

/* After lb_net_forward on x, which gave z: keeps z where it is embeddings, else the features of the
 * b rows from `start` of the split and the weights, where a metric of the trial asks for them and
 * the model has them: not if x is compressed and the model linear. */
void lb_last_layer_keep(struct lb_last_layer *last, const struct lb_setup *setup, const struct lb_net *net, const real *w,
			   const real *x, const real *z, size_t start, size_t b);

#endif
