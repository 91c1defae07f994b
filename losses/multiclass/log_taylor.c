#include "losses/support/spherical.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 0, 0, 0 }, .y = { 0 }, .value = 1.0986122886681098, .source = "by hand: log(3/1)" },
	{ .set = "", .b = 1, .c = 2, .z = { 0, 2 }, .y = { 0 }, .value = 1.7917594692280550, .source = "by hand: log((1 + 5)/1)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.81692343443810460,
	  .source = "mpmath, 30 digits" },
};

/* 1 + z + z^2/2 = ((1 + z)^2 + 1) / 2: the halves cancel. */
static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_spherical_row(in, i, z, g, 1, 1);
}

static double spherical(const struct lb_arg *par, double classes, const struct lb_spherical *at, struct lb_spherical *slope)
{
	const double all = classes + at->sum + at->squares / 2, own = 1 + at->own + at->own * at->own / 2;

	(void)par;
	if (slope)
		*slope = (struct lb_spherical){ .own = -(1 + at->own) / own, .sum = 1 / all, .squares = 1 / (2 * all) };
	return log(all) - log(own);
}

LB_ROW(log_taylor, row)

const struct lb_loss LB_LOSS(multiclass, log_taylor) = {
	.info = {
		.base = {
			.name = "log_taylor",
			.title = "Log of the Taylor softmax: the exponential's series to second order",
			.cite = "A. de Brebisson, P. Vincent, An exploration of softmax alternatives belonging to the spherical loss family, "
				"ICLR 2016",
			.formula = "-log(T(z_y) / sum_k T(z_k)),  T(x) = 1 + x + x^2/2",
			.notes = "It is log_spherical with eps = 1 at the scores z + 1. Symmetric about -1: the class of a score far below "
				 "-1 is as likely as that of one far above, so the class of the largest score need not be the likeliest "
				 "(not calibrated). Another loss than taylor_ce, which expands the logarithm.",
			.keywords = "taylor_softmax spherical_loss softmax_alternative",
		},
		.kind = LB_MULTICLASS,
		.spherical = spherical,
		.good_for = "very many classes",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		LB_EXAMPLES(examples),
	},
	.form = &log_taylor_form,
};
