/* What losses of two views share. The output holds the embeddings of the batch's rows in a first
 * view, then those in a second, and of a loss that wants it in a third, mixed one
 * (LB_NEEDS_MIXED_VIEW); where there is one view, as in validation, it is both. Compiled
 * once per precision; all numbers here are doubles.
 *
 * A loss of views is written in one of two ways:
 *
 *   lb_of_views    a function of both matrices of embeddings, which adds to the derivatives by them
 *   lb_of_anchors  a mean over anchors: a row of one view, whose cosines to the rows of the other,
 *                  and perhaps to the others of its own, are its candidates. One is the anchor's
 *                  own: the same row in the other view
 *
 * A row of zeros has no direction: its unit vector is 0, and it does not move. A NaN anywhere makes
 * value and gradient NaN. */
#ifndef LB_TWO_VIEWS_H
#define LB_TWO_VIEWS_H

#include "losses/loss.h"

enum { LB_VIEWS_READ = 3 };

struct lb_two_views {
	const struct lb_batch *in;
	size_t b, c;
	double *u[LB_VIEWS_READ]; /* (b, c) embeddings of a view, divided by their lengths where the loss is one of directions; the third NULL where
				     there is none */
	double *held[LB_VIEWS_READ]; /* (b, c) the same, at the point that fixed factors are computed from */
	double *by[LB_VIEWS_READ]; /* (b, c) derivatives by u; NULL: the value alone is asked for */
	double *inverse[LB_VIEWS_READ];     /* (b) 1 / length, 0 of a row without direction; 1 where rows are taken as they are */
	double *room;            /* what the loss asked for behind all this */
	const void *arg;         /* the helper's own */
};

static inline double lb_dot(size_t c, const double *x, const double *y)
{
	double sum = 0;

	for (size_t j = 0; j < c; j++)
		sum += x[j] * y[j];
	return sum;
}

/* Returns the bytes that lb_of_views takes, of which `more` doubles are the loss's. */
size_t lb_two_views_bytes(const struct lb_loss_shape *shape, size_t more);

/* Returns what `value` makes of the views; g gets the gradient unless NULL. unit: rows are divided
 * by their lengths. */
double lb_of_views(const struct lb_batch *in, real *g, bool unit, double (*value)(const struct lb_two_views *v));

/* s (b, b) <- the inner products of the rows of x and of y, both (b, c). across (c, b) is room. */
void lb_view_products(size_t b, size_t c, const double *x, const double *y, double *across, double *s);

/* to (b, c) += m y, or m' y where `turned`; m (b, b), y (b, c). */
void lb_view_add_product(size_t b, size_t c, const double *m, bool turned, const double *y, double *to);

/* Candidates of an anchor: the rows of the other view in their order, then, with
 * LB_BOTH_VIEWS, those of its own but itself. */
enum lb_candidates { LB_OTHER_VIEW, LB_BOTH_VIEWS, LB_BOTH_VIEWS_HELD }; /* the last: candidates are held, the anchor alone moves */

struct lb_anchor {
	const struct lb_batch *in;
	size_t view, row;        /* of the anchor: 0 or 1; its row in the batch */
	size_t n, own;           /* candidates; the anchor's own */
	const double *s;         /* (n) cosines */
	const double *held;      /* (n) cosines that fixed factors are computed from */
	const double *held_own;  /* (b) the same, of each row to its own in the other view */
	double *slope;           /* (n), all 0, gets the derivative by s; NULL: the value alone is asked for */
	double *room;            /* (n) contents undefined */
};

/* Returns the row of the batch that a candidate is. */
static inline size_t lb_candidate_row(const struct lb_anchor *a, size_t k)
{
	const size_t b = a->in->b;

	return k < b ? k : k - b + (k - b >= a->row);
}

/* Returns the bytes that lb_of_anchors takes. */
size_t lb_anchors_bytes(const struct lb_loss_shape *shape, enum lb_candidates from);

/* Returns the mean of a loss over the rows of the first view, or of both; g gets its gradient
 * unless NULL. */
double lb_of_anchors(const struct lb_batch *in, real *g, enum lb_candidates from, bool both, double (*anchor)(const struct lb_anchor *a));

/* Calls visit for each row of both views, without derivatives. in->workspace has room for
 * lb_of_anchors. */
void lb_visit_anchors(const struct lb_batch *in, enum lb_candidates from, void (*visit)(void *arg, const struct lb_anchor *a), void *arg);

/* Returns -log of the share of candidate k among all in a softmax of s / t; slope (n), unless NULL,
 * gets its derivative by s. Candidates of s = -inf have no part. */
double lb_softmax_loss(size_t n, const double *s, size_t k, double t, double *slope);

/* Returns log sum exp(s / t) over the candidates for which take is not 0 (all, where it is NULL),
 * times t; p (n) gets its derivative by s, unless NULL. -inf and zeros where there is none. */
double lb_soft_maximum(size_t n, const double *s, const double *take, double t, double *p);

/* Defines the loss NAME of anchors, its batch function and its workspace. */
#define LB_OF_ANCHORS(name, from, both, anchor)                                                             \
	static double name##_batch(const struct lb_batch *in, real *g)                                   \
	{                                                                                                \
		return lb_of_anchors(in, g, from, both, anchor);                                         \
	}                                                                                                \
	static size_t name##_room(const struct lb_arg *par, const struct lb_loss_shape *shape)           \
	{                                                                                                \
		(void)par;                                                                               \
		return lb_anchors_bytes(shape, from);                                                    \
	}                                                                                                \
	LB_BATCH(name, name##_batch)

/* Defines the loss NAME, a function of both views, and its workspace. */
#define LB_OF_VIEWS(name, unit, value, more)                                                                \
	static double name##_batch(const struct lb_batch *in, real *g)                                   \
	{                                                                                                \
		return lb_of_views(in, g, unit, value);                                                  \
	}                                                                                                \
	static size_t name##_room(const struct lb_arg *par, const struct lb_loss_shape *shape)           \
	{                                                                                                \
		const size_t b = shape->b, c = shape->c;                                                 \
		(void)par, (void)b, (void)c;                                                             \
		return lb_two_views_bytes(shape, more);                                                  \
	}                                                                                                \
	LB_BATCH(name, name##_batch)

/* Returns the next n doubles of the room, which then begins behind them. */
static inline double *lb_take(double **room, size_t n)
{
	double *at = *room;

	*room += n;
	return at;
}

#endif
