/* Optimisers: one descriptor each, compiled once per precision. Weight decay is L2 added to the
 * gradient (decoupled in adamw), on weights; on biases too with decay_bias. */
#ifndef LB_OPTIM_H
#define LB_OPTIM_H

#include "core/base/component.h"
#include "core/engine/precision.h"

#include <stdint.h>

struct lb_objective;
struct lb_minimum;

#define LB_MAX_OPT_STATES 3

/* A batch whose loss was taken. */
struct lb_scored_batch {
	size_t b, views, c, ld;  /* rows of a view, views, columns, distance of rows of z and of dz */
	const real *z;           /* (views * b, c) */
	const int32_t *y;        /* (b) labels, or NULL in regression */
	const real *weight;      /* (b) or NULL */
	real *dz;                /* (views * b, c) derivatives of the mean loss */
};

/* The weights of a layer or other parameters, as the net stores them. A matrix of at least two rows
 * and columns has `in` of at least 2: panels of LB_PANEL outputs, padded with 0. All else is a
 * vector, with in 1. */
struct lb_whole {
	size_t in, out;          /* inputs; outputs, or the entries of a vector */
	real *w;
	const real *g;
	real *state;             /* lb_whole_states values, 0 before the first step */
};

/* Returns the values of state: for a matrix one of each input, then one of each output, padded. */
size_t lb_whole_states(size_t in, size_t out);

struct lb_optim {
	struct lb_info base;
	/* Vectors of state, each a value for every parameter: 1 for momentum, 2 for adam. NULL:
	 * none. */
	int (*opt_states)(const struct lb_arg *par);
	/* One step on n parameters: w -= ..., from gradient g; t counts steps from 1; decay is the
	 * weight decay that applies here (0 for biases unless decay_bias). opt_state[i] holds n
	 * values, 0 before the first step. NULL for one that reads all training rows at once
	 * (core/engine/fit/full_batch.c), which has no state vectors, and with .step_whole. */
	void (*step)(const struct lb_arg *par, int64_t t, double lr, double decay, size_t n, real *w, const real *g,
		     real *const *opt_state);
	/* Instead of .step, for one that takes each matrix and each vector as a whole, with one
	 * vector of state. */
	void (*step_whole)(const struct lb_arg *par, int64_t t, double lr, double decay, const struct lb_whole *on);
	/* Changes s->dz before it goes back through the model, in step t from 1; what it returns is
	 * divided out of the gradient of the loss's own parameters. NULL: the derivatives stay. */
	double (*transform_output_gradient)(const struct lb_arg *par, int64_t t, const struct lb_scored_batch *s);
	bool (*unit_length)(const struct lb_arg *par); /* true: the whole gradient is scaled to length 1; NULL: never */
	/* True when a weight whose gradient is 0 changes by its decay alone, and its state not at
	 * all, so that steps may be left out and caught up with; NULL: never */
	bool (*idle)(const struct lb_arg *par);
	/* Of one that reads all training rows at once: minimises, as lb_lbfgs does
	 * (core/training/lbfgs.h). */
	int (*minimise)(struct lb_objective *o, struct lb_objective *rough, const struct lb_arg *par, size_t n, double *w, struct lb_minimum *out,
			struct lb_err *err);
	bool takes_rough;        /* .minimise begins on the objective made for float32, where there is one */
};

/* Returns the optimiser of a descriptor of lb_optimizers_f64. */
const struct lb_optim *lb_optim_of(const struct lb_info *info);

/* project: perpendicular. g (n) <- its part at right angles to w (n), stretched to the length g
 * had: g - <w,g> / (<w,w> + 1e-30) w, times |g| / (|that| + 1e-30). Where nothing but rounding is
 * left of it, 0. */
void lb_optim_project(size_t n, const real *w, real *g);

/* Divides s->dz by the sum over all rows of |dz|, of half the sum of |dz| where there are several
 * columns, and returns that sum. Where it is 0 or not finite, changes nothing and returns 1.
 * Descriptor normalized_gd (core/engine/optim/normalized_gradient.c). */
double lb_by_derivative(const struct lb_scored_batch *s);
/* Replaces s->dz by the steps of the perceptron for the rows that are predicted wrongly, normalised
 * or not; t counts steps from 1. Returns 1. Descriptor batch_perceptron. */
double lb_by_mistakes(int64_t t, bool normalize, const struct lb_scored_batch *s);

#endif
