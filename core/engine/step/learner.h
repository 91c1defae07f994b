/* One trial inside the cohort trainer: its parameters and everything a step needs, allocated once.
 * Compiled once per precision. */
#ifndef LB_LEARNER_H
#define LB_LEARNER_H

#include "core/engine/model/net.h"
#include "core/engine/optim/optim.h"
#include "core/engine/attack/attack.h"
#include "core/engine/data/batch.h"
#include "core/training/train.h"
#include "losses/loss.h"

struct lb_learner {
	const struct lb_setup *setup;
	const struct lb_loss *loss;
	const struct lb_optim *optim;
	struct lb_loss_facts facts;
	double *counts;                  /* training rows of each class */
	void *loss_state;
	struct lb_net *net;
	size_t n_own, n_params;          /* parameters of the loss, and all: w, g, best and slot hold the model's, then the loss's */
	real *w, *g, *best, *slot[LB_MAX_SLOTS];
	real *dz, *scratch;              /* (views * batch, net->ld) with padding 0, (batch, columns + 4) */
	real *tight;                     /* for losses with .batch or .visit: 2 x (views * batch, columns), scores and their derivatives */
	real *h;                         /* (batch, width of the last hidden layer) for a loss that needs them, or NULL */
	int32_t *y;                      /* of the batch */
	real *t, *weight;                /* of the batch; NULL where the task has none */
	real *unscaled;                  /* the parameters for targets as they are, with room to make them; NULL without units */
	double *plain;
	double *wide;                    /* scratch of a loss that owns parameters or sees views, or NULL */
	size_t views;                    /* of each row; 1 for most losses */
	real *x;                         /* (views * batch, features) if there are several, or an attack moves the rows; else NULL */
	struct lb_attack attack;      /* empty where the setup has none */
	size_t columns;                  /* of the model's output */
	/* Compressed rows: the columns whose rows of the first layer's gradient are not 0, and,
	 * where the optimiser leaves a weight without gradient alone but for its decay, what the
	 * weights of each column still have to decay by. */
	uint32_t *stale;
	size_t n_stale;
	bool lazy;
	double decayed, *decay_seen;     /* log of the product of all steps' factors; its value when the column was last brought up to date */
	double loss_sum;                 /* over the epoch, each batch times its rows */
	double best_value;
	size_t best_epoch;
	int64_t strain_step;             /* from 1; the last whose gradient was measured (core/engine/train/divergence.h), 0: none */
	size_t strain_place;
	double strain_norm;
	size_t epoch;                    /* that the training is in, from 0 */
	int64_t start;                   /* steps done before this training began: it sits out until then */
	bool active;
};

/* Buffers for batches of cohort->batch rows (and evaluation chunks), initial parameters. On failure
 * everything is released. */
int lb_learner_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_setup *setup, struct lb_err *err);
void lb_learner_close(struct lb_learner *l);

/* Parameters, or their gradient, in the plain order of the net (core/engine/model/net.h), then the loss's own. */
void lb_learner_fetch(const struct lb_learner *l, const real *v, double *plain);
void lb_learner_store(const struct lb_learner *l, const double *plain, real *v);

/* The parameters that evaluations and models are of: l->w, or where the targets have units, what
 * gives targets as they are. Valid until the next call. */
const real *lb_learner_judged(struct lb_learner *l);

/* A minibatch: what feed was loaded with, `rows` of the dataset, which are positions `id` of the training split. */
struct lb_minibatch {
	const struct lb_feed *feed;
	const uint32_t *rows, *id;
	size_t b;
	struct lb_team *team;            /* threads that share the work, or NULL */
	bool first_layer_done;           /* for all trials, by lb_front_forward */
};

/* The batch's mean loss; its gradient is left in l->g. step >= 0 draws dropout for that step, -1 leaves it out. */
double lb_learner_gradient(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *m, int64_t step);

/* Brings all weights up to date, which steps from compressed rows leave undone where nothing was
 * read; before anyone looks at l->w. */
void lb_learner_settle(struct lb_learner *l);

/* One optimiser step; step counts from 0. Returns the batch's mean loss, and changes no parameter
 * when that is not finite. `factor` is the schedule's. */
double lb_learner_step(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *m, int64_t step,
			  double factor);

#endif
