/* Losses of the cosines between the rows of a batch of embeddings and prototypes, the loss's own
 * parameters. A loss gives its value and its derivative by cosines and lengths; here these go back
 * to embeddings and prototypes. All in double. Compiled once per precision.
 *
 * With u = z/|z| and p = w/|w|: dL/dz = (v - <v,u> u)/|z| + dL/d|z| u, v = sum_k dL/dc_k p_k and
 * what the loss adds, and the same with z and w exchanged. A row of zeros has no direction: u is 0,
 * so are its cosines, and its gradient. */
#ifndef LB_PROTOTYPES_H
#define LB_PROTOTYPES_H

#include "losses/loss.h"

struct lb_prototypes {
	size_t b, k, d;          /* rows of the batch, prototypes, columns */
	double *u, *p;           /* (b,d) and (k,d), of length 1 */
	double *length, *p_length; /* (b), (k) what they were divided by */
	double *cosine;          /* (b,k) */
	/* All 0 at first, for the derivative by */
	double *slope;           /* (b,k) each cosine */
	double *by_length, *by_p_length; /* (b), (k) each length */
	double *by_u;            /* (b,d) u, beyond what the slopes say */
	double *by_p;            /* (k,d) p, the same */
	double *own;             /* room that the loss asked for */
};

/* Returns the loss of the batch, whose derivatives it writes. */
typedef double lb_prototypes_fn(const struct lb_batch *in, const struct lb_prototypes *at);

/* Returns the bytes of workspace for so many prototypes a class, and so many doubles of the
 * loss's own. */
size_t lb_prototypes_workspace(const struct lb_loss_shape *shape, size_t per_class, size_t own);

/* Makes the cosines and calls the loss. A NaN in embeddings or prototypes makes value and gradients
 * NaN. */
double lb_prototypes_apply(const struct lb_batch *in, lb_prototypes_fn *loss);

/* Makes cosines and lengths alone, for .predict. */
struct lb_prototypes lb_prototypes_look(const struct lb_batch *in);

/* Returns the cosines (b,k) that fixed factors are computed from: those of in->held and
 * in->held_params, made in `room`, where they are told; else at->cosine. */
const double *lb_prototypes_held(const struct lb_batch *in, const struct lb_prototypes *at, double *room);

/* Returns the cosine of two vectors, 0 where one is 0. */
double lb_cosine(const real *a, const real *b, size_t n);

/* Draws n rows of so many columns, each number from N(0, scale^2). */
void lb_prototypes_draw(size_t n, double scale, uint64_t seed, real *to);

/* Returns -log softmax(l)_y of n logits; q (n) gets its derivative. */
static inline double lb_logits_loss(size_t n, const double *l, size_t y, double *q)
{
	size_t top = 0;
	double rest = 0;

	for (size_t k = 1; k < n; k++)
		top = l[k] > l[top] ? k : top;
	for (size_t k = 0; k < n; k++)
		q[k] = exp(l[k] - l[top]);
	for (size_t k = 0; k < n; k++)
		rest += k == y ? 0 : q[k];
	const double own = q[y], sum = own + rest;
	for (size_t k = 0; k < n; k++)
		q[k] /= sum;
	q[y] = -rest / sum;
	return own >= 1 ? log1p(rest) : log(sum) - (l[y] - l[top]);
}

/* A loss by batch that is a function of cosines. */
#define LB_COSINES_OF_PROTOTYPES(name, function) \
	static double name##_batch(const struct lb_batch *in, real *g) \
	{ \
		(void)g; \
		return lb_prototypes_apply(in, function); \
	} \
	LB_BATCH(name, name##_batch)

#endif
