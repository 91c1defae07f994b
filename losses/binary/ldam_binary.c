#include "losses/support/class_prior.h"

enum { MAX_M, S };

static const struct lb_param params[] = {
	[MAX_M] = { .name = "max_m", .symbol = "m", .def = 0.5, .min = 0, .max = 10, .grid = { 0.1, 0.3, 0.5, 0.8 }, .n_grid = 4,
		    .help = "margin of the class with fewer rows" },
	[S] = { .name = "s", .symbol = "s_0", .def = 30, .min = 0.01, .max = 100, .log_scale = true, .grid = { 1, 10, 30 }, .n_grid = 3,
		.help = "factor of the score; 1 for scores that are not normalised" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "max_m=0 s=1", .other = "logistic", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "max_m=1 s=1", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 1.3132616875182228,
	  .source = "by hand: equal counts, both margins 1, log(1 + e)" },
	{ .set = "s=1", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.77224042008355272,
	  .source = "mpmath, 30 digits" },
};

/* d_0 and d_1 */
static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	const double *n = stats->counts, least = n[0] > 0 && (n[0] < n[1] || !(n[1] > 0)) ? n[0] : n[1];
	double *margin = lb_alloc(2, sizeof *margin, err);

	for (size_t k = 0; margin && k < 2; k++)
		margin[k] = par[MAX_M].v * (n[k] > 0 ? sqrt(sqrt(least / n[k])) : 1);
	return margin;
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const double *margin = in->state, scale = in->par[S].v;
	struct lb_margin m = lb_logistic((real)(scale * ((double)lb_margin_of(in, i, z) - margin[in->y[i]])));

	m.slope *= (real)scale;
	return lb_margin_row(&m, in->y[i], R(1.0), g);
}

LB_ROW(ldam_binary, row)

const struct lb_loss LB_LOSS(binary, ldam_binary) = {
	.info = {
		.base = {
			.name = "ldam_binary",
			.title = "Label-distribution-aware margin loss of one score",
			.cite = "K. Cao, C. Wei, A. Gaidon, N. Arechiga, T. Ma, Learning imbalanced datasets with "
				"label-distribution-aware margin loss, NeurIPS 2019",
			.formula = "log(1 + exp(-s_0 (s - d_y))),  d_y = m (n_y / n_min)^(-1/4)",
			.notes = "The form for one score of the paper's softmax loss, derived for the score difference. n_y "
				 "are the counts of the training rows, n_min the smaller one; a class without rows is left "
				 "out of n_min and has margin m. s_0 = 30 suits scores that are cosines, 1 free scores. The "
				 "gradient holds the factor s_0. Not calibrated: the margins move the decision.",
			.keywords = "ldam_drw margin long_tail imbalance",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "class imbalance",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.needs = LB_NEEDS_CLASS_COUNTS,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &ldam_binary_form,
	.init = init,
	.free = free,
};
