/* Procedures of two models that tell each other which rows to learn from. */
#include "core/engine/step/held_kl.h"
#include "core/engine/step/learner_open.h"
#include "core/engine/step/procedure.h"
#include "core/engine/step/row_ranking.h"

#include "core/base/mem.h"
#include "core/engine/step/step.h"
#include "core/numeric/rng.h"

#include <stdlib.h>

enum { FORGET, RAMP, START, LAMBDA = START };

#define FORGET_PARAM                                                                                                             \
	{ .name = "forget", .symbol = "tau", .type = LB_REAL_PARAM, .def = 0.2, .min = 0, .max = 1, .max_open = true,           \
	  .grid = { 0.1, 0.2, 0.4, 0.6 }, .n_grid = 4, .help = "share of each batch that is left out at last: the share of wrong labels" }
#define RAMP_PARAM                                                                                                               \
	{ .name = "ramp", .symbol = "T", .type = LB_INT_PARAM, .def = 10, .min = 0, .max = 1e6, .grid = { 5, 10, 15 }, .n_grid = 3, \
	  .help = "epochs over which the share rises from 0; 0: forget from the first epoch" }

struct coteach {
	struct lb_model other;
	real *loss[2];           /* (batch) the losses of the rows by each model */
	struct lb_ranked *ranked; /* (batch) */
	size_t classes;
	double *said[2];         /* (batch, classes) logarithms of each model's probabilities */
};

static void coteach_close(void *state)
{
	struct coteach *k = state;

	lb_model_close(&k->other);
	for (size_t i = 0; i < 2; i++) {
		free(k->loss[i]);
		free(k->said[i]);
	}
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
	k->classes = l->columns > 1 ? l->columns : 2;
	lb_rng_init(&rng, l->setup->model.seed, LB_RNG_SECOND_MODEL, 0);
	const uint64_t high = lb_rng_u32(&rng), low = lb_rng_u32(&rng);
	for (size_t i = 0; i < 2; i++) {
		k->loss[i] = lb_alloc_aligned(c->batch, sizeof(real), err);
		k->said[i] = lb_alloc(c->batch * k->classes, sizeof **k->said, err);
	}
	k->ranked = lb_alloc(c->batch, sizeof *k->ranked, err);
	if (k->loss[0] && k->loss[1] && k->said[0] && k->said[1] && k->ranked && !lb_learner_open_model(l, c, high << 32 | low, &k->other, err))
		return k;
	coteach_close(k);
	return NULL;
}

/* The share of a batch that is left out in an epoch, from 0. */
static double forgotten(const struct lb_arg *par, size_t epoch)
{
	return par[RAMP].v > (double)epoch ? par[FORGET].v * (double)epoch / par[RAMP].v : par[FORGET].v;
}

/* weight (b) <- what keeps the n rows of the smallest losses. */
static void select_rows(struct coteach *k, const real *loss, size_t b, size_t n, real *weight)
{
	for (size_t i = 0; i < b; i++)
		weight[i] = 1;
	lb_rank_rows(loss, b, k->ranked);
	lb_keep_smallest(k->ranked, b, n, weight);
}

/* Which rows model i learns from, as weights. */
typedef void choosing(const struct lb_hook *h, const struct lb_step *s, size_t i, real *weight);

/* A step of both models. */
static double step_both(const struct lb_hook *h, struct lb_step *s, choosing *choose)
{
	struct coteach *k = h->state;
	struct lb_model *const model[] = { &s->l->model, &k->other };
	double value[2];

	s->row_weight = s->l->row_weight;
	for (size_t i = 0; i < 2; i++) {
		choose(h, s, i, s->l->row_weight);
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

/* Scores, probabilities if they are asked for, and losses of the rows by both models. */
static void read_rows(const struct lb_hook *h, struct lb_step *s, bool said)
{
	struct coteach *k = h->state;
	struct lb_model *const model[] = { &s->l->model, &k->other };

	for (size_t i = 0; i < 2; i++) {
		lb_forward(s, model[i]);
		lb_row_losses(s, model[i], k->loss[i]);
		for (size_t r = 0; said && r < s->batch->b; r++)
			lb_log_softened(s->l->columns, model[i]->z + r * model[i]->net->ld, 1, k->said[i] + r * k->classes);
	}
}

/* ---- coteach ---- */

static void choose_easy(const struct lb_hook *h, const struct lb_step *s, size_t i, real *weight)
{
	struct coteach *k = h->state;
	const size_t b = s->batch->b;

	select_rows(k, k->loss[1 - i], b, lb_rows_of_share(1 - forgotten(h->par, s->l->epoch), b), weight);
}

static double coteach_step(const struct lb_hook *h, struct lb_step *s)
{
	lb_make_inputs(s);
	read_rows(h, s, false);
	return step_both(h, s, choose_easy);
}

#define TWO_MODELS                                                                                                               \
	"Both models see the same batches and take the same optimiser steps; they differ in initial parameters and dropout, "   \
	"which are drawn from model.seed. Metrics, "                                                                             \
	"early stopping and the saved model are of the first. Of rows with equal losses the first is taken. Row and class weights " \
	"weigh the rows that are kept, and do not change which are. "

static const struct lb_param params[] = { [FORGET] = FORGET_PARAM, [RAMP] = RAMP_PARAM };

const struct lb_procedure LB_PROCEDURE(coteach) = {
	.base = { .name = "coteach", .tasks = LB_ROW_TASKS, .title = "Co-teaching: two models, each learns from the rows that the other finds easy",
		  .cite = "B. Han et al., Co-teaching: Robust training of deep neural networks with extremely noisy labels, NeurIPS 2018, Algorithm 1",
		  .formula = "R = 1 - tau min(e/T, 1) in epoch e = 0, 1, ...; each model takes a step by the mean loss of the int(R B) rows of a batch, "
			     "at least one, whose loss by the other model is smallest",
		  .notes = TWO_MODELS "forget 0 trains the first model as if it were alone. Two forward "
			   "and two backward passes a step.",
		  .keywords = "co-teaching noisy labels small_loss", LB_PARAMS(params) },
	.weighs_rows = true, .open = coteach_open, .close = coteach_close, .step = coteach_step,
};

/* ---- coteach_plus ---- */

static const struct lb_param plus_params[] = {
	[FORGET] = FORGET_PARAM,
	[RAMP] = RAMP_PARAM,
	[START] = { .name = "start", .type = LB_INT_PARAM, .def = 10, .min = 0, .max = 1e6, .grid = { 5, 10, 20 }, .n_grid = 3,
		    .help = "epochs of coteach before; more than the training has: coteach" },
};

/* The likeliest class, ties to the lowest. */
static size_t likeliest(const double *p, size_t n)
{
	size_t best = 0;

	for (size_t k = 1; k < n; k++)
		best = p[k] > p[best] ? k : best;
	return best;
}

/* Of the rows that the models predict to be of different classes, those easy for the other model;
 * where there are none, all rows. */
static void choose_disputed(const struct lb_hook *h, const struct lb_step *s, size_t i, real *weight)
{
	struct coteach *k = h->state;
	const size_t b = s->batch->b, c = k->classes;
	real *loss = k->loss[1 - i];
	size_t n = 0;

	for (size_t r = 0; r < b; r++) {
		const bool same = likeliest(k->said[0] + r * c, c) == likeliest(k->said[1] + r * c, c);
		loss[r] = same ? (real)NAN : loss[r]; /* which ranks last */
		n += !same;
	}
	const size_t keep = (size_t)((1 - forgotten(h->par, s->l->epoch)) * (double)n + 1e-9);
	select_rows(k, loss, b, !n ? b : keep ? keep : n, weight);
}

static double plus_step(const struct lb_hook *h, struct lb_step *s)
{
	const bool early = (double)s->l->epoch < h->par[START].v;

	lb_make_inputs(s);
	read_rows(h, s, !early);
	return step_both(h, s, early ? choose_easy : choose_disputed);
}

const struct lb_procedure LB_PROCEDURE(coteach_plus) = {
	.base = { .name = "coteach_plus", .tasks = 1u << LB_BINARY | 1u << LB_MULTICLASS, .title = "Co-teaching+: of the rows that two models predict differently, those that the other finds easy",
		  .cite = "X. Yu, B. Han, J. Yao, G. Niu, I. Tsang, M. Sugiyama, How does Disagreement Help Generalization against Label Corruption?, ICML 2019",
		  .formula = "as coteach before epoch `start`; from then on, of the n rows of a batch whose likeliest classes by the two models differ, the int(R n), or all n where "
			     "that is 0, whose loss by the other model is smallest; all rows of the batch where n = 0",
		  .notes = TWO_MODELS "The public code takes a softmax of probabilities for its loss, which is not done here. A score a class is needed.",
		  .keywords = "co-teaching+ disagreement noisy labels", LB_PARAMS(plus_params) },
	.weighs_rows = true, .reads_classes = true, .open = coteach_open, .close = coteach_close, .step = plus_step,
};

/* ---- jocor ---- */

static const struct lb_param jocor_params[] = {
	[FORGET] = FORGET_PARAM,
	[RAMP] = RAMP_PARAM,
	[LAMBDA] = { .name = "lambda", .symbol = "lam", .type = LB_REAL_PARAM, .def = 0.5, .min = 0, .max = 1, .max_open = true, .grid = { 0.3, 0.6, 0.9 }, .n_grid = 3,
		     .help = "share of the disagreement in the loss; 0 with forget 0: the first model as if it were alone" },
};

/* Returns KL(p, q) + KL(q, p) of a row, of logarithms p and q. */
static double disagreement(const double *p, const double *q, size_t n)
{
	double sum = 0;

	for (size_t k = 0; k < n; k++)
		sum += (exp(p[k]) - exp(q[k])) * (p[k] - q[k]);
	return sum;
}

/* The rows of the smallest joint loss, the same for both. */
static void choose_joint(const struct lb_hook *h, const struct lb_step *s, size_t i, real *weight)
{
	struct coteach *k = h->state;
	const size_t b = s->batch->b, c = k->classes;
	const double lambda = h->par[LAMBDA].v;

	for (size_t r = 0; !i && r < b; r++)
		k->loss[0][r] = (real)((1 - lambda) * ((double)k->loss[0][r] + (double)k->loss[1][r]) + lambda * disagreement(k->said[0] + r * c, k->said[1] + r * c, c));
	select_rows(k, k->loss[0], b, lb_rows_of_share(1 - forgotten(h->par, s->l->epoch), b), weight);
}

/* By the scores of the first model KL(p, q) has the derivatives p_k (log p_k - log q_k - KL), and
 * KL(q, p) has p_k - q_k. */
static double jocor_penalty(const struct lb_hook *h, const struct lb_step *s, struct lb_model *m)
{
	const struct coteach *k = h->state;
	const size_t c = k->classes, columns = s->l->columns, own = m != &s->l->model;
	double sum = 0;

	for (size_t r = 0; h->par[LAMBDA].v > 0 && r < s->batch->b; r++) {
		const double *p = k->said[own] + r * c, *q = k->said[1 - own] + r * c, share = h->par[LAMBDA].v * (double)s->row_weight[r] / (double)s->batch->b;
		double kl = 0;
		for (size_t j = 0; j < c; j++)
			kl += exp(p[j]) * (p[j] - q[j]);
		for (size_t j = 0; share > 0 && j < columns; j++) {
			const size_t at = columns > 1 ? j : 1;
			m->dz[r * m->net->ld + j] += (real)(share * (exp(p[at]) * (p[at] - q[at] - kl + 1) - exp(q[at])));
		}
		sum += share > 0 ? share * disagreement(p, q, c) : 0;
	}
	return sum;
}

static double jocor_step(const struct lb_hook *h, struct lb_step *s)
{
	lb_make_inputs(s);
	read_rows(h, s, true);
	s->set[0].share = 1 - h->par[LAMBDA].v;
	return step_both(h, s, choose_joint);
}

const struct lb_procedure LB_PROCEDURE(jocor) = {
	.base = { .name = "jocor", .tasks = 1u << LB_BINARY | 1u << LB_MULTICLASS, .title = "JoCoR: two models that are to agree, and learn from the rows of small joint loss",
		  .cite = "H. Wei, L. Feng, X. Chen, B. An, Combating noisy labels by agreement: A joint training method with co-regularization, CVPR 2020",
		  .formula = "J_i = (1 - lam) (l_i(f) + l_i(g)) + lam (KL(p_i, q_i) + KL(q_i, p_i)), p and q the softmax of f and g; both take a step by the mean J of the int(R B) rows, "
			     "at least one, of smallest J; R as in coteach",
		  .notes = TWO_MODELS "The disagreement of a row is weighed by whether the row is kept alone. The loss curve is of the first model, (1 - lam) l_i(f) and the whole disagreement. A "
			   "score a class is needed.",
		  .keywords = "co-regularization agreement noisy labels", LB_PARAMS(jocor_params) },
	.weighs_rows = true, .reads_classes = true, .open = coteach_open, .close = coteach_close, .penalty = jocor_penalty, .step = jocor_step,
};
