/* The loss contract, compiled once per precision. A loss is one file in losses/<kind>/ and one line
 * in losses/list.def.
 *
 * A loss gives, for a batch, the MEAN loss over its rows and the gradient of that mean with respect
 * to the scores it was given. It is written in one form, by a macro that names its function and
 * defines the table NAME_form:
 *
 *   LB_LABEL_PROBABILITY(name, phi)        phi(p_y), p = softmax(z)
 *     losses/support/softmax.h
 *   LB_SIDE_BY_SIDE(name, softmax, body)   one body for a row and for LB_PANEL rows
 *     losses/support/row_lanes.h
 *   LB_MARGIN(name, phi)                   phi(s), s = z for y = 1, -z for y = 0
 *     losses/support/margin.h
 *   LB_CONFUSION(name, metric)             1 - metric of soft counts
 *     losses/support/soft_confusion.h
 *   LB_ROW(name, row), LB_SOFTMAX_ROW      one row by itself                          below
 *   LB_RESIDUAL(name, rho)                 rho(z, t) of a prediction and its target
 *     losses/support/residual.h
 *   LB_SIMILARITY(name, measure, of)       the distances of all rows of a batch
 *     losses/support/similarity.h
 *   LB_BATCH(name, batch)                  rows that see each other: lists, counts    below
 *
 * The driver lb_loss_apply sums row losses in double, applies row weights and divides by B once for
 * value and gradient, so no row loss ever divides by B. A loss by batch returns the batch's value
 * and writes its whole gradient.
 *
 * All are pure: same inputs, same bytes, no writing outside `g` and `scratch`, `state` only read. A
 * loss with memory for each training row sets .init, .free and .visit; the trainer calls .visit
 * once for a batch, before the form's function, and it alone changes the state. So value and
 * gradient can be asked for as often as one likes (differences, sharpness-aware steps). .init and
 * .free without .visit hold what is made once a run from parameters and facts, such as one number a
 * class. A loss with .visit says by .state_size how many bytes from the state's beginning visits
 * change; they hold no pointer, so that a checkpoint can keep and restore them.
 *
 * A loss may own parameters: .n_own tells how many, own_init draws them, its batch function writes
 * their gradient to in->down. They stand behind the model's in the one vector of parameters, so
 * optimiser, clipping, early stopping and restoring treat them alike; weight decay and
 * optimizer.project leave them alone.
 *
 * What the model gives is what is judged: scores of classes, predictions of targets. Where it is
 * not, .predict makes the one of the other: classes' scores of embeddings; of the outputs of a
 * regression with several a target (info.output), the point predictions that all metrics of
 * regression judge, and what else is told of each target; of a score that is no prediction itself,
 * such as the log of one, the prediction. Embeddings of a loss without .predict are
 * judged by metrics of embeddings (core/metrics/retrieval.c).
 *
 * Every loss must hold, in both precisions: the gradient is the derivative of the value; finite
 * value and gradient for finite scores up to +-1e4 wherever the mathematics is finite; right for B
 * = 1, a class with no row, a batch of one class; NaN in gives NaN out (never a silent 0); at a
 * kink any subgradient, 0 for hinges at exactly 0; ties go to the lowest index. */
#ifndef LB_LOSS_H
#define LB_LOSS_H

#include "core/base/err.h"
#include "core/engine/precision.h"
#include "losses/loss_info.h"

/* Facts of the training split, fixed for a run. */
struct lb_loss_facts {
	size_t n_rows;           /* training rows; sample ids are below it */
	size_t n_classes;        /* columns of z */
	const double *counts;    /* training rows of each class after corruption, of each label in multilabel; NULL in regression */
	double scale;            /* the scores are this times cosines, for LB_NEEDS_COSINES; 0: they are none */
};

struct lb_softmax_sums;
struct lb_lane_rows;

struct lb_batch {
	size_t b, c;             /* rows, columns of z; c = 1 for a binary loss, the dimension for an embedding */
	const real *z;           /* (b,c) scores, predictions or embeddings, row-major */
	size_t ld;               /* distance of two rows of z, and of the gradient; 0: c. In a loss by batch, or with .visit, always c */
	const int32_t *y;        /* (b) labels in 0..c-1, or 0/1 in binary; NULL in regression and multilabel */
	size_t views;            /* blocks of b rows in z and its gradient, for LB_NEEDS_VIEWS; else 0 */
	const real *t;           /* (b,c) targets in regression, or (b, c / outputs) with several outputs a target; the teacher's scores in distillation, labels in multilabel (1, 0, or -1 for
	                            unknown: such an entry has no part in the loss unless the loss
	                            says so), else NULL */
	const real *h;           /* (b,dh) what the output layer saw, held fixed, for LB_NEEDS_FEATURES; NULL when it is not known */
	size_t dh;
	const uint32_t *id;      /* (b) index of each row within the training split, < facts->n_rows; NULL outside training */
	const real *w;           /* (b) row weights of mean 1 over the training split, or NULL; only for separable losses */
	const struct lb_arg *par; /* validated values in the order of info.base.params */
	const struct lb_loss_facts *facts;
	size_t epoch, epochs;    /* of the training: it is in epoch `epoch`, from 0, of so many; epochs is 0 outside training */
	void *state;             /* what .init returned, or NULL */
	real *scratch;           /* (b * (c + 4)) values, contents undefined */
	const real *held;        /* (b,c) what a loss with LB_HOLDS_FACTORS computes its fixed factors from; NULL: z */
	const real *own;         /* the loss's own parameters, n_own values, or NULL */
	real *down;              /* n_own values; gets their gradient whenever g is asked for */
	double *wide;            /* lb_loss_room values, contents undefined, for a loss that owns parameters, sees views or is one of distances;
	                            else NULL */
	const struct lb_triplets *triplets; /* those that a miner chose; NULL: all there are */
	const struct lb_softmax_sums *soft; /* set by the driver for a form with .softmax: the softmax of all rows, whose terms stand
	                                          in the rows of the gradient; NULL: each row makes
	                                          its own (losses/support/softmax.h) */
};

/* What a loss of distances measures between the rows of a batch. */
enum lb_measure { LB_EUCLIDEAN, LB_SQUARED_EUCLIDEAN, LB_INNER_PRODUCT };

struct lb_measured {
	enum lb_measure measure;
	bool normalize;          /* of rows divided by their length; a row of zeros stays one */
};

/* Most entries that a function over entries gets at once (losses/support/residual.h). */
enum { LB_ENTRIES = 256 };
typedef void lb_entries_fn(const struct lb_batch *in, size_t n, const real *z, const real *t, real *loss, real *slope);

/* What a form macro makes. One of .row, .batch and .similarity is set. */
struct lb_form {
	/* Returns the loss of row i. z = in->z + i*c; g (c values) gets its derivative unless
	 * NULL. */
	real (*row)(const struct lb_batch *in, size_t i, const real *z, real *g);
	bool softmax;            /* .row begins with lb_softmax_of, so that the driver makes the softmax of many rows at once */
	/* What .row does, for LB_PANEL rows side by side: the loss and, over the terms that
	 * .softmax asks for, the gradient (core/engine/kernels/kernels.h). For losses that read z,
	 * y and par alone; NULL: rows one by one. */
	void (*lanes)(const struct lb_batch *in, struct lb_lane_rows *at);
	/* What .row does for each target of a row, for many rows at once. NULL: row by row. */
	lb_entries_fn *entries;
	bool (*lanes_hold)(const struct lb_arg *par); /* returns whether .lanes may be used with these parameters; NULL: with all */
	/* Returns the mean loss of the batch. g (b,c) gets its derivative unless NULL. */
	double (*batch)(const struct lb_batch *in, real *g);
	/* Returns the loss of a batch whose rows i and j measure d[i * b + j]. slope (b,b), all 0,
	 * gets its derivative by each of them unless NULL. */
	double (*similarity)(const struct lb_batch *in, const double *d, double *slope);
	struct lb_measured (*measure)(const struct lb_arg *par); /* of .similarity: what is measured */
};

#define LB_ROW(name, function) static const struct lb_form name##_form = { .row = function };
#define LB_SOFTMAX_ROW(name, function) static const struct lb_form name##_form = { .row = function, .softmax = true };
#define LB_SIMILARITY(name, measures, function) \
	static const struct lb_form name##_form = { .similarity = function, .measure = measures };
#define LB_BATCH(name, function) static const struct lb_form name##_form = { .batch = function };

struct lb_loss {
	struct lb_loss_info info;
	const struct lb_form *form;
	void *(*init)(const struct lb_arg *par, const struct lb_loss_facts *facts, struct lb_err *err);
	void (*visit)(const struct lb_batch *in);
	/* whether an epoch only visits its rows, and no parameter moves; needs .visit */
	bool (*rests)(const struct lb_arg *par, size_t epoch, size_t epochs);
	size_t (*state_size)(const struct lb_arg *par, const struct lb_loss_facts *facts);
	void (*free)(void *state);
	/* n_own and own_init go together; of embeddings they need .predict. columns is c. */
	size_t (*n_own)(const struct lb_arg *par, size_t columns, const struct lb_loss_facts *facts);
	void (*own_init)(const struct lb_arg *par, size_t columns, const struct lb_loss_facts *facts, uint64_t seed, real *own);
	/* What in->z comes to; reads b, c, z, ld, par, facts, own and wide only. Of embeddings the
	 * scores (b, n_classes). In regression the T point predictions of each row; with
	 * info.output rows of T (1 + outputs) values, behind the predictions the outputs of each
	 * target, a log variance as the standard deviation. */
	void (*predict)(const struct lb_batch *in, real *out);
};

/* Says what does not fit together in a descriptor: its form, its functions, what it needs. Returns
 * NULL when all does. */
const char *lb_loss_misfit(const struct lb_loss *loss);

/* The i-th registered loss; same order as lb_loss_at. */
const struct lb_loss *lb_loss_get(size_t i);
/* The functions that belong to a descriptor; NULL when it is not registered. */
const struct lb_loss *lb_loss_of(const struct lb_loss_info *info);

/* Makes, in in->wide, the matrix (b,b) that a form with .similarity measures, and returns it. */
const double *lb_similarity_matrix(const struct lb_form *form, const struct lb_batch *in);

/* Doubles that in->wide has room for. */
size_t lb_loss_room(const struct lb_loss *loss, size_t b, size_t c, size_t n_classes);

/* Mean loss of the batch; g (b,c), or NULL for the value alone, gets the gradient. Weighted value:
 * (1/B) sum_i w_i L_i, with weights of mean 1 over the training split, so that over the whole split
 * it is sum w_i L_i / sum w_i. Cannot fail. */
double lb_loss_apply(const struct lb_loss *loss, const struct lb_batch *in, real *g);

#endif
