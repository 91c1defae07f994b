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
 *   LB_RESIDUAL(name)                      a function of a prediction and its target
 *     losses/support/residual.h
 *   LB_SIMILARITY(name, measure, of)       the distances or cosines of all pairs of rows
 *     losses/support/similarity.h, losses/support/pairs.h
 *   LB_QUERY(name, query)                  the rows of one query: scores and grades   below
 *   LB_BATCH(name, batch)                  rows that see each other: lists, counts    below
 *
 * A loss reads a batch, struct lb_batch. What it can be differentiated by comes as values with the
 * place for their gradient, struct lb_io: the model's output, the hidden features that the output
 * layer saw, and the loss's own parameters. Where `grad` is NULL, that input is held fixed or the
 * value alone is asked for. Labels, targets and the like are plain arrays, NULL where there are
 * none.
 *
 * The driver lb_loss_apply sums row losses in double, applies row weights and divides by B once for
 * value and gradient, so no row loss ever divides by B. A loss by batch returns the batch's value
 * and writes the whole gradient of each input that has a `grad`.
 *
 * A loss of queries gives the mean over all queries of the batch; one that has nothing to say (no
 * pair, no relevant row) gives 0, no gradient, and counts. The driver finds the queries, whose rows
 * are side by side, and makes value and gradient NaN where a score is.
 *
 * All are pure: same inputs, same bytes, no writing outside the gradients and the workspace,
 * `state` only read. A loss that needs room says by .workspace how many bytes at these shapes; it
 * finds them, aligned, at in->workspace, and allocates nothing itself. The room of one row,
 * in->terms, is there without asking.
 *
 * A loss with memory for each training row sets .init, .free and .update_state; the trainer calls
 * .update_state once for a batch, before the form's function, and it alone changes the state. So
 * value and gradient can be asked for as often as one likes (differences, sharpness-aware steps).
 * .init and .free without .update_state hold what is made once a run from parameters and training
 * statistics, such as one number a class. A loss with .update_state says by .state_size how many
 * bytes from the state's beginning updates change; they hold no pointer, so that a checkpoint can
 * keep and restore them.
 *
 * A loss may own parameters, a matrix that info.params names, of one row a class or several, one
 * number a step
 * from a class to the next, one row a target, or one row: .n_params tells how many, .init_params
 * draws them, its batch function reads in->params.value and writes in->params.grad. They follow the
 * model's in the one vector of parameters, so optimiser, clipping, early stopping and restoring
 * treat them alike; weight decay and optimizer.project leave them alone.
 *
 * A loss that moves the hidden features (LB_MOVES_FEATURES) writes in->hidden.grad. The engine adds
 * it to the gradient that the output layer sends back to the last hidden layer. The features of a
 * linear model are the data: there is nothing after them to move, so that in->hidden.grad is NULL.
 *
 * What the model gives is what is judged: scores of classes, predictions of targets. Where it is
 * not, .predict makes the one of the other: classes' scores of embeddings; the classes' log
 * probabilities of the fewer scores that a loss of ordered classes has (info.scores_for); of the
 * outputs of a regression with several a target (info.output), the point predictions that all
 * metrics of regression judge, and what else is told of each target; of a score that is no
 * prediction itself, such as the log of one, the prediction; of scores of survival the risk and the
 * curve. Embeddings of a loss without .predict are judged by metrics of embeddings
 * (core/metrics/retrieval.c).
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

/* Statistics of the training split, fixed for a run. */
struct lb_loss_stats {
	size_t n_rows;           /* training rows; sample ids are below it */
	size_t n_classes;        /* columns of the scores */
	size_t n_columns;        /* of the model's output: of embeddings their dimension */
	const double *counts;    /* training rows of each class after corruption, of each label in multilabel; NULL in regression */
	double scale;            /* the scores are this times cosines, for LB_NEEDS_COSINES; 0: they are none */
	const double *guide;     /* (rows, guide_columns) what the guide says, for LB_NEEDS_GUIDE; else NULL */
	size_t guide_columns;
	const double *guide_means; /* (n_classes, guide_columns) of the training rows of each class, 0 of one without any; NULL: not known */
	const uint32_t *guide_row; /* (n_rows) the row of `guide` that a training row has; NULL: its own */
	const double *cuts;      /* survival: ends of as many intervals as the loss has scores, from the training rows' event times; NULL: not known */
};

/* A matrix that a loss can be differentiated by. */
struct lb_io {
	const real *value;       /* (rows, cols); NULL: the loss does not get it */
	real *grad;              /* laid out like value, gets the derivative; NULL: held fixed, or the value alone is asked for */
	size_t rows, cols;
	size_t stride;           /* distance of two rows, in values */
};

struct lb_softmax_sums;
struct lb_lane_rows;

struct lb_batch {
	size_t b, c;             /* rows, columns of output: 1 for a binary loss, the dimension for an embedding, as info.scores_for says for ordered classes */
	size_t views;            /* blocks of b rows in output, for LB_NEEDS_VIEWS; else 1 */
	const uint32_t *partner; /* (b) for LB_NEEDS_MIXED_VIEW: row i of the third view is `mix` of row i of the first, the rest of row partner[i] of the second */
	double mix;
	struct lb_io output;     /* (views * b, c) scores, predictions or embeddings. In a loss by batch that is not .strided, or with .update_state, stride is c */
	struct lb_io hidden;     /* (b, features), of a loss of views (views * b, features): what the output layer saw, for LB_NEEDS_FEATURES; value NULL when
				    it is not known */
	struct lb_io inputs;     /* (b, inputs) the rows as the model reads them, for LB_NEEDS_INPUTS, or what the guide says of them, or the teacher's features, for
				    LB_NEEDS_GUIDE; never differentiated by */
	struct lb_io params;     /* the loss's own parameters, in rows as info.params_for says, for a loss that has some */
	const int32_t *y;        /* (b) labels in 0..classes-1, or 0/1 in binary; in survival 1 where the event was seen, 0 where the row is censored; NULL in regression, multilabel and ranking */
	const real *target;      /* (b, c) in regression, or (b, c / outputs) with several outputs a target; (b) grades >= 0 in ranking; (b) times >= 0 in survival; else NULL */
	const int32_t *group;    /* (b) the query of each row, in ranking, or its bag, where there are some: rows of one are contiguous; else NULL */
	const real *teacher;     /* (b, c) the teacher's scores, in distillation and for LB_NEEDS_TEACHER; else NULL */
	const real *second_teacher; /* (b, c) for LB_NEEDS_SECOND_TEACHER; else NULL */
	const real *label_matrix; /* (b, c) in multilabel: 1, 0, or -1 for unknown, which has no part in the loss unless the loss says so; else NULL */
	const uint32_t *row_id;  /* (b) index of each row within the training split, < stats->n_rows; NULL outside training */
	const real *row_weight;  /* (b) of mean 1 over the training split, or NULL; only for losses that are separable or say .weighs_rows */
	const struct lb_triplets *triplets; /* those that a miner chose, for LB_TAKES_TRIPLETS; NULL: all there are */
	const unsigned char *chosen; /* (b,b) not 0 for each ordered pair that a miner chose, for LB_TAKES_PAIRS and LB_TAKES_TRIPLETS; NULL: all */
	const double *measured;  /* (b,b) what the rows measure, for a loss of pairs, where lb_similarity_matrix has made it before; else NULL */
	const struct lb_arg *par; /* validated values in the order of info.base.params */
	const struct lb_loss_stats *stats;
	const struct lb_curve *curve; /* of .predict in survival: what the curves are told at; NULL: the risk alone */
	size_t epoch, epochs;    /* of the training: it is in epoch `epoch`, from 0, of so many; epochs is 0 outside training */
	void *state;             /* what .init returned, or NULL */
	const real *held;        /* (views * b, c), dense: what a loss with LB_HOLDS_FACTORS computes its fixed factors from; NULL: output.value */
	const real *held_params; /* the same of its own parameters; NULL: params.value */
	void *workspace;         /* lb_loss_workspace bytes, aligned to 64, contents undefined; the loss's own come first */
	double scale;            /* value and gradients are multiplied by it; 1 as a rule */
	real *row_loss;          /* (b), unless NULL: `scale` times the loss of each row, without its weight, is added; only for separable losses */
	/* Set by the driver. */
	real *terms;             /* (c) room for what is made of one row's scores */
	/* For a form with .softmax: the softmax of all rows, whose terms are in the rows of the
	 * gradient; NULL: each row makes its own (losses/support/softmax.h). */
	const struct lb_softmax_sums *soft;
};

/* Returns the place for what is made of a row's scores: its gradient, which is written last, or
 * in->terms when only the value is wanted. */
static inline real *lb_terms(const struct lb_batch *in, real *g)
{
	return g ? g : in->terms;
}

/* What a loss of pairs measures from row i to row j of a batch. From a row to itself: 0, for an
 * inner product its squared length, for LB_NOISE_TO_SIGNAL the sum of its coordinates. */
enum lb_measure {
	LB_EUCLIDEAN,
	LB_SQUARED_EUCLIDEAN,
	LB_INNER_PRODUCT,
	LB_NOISE_TO_SIGNAL       /* the variance of x_j - x_i over that of x_i; 0 where x_i has none */
};

struct lb_measured {
	enum lb_measure measure;
	bool normalize;          /* of rows divided by their length; a row of zeros stays one */
};

/* What a loss of pairs reads. Numbers are doubles in both precisions. */
struct lb_row_pairs {
	const struct lb_batch *in;
	size_t b;
	const double *d;         /* (b,b) what row i measures to row j is d[i * b + j] */
	const double *held;      /* (b,b) the same, to compute the fixed factors of a loss with LB_HOLDS_FACTORS from */
	double *slope;           /* (b,b), all 0, gets the derivative by each entry of d; NULL: the value alone is asked for */
	double *room;            /* (LB_PAIR_ROOM b), contents undefined */
	uint32_t *index;         /* (2 b), contents undefined */
};
enum { LB_PAIR_ROOM = 4 };

/* Most entries that a function over entries gets at once (losses/support/residual.h). */
enum { LB_ENTRIES = 256 };
typedef void lb_entries_fn(const struct lb_batch *in, size_t n, const real *z, const real *t, real *loss, real *slope);

/* One query of a batch: n rows, at least one. Numbers are doubles in both precisions. */
struct lb_query {
	size_t n;
	const double *score, *grade; /* (n) */
	const double *teacher;   /* (n) the teacher's scores, for LB_NEEDS_TEACHER; else 0 */
	const double *fixed;     /* (n) the scores that a loss with LB_HOLDS_FACTORS computes its fixed factors from */
	const struct lb_arg *par;
	double *room;            /* (LB_QUERY_ROOM n), contents undefined */
	uint32_t *order;         /* (2 n), contents undefined */
	size_t queries;          /* of the batch */
	double grades;           /* their sum over the batch */
};
enum { LB_QUERY_ROOM = 3 };

/* What a form macro makes. One of .row, .batch, .query and .similarity is set. */
struct lb_form {
	/* Returns the loss of row i. z is its row of in->output; g (c values) gets its derivative
	 * unless NULL. */
	real (*row)(const struct lb_batch *in, size_t i, const real *z, real *g);
	bool softmax;            /* .row begins with lb_softmax_of, so that the driver makes the softmax of many rows at once */
	/* What .row does, for LB_PANEL rows side by side: the loss and, over the terms that
	 * .softmax asks for, the gradient (core/engine/kernels/kernels.h). For losses that read z,
	 * y and par alone; NULL: rows one by one. */
	void (*lanes)(const struct lb_batch *in, struct lb_lane_rows *at);
	/* What .row does for each target of a row, for many rows at once. NULL: row by row. */
	lb_entries_fn *entries;
	bool one_target;         /* .entries have the bytes of .row with one target a row alone, and are used there alone */
	bool (*lanes_hold)(const struct lb_arg *par); /* returns whether .lanes may be used with these parameters; NULL: with all */
	/* Returns the mean loss of the batch. g is in->output.grad. */
	double (*batch)(const struct lb_batch *in, real *g);
	/* .batch is a sum over rows: it weighs each by in->row_weight and adds its loss to
	 * in->row_loss (losses/support/one_score.h). */
	bool sums_rows;
	bool strided;            /* .batch reads rows, and writes gradients, of any stride */
	/* Returns the loss of one query. g (n), all 0, gets its derivative unless NULL. */
	double (*query)(const struct lb_query *q, double *g);
	/* Returns the loss of a batch by what its rows measure to each other. */
	double (*similarity)(const struct lb_row_pairs *pairs);
	struct lb_measured (*measure)(const struct lb_arg *par); /* of .similarity: what is measured */
};

#define LB_ROW(name, function) static const struct lb_form name##_form = { .row = function };
#define LB_SOFTMAX_ROW(name, function) static const struct lb_form name##_form = { .row = function, .softmax = true };
#define LB_SIMILARITY(name, measures, function) \
	static const struct lb_form name##_form = { .similarity = function, .measure = measures };
#define LB_QUERY(name, function) static const struct lb_form name##_form = { .query = function };
#define LB_BATCH(name, function) static const struct lb_form name##_form = { .batch = function };
#define LB_BATCH_OF_ROWS(name, function) static const struct lb_form name##_form = { .batch = function, .sums_rows = true };

struct lb_loss {
	struct lb_loss_info info;
	const struct lb_form *form;
	void *(*init)(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err);
	void (*update_state)(const struct lb_batch *in);
	/* Whether an epoch only updates the state, and no parameter moves; needs .update_state. */
	bool (*skips_update)(const struct lb_arg *par, size_t epoch, size_t epochs);
	size_t (*state_size)(const struct lb_arg *par, const struct lb_loss_stats *stats);
	void (*free)(void *state);
	/* Bytes of in->workspace; no fewer for a larger shape. NULL: none. */
	size_t (*workspace)(const struct lb_arg *par, const struct lb_loss_shape *shape);
	/* The loss's own parameters; both go together with info.params. Of embeddings they need
	 * .predict where each class has some. With some values of par there may be none. */
	size_t (*n_params)(const struct lb_arg *par, const struct lb_loss_shape *shape);
	void (*init_params)(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *params);
	/* What in->output comes to; reads b, c, output, par, stats, params and workspace only. Of
	 * embeddings, and of the scores of ordered classes, the scores (b, n_classes). In
	 * regression the T point predictions of each row; with info.output rows of T (1 + outputs)
	 * values, after the predictions the outputs of each target, a log variance as the standard
	 * deviation. In survival rows of 1 + curve->n values: the risk, higher for an earlier
	 * event, and the probabilities of no event up to each time of the curve. A loss of
	 * survival without it has the score as the risk and no curves. */
	void (*predict)(const struct lb_batch *in, real *out);
};

/* Says what does not fit together in a descriptor: its form, its functions, what it needs. Returns
 * NULL when all does. */
const char *lb_loss_misfit(const struct lb_loss *loss);

/* The i-th registered loss; same order as lb_loss_at. */
const struct lb_loss *lb_loss_get(size_t i);
/* The functions that belong to a descriptor; NULL when it is not registered. */
const struct lb_loss *lb_loss_of(const struct lb_loss_info *info);

/* Returns the loss's own parameters as an input: .n_params values, in lb_loss_params_rows rows.
 * grad NULL: held fixed. Empty for a loss without. */
struct lb_io lb_loss_params_io(const struct lb_loss *loss, const struct lb_arg *par, const struct lb_loss_shape *shape, const real *value,
			       real *grad);

/* Returns the bytes of in->workspace: what the loss declares, then the driver's own. */
size_t lb_loss_workspace(const struct lb_loss *loss, const struct lb_arg *par, const struct lb_loss_shape *shape);

/* Returns the matrix (b,b) that a loss with .similarity measures, made in in->workspace. */
const double *lb_similarity_matrix(const struct lb_loss *loss, struct lb_batch *in);

/* Returns the Euclidean distances (b,b) of rows divided by their lengths, whatever such a loss
 * measures, made in in->workspace. */
const double *lb_direction_distances(const struct lb_loss *loss, struct lb_batch *in);

/* slope (b,b) <- the derivative of such a loss by the cosine of each ordered pair of rows, told in
 * cosine (b,b). */
void lb_slopes_by_cosines(const struct lb_loss *loss, struct lb_batch *in, const double *cosine, double *slope);

/* Calls .update_state, where the loss has it. */
void lb_loss_update_state(const struct lb_loss *loss, struct lb_batch *in);

/* Returns in->scale times the mean loss of the batch; each input's grad that is not NULL gets the
 * gradient. Weighted value: (1/B) sum_i w_i L_i, with weights of mean 1 over the training split, so
 * that over the whole split it is sum w_i L_i / sum w_i. These three set what the driver sets in
 * the batch. Cannot fail. */
double lb_loss_apply(const struct lb_loss *loss, struct lb_batch *in);

#endif
