/* Training procedures: what takes part in the plain step, or replaces it. Compiled once per
 * precision. A procedure is one file in core/engine/step/ and one line in its list.def.
 *
 * A step is (plain_step, at the end of core/engine/step/step.c)
 *
 *   inputs, labels -> forward (target, weights) -> relabel -> weigh -> loss, penalty ->
 *     backward (weights_back) -> gradient -> update -> stepped
 *
 * A procedure sets the hooks that it takes part by. Those of several procedures are called in the
 * order of the config. Every hook is a function of the seed, the step and a state that a checkpoint
 * keeps: .open registers that state with lb_persist(&l->state, ...), and it holds no pointer. */
#ifndef LB_PROCEDURE_H
#define LB_PROCEDURE_H

#include "core/engine/step/learner.h"
#include "core/training/procedure_info.h"

/* Tasks in which each row has a label or targets of its own, and a loss. */
#define LB_ROW_TASKS (LB_EVERY_TASK & ~(1u << LB_EMBEDDING | 1u << LB_RANKING | 1u << LB_SURVIVAL))

/* A procedure in use by a trial. */
struct lb_hook {
	const struct lb_procedure *procedure;
	const struct lb_arg *par;
	void *state;             /* what .open returned, or NULL */
};

struct lb_procedure {
	struct lb_info base;
	bool reads_rows;         /* .gradient reads s->x: dense rows */
	bool weighs_rows;        /* .step reads the loss of each row: losses that are a sum over rows */
	bool keeps_layers;       /* the first layers stay: as many as its first parameter says; 0: all but the last */
	bool remembers_rows;     /* .weigh keeps the losses of the rows */
	bool reads_subgroups;    /* the subgroups of rows (data.subgroup) */
	bool reads_classes;      /* some hook reads m->z as a score a class */
	bool holds_rows;         /* .weigh learns from some rows how to weigh the others, by their slopes: dense rows */
	bool masks_features;     /* .weights leaves out features of the last hidden layer */
	bool sets_levels;        /* .weights gives weights few values */
	/* Returns the state, or NULL when memory runs out. Set both or none. */
	void *(*open)(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err);
	void (*close)(void *state);
	/* Before the steps of an epoch, which counts from 0. */
	void (*epoch)(const struct lb_hook *h, struct lb_learner *l, size_t epoch);
	/* Changes the rows of the batch, x (b, features). */
	void (*inputs)(const struct lb_hook *h, struct lb_step *s, real *x);
	/* Changes s->set, the labels that the loss is taken with. */
	void (*labels)(const struct lb_hook *h, struct lb_step *s);
	/* After the forward: may give s->set[0] the probabilities of its labels (soft), from the
	 * scores m->z. */
	void (*relabel)(const struct lb_hook *h, struct lb_step *s, const struct lb_model *m);
	/* Multiplies into weight (b) from the losses of the rows. */
	void (*weigh)(const struct lb_hook *h, struct lb_step *s, const real *row_loss, real *weight);
	/* Returns what is added to the loss at m->z. m->dz += its derivatives. It may be asked
	 * again within a step, for other weights; also beside .step. */
	double (*penalty)(const struct lb_hook *h, const struct lb_step *s, struct lb_model *m);
	/* Changes w, a copy of the parameters that forward and backward then read; the update is of
	 * the parameters themselves. Evaluations read them so, too: step is -1. */
	void (*weights)(const struct lb_hook *h, const struct lb_learner *l, int64_t step, real *w);
	/* With .weights: m->g, the gradient by what it made, becomes that by the parameters, in
	 * each backward. NULL: the same. */
	void (*weights_back)(const struct lb_hook *h, const struct lb_step *s, struct lb_model *m);
	/* With .weights: returns in how many ways evaluations can read the parameters; choose takes
	 * the one of that number, from 0. After the training the one is kept with which most
	 * validation rows are right, less 1e-5 of them for each number. */
	size_t (*candidates)(const struct lb_hook *h);
	void (*choose)(const struct lb_hook *h, size_t candidate);
	/* Changes w, a copy of the parameters, to those of a second network. What it makes of the
	 * batch's views is l->held, which losses with LB_TAKES_TARGET read. */
	void (*target)(const struct lb_hook *h, const struct lb_learner *l, real *w);
	/* Returns how often a step draws the dropout of the last hidden layer, below LB_MOST_DRAWS;
	 * loss and gradient are the means. */
	size_t (*draws)(const struct lb_hook *h);
	/* Changes the whole gradient m->g. May move m->w, call lb_gradient_again and move it
	 * back. */
	void (*gradient)(const struct lb_hook *h, struct lb_step *s, struct lb_model *m);
	/* After the update of m->w. */
	void (*stepped)(const struct lb_hook *h, struct lb_step *s, struct lb_model *m);
	/* Changes w, a copy of the parameters that an evaluation and the saved model are of. */
	void (*finish)(const struct lb_hook *h, const struct lb_learner *l, real *w);
	/* Takes the whole training of the only trial of a cohort; lb_train_once does each part of
	 * it. Returns what lb_train does. */
	int (*train)(const struct lb_arg *par, const struct lb_cohort *c, struct lb_train_result *out, struct lb_err *err);
	/* Takes the whole step, instead of all hooks from inputs to stepped. Returns the loss. */
	double (*step)(const struct lb_hook *h, struct lb_step *s);
};

/* Returns the procedure of lb_procedures_f64 that has this description. */
const struct lb_procedure *lb_procedure_of(const struct lb_info *info);

/* Says what does not fit together in a descriptor. Returns NULL when all does. */
const char *lb_procedure_misfit(const struct lb_procedure *p);

/* Opens the procedures of l->setup as l->hook, and closes them. */
int lb_hooks_open(struct lb_learner *l, const struct lb_cohort *c, struct lb_err *err);
void lb_hooks_close(struct lb_learner *l);

/* Calls .epoch of all. */
void lb_hooks_epoch(struct lb_learner *l, size_t epoch);

#endif
