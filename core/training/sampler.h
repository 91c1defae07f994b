/* The order in which an epoch reads the training rows. It depends on the seed, the epoch and, but
 * for the shuffle, on the rows' classes or weights: nothing carries over from one epoch to the
 * next. Free of precision.
 *
 *   shuffle     every row once, in a random order
 *   stratified  every row once, so that any stretch of b rows has b n_k / n rows of class k,
 *               rounded up or down, give or take one
 *   balanced    as many rows in all, the classes taking turns: any stretch of b rows has b / C of
 *               each class, rounded up or down. A class gives each of its rows once before it
 *               starts over in a new order; of a large class some rows are left out
 *   m_per_class as many rows in all, each batch of b rows of b / m different classes, drawn again,
 *               with m rows of each. A class starts over in a new order where fewer than m of its
 *               rows are left, so that a batch has no row twice; but one of fewer than m rows gives
 *               each of them in turn until there are m. The last batch of an epoch is cut off where
 *               the epoch ends
 *   square_root as many rows in all; any stretch of b rows has rows of a class by the square root
 *               of its size, rounded up or down, give or take one. Within a class as balanced
 *   positive_rate the same of two classes, by a share of the second that is given
 *   clusters    as many rows in all, no two in a batch of one pseudo-class. Those with the most
 *               rows left come first, so that no row comes twice in an epoch before fewer than b
 *               pseudo-classes have rows left; then the others start over
 *   weighted    as many rows in all, each drawn anew with a chance in proportion to its weight, so
 *               that a row may come twice in a batch
 *   hard_batches every row once, pseudo-class by pseudo-class, so that a batch has rows that are
 *               alike: the pseudo-classes, and the rows of each, in a random order
 *   episodes    as m_per_class, but a class of fewer than m rows is never drawn, so that a batch
 *               has no row twice: an episode of b / m ways, in which the first rows of a class are
 *               its support and the others queries (losses/embedding/episodes.c) */
#ifndef LB_SAMPLER_H
#define LB_SAMPLER_H

#include "core/base/component.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lb_sampler;
struct lb_rng;

/* A way to order the rows. */
struct lb_sampling {
	struct lb_info base;
	bool by_class;           /* reads the rows' classes; lb_sampler.row has them grouped */
	bool by_place;           /* sorts rows by numbers, for which lb_sampler.place has room */
	bool repeats;            /* a batch may hold a row twice */
	bool by_cluster;         /* the classes are pseudo-classes of the features */
	bool one_of_each;        /* a batch has one row of each of its classes, so that it is no larger than their number */
	bool by_weight;          /* draws rows by weights, whose sums .share holds */
	bool by_rate;            /* takes the share of the second class */
	bool in_groups;          /* takes train.per_class rows of a class at a time, so that a batch is a multiple of it */
	bool whole_groups;       /* passes over classes of fewer rows */
	/* order (n) <- the rows of an epoch, drawn from rng alone. */
	void (*draw)(struct lb_sampler *s, struct lb_rng *rng, uint32_t *order);
};

/* The registered samplers, each the .base of a struct lb_sampling. */
extern const struct lb_info *const lb_samplers[];
#define SAMPLER(name) extern const struct lb_sampling lb_sampling_##name;
#include "core/training/samplers.def"
#undef SAMPLER

/* Rows of a class in a batch where m_per_class is given no number. */
enum { LB_PER_CLASS = 4 };

struct lb_sampler {
	const struct lb_sampling *kind;
	bool shuffle;            /* false: the rows in their order, for shuffle alone */
	size_t n, classes;       /* rows; classes that have any */
	size_t batch, per_class; /* in_groups: b and m. The caller sets them; at most `classes` times m are in a batch */
	double rate;             /* by_rate: that share, set by the caller */
	uint32_t *row;           /* (n) positions 0 .. n - 1, class by class */
	size_t *start;           /* (classes + 1) into row */
	struct lb_place *place;  /* (n) */
	uint32_t *class;         /* (classes) */
	double *share;           /* (2 classes) of the rows of an epoch, and how many are still owed; by_weight: (n) the sum of the weights up to
				    each row, set by the caller */
};

/* kind NULL: shuffle. y (n, below n_classes) may be NULL for one that is not by class. Release with
 * lb_sampler_close, on failure too. */
int lb_sampler_open(struct lb_sampler *s, const struct lb_sampling *kind, bool shuffle, size_t n, size_t n_classes, const int32_t *y,
		    struct lb_err *err);
void lb_sampler_close(struct lb_sampler *s);

/* order (n) <- positions in the training split. Cannot fail. */
void lb_sampler_draw(struct lb_sampler *s, uint64_t seed, size_t epoch, uint32_t *order);

#endif
