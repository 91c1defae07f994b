/* A model in training: its layers, its parameters, their gradient and the optimiser's state. A
 * value, of which a trial can hold two. Compiled once per precision. */
#ifndef LB_MODEL_H
#define LB_MODEL_H

#include "core/engine/model/head/factored.h"
#include "core/engine/model/net.h"
#include "core/engine/optim/optim.h"
#include "core/engine/optim/row_sparse.h"
#include "core/training/setup.h"

struct lb_model {
	struct lb_net *net;
	size_t n_loss_params;            /* parameters of the loss itself, after the net's */
	size_t n_params;         /* values of w, g and each vector of optimiser state: the net's, then the loss's own */
	real *w, *g;
	const real *read;        /* the weights that the last forward read: w, or what procedures made of it */
	const real *z;           /* (rows, net->ld) the scores of the last forward */
	real *dz;                /* (rows, net->ld) their derivatives, padding 0 */
	/* (rows, as far apart as the features below the output layer) derivatives of the losses by
	 * these features, besides those that come through the scores; padding 0. NULL: none. */
	real *dfeatures;
	const struct lb_optim *optim;
	const struct lb_arg *par; /* of the optimiser */
	int n_opt_states;
	real *opt_state[LB_MAX_OPT_STATES];
	struct lb_row_sparse sparse; /* of the first layer's weights; off for dense rows */
	struct lb_factored factored; /* the output layer of a factored head, of which there is no gradient in g, and no dz; else off */
};

/* A model of the setup, with the seed of its dropout, for batches of `rows` rows in training and
 * max_b in any pass; its parameters are 0. Its state is registered in `state`. Release with
 * lb_model_close, on failure too. */
int lb_model_open(struct lb_model *m, const struct lb_setup *setup, uint64_t seed, size_t n_loss_params, size_t rows, size_t max_b,
		  struct lb_persisted *state, struct lb_err *err);
void lb_model_close(struct lb_model *m);

/* v, laid out like w, in the plain order of the net (core/engine/model/net.h), then the loss's own;
 * and back. */
void lb_model_unpack(const struct lb_model *m, const real *v, double *plain);
void lb_model_pack(const struct lb_model *m, const double *plain, real *v);

/* plain += factor * v, as lb_net_add, then the loss's own. */
void lb_model_add(const struct lb_model *m, double factor, const real *v, const uint32_t *input, size_t n_inputs, double *plain);

/* Makes w what whoever reads all of it expects: what is owed to rows of weights that no step has
 * read is paid, and the output weights are those of the scores. */
void lb_model_settle(struct lb_model *m);

/* Returns the length of the whole gradient. */
double lb_model_gradient_norm(const struct lb_model *m);

/* The step t (from 1) of the optimiser on n parameters from `at` on, with their gradient g. */
void lb_model_update(struct lb_model *m, size_t at, size_t n, const real *g, int64_t t, double lr, double decay);

/* The same of all parameters, of an optimiser that takes matrices and vectors as a whole; biases
 * decay by bias_decay, and the loss's own parameters, which do not, have their rate. */
void lb_model_update_whole(struct lb_model *m, int64_t t, double lr, double decay, double bias_decay, double loss_lr);

/* The same of the n parameters at + place[i], all different, with their gradient in m->g, by an
 * optimiser that is idle (struct lb_optim). Leaves 0 in m->g. */
void lb_model_update_some(struct lb_model *m, size_t at, const uint32_t *place, size_t n, int64_t t, double lr, double decay);

#endif
