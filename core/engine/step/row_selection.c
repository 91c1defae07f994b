#include "core/engine/step/procedure.h"
#include "core/engine/step/row_ranking.h"

#include "core/base/mem.h"

#include <stdlib.h>

enum { SHARE };

/* The state is room for the ranking of a batch. */
static void *ranking_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	(void)l, (void)par;
	return lb_alloc(c->batch, sizeof(struct lb_ranked), err);
}

static const struct lb_param small_params[] = {
	[SHARE] = { .name = "keep", .symbol = "k", .type = LB_REAL_PARAM, .def = 0.8, .min = 0, .max = 1, .min_open = true,
		    .grid = { 0.4, 0.6, 0.8, 0.9 }, .n_grid = 4, .help = "share of each batch that is learned from; 1: plain training" },
};

static void small_weigh(const struct lb_hook *h, struct lb_step *s, const real *row_loss, real *weight)
{
	const size_t b = s->batch->b;

	lb_rank_rows(row_loss, b, h->state);
	lb_keep_smallest(h->state, b, lb_rows_of_share(h->par[SHARE].v, b), weight);
}

const struct lb_procedure LB_PROCEDURE(small_loss) = {
	.base = { .name = "small_loss", .tasks = LB_ROW_TASKS, .title = "The rows of the smallest losses alone",
		  .cite = "Y. Shen, S. Sanghavi, Learning with bad training data via iterative trimmed loss minimization, ICML 2019, batch by batch",
		  .formula = "mean over the int(k B) rows of a batch, at least one, whose loss is smallest",
		  .notes = "Of rows with equal losses the first is taken. Row and class weights weigh the rows that are kept, and do not change which are.",
		  .keywords = "trimmed_loss noisy_labels", LB_PARAMS(small_params) },
	.open = ranking_open, .close = free, .weigh = small_weigh,
};

static const struct lb_param cvar_params[] = {
	[SHARE] = { .name = "share", .symbol = "a", .type = LB_REAL_PARAM, .def = 0.5, .min = 0, .max = 1, .min_open = true,
		    .grid = { 0.1, 0.25, 0.5, 0.75 }, .n_grid = 4, .help = "share of each batch that counts; 1: plain training" },
};

/* The floor(a B) largest losses have weight 1 / a, the next what is left of the mass B. */
static void cvar_weigh(const struct lb_hook *h, struct lb_step *s, const real *row_loss, real *weight)
{
	struct lb_ranked *ranked = h->state;
	const size_t b = s->batch->b;
	const double rows = h->par[SHARE].v * (double)b;
	double left = (double)b;

	lb_rank_rows(row_loss, b, ranked);
	for (size_t i = b; i-- > 0;) {
		const double mass = fmin((double)b / rows, left);
		weight[ranked[i].row] *= (real)mass;
		left -= mass;
	}
}

const struct lb_procedure LB_PROCEDURE(cvar) = {
	.base = { .name = "cvar", .tasks = LB_ROW_TASKS, .title = "Conditional value at risk: the mean of the largest losses",
		  .cite = "R. T. Rockafellar, S. Uryasev, Optimization of conditional value-at-risk, Journal of Risk 2, 2000; batch by batch as D. Levy et "
			  "al., Large-scale methods for distributionally robust optimization, NeurIPS 2020",
		  .formula = "min over t of t + mean [l_i - t]+ / a: the mean of the a B largest losses of a batch, the last of them in part",
		  .notes = "a up to 1/B: the largest loss alone. The choice is held fixed in the gradient. Row and class weights weigh the rows that count, "
			   "and do not change which do.",
		  .keywords = "superquantile worst_case dro", LB_PARAMS(cvar_params) },
	.open = ranking_open, .close = free, .weigh = cvar_weigh,
};
