#include "core/engine/step/learner_open.h"
#include "core/engine/step/procedure.h"
#include "core/engine/step/row_ranking.h"

#include "core/base/mem.h"
#include "core/engine/step/step.h"
#include "core/numeric/rng.h"

#include <stdlib.h>

enum { FORGET, RAMP };

static const struct lb_param params[] = {
	[FORGET] = { .name = "forget", .symbol = "tau", .type = LB_REAL_PARAM, .def = 0.2, .min = 0, .max = 1, .max_open = true,
		     .grid = { 0.1, 0.2, 0.4, 0.6 }, .n_grid = 4, .help = "share of each batch that is left out at last: the share of wrong labels" },
	[RAMP] = { .name = "ramp", .symbol = "T", .type = LB_INT_PARAM, .def = 10, .min = 0, .max = 1e6, .grid = { 5, 10, 15 }, .n_grid = 3,
		   .help = "epochs over which the share rises from 0; 0: forget from the first epoch" },
};

struct coteach {
	struct lb_model other;
	real *loss[2];           /* (batch) the losses of the rows by each model */
	struct lb_ranked *ranked; /* (batch) */
};

static void coteach_close(void *state)
{
	struct coteach *k = state;

	lb_model_close(&k->other);
	free(k->loss[0]);
	free(k->loss[1]);
	free(k->ranked);
	free(k);
}

static void *coteach_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	struct coteach *k = lb_alloc(1, sizeof *k, err);
	struct lb_rng rng;

	(void)par;
	if (!k)
		return NULL;
	lb_rng_init(&rng, l->setup->model.seed, LB_RNG_SECOND_MODEL, 0);
	const uint64_t high = lb_rng_u32(&rng), low = lb_rng_u32(&rng);
	k->loss[0] = lb_alloc_aligned(c->batch, sizeof(real), err);
	k->loss[1] = lb_alloc_aligned(c->batch, sizeof(real), err);
	k->ranked = lb_alloc(c->batch, sizeof *k->ranked, err);
	if (k->loss[0] && k->loss[1] && k->ranked && !lb_learner_open_model(l, c, high << 32 | low, &k->other, err))
		return k;
	coteach_close(k);
	return NULL;
}

/* Rows of a batch of b that are kept in an epoch, from 0. */
static size_t kept(const struct lb_arg *par, size_t epoch, size_t b)
{
	const double forget = par[RAMP].v > (double)epoch ? par[FORGET].v * (double)epoch / par[RAMP].v : par[FORGET].v;

	return lb_rows_of_share(1 - forget, b);
}

/* weight (b) <- what keeps the n rows of the smallest losses. */
static void select_rows(struct coteach *k, const real *loss, size_t b, size_t n, real *weight)
{
	for (size_t i = 0; i < b; i++)
		weight[i] = 1;
	lb_rank_rows(loss, b, k->ranked);
	lb_keep_smallest(k->ranked, b, n, weight);
}

static double coteach_step(const struct lb_hook *h, struct lb_step *s)
{
	struct coteach *k = h->state;
	struct lb_model *const model[] = { &s->l->model, &k->other };
	const size_t b = s->batch->b, n = kept(h->par, s->l->epoch, b);
	double value[2];

	lb_make_inputs(s);
	for (size_t i = 0; i < 2; i++) {
		lb_forward(s, model[i]);
		lb_row_losses(s, model[i], k->loss[i]);
	}
	s->row_weight = s->l->row_weight;
	for (size_t i = 0; i < 2; i++) {
		select_rows(k, k->loss[1 - i], b, n, s->l->row_weight);
		if (i == 0)
			lb_note_selected(s);
		value[i] = lb_loss_of_batch(s, model[i]);
	}
	if (!lb_moves(s, value[0]) || !lb_moves(s, value[1]))
		return isfinite(value[0]) ? value[1] : value[0];
	for (size_t i = 0; i < 2; i++)
		lb_backward_update(s, model[i], value[i]);
	return value[0];
}

const struct lb_procedure LB_PROCEDURE(coteach) = {
	.base = { .name = "coteach", .tasks = LB_ROW_TASKS, .title = "Co-teaching: two models, each learns from the rows that the other finds easy",
		  .cite = "B. Han et al., Co-teaching: Robust training of deep neural networks with extremely noisy labels, NeurIPS 2018, Algorithm 1",
		  .formula = "R = 1 - tau min(e/T, 1) in epoch e = 0, 1, ...; each model takes a step by the mean loss of the int(R B) rows of a batch, "
			     "at least one, whose loss by the other model is smallest",
		  .notes = "Both models see the same batches and take the same optimiser steps; they differ in initial parameters and dropout, "
			   "which are drawn from model.seed. Metrics, "
			   "early stopping and the saved model are of the first. Of rows with equal losses the first is taken. Row and class weights "
			   "weigh the rows that are kept, and do not change which are. forget 0 trains the first model as if it were alone. Two forward "
			   "and two backward passes a step.",
		  .keywords = "co-teaching noisy labels small_loss", LB_PARAMS(params) },
	.weighs_rows = true, .open = coteach_open, .close = coteach_close, .step = coteach_step,
};
