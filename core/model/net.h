/* Forward and backward of a stack of affine layers, compiled once per precision. Parameters are one flat vector: for each layer
 * its weights W (out,in) row-major, then its biases b (out). */
#ifndef LB_NET_H
#define LB_NET_H

#include "core/model/spec.h"
#include "core/numeric/real.h"
#include "core/numeric/rng.h"

#include <stdbool.h>

struct X(lb_layer) {
	size_t in, out;
	size_t w, b;             /* offsets of weights and biases in the flat vector */
	real *a;                 /* (max_b, out) affine values (tanh: their tanh); the last layer's are the scores */
	real *h;                 /* (max_b, out) after activation and dropout; hidden layers only */
	real *mask;              /* (max_b, out) 0 or 1/(1 - dropout); NULL without dropout */
};

struct X(lb_net) {
	struct lb_model_spec spec;
	size_t n_params, max_b;
	bool dropped;            /* the last forward drew dropout, and backward follows its masks */
	struct X(lb_layer) layer[LB_MAX_LAYERS];
	real *delta[2];          /* (max_b, widest) gradients on their way back */
	real *ones;              /* (max_b) */
};

/* Working memory for batches of up to max_b rows. Owned; release with lb_net_free. */
struct X(lb_net) *X(lb_net_new)(const struct lb_model_spec *spec, size_t max_b, struct lb_err *err);
void X(lb_net_free)(struct X(lb_net) *net);

/* Initial parameters from the spec's seed; both precisions draw the same numbers. */
void X(lb_net_init)(const struct X(lb_net) *net, real *w);

/* Scores (b, outputs) of x (b, inputs); borrowed, valid until the next call. step >= 0 draws dropout for that training step;
 * step < 0 is evaluation, without dropout. */
const real *X(lb_net_forward)(struct X(lb_net) *net, const real *w, const real *x, size_t b, int64_t step);

/* After lb_net_forward on the same x: g (n_params) <- gradient of the loss whose derivative by the scores is dz (b, outputs). */
void X(lb_net_backward)(struct X(lb_net) *net, const real *w, const real *x, size_t b, const real *dz, real *g);

#endif
