#include "losses/support/class_prior.h"

enum { BETA };

static const struct lb_param params[] = {
	[BETA] = { .name = "beta", .symbol = "b", .def = 1, .min = 0.01, .max = 100, .log_scale = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		   .help = "weight of recall against precision in F-beta" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.54930614433405485,
	  .source = "by hand: c = 1, (log 2 + log(3/2)) / 2" },
	{ .set = "beta=2", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.98869020623679392,
	  .source = "mpmath, 30 digits" },
};

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	return lb_number(par[BETA].v * par[BETA].v * lb_odds(stats), err);
}

/* c + p = 1 + (c - (1 - p)) */
static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const double c = *(const double *)in->state;
	const real u = exp(-fabs(z[0]));
	const double p = (double)lb_sigmoid(z[0], u), rest = (double)lb_sigmoid(-z[0], u), over = c - rest;

	if (in->y[i]) {
		const struct lb_margin m = lb_logistic(z[0]);
		return lb_margin_row(&m, 1, R(1.0), g);
	}
	if (g)
		g[0] = (real)(p * rest / (c + p));
	return (real)(over > -0.5 ? log1p(over) : log(c + p));
}

LB_ROW(fbeta_surrogate_lee, row)

const struct lb_loss LB_LOSS(binary, fbeta_surrogate_lee) = {
	.info = {
		.base = {
			.name = "fbeta_surrogate_lee",
			.title = "Surrogate of F-beta that is a mean over rows",
			.cite = "N. Lee, H. Yang, H. Yoo, A surrogate loss function for optimization of F_beta score in "
				"binary classification with imbalanced data, arXiv 2104.01459, 2021",
			.formula = "log(1 + exp(-z)) for y = 1;  log(c + p) for y = 0,  c = b^2 n_1 / n_0",
			.notes = "The form was checked against two implementations by others. n_y are the counts of the training "
				 "rows, after corruption; a class without rows counts as one row. Negative values are normal: "
				 "log(c + p) < 0 where c + p < 1. Not convex.",
			.keywords = "f1 f_measure f_score surrogate",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "F-beta",
		.properties = LB_SMOOTH,
		.needs = LB_NEEDS_CLASS_COUNTS,
		LB_EXAMPLES(examples),
	},
	.form = &fbeta_surrogate_lee_form,
	.init = init,
	.free = free,
};
