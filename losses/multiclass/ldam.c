#include "losses/support/class_counts.h"

enum { MAX_M, S };

static const struct lb_param params[] = {
	[MAX_M] = { .name = "max_m", .symbol = "m", .def = 0.5, .min = 0, .max = 10, .grid = { 0.1, 0.3, 0.5, 0.8 },
			 .n_grid = 4, .help = "margin of the class with the fewest rows; 0 is cross-entropy at temperature 1/s" },
	[S] = { .name = "s", .symbol = "s", .def = 30, .min = 0.01, .max = 100, .log_scale = true, .grid = { 1, 10, 30 },
		    .n_grid = 3, .help = "factor of the scores, which the paper takes to be cosines; the gradient holds it" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "max_m=0 s=1", .other = "ce", .other_set = "" },
	{ .set = "max_m=0 s=2", .other = "ce", .other_set = "temperature=0.5" },
};

static const struct lb_example examples[] = {
	{ .set = "max_m=1 s=1", .b = 2, .c = 2, .z = { 0, 0, 0, 0 }, .y = { 0, 1 }, .value = 1.3132616875182228,
	  .source = "by hand: equal counts, both margins 1, log(1 + e)" },
	{ .set = "s=2", .b = 3, .c = 2, .z = { 1, 0, 0.2, -0.3, 0.5, 0.1 }, .y = { 0, 0, 1 }, .value = 0.94754424598472393,
	  .source = "mpmath, 30 digits: counts (2, 1), margins 0.42 and 0.5" },
	{ .set = "", .b = 4, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8, 0.5, 0, -0.7, 0.1, 0.6, -0.2 },
	  .y = { 0, 1, 0, 0 }, .value = 14.106107566528350, .source = "mpmath, 30 digits: counts (3, 1, 0)" },
};

/* m (n_y / n_min)^(-1/4), n_min the smallest count of a class that has rows. */
static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	double *table = lb_class_table(stats, err), least = HUGE_VAL;

	for (size_t k = 0; k < stats->n_classes; k++)
		least = stats->counts[k] > 0 && stats->counts[k] < least ? stats->counts[k] : least;
	for (size_t k = 0; table && k < stats->n_classes; k++)
		table[k] = par[MAX_M].v * (stats->counts[k] > 0 ? sqrt(sqrt(least / stats->counts[k])) : 1);
	return table;
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const size_t y = (size_t)in->y[i];
	const double *margins = in->state;
	real *e = lb_terms(in, g);

	for (size_t k = 0; k < in->c; k++)
		e[k] = 0;
	e[y] = (real)-margins[y];
	return lb_offset_row(in, i, z, g, (real)in->par[S].v);
}

LB_ROW(ldam, row)

const struct lb_loss LB_LOSS(multiclass, ldam) = {
	.info = {
		.base = {
			.name = "ldam",
			.title = "Label-distribution-aware margin loss: cross-entropy with larger margins for rarer classes",
			.cite = "K. Cao, C. Wei, A. Gaidon, N. Arechiga, T. Ma, Learning imbalanced datasets with label-distribution-aware "
				"margin loss, NeurIPS 2019",
			.formula = "-log softmax(s (z - m_y e))_y,  m_c = m (n_c / n_min)^(-1/4)",
			.notes = "n_c are the counts of the training rows, after corruption, n_min the smallest of them. A class without "
				 "training rows is left out of n_min and has margin m. The authors' last layer has features and weights "
				 "of length 1, so that z are cosines; with free scores a margin of 1/2 at s = 30 is soon reached, and "
				 "a smaller s is worth trying. Their deferred re-weighting is a schedule, not part of the loss. "
				 "Not calibrated: the margins move the decision.",
			.keywords = "ldam_drw margin long_tail imbalance large_margin_softmax",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "class imbalance",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		.needs = LB_NEEDS_CLASS_COUNTS,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &ldam_form,
	.init = init,
	.free = free,
};
