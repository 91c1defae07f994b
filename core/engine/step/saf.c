/* Self-distillation from the scores that a row had some epochs ago. */
#include "core/engine/step/held_kl.h"
#include "core/engine/step/procedure.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { LAMBDA, TEMPERATURE, START, LAG };

static const struct lb_param params[] = {
	[LAMBDA] = { .name = "lambda", .symbol = "lambda", .type = LB_REAL_PARAM, .def = 0.3, .min = 0, .max = 1e3, .grid = { 0.1, 0.3, 1 }, .n_grid = 3,
		     .help = "weight of the divergence from the past scores; 0: plain training" },
	[TEMPERATURE] = { .name = "temperature", .symbol = "T", .type = LB_REAL_PARAM, .def = 5, .min = 1e-2, .max = 1e3, .grid = { 1, 5 }, .n_grid = 2,
			  .help = "divides the scores" },
	[START] = { .name = "start", .type = LB_INT_PARAM, .def = 5, .min = 0, .max = 1e9, .help = "epochs of plain training before it begins" },
	[LAG] = { .name = "lag", .symbol = "E", .type = LB_INT_PARAM, .def = 3, .min = 1, .max = 100, .grid = { 2, 3 }, .n_grid = 2,
		  .help = "how many epochs ago the past scores were made" },
};

/* The scores of the last lag + 1 epochs, the k-th from 0 of epochs k, k + lag + 1, ... */
struct past {
	size_t rows, c, epochs;
	int64_t step;            /* that wrote last, from 1 */
	uint32_t *epoch;         /* (epochs, rows) that the scores are of, from 1; 0: there are none */
	real *z;                 /* (epochs, rows, c) */
	double *room;            /* of lb_held_kl */
};

static void past_close(void *state)
{
	struct past *p = state;

	free(p->epoch);
	free(p->z);
	free(p->room);
	free(p);
}

static void *past_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	const size_t rows = c->split->n[LB_TRAIN], epochs = (size_t)par[LAG].v + 1, n = epochs * rows;
	struct past *p = lb_alloc(1, sizeof *p, err);

	if (!p)
		return NULL;
	*p = (struct past){ .rows = rows, .c = l->columns, .epochs = epochs };
	p->epoch = lb_alloc(n, sizeof *p->epoch, err);
	p->z = lb_alloc(n * l->columns, sizeof *p->z, err);
	p->room = lb_alloc(lb_held_kl_room(l->columns), sizeof *p->room, err);
	if (!p->epoch || !p->z || !p->room || lb_persist(&l->state, "step of the last scores", &p->step, sizeof p->step, err) ||
	    lb_persist(&l->state, "epochs of past scores", p->epoch, n * sizeof *p->epoch, err) ||
	    lb_persist(&l->state, "past scores", p->z, n * l->columns * sizeof *p->z, err)) {
		past_close(p);
		return NULL;
	}
	return p;
}

/* Keeps the scores of the batch, as the step first makes them. */
static void keep(struct past *p, const struct lb_step *s, const struct lb_model *m)
{
	const size_t slot = s->l->epoch % p->epochs;

	if (s->step < p->step)
		return;
	p->step = s->step + 1;
	for (size_t i = 0; i < s->batch->b; i++) {
		const size_t at = slot * p->rows + s->batch->id[i];
		p->epoch[at] = (uint32_t)s->l->epoch + 1;
		memcpy(p->z + at * p->c, m->z + i * m->net->ld, p->c * sizeof *p->z);
	}
}

static double past_scores(const struct lb_hook *h, const struct lb_step *s, struct lb_model *m)
{
	struct past *p = h->state;
	const size_t b = s->batch->b, epoch = s->l->epoch, lag = (size_t)h->par[LAG].v;
	const double share = h->par[LAMBDA].v / (double)b;
	double sum = 0;

	keep(p, s, m);
	for (size_t i = 0; share > 0 && epoch >= lag && (double)epoch >= h->par[START].v && i < b; i++) {
		const size_t at = (epoch - lag) % p->epochs * p->rows + s->batch->id[i];
		if (p->epoch[at] == epoch - lag + 1)
			sum += lb_held_kl(p->c, m->z + i * m->net->ld, p->z + at * p->c, h->par[TEMPERATURE].v, share, p->room, m->dz + i * m->net->ld);
	}
	return share * sum;
}

const struct lb_procedure LB_PROCEDURE(saf) = {
	.base = { .name = "saf", .tasks = LB_CLASS_TASKS | 1u << LB_DISTILLATION, .title = "Sharpness-aware training for free: scores stay near those of some epochs ago",
		  .cite = "J. Du, D. Zhou, J. Feng, V. Y. F. Tan, J. T. Zhou, Sharpness-aware training for free, NeurIPS 2022",
		  .formula = "L + lambda T^2 (1/B) sum_i KL(softmax(z_i^(e-E)/T), softmax(z_i/T)),  z_i^(e-E) the scores of row i in the epoch E before this one",
		  .notes = "From epoch max(start, E) + 1 on. The past scores are held: those that the row had when it was trained on, with that step's dropout. One gradient a "
			   "step, and memory for E + 1 scores of each training row and class. A row that a sampler left out then is not compared. In binary tasks, the "
			   "probabilities of both classes. Of several heads it reads the first.",
		  .keywords = "trajectory_kl trajectory_loss self_distillation flat_minima sharpness sam", LB_PARAMS(params) },
	.reads_classes = true, .remembers_rows = true, .open = past_open, .close = past_close, .penalty = past_scores,
};
