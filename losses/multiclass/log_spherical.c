#include "losses/support/spherical.h"

enum { EPS };

static const struct lb_param params[] = {
	[EPS] = { .name = "eps", .symbol = "eps", .def = 1e-3, .min = 1e-8, .max = 1e3, .log_scale = true, .grid = { 1e-3, 0.01, 0.1, 1 },
		  .n_grid = 4, .help = "added to every squared score; keeps the value finite at score 0" },
};

static const struct lb_example examples[] = {
	{ .set = "eps=1", .b = 1, .c = 3, .z = { 0, 0, 0 }, .y = { 0 }, .value = 1.0986122886681098, .source = "by hand: log(3/1)" },
	{ .set = "eps=1", .b = 1, .c = 2, .z = { 1, 2 }, .y = { 0 }, .value = 1.2527629684953680, .source = "by hand: log(7/2)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 1.6013576913276965,
	  .source = "mpmath, 30 digits" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_spherical_row(in, i, z, g, 0, in->par[EPS].v);
}

static double spherical(const struct lb_arg *par, double classes, const struct lb_spherical *at, struct lb_spherical *slope)
{
	const double eps = par[EPS].v, all = at->squares + classes * eps, own = at->own * at->own + eps;

	if (slope)
		*slope = (struct lb_spherical){ .own = -2 * at->own / own, .squares = 1 / all };
	return log(all) - log(own);
}

LB_ROW(log_spherical, row)

const struct lb_loss LB_LOSS(multiclass, log_spherical) = {
	.info = {
		.base = {
			.name = "log_spherical",
			.title = "Log of the spherical softmax: squares in place of exponentials",
			.cite = "A. de Brebisson, P. Vincent, An exploration of softmax alternatives belonging to the spherical loss family, "
				"ICLR 2016",
			.formula = "-log((z_y^2 + eps) / sum_k (z_k^2 + eps))",
			.notes = "Blind to the signs of the scores: the class of a large negative score is as likely as that of a positive "
				 "one, so the class of the largest score need not be the likeliest (not calibrated), and the slope of the "
				 "label's score is 0 at 0. eps = 0 is infinite at z_y = 0 and not offered.",
			.keywords = "spherical_softmax spherical_loss softmax_alternative",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.spherical = spherical,
		.good_for = "very many classes",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		LB_EXAMPLES(examples),
	},
	.form = &log_spherical_form,
};
