/* One family of robust losses, by its shape alpha. */
#include "core/base/mem.h"
#include "losses/support/barron.h"

#include <stdlib.h>

enum { ALPHA, SCALE };

#define C_PARAM                                                                                                                 \
	{ .name = "c", .symbol = "c", .def = 1, .min = 1e-6, .max = 1e6, .log_scale = true, .grid = { 0.1, 1, 10 }, .n_grid = 3,  \
	  .help = "residual up to which the loss is nearly squared" }

static const struct lb_param params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "alpha", .def = 1, .min = -1e6, .max = 10, .grid = { -2, 0, 1, 2 }, .n_grid = 4,
		    .help = "shape: 2 squared, 1 pseudo-Huber, 0 Cauchy, -2 Geman-McClure, far below 0 Welsch" },
	[SCALE] = C_PARAM,
};
static const struct lb_param density_params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "alpha", .def = 1, .min = 0, .max = 2, .grid = { 0, 0.5, 1, 2 }, .n_grid = 4,
		    .help = "shape: 2 normal, 0 Cauchy; below 0 the density has no finite mass" },
	[SCALE] = C_PARAM,
};

LB_ENTRIES_FUNCTION(barron)
{
	struct lb_barron_parts parts;

	lb_barron_entries(in->par[ALPHA].v, in->par[SCALE].v, n, z, t, loss, slope, &parts);
}
LB_RESIDUAL(barron)

static const struct lb_same_as same_as[] = {
	{ .set = "alpha=2 c=1", .other = "mse", .other_set = "half=true" },
	{ .set = "alpha=1 c=1", .other = "pseudo_huber", .other_set = "delta=1" },
};
static const struct lb_example examples[] = {
	{ .set = "alpha=0", .b = 1, .c = 1, .z = { 2 }, .t = { 0 }, .value = 1.0986122886681098, .source = "by hand: log 3" },
	{ .set = "alpha=-2 c=2", .b = 1, .c = 1, .z = { 0 }, .t = { 4 }, .value = 1, .source = "by hand: v = 4, 2 v / (v + 4)" },
	{ .set = "alpha=1.5 c=0.5", .b = 1, .c = 2, .z = { 1, -0.25 }, .t = { 0, 0.5 }, .value = 1.1312700923662496, .source = "mpmath, 30 digits" },
};

const struct lb_loss LB_LOSS(regression, barron) = {
	.info = {
		.base = {
			.name = "barron",
			.title = "Barron's general robust loss: one shape from squared to redescending",
			.cite = "J. T. Barron, A general and adaptive robust loss function, CVPR 2019, eq. 8",
			.formula = "(1/T) sum_k (b / alpha) ((v_k / b + 1)^(alpha/2) - 1),  v = ((z - t) / c)^2,  b = |alpha - 2|",
			.notes = "The mean over the T targets of a row. At alpha 2 and 0 its limits v/2 and log(1 + v/2); as alpha goes to minus infinity it "
				 "becomes 1 - exp(-v/2), welsch up to constants. Convex for alpha >= 1. barron_nll is the loss with its normalising "
				 "constant.",
			.keywords = "general_adaptive_robust robust_loss charbonnier cauchy geman_mcclure welsch",
			LB_PARAMS(params),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		.exceptions = LB_OVERFLOWS,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &barron_form,
};

/* ---- barron_nll ---- */

/* What the loss adds to rho: log c + log Z. */
static void *density_init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	double *constant = lb_alloc(1, sizeof *constant, err);

	(void)stats;
	if (constant)
		*constant = log(par[SCALE].v) + log(lb_barron_mass(par[ALPHA].v));
	return constant;
}

LB_ENTRIES_FUNCTION(barron_nll)
{
	const real constant = (real)*(const double *)in->state;

	LB_ENTRIES_OF(barron)(in, n, z, t, loss, slope);
	for (size_t i = 0; i < n; i++)
		loss[i] += constant;
}
LB_RESIDUAL(barron_nll)

static const struct lb_same_as density_same[] = {
	{ .set = "alpha=0 c=1", .other = "barron", .other_set = "alpha=0 c=1", .shift = 1.4913034761293728 },
};
static const struct lb_example density_examples[] = {
	{ .set = "alpha=2", .b = 1, .c = 1, .z = { 1 }, .t = { 0 }, .value = 1.4189385332046727, .source = "scipy.stats.norm.logpdf" },
	{ .set = "alpha=0 c=2", .b = 1, .c = 1, .z = { 3 }, .t = { 0 }, .value = 2.9382224590656983, .source = "by hand: log(1 + 9/8) + log 2 + log(pi sqrt 2)" },
	{ .set = "alpha=1 c=1", .b = 1, .c = 1, .z = { 0 }, .t = { 0 }, .value = 1.1854952323491930, .source = "mpmath: log(2 e K_1(1))" },
};

const struct lb_loss LB_LOSS(regression, barron_nll) = {
	.info = {
		.base = {
			.name = "barron_nll",
			.title = "Barron's loss as minus a log density",
			.cite = "J. T. Barron, A general and adaptive robust loss function, CVPR 2019, eq. 16",
			.formula = "(1/T) sum_k (rho(e_k, alpha, c) + log c + log Z(alpha)),  Z(alpha) = integral of exp(-rho(x, alpha, 1)) dx",
			.notes = "The mean over the T targets of a row; the gradient is that of barron. Values of different alpha and c can be compared. Z "
				 "is integrated once a run, to 1e-12. alpha and c are those of the config; barron_adaptive trains them.",
			.keywords = "general_adaptive_robust log_likelihood",
			LB_PARAMS(density_params),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_SMOOTH,
		LB_SAME_AS(density_same),
		LB_EXAMPLES(density_examples),
	},
	.form = &barron_nll_form,
	.init = density_init,
	.free = free,
};
