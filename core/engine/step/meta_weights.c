#include "core/engine/step/procedure.h"
#include "core/engine/step/step.h"

#include "core/base/mem.h"
#include "core/numeric/rng.h"

#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = { "given", "right", NULL };

enum { HELD, LABELS };

static const struct lb_param params[] = {
	[HELD] = { .name = "held", .symbol = "h", .type = LB_REAL_PARAM, .def = 0.1, .min = 0, .max = 1, .max_open = true, .grid = { 0.05, 0.1, 0.2 }, .n_grid = 3,
		   .help = "share of the training rows that tell how the others count, and do not count themselves; 0: plain training" },
	[LABELS] = { .name = "labels", .type = LB_CHOICE_PARAM, .choices = kinds,
		     .help = "of the held rows: as given, or as they were before corrupt.labels, as where a small part of the data has been looked through" },
};

struct meta {
	size_t n;                /* held rows */
	uint32_t *id, *row;      /* (n) their positions in the training split, in the order drawn; (batch) rows of the dataset */
	unsigned char *held;     /* (training rows) */
	uint32_t *turn;          /* (batch) positions of those of a step */
	struct lb_input_batch input;
	double *w, *slope;       /* (parameters), in the plain order: the weights, and the gradient of the held rows' loss */
	double *room, *moved;    /* 2 x (batch, the widest layer), (batch, outputs) */
};

static void meta_close(void *state)
{
	struct meta *t = state;

	free(t->id);
	free(t->row);
	free(t->held);
	free(t->turn);
	lb_input_batch_close(&t->input);
	free(t->w);
	free(t->slope);
	free(t->room);
	free(t->moved);
	free(t);
}

static bool make_room(struct meta *t, const struct lb_learner *l, const struct lb_cohort *c, struct lb_err *err)
{
	const struct lb_model_spec *spec = &l->setup->model;
	const size_t n = lb_model_spec_size(spec) + l->model.n_loss_params, b = c->batch, rows = c->split->n[LB_TRAIN];
	size_t widest = 0;

	for (size_t k = 1; k <= spec->n_layers; k++)
		widest = spec->width[k] > widest ? spec->width[k] : widest;
	return (t->id = lb_alloc(rows, sizeof *t->id, err)) && (t->row = lb_alloc(b, sizeof *t->row, err)) && (t->held = lb_alloc(rows, 1, err)) &&
	       (t->turn = lb_alloc(b, sizeof *t->turn, err)) && (t->w = lb_alloc(n, sizeof *t->w, err)) && (t->slope = lb_alloc(n, sizeof *t->slope, err)) &&
	       (t->room = lb_alloc(2 * b * widest, sizeof *t->room, err)) && (t->moved = lb_alloc(b * widest, sizeof *t->moved, err)) &&
	       !lb_input_batch_open(&t->input, c->features, false, b, LB_ROWS_REPEAT, err);
}

/* The held rows depend on train.seed alone, so that all losses have the same. */
static void *meta_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	const size_t rows = c->split->n[LB_TRAIN];
	struct meta *t = lb_alloc(1, sizeof *t, err);
	struct lb_rng rng;

	if (!t)
		return NULL;
	if (!make_room(t, l, c, err)) {
		meta_close(t);
		return NULL;
	}
	for (size_t i = 0; i < rows; i++)
		t->id[i] = (uint32_t)i;
	lb_rng_init(&rng, c->order_seed, LB_RNG_META, 0);
	lb_rng_shuffle(&rng, t->id, rows);
	t->n = par[HELD].v > 0 ? (size_t)(par[HELD].v * (double)rows + 1e-9) : 0;
	t->n = par[HELD].v > 0 && !t->n ? 1 : t->n;
	for (size_t i = 0; i < t->n; i++)
		t->held[t->id[i]] = 1;
	return t;
}

/* t->slope <- the gradient of the mean loss of the held rows whose turn it is: as many as a batch
 * has at most, one step going on where the last one ended. */
static void held_slope(struct meta *t, const struct lb_step *s, bool right)
{
	struct lb_learner *l = s->l;
	const struct lb_cohort *c = s->c;
	const size_t b = t->n < c->batch ? t->n : c->batch, at = (size_t)((uint64_t)s->step * b % t->n);

	for (size_t i = 0; i < b; i++) {
		t->turn[i] = t->id[(at + i) % t->n];
		t->row[i] = c->split->rows[LB_TRAIN][t->turn[i]];
	}
	lb_input_batch_load(&t->input, t->row, b, s->batch->team);
	lb_learner_aside(l, c, &(struct lb_minibatch){ .input = &t->input, .rows = t->row, .id = t->turn, .b = b, .team = s->batch->team },
			 right ? c->features->data->y : NULL);
	lb_model_unpack(&l->model, l->model.g, t->slope);
}

static void meta_weigh(const struct lb_hook *h, struct lb_step *s, const real *row_loss, real *weight)
{
	struct meta *t = h->state;
	struct lb_model *m = &s->l->model;
	const size_t b = s->batch->b, columns = m->net->spec.width[m->net->spec.n_layers];
	double sum = 0;

	(void)row_loss;
	if (!t->n)
		return;
	held_slope(t, s, h->par[LABELS].v != 0);
	lb_forward(s, m);
	lb_loss_slopes(s, m);
	lb_model_unpack(m, m->w, t->w);
	lb_net_tangent(m->net, t->w, t->slope, b, s->x, t->room, t->moved);
	for (size_t i = 0; i < b; i++) {
		double raw = 0;
		for (size_t k = 0; k < columns && !t->held[s->batch->id[i]]; k++)
			raw += (double)m->dz[i * m->net->ld + k] * t->moved[i * columns + k];
		t->room[i] = raw > 0 ? raw : 0;
		sum += t->room[i];
	}
	for (size_t i = 0; i < b; i++)
		weight[i] *= sum > 0 ? (real)((double)b * t->room[i] / sum) : R(0.0);
}

const struct lb_procedure LB_PROCEDURE(meta_weights) = {
	.base = { .name = "meta_weights", .tasks = 1u << LB_BINARY | 1u << LB_MULTICLASS, .title = "Learning to reweight: rows count by how much a step on them lowers the loss of held rows",
		  .cite = "M. Ren, W. Zeng, B. Yang, R. Urtasun, Learning to Reweight Examples for Robust Deep Learning, ICML 2018, Algorithm 1 in closed form",
		  .formula = "raw_i = dl_i/dw . dL_held/dw, L_held the mean loss of held rows; w_i = [raw_i]+ / sum_j [raw_j]+, all 0 where no raw is positive; the step is by sum_i w_i "
			     "l_i",
		  .notes = "raw_i is, but for the rate, the derivative by the weight of row i of the held rows' loss after one step of gradient descent, whatever the optimiser. The held "
			   "rows are int(h n) of the training rows, at least one, drawn from train.seed; validation and test rows are not read, so that settings can be chosen "
			   "by them. A step takes as many of them as a batch has, in turn, without dropout; they do not count in the step themselves. With labels: right they have "
			   "their labels from before corrupt.labels, which other contenders do not see. A loss's own parameters take no part in raw. About two and a half times "
			   "the work of plain training.",
		  .keywords = "learning_to_reweight l2rw meta_learning bilevel noisy_labels", LB_PARAMS(params) },
	.remembers_rows = true, .holds_rows = true, .open = meta_open, .close = meta_close, .weigh = meta_weigh,
};
