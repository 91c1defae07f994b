/* One trial inside the cohort trainer: its parameters and everything a step needs, allocated once. Compiled once per precision. */
#ifndef LB_LEARNER_H
#define LB_LEARNER_H

#include "core/model/net.h"
#include "core/optim/optim.h"
#include "core/train/train.h"
#include "losses/loss.h"

struct X(lb_learner) {
	const struct lb_setup *setup;
	const struct X(lb_loss) *loss;
	const struct X(lb_optim) *optim;
	struct lb_loss_facts facts;
	double *counts;                  /* training rows of each class */
	void *loss_state;
	struct X(lb_net) *net;
	real *w, *g, *best, *slot[LB_MAX_SLOTS];
	real *dz, *scratch;              /* (batch, columns), (batch, columns + 4) */
	int32_t *y;                      /* of the batch */
	real *t, *weight;                /* of the batch; NULL where the task has none */
	size_t columns;
	double loss_sum;                 /* over the epoch, each batch times its rows */
	double best_value;
	size_t best_epoch;
	bool active;
};

/* Buffers for batches of cohort->batch rows (and evaluation chunks), initial parameters. On failure everything is released. */
int X(lb_learner_open)(struct X(lb_learner) *l, const struct lb_cohort *c, const struct lb_setup *setup, size_t columns,
		       struct lb_err *err);
void X(lb_learner_close)(struct X(lb_learner) *l);

/* A minibatch: x (b, features) gathered from `rows` of the dataset, which are positions `id` of the training split. */
struct X(lb_minibatch) {
	const real *x;
	const uint32_t *rows, *id;
	size_t b;
};

/* The batch's mean loss; its gradient is left in l->g. step >= 0 draws dropout for that step, -1 leaves it out. */
double X(lb_learner_gradient)(struct X(lb_learner) *l, const struct lb_cohort *c, const struct X(lb_minibatch) *m, int64_t step);

/* One optimiser step; step counts from 0. Returns the batch's mean loss. `factor` is the schedule's. */
double X(lb_learner_step)(struct X(lb_learner) *l, const struct lb_cohort *c, const struct X(lb_minibatch) *m, int64_t step,
			  double factor);

#endif
