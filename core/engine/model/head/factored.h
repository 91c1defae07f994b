/* An output layer of very many classes whose training step costs the same for any number of them:
 * plain SGD of a loss of the spherical family, exactly (P. Vincent, A. de Brebisson, X.
 * Bouthillier, Efficient exact gradient update for training deep networks with very large sparse
 * targets, NIPS 2015; its form for batches and the family is that of the authors' library).
 * Compiled once per precision.
 *
 * The weights of class k, with its bias behind them, are the row W_k = V_k U + shift. A step moves
 * the small matrix U, the vector `shift`, and the rows V_k of the batch's labels. The sums that the
 * loss needs of all scores W h follow from gram = W'W and total = W'1, which are kept in step. V
 * stands where the net stores the layer's weights; lb_factored_settle makes it W again, and the
 * sums anew. All else is in double in both precisions. A step of b rows takes time b d^2, settling
 * outputs d^2. */
#ifndef LB_FACTORED_H
#define LB_FACTORED_H

#include "core/engine/model/net.h"
#include "core/training/persist.h"
#include "losses/loss_info.h"

#include <stdint.h>

struct lb_factored {
	const struct lb_layer *layer; /* the net's output layer */
	size_t d;                /* its inputs, and 1 for the biases where it has some */
	bool on, biased;
	size_t most;             /* rows of a batch */
	double *u, *inverse;     /* (d, d) U and its inverse */
	double *gram;            /* (d, d) W'W */
	double *total, *shift;   /* (d) */
	int64_t updates;         /* since it was settled */
	/* Of the last batch: (b, d) rows of features h, and what the update reads of them. */
	size_t b;
	const int32_t *y;
	double *h, *by_gram, *by_u, *back;  /* h, gram h, U h, the derivative by h */
	double *rest, *moved;    /* (b, d) back without the part of the squares, then 2 slope.squares h; and room */
	double *room;            /* (d + LB_SQUARES, d) */
	struct lb_spherical *at, *slope; /* (b) */
	double *small;           /* (b, b) */
	real *real_u, *panel;    /* (d, d) and 2 x (d, LB_PANEL), of settling */
};

struct lb_factored_batch {
	size_t b;
	const real *h;           /* (b, inputs of the layer), rows `stride` apart */
	size_t stride;
	const int32_t *y;        /* (b) labels */
	const real *weight;      /* (b) of the rows, or NULL */
	const struct lb_loss_info *loss; /* with .spherical */
	const struct lb_arg *par;
};

/* For batches of up to `rows` rows of the net's features. Its state is registered in `state`.
 * Release with lb_factored_close, on failure too. */
int lb_factored_open(struct lb_factored *f, const struct lb_net *net, size_t rows, struct lb_persisted *state, struct lb_err *err);
void lb_factored_close(struct lb_factored *f);

/* Takes up weights w, of the whole net, that are settled. */
void lb_factored_begin(struct lb_factored *f, const real *w);

/* Returns the mean loss; settles first where the sums do not tell the scores of a row apart. dh,
 * laid out like the features, padding 0, <- its derivative by them. */
double lb_factored_loss(struct lb_factored *f, real *w, const struct lb_factored_batch *in, real *dh);

/* The step of plain SGD of that loss, with its weight decay. Settles where U comes near a matrix
 * without an inverse. */
void lb_factored_update(struct lb_factored *f, real *w, double lr, double decay, double bias_decay);

/* Makes the layer's weights in w those that the scores are made of. Does nothing where it is
 * off. */
void lb_factored_settle(struct lb_factored *f, real *w);

#endif
