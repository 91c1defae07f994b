/* Heads: how the output layer makes scores of the features below it and of its weights. Compiled
 * once per precision. A head is one file in this folder and one line in list.def.
 *
 * The net makes the products of features and weights, plus biases, with its kernels, also for the
 * first layers of a cohort at once. A head without functions takes them as the scores. Another
 * changes them, and says what the gradient by the features and by the weights then has beside that
 * of the products: a multiple of the row of features, or of the class's weights, itself. So updates
 * stay fused into backward for any head. */
#ifndef LB_HEAD_H
#define LB_HEAD_H

#include "core/engine/precision.h"
#include "core/training/head_info.h"
#include "losses/loss_info.h"

/* The output layer in one pass. Borrowed. */
struct lb_head_pass {
	size_t b, in, out, ld;   /* rows, features, scores; columns of z, padded */
	const real *h;           /* (b, in) features, with rows `stride` apart */
	size_t stride;
	const real *w;           /* weights in panels: of class k and feature i at [(k / LB_PANEL * in + i) * LB_PANEL + k % LB_PANEL] */
	const struct lb_arg *par;
	double *row, *column;    /* (b), (ld) the head's own, kept from .scores to .backward */
	double *row_pull, *column_pull; /* (b), (ld) made by .backward */
};

struct lb_head {
	struct lb_info base;
	/* Returns the scale of the cosines that the scores are. NULL: they are no cosines, and have
	 * biases; with it, the layer has none. */
	double (*scale)(const struct lb_arg *par);
	bool factored;           /* the output layer is trained by core/engine/model/head/factored.h */
	/* z (b, ld), the products, become the scores; padding stays 0. Set both or none. */
	void (*scores)(const struct lb_head_pass *at, real *z);
	/* From dz, the derivatives by the scores z: d (b, ld) <- those by the products, padding 0.
	 * The gradient by row i of h gets row_pull[i] h_i besides, that by the weights of class k
	 * column_pull[k] w_k. */
	void (*backward)(const struct lb_head_pass *at, const real *z, const real *dz, real *d);
};

/* The head of that descriptor; NULL: linear. */
const struct lb_head *lb_head_of(const struct lb_info *info);

/* Says what does not fit together in a descriptor. Returns NULL when all does. */
const char *lb_head_misfit(const struct lb_head *head);

#endif
