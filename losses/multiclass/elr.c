#include "losses/support/softmax.h"

#include "core/base/mem.h"

#include <stdlib.h>

enum { LAMBDA, BETA };

static const struct lb_param params[] = {
	[LAMBDA] = { .name = "lambda", .symbol = "lambda", .def = 3, .min = 0, .max = 1e3, .grid = { 1, 3, 7 }, .n_grid = 3,
		     .help = "strength of the pull towards the running target; 0 is cross-entropy" },
	[BETA] = { .name = "beta", .symbol = "b", .def = 0.7, .min = 0.1, .max = 1, .max_open = true, .grid = { 0.5, 0.7, 0.9 },
		   .n_grid = 3, .help = "memory of the running target" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "lambda=0", .other = "ce", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "lambda=1 beta=0.5", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.40546510810816438,
	  .source = "by hand: t = (1/4, 1/4), s = 1/4, log 2 + log(3/4)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.36228175108217887,
	  .source = "mpmath, 30 digits" },
};

/* What moves a target: p clamped to [1e-4, 1 - 1e-4], then divided by `norm` so that it sums to
 * 1. */
static real clamped(real p)
{
	const real least = R(1e-4), most = R(0.9999);

	return p < least ? least : p > most ? most : p;
}

static real norm_of(const real *e, size_t c, real sum)
{
	double norm = 0;

	for (size_t k = 0; k < c; k++)
		norm += (double)clamped(e[k] / sum);
	return (real)norm;
}

static void update_state(const struct lb_batch *in)
{
	const size_t c = in->c;
	real *targets = in->state;               /* (n_rows,c), all 0 before the first visit */
	const real beta = (real)in->par[BETA].v, gain = (real)(1 - in->par[BETA].v);

	for (size_t i = 0; in->row_id && i < in->b; i++) {
		real *e = lb_terms(in, NULL), *t = targets + in->row_id[i] * c;
		const struct lb_softmax s = lb_softmax(in->output.value + i * c, c, (size_t)in->y[i], R(1.0), e);
		const real norm = norm_of(e, c, s.sum);
		for (size_t k = 0; k < c; k++)
			t[k] = beta * t[k] + gain * (clamped(e[k] / s.sum) / norm);
	}
}

/* The target of a row: t, or, when there is none, that of a first visit, (1 - b) times the clamped
 * p. */
struct view {
	const real *t, *e;
	real sum, first;
};

static real target(const struct view *v, size_t k)
{
	return v->t ? v->t[k] : v->first * clamped(v->e[k] / v->sum);
}

/* With m the class of the largest p: t_m - s = sum_k p_k (t_m - t_k) = gap, which loses nothing as
 * p_m nears 1. */
static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const size_t c = in->c;
	const real *targets = in->state;
	const real lambda = (real)in->par[LAMBDA].v;
	real *e = in->terms;
	const struct lb_softmax s = lb_softmax(z, c, (size_t)in->y[i], R(1.0), e);
	const struct view v = { .t = targets && in->row_id ? targets + in->row_id[i] * c : NULL, .e = e, .sum = s.sum,
				.first = (real)(1 - in->par[BETA].v) / norm_of(e, c, s.sum) };
	const real tm = target(&v, s.top);
	double gap = 0;

	for (size_t k = 0; k < c; k++)
		gap += (double)(e[k] / s.sum * (tm - target(&v, k)));
	const real rest = 1 - tm + (real)gap;            /* 1 - s */
	if (g) {
		for (size_t k = 0; k < c; k++)
			g[k] = e[k] / s.sum * (1 - lambda / rest * (target(&v, k) - tm + (real)gap));
		g[s.y] = -s.q - s.p * (lambda / rest) * (target(&v, s.y) - tm + (real)gap);
	}
	return -s.lp + lambda * log(rest);
}

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	(void)par;
	return lb_alloc(stats->n_rows, stats->n_classes * sizeof(real), err);
}

static size_t state_size(const struct lb_arg *par, const struct lb_loss_stats *stats)
{
	(void)par;
	return stats->n_rows * stats->n_classes * sizeof(real);
}

LB_ROW(elr, row)

const struct lb_loss LB_LOSS(multiclass, elr) = {
	.info = {
		.base = {
			.name = "elr",
			.title = "Early-learning regularisation: cross-entropy held to its own early predictions",
			.cite = "S. Liu, J. Niles-Weed, N. Razavian, C. Fernandez-Granda, Early-learning regularization prevents memorization "
				"of noisy labels, NeurIPS 2020, eq. 6",
			.formula = "-log p_y + lambda log(1 - s),  s = sum_k p_k t_k,  t <- b t + (1 - b) p at each visit",
			.notes = "Keeps one target t of C values a training row, 0 at first; a visit moves it by p clamped to "
				 "[1e-4, 1 - 1e-4] and divided by its sum, before the loss is taken. Value and gradient hold t fixed. "
				 "Rows without a target (validation rows, no sample ids) are seen as at their first visit: "
				 "t = (1 - b) p, held fixed in the gradient. Negative values are normal. The paper sets (3, 0.7) for "
				 "CIFAR-10 and (7, 0.9) for CIFAR-100. With t held fixed it is proper and convex only at lambda = 0.",
			.keywords = "early_learning_regularization early_learning_regularisation",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_SMOOTH | LB_SHIFT_INVARIANT,
		.needs = LB_NEEDS_SAMPLE_IDS,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &elr_form,
	.init = init,
	.update_state = update_state,
	.state_size = state_size,
	.free = free,
};
