/* One trial inside the cohort trainer: its model, its loss, its procedures and everything a step
 * needs, allocated once (core/engine/step/learner_open.h); and the step that it takes. Compiled
 * once per precision. */
#ifndef LB_LEARNER_H
#define LB_LEARNER_H

#include "core/engine/attack/attack.h"
#include "core/engine/data/augment.h"
#include "core/engine/data/batch.h"
#include "core/engine/data/miner/miner.h"
#include "core/engine/model/model.h"
#include "core/training/persist.h"
#include "core/training/train_result.h"
#include "losses/loss.h"

struct lb_hook;
struct lb_regularised;

/* How far a training has come: the values of a checkpoint that are no arrays. */
struct lb_reached {
	int64_t step;            /* steps done */
	double loss_sum;         /* over the epoch, each batch times its rows */
	double best_value;       /* of early stopping's metric; with best_epoch, from 1, 0: none yet */
	uint64_t best_epoch, undefined_epochs;
	int64_t steepest_step;   /* from 1; the last whose gradient was measured (core/engine/train/divergence.h), 0: none */
	uint64_t steepest_layer;
	double steepest_norm;
	double train_seconds, evaluate_seconds;
	double selected, selected_clean; /* over the epoch: weights that procedures gave rows, and those of rows whose label is the true one */
};

/* One of the losses that are minimised. */
struct lb_loss_in_use {
	const struct lb_loss *loss;
	const struct lb_arg *par;
	double weight;
	size_t head;             /* of the model's output that it reads, from 0 */
	const double *part;      /* as lb_term.part */
	void *state;             /* what .init returned, or NULL */
	size_t n_params, params; /* its own parameters, and their place after the net's */
};

struct lb_learner {
	const struct lb_setup *setup;
	size_t columns;          /* of the model's output, of one of its heads */
	size_t heads;
	size_t views;            /* of each row; 1 for most losses */
	const struct lb_augmentation *augmentation; /* that makes them, or NULL */
	uint32_t *partner;       /* (b) and the share of a mixed view; NULL without one */
	double mix;
	uint32_t *pair;          /* (b) rows that the second views are of, and these rows; with setup->pair_row */
	struct lb_input_batch paired;
	unsigned traits;         /* of the procedures together, of enum lb_procedure_trait */
	struct lb_loss_in_use term[LB_MOST_TERMS]; /* (n_terms) */
	size_t n_terms;
	bool one_loss;           /* a single one, of weight 1 */
	unsigned needs;          /* of the losses together, of enum lb_need */
	struct lb_loss_stats stats;
	double *counts;          /* training rows of each class */
	double *guide_means;     /* (classes, setup->guide_columns) what the guide says of them in the mean; NULL: no loss reads it */
	struct lb_model model;
	struct lb_hook *hook;    /* (n_hooks) the procedures in use */
	size_t n_hooks;
	size_t draws;            /* of that dropout in a step, at least 1; the loss is their mean */
	struct lb_attack attack; /* empty where the setup has none */

	/* Room for one batch as the loss reads it. NULL where it reads none of it. */
	int32_t *y;              /* (b) labels */
	int32_t *group;          /* (b) queries */
	real *target;            /* (b, columns) targets, the matrix of labels or, in distillation, a teacher's scores */
	real *teacher;           /* (b, columns) its scores, beside targets */
	real *second_teacher;    /* (b, columns) */
	real *guide;             /* (b, setup->guide_columns) what the guide says */
	real *weight;            /* (b) */
	real *part_weight;       /* (b) the same of a loss of some rows */
	real *x;                 /* (views * b, features) rows as views, an attack or procedures change them */
	void *workspace;         /* for the loss that needs most */
	real *packed;            /* for losses that read rows without padding: 2 x (views * b, columns), scores and their derivatives */
	/* Gradients of several losses or sets of labels, added up: by the scores, (views * b,
	 * net->ld), by the features of the last hidden layer, and by the losses' own parameters. */
	real *dz_sum, *dfeatures_sum, *params_sum;
	const struct lb_miner *miner; /* or NULL */
	struct lb_mined mined;        /* what it chose */

	/* Room for procedures. NULL where none needs it. */
	real *row_loss, *row_weight; /* (b) */
	real *changed;           /* (n_params) weights that a forward or an evaluation reads */
	real *g_sum;             /* (n_params) gradients of several draws */
	real *target_w, *held;   /* (n_params) those of a second network; (views * b, columns) what it gives for the batch */

	struct lb_regularised *regularised; /* what the regularisers work in; NULL without any */

	real *best;              /* (n_params) the parameters of the best epoch, with early stopping */
	real *unscaled;          /* (n_params) the parameters for targets as they are, with room to make them; NULL without units */
	double *plain;
	bool restored;           /* model.w is of the best epoch, as it was evaluated */
	struct lb_reached progress;
	struct lb_schedule_state schedule; /* of a schedule that follows a metric; else its factor stays 1 */
	struct lb_persisted state; /* what a checkpoint keeps, the progress first */
	size_t epoch;            /* that the training is in, from 0 */
	int64_t start;           /* steps done before this training began: it sits out until then */
	bool active;
};

/* Whether the loss reads rows of scores without padding. Those of one head of several have other
 * heads' beside them. */
static inline bool lb_reads_packed(const struct lb_learner *l, const struct lb_loss *loss)
{
	return (loss->form->batch && !loss->form->strided) || loss->update_state || l->heads > 1;
}

/* A minibatch: what `input` was loaded with, `rows` of the dataset, which are positions `id` of the
 * training split. */
struct lb_minibatch {
	struct lb_input_batch *input;
	const uint32_t *rows, *id;
	size_t b;
	struct lb_team *team;    /* threads that share the work, or NULL */
	bool first_layer_done;   /* for all trials, by lb_joint_layer_forward */
};

/* Labels that the loss of a step is taken with. */
struct lb_label_set {
	double share;            /* of this loss in the step's */
	const uint32_t *of;      /* (b) the row of the batch whose labels and weight row i takes; NULL: its own */
	const int32_t *y;        /* (rows of the dataset) the labels; NULL: those of the setup */
	const double *soft;      /* (b, classes) probabilities of row i's label, over which its loss is a mean; NULL: the label */
};

enum { LB_MOST_LABEL_SETS = 2 };

/* What a step has made so far. */
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
	size_t draw;             /* of the dropout of the last hidden layer, from 0 */
	bool visited;            /* the losses have updated their states from the batch */
};

#endif
