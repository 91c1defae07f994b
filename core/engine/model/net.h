/* Forward and backward of a stack of affine layers, compiled once per precision. Parameters are one
 * flat vector, stored for the kernels (core/engine/kernels/kernels.h): for each layer its weights,
 * one row an input and one column an output, in panels, then its biases, padded to whole panels;
 * the weights of a layer of one output stand side by side instead. Padding is 0 and stays 0. The
 * plain order, for whoever exchanges parameters, is for each layer W (out,in) row-major, then its
 * biases (out). */
#ifndef LB_NET_H
#define LB_NET_H

#include "core/training/model_spec.h"
#include "core/engine/kernels/panels.h"
#include "core/engine/precision.h"
#include "core/numeric/rng.h"

#include <stdbool.h>

struct lb_team;
struct lb_compressed;
struct lb_head;

struct lb_layer {
	size_t in, out;
	size_t ld;               /* columns of the layer, padded: the stride of a and h */
	bool column;             /* one output, its weights side by side: those of input i at w + i */
	bool transposed_gradient; /* the gradient of the weights is made as its transpose, and turned */
	size_t w, b;             /* offsets of weights and biases in the flat vector */
	real *a;                 /* (max_b, ld) affine values (tanh: their tanh); the last layer's are the scores (of a factored head, of lb_eval_rows) */
	real *h;                 /* (max_b, ld) after activation and dropout; hidden layers only */
	real *mask;              /* (max_b, ld) 0 or 1/(1 - dropout); NULL without dropout */
};

struct lb_net {
	struct lb_model_spec spec;
	size_t n_params;         /* values of the flat vector, padding included; lb_model_spec_size counts the true parameters */
	size_t max_b;
	size_t ld;               /* stride of scores and their derivatives: the outputs, padded */
	struct lb_layer layer[LB_MAX_LAYERS];
	real *delta[2];          /* (max_b, widest) gradients on their way back */
	real *transposed;        /* the transposed weights of one layer */
	real *gradient;          /* the transposed gradient of one layer's weights, for layers of few outputs */
	const struct lb_head *head; /* how the output layer makes scores */
	/* For heads with functions, else NULL: (max_b, ld) derivatives by the products of features
	 * and weights, 2 x (max_b), 2 x (ld). */
	real *products;
	double *head_row, *head_column;
};

/* Place of the weight from input i to output o. */
static inline size_t lb_weight_at(const struct lb_layer *l, size_t o, size_t i)
{
	return l->column ? l->w + i : l->w + o / LB_PANEL * (l->in * LB_PANEL) + i * LB_PANEL + o % LB_PANEL;
}

enum { LB_MOST_DRAWS = 1024 };

/* One pass of a batch through a net, forward and then backward. Everything is borrowed. */
struct lb_pass {
	size_t b;                /* rows */
	const real *x;           /* (b, inputs), not padded; NULL: the rows are sparse */
	/* Backward writes only those rows of the first layer's gradient that some row of the batch
	 * has an entry for: the others must be 0 before. */
	const struct lb_compressed *sparse;
	int64_t step;            /* draws dropout for this training step; -1: no dropout (evaluation) */
	/* Of the dropout of the last hidden layer. Another than 0 makes that layer and the output
	 * layer alone, of what the forward before left. Below LB_MOST_DRAWS. */
	size_t draw;
	/* Added to the first of every `outputs` scores of row i: offset[rows[i]]. NULL: nothing. A
	 * head whose backward reads scores takes none. */
	const double *offset;
	const uint32_t *rows;    /* (b) */
	size_t outputs;
	bool features_only;      /* forward ends, and backward begins, below the output layer; there is a hidden one */
	bool first_layer_done;   /* forward finds the first layer's affine values made */
	struct lb_team *team;    /* threads that share the rows of every product; NULL: the caller alone */
	/* Backward adds it to the gradient that the output layer sends to the last hidden layer:
	 * (b, outputs of that layer), laid out like its h, padding 0. NULL: nothing. */
	const real *dfeatures;
	/* Optional. Backward calls it once for every block of weight gradients, those of w[at .. at
	 * + n), right after it has computed them. The callback may update these weights. Blocks
	 * passed to it are not stored in g. It is not called for sparse rows. */
	void (*on_gradient)(void *arg, size_t at, size_t n, const real *g);
	void *arg;               /* of on_gradient */
};

/* Working memory for batches of up to max_b rows, with a factored head for scores of up to
 * lb_eval_rows. Owned; release with lb_net_free. */
struct lb_net *lb_net_new(const struct lb_model_spec *spec, size_t max_b, struct lb_err *err);
void lb_net_free(struct lb_net *net);

/* net_weights.c: the parameters. Initial ones from the spec's seed; both precisions draw the same
 * numbers. */
void lb_net_init(const struct lb_net *net, real *w);

/* From the plain order (lb_model_spec_size values) to the stored vector w, and back. */
void lb_net_pack(const struct lb_net *net, const double *plain, real *w);
void lb_net_unpack(const struct lb_net *net, const real *w, double *plain);
/* plain += factor * v, stored as w is. input: the n inputs of the first layer that have weights
 * other than 0 in v; NULL: all. */
void lb_net_add(const struct lb_net *net, double factor, const real *v, const uint32_t *input, size_t n, double *plain);

/* Rows that an evaluation passes at once, LB_EVAL_CHUNK, or fewer of very many scores. */
enum { LB_EVAL_CHUNK = 512 };
size_t lb_eval_rows(size_t outputs);

/* Computes the scores of the pass's rows. Returns (b, outputs) with stride net->ld, padding 0;
 * borrowed, valid until the next call. NULL for features_only. */
const real *lb_net_forward(struct lb_net *net, const real *w, const struct lb_pass *p);

/* out (b, outputs) <- how fast the scores of the last forward, of b rows x (not padded), change
 * when the parameters w move along v, both in the plain order. For the head linear. room: 2 x (b,
 * the widest layer). */
void lb_net_tangent(const struct lb_net *net, const double *w, const double *v, size_t b, const real *x, double *room, double *out);

/* Returns what the output layer saw in the last forward, of rows x: (b, *d) with rows *stride
 * apart, the last hidden layer's h, or x. */
const real *lb_net_features(const struct lb_net *net, const real *x, size_t *d, size_t *stride);

/* Returns the distance of two rows of the last hidden layer's h; 0 without hidden layers. */
size_t lb_net_features_stride(const struct lb_net *net);

/* After lb_net_forward in the same pass: g (n_params) <- gradient of the loss whose derivative by
 * the scores is dz (b, outputs), with stride net->ld and padding 0. That by the biases is 0 where
 * the spec has none. */
void lb_net_backward(struct lb_net *net, const real *w, const struct lb_pass *p, const real *dz, real *g);

/* After lb_net_forward in the same pass, on rows written out: dx (b, inputs), rows
 * LB_PADDED(inputs) apart with padding 0, <- gradient by the rows of the loss whose derivative by
 * the scores is dz (b, outputs), with stride net->ld and padding 0. Follows the dropout of that
 * forward. room: for the first layer's outputs times LB_PADDED(inputs) values. */
void lb_net_input_gradient(struct lb_net *net, const real *w, const struct lb_pass *p, const real *dz, real *room, real *dx);

#endif
