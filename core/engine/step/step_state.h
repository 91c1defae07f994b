/* What the primitives of a step (core/engine/step/step.h) and the hooks of procedures
 * (core/engine/step/procedure.h) pass on to each other. Compiled once per precision. */
#ifndef LB_STEP_STATE_H
#define LB_STEP_STATE_H

#include "core/engine/step/learner.h"

/* Labels that the loss of a step is taken with. */
struct lb_label_set {
	double share;            /* of this loss in the step's */
	const uint32_t *of;      /* (b) the row of the batch whose labels and weight row i takes; NULL: its own */
};

enum { LB_MOST_LABEL_SETS = 2 };

struct lb_step {
	struct lb_learner *l;
	const struct lb_cohort *c;
	const struct lb_minibatch *batch;
	int64_t step;            /* of the training, from 0; -1: a pass without draws, which is no step */
	double lr;
	const real *x;           /* (views * b, features) rows as the model reads them; NULL: the batch's sparse rows */
	struct lb_label_set set[LB_MOST_LABEL_SETS]; /* n_sets; one with share 1 as a rule */
	size_t n_sets;
	const real *row_weight;  /* (b) weights that procedures gave the rows, or NULL */
	bool visited;            /* the losses have updated their states from the batch */
};

#endif
