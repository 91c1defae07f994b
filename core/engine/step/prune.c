#include "core/engine/step/procedure.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

static const char *const scopes[] = { "model", "layer", NULL };

enum { RATE, EVERY, ROUNDS, REWIND, SCOPE };

static const struct lb_param params[] = {
	[RATE] = { .name = "rate", .symbol = "r", .type = LB_REAL_PARAM, .def = 0.2, .min = 0, .max = 1, .max_open = true, .grid = { 0.2, 0.5 }, .n_grid = 2,
		   .help = "share of the weights left that a round takes; 0 without rewind: plain training" },
	[EVERY] = { .name = "every", .type = LB_INT_PARAM, .def = 5, .min = 1, .max = 1e6, .grid = { 5, 10 }, .n_grid = 2, .help = "epochs from one round to the next" },
	[ROUNDS] = { .name = "rounds", .type = LB_INT_PARAM, .def = 1e6, .min = 0, .max = 1e6, .grid = { 3, 5 }, .n_grid = 2, .help = "most of them" },
	[REWIND] = { .name = "rewind", .type = LB_INT_PARAM, .def = -1, .min = -1, .max = 1e6, .grid = { -1, 0, 1 }, .n_grid = 3,
		     .help = "epochs after which weights are kept that each round goes back to; 0: the initial ones; -1: training goes on from where it is" },
	[SCOPE] = { .name = "scope", .type = LB_CHOICE_PARAM, .choices = scopes, .help = "the smallest weights of the model, or of each layer by itself" },
};

struct prune {
	uint64_t rounds;         /* done */
	unsigned char *gone;     /* (n_params) */
	real *back;              /* (1 + optimiser states, n_params) the weights and the optimiser's state that a round goes back to */
	double *size;            /* (n_params) */
};

static void prune_close(void *state)
{
	struct prune *p = state;

	free(p->gone);
	free(p->back);
	free(p->size);
	free(p);
}

static void *prune_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	const size_t n = l->model.n_params, kept = par[REWIND].v < 0 ? 0 : n * (1 + (size_t)l->model.n_opt_states);
	struct prune *p = lb_alloc(1, sizeof *p, err);

	(void)c;
	if (!p)
		return NULL;
	if (!(p->gone = lb_alloc(n, 1, err)) || !(p->back = lb_alloc(kept, sizeof *p->back, err)) || !(p->size = lb_alloc(n, sizeof *p->size, err)) ||
	    lb_persist(&l->state, "rounds of pruning", &p->rounds, sizeof p->rounds, err) || lb_persist(&l->state, "weights pruned", p->gone, n, err) ||
	    (kept && lb_persist(&l->state, "weights to go back to", p->back, kept * sizeof *p->back, err))) {
		prune_close(p);
		return NULL;
	}
	return p;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Takes the int(rate n) smallest of the n weights that are left in these layers; of equal ones the
 * first. */
static void take_smallest(struct prune *p, const struct lb_model *m, size_t first, size_t end, double rate)
{
	size_t n = 0;

	for (size_t k = first; k < end; k++)
		for (size_t at = m->net->layer[k].w; at < m->net->layer[k].b; at++)
			if (!p->gone[at] && (m->w[at] < 0 || m->w[at] > 0))
				p->size[n++] = fabs((double)m->w[at]);
	const size_t take = (size_t)(rate * (double)n + 1e-9);
	if (!take)
		return;
	qsort(p->size, n, sizeof *p->size, ascending);
	const double bound = p->size[take - 1];
	size_t equal = 0;
	for (size_t i = 0; i < take; i++)
		equal += p->size[i] < bound ? 0 : 1;
	for (size_t k = first; k < end; k++)
		for (size_t at = m->net->layer[k].w; at < m->net->layer[k].b; at++) {
			const double size = fabs((double)m->w[at]);
			if (p->gone[at] || !(size > 0) || size > bound || (!(size < bound) && !equal))
				continue;
			equal -= size < bound ? 0 : 1;
			p->gone[at] = 1;
		}
}

/* v, laid out like the parameters, <- 0 where weights are gone. */
static void clear_gone(const struct prune *p, const struct lb_model *m, real *v)
{
	for (size_t at = 0; at < m->net->n_params; at++)
		if (p->gone[at])
			v[at] = 0;
}

/* The weights and the optimiser's state into p->back, or back from there. */
static void keep_or_restore(const struct prune *p, struct lb_model *m, bool keep)
{
	for (int i = 0; i <= m->n_opt_states; i++) {
		real *at = i ? m->opt_state[i - 1] : m->w, *back = p->back + (size_t)i * m->n_params;
		memcpy(keep ? back : at, keep ? at : back, m->n_params * sizeof *at);
	}
}

static void prune_epoch(const struct lb_hook *h, struct lb_learner *l, size_t epoch)
{
	struct prune *p = h->state;
	struct lb_model *m = &l->model;
	const size_t layers = m->net->spec.n_layers, every = (size_t)h->par[EVERY].v;

	if (h->par[REWIND].v >= 0 && (double)epoch <= h->par[REWIND].v && (double)epoch >= h->par[REWIND].v)
		keep_or_restore(p, m, true);
	if (!epoch || epoch % every || (double)p->rounds >= h->par[ROUNDS].v)
		return;
	p->rounds++;
	if (h->par[SCOPE].v == 0)
		take_smallest(p, m, 0, layers, h->par[RATE].v);
	for (size_t k = 0; h->par[SCOPE].v != 0 && k < layers; k++)
		take_smallest(p, m, k, k + 1, h->par[RATE].v);
	if (h->par[REWIND].v >= 0)
		keep_or_restore(p, m, false);
	clear_gone(p, m, m->w);
}

/* Whatever other procedures make of the weights: those that are gone are read as 0. */
static void prune_weights(const struct lb_hook *h, const struct lb_learner *l, int64_t step, real *w)
{
	(void)step;
	clear_gone(h->state, &l->model, w);
}

static void prune_back(const struct lb_hook *h, const struct lb_step *s, struct lb_model *m)
{
	(void)s;
	clear_gone(h->state, m, m->g);
}

static void prune_stepped(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	(void)s;
	clear_gone(h->state, m, m->w);
}

static int prune_check(const struct lb_arg *par, struct lb_err *err)
{
	if (par[REWIND].v > par[EVERY].v)
		return lb_fail(err, LB_CONFIG, "rewind: found %g with every %g, allowed: at most every, the epochs before the first round", par[REWIND].v, par[EVERY].v);
	return 0;
}

const struct lb_procedure LB_PROCEDURE(prune) = {
	.base = { .name = "prune", .tasks = LB_EVERY_TASK, .title = "Magnitude pruning in rounds, with the weights rewound if asked for",
		  .cite = "S. Han, J. Pool, J. Tran, W. Dally, Learning both Weights and Connections for Efficient Neural Networks, NIPS 2015; rewinding: J. Frankle, M. Carbin, "
			  "The Lottery Ticket Hypothesis, ICLR 2019, and J. Frankle et al., Linear Mode Connectivity and the Lottery Ticket Hypothesis, ICML 2020",
		  .formula = "before epochs every, 2 every, ..., `rounds` times: of the n weights left the int(r n) smallest in size become and stay 0; then, with rewind k, weights "
			     "and optimiser's state are those after k epochs",
		  .notes = "Biases are not pruned, nor weights that are 0 already. Learning rate and step count go on over a rewind; the metric sparsity tells the share of zeros.",
		  .keywords = "pruning lottery_ticket sparse magnitude imp", .check = prune_check, LB_PARAMS(params) },
	.open = prune_open, .close = prune_close, .epoch = prune_epoch, .weights = prune_weights, .weights_back = prune_back,
	.stepped = prune_stepped,
};
