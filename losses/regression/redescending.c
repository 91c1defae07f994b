/* Losses whose slope falls again with the size of the error: M-estimators that reject outliers. */
#include "losses/support/residual.h"

#define C(value, text)                                                                                                          \
	{ .name = "c", .symbol = "c", .def = (value), .min = 1e-6, .max = 1e6, .log_scale = true, .grid = { 0.5, value, 10 }, .n_grid = 3, \
	  .help = text }

static const struct lb_param tukey_params[] = { C(4.685, "residual from which the loss is constant") };
static const struct lb_param cauchy_params[] = { C(2.385, "residual of the largest slope") };
static const struct lb_param welsch_params[] = { C(2.985, "width: beyond it the slope falls off fast") };
static const struct lb_param geman_params[] = { C(1, "width: the largest slope is at c / sqrt(3)") };

enum { SIGMA, NORMALISED };
static const struct lb_param entropy_params[] = {
	[SIGMA] = { .name = "sigma", .symbol = "s", .def = 1, .min = 1e-6, .max = 1e6, .log_scale = true, .grid = { 0.5, 1, 3 }, .n_grid = 3,
		    .help = "width of the Gaussian kernel" },
	[NORMALISED] = { .name = "normalised", .type = LB_BOOL_PARAM, .def = 0, .grid = { 0, 1 }, .n_grid = 2,
			 .help = "divided by its value at residual 1, so that this is 1" },
};

#define SCALED "The mean over the T targets of a row. The usual c presupposes residuals of unit scale. "

/* ---- tukey ---- */

/* c^2/6 (1 - (1 - v)^3) = e^2/6 (3 - 3 v + v^2), v = (e / c)^2 */
LB_ENTRIES_FUNCTION(tukey)
{
	const real c = (real)in->par[0].v, limit = c * c / 6;

	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i], q = e / c, v = q * q, rest = 1 - v;
		const bool far = v >= 1;
		loss[i] = far ? limit : e * e / 6 * (3 - 3 * v + v * v);
		slope[i] = far ? R(0.0) : e * rest * rest;
	}
}
LB_RESIDUAL(tukey)

static const struct lb_example tukey_examples[] = {
	{ .set = "c=2", .b = 1, .c = 2, .z = { 1, 7 }, .t = { 0, 0 }, .value = 0.52604166666666663, .source = "by hand: ((4/6) (1 - 27/64) + 4/6) / 2" },
};

const struct lb_loss LB_LOSS(regression, tukey) = {
	.info = {
		.base = {
			.name = "tukey",
			.title = "Tukey's biweight: constant beyond c, so that far outliers have no say",
			.cite = "A. E. Beaton, J. W. Tukey, The fitting of power series, meaning polynomials, illustrated on band-spectroscopic data, "
				"Technometrics 16(2), 1974",
			.formula = "(1/T) sum_k h(e_k),  e = z - t,  h(e) = c^2/6 (1 - (1 - (e/c)^2)^3) if |e| < c, else c^2/6",
			.notes = SCALED "c 4.685 keeps 95 % efficiency for normal residuals. Not convex: a training that begins far away from its targets has "
				"no gradient.",
			.keywords = "biweight bisquare robust redescending",
			LB_PARAMS(tukey_params),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		LB_EXAMPLES(tukey_examples),
	},
	.form = &tukey_form,
};

/* ---- cauchy ---- */

LB_ENTRIES_FUNCTION(cauchy)
{
	const real c = (real)in->par[0].v;

	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i], q = e / c;
		loss[i] = q * q;
		slope[i] = e / (1 + q * q);
	}
	lb_kernel()->log1p_all(n, loss, loss);
	for (size_t i = 0; i < n; i++)
		loss[i] *= c * c / 2;
}
LB_RESIDUAL(cauchy)

static const struct lb_same_as cauchy_same[] = {
	{ .set = "c=2", .other = "barron", .other_set = "alpha=0 c=1.4142135623730951", .scale = 2 },
};
static const struct lb_example cauchy_examples[] = {
	{ .set = "c=2", .b = 1, .c = 1, .z = { 2 }, .t = { 0 }, .value = 1.3862943611198906, .source = "by hand: 2 log 2" },
};

const struct lb_loss LB_LOSS(regression, cauchy) = {
	.info = {
		.base = {
			.name = "cauchy",
			.title = "Cauchy loss (Lorentzian): the logarithm of the squared error",
			.cite = "M. J. Black, P. Anandan, The robust estimation of multiple motions, Computer Vision and Image Understanding 63(1), 1996",
			.formula = "(1/T) sum_k c^2/2 log(1 + (e_k / c)^2),  e = z - t",
			.notes = SCALED "c 2.385 keeps 95 % efficiency for normal residuals. Up to a factor and a constant minus the log density of a "
				"Cauchy distribution: student_t_nll with nu = 1. Not convex.",
			.keywords = "lorentzian robust redescending log_student",
			LB_PARAMS(cauchy_params),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		LB_SAME_AS(cauchy_same),
		LB_EXAMPLES(cauchy_examples),
	},
	.form = &cauchy_form,
};

/* ---- welsch, correntropy ---- */

/* loss <- -factor expm1(-x), slope <- lift e exp(-x), of x = (e * per)^2 */
static inline void by_gaussian(size_t n, const real *z, const real *t, real per, real factor, real lift, real *loss, real *slope)
{
	for (size_t i = 0; i < n; i++) {
		const real q = (z[i] - t[i]) * per;
		loss[i] = -(q * q);
	}
	lb_kernel()->exp_terms(loss, n, 0, 1, n, slope);
	lb_kernel()->expm1_all(n, loss, loss);
	for (size_t i = 0; i < n; i++) {
		slope[i] *= lift * (z[i] - t[i]);
		loss[i] *= -factor;
	}
}

LB_ENTRIES_FUNCTION(welsch)
{
	const real c = (real)in->par[0].v;

	by_gaussian(n, z, t, 1 / c, c * c / 2, 1, loss, slope);
}
LB_RESIDUAL(welsch)

static const struct lb_same_as welsch_same[] = {
	{ .set = "c=2", .other = "correntropy", .other_set = "sigma=1.4142135623730951", .scale = 2 },
};
static const struct lb_example welsch_examples[] = {
	{ .set = "c=2", .b = 1, .c = 2, .z = { 2, 0 }, .t = { 0, 0 }, .value = 0.63212055882855768, .source = "by hand: (2 (1 - exp(-1)) + 0) / 2" },
};

const struct lb_loss LB_LOSS(regression, welsch) = {
	.info = {
		.base = {
			.name = "welsch",
			.title = "Welsch loss (Leclerc): one minus a Gaussian of the error",
			.cite = "J. E. Dennis, R. E. Welsch, Techniques for nonlinear least squares and robust regression, Communications in Statistics B "
				"7(4), 1978",
			.formula = "(1/T) sum_k c^2/2 (1 - exp(-(e_k / c)^2)),  e = z - t",
			.notes = SCALED "c 2.985 keeps 95 % efficiency for normal residuals. Not convex. correntropy is the same curve with other constants.",
			.keywords = "leclerc robust redescending",
			LB_PARAMS(welsch_params),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		LB_SAME_AS(welsch_same),
		LB_EXAMPLES(welsch_examples),
	},
	.form = &welsch_form,
};

LB_ENTRIES_FUNCTION(correntropy)
{
	const double s = in->par[SIGMA].v, factor = in->par[NORMALISED].v > 0 ? -1 / expm1(-1 / (2 * s * s)) : 1;

	by_gaussian(n, z, t, (real)(1 / (s * sqrt(2.0))), (real)factor, (real)(factor / (s * s)), loss, slope);
}
LB_RESIDUAL(correntropy)

static const struct lb_example correntropy_examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 1 }, .t = { 0 }, .value = 0.39346934028736658, .source = "by hand: 1 - exp(-1/2)" },
	{ .set = "normalised=true", .b = 1, .c = 1, .z = { 1 }, .t = { 2 }, .value = 1, .source = "by hand" },
};

const struct lb_loss LB_LOSS(regression, correntropy) = {
	.info = {
		.base = {
			.name = "correntropy",
			.title = "Correntropy-induced loss: one minus a Gaussian kernel of the error",
			.cite = "W. Liu, P. P. Pokharel, J. C. Principe, Correntropy: properties and applications in non-Gaussian signal processing, IEEE "
				"Transactions on Signal Processing 55(11), 2007",
			.formula = "(1/T) sum_k (1 - exp(-e_k^2 / (2 s^2))),  e = z - t",
			.notes = "The mean over the T targets of a row. Between 0 and 1. normalised divides by 1 - exp(-1 / (2 s^2)), as the C-loss does. "
				 "Not convex.",
			.keywords = "c_loss mcc maximum_correntropy welsch robust",
			LB_PARAMS(entropy_params),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		LB_EXAMPLES(correntropy_examples),
	},
	.form = &correntropy_form,
};

/* ---- geman_mcclure ---- */

LB_ENTRIES_FUNCTION(geman_mcclure)
{
	const real c = (real)in->par[0].v;

	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i], q = e / c, per = 1 / (1 + q * q);
		loss[i] = e * (e * per) / 2;
		slope[i] = e * per * per;
	}
}
LB_RESIDUAL(geman_mcclure)

static const struct lb_same_as geman_same[] = {
	{ .set = "c=2", .other = "barron", .other_set = "alpha=-2 c=1" },
};
static const struct lb_example geman_examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 1 }, .t = { 0 }, .value = 0.25, .source = "by hand: (1/2) / (1 + 1)" },
	{ .set = "c=2", .b = 1, .c = 1, .z = { -2 }, .t = { 2 }, .value = 1.6, .source = "by hand: (16/2) / (1 + 4)" },
};

const struct lb_loss LB_LOSS(regression, geman_mcclure) = {
	.info = {
		.base = {
			.name = "geman_mcclure",
			.title = "Geman-McClure loss: squared error divided by one plus itself",
			.cite = "S. Geman, D. E. McClure, Bayesian image analysis: an application to single photon emission tomography, Proceedings of the "
				"Statistical Computing Section, American Statistical Association, 1985",
			.formula = "(1/T) sum_k (e_k^2 / 2) / (1 + (e_k / c)^2),  e = z - t",
			.notes = "The mean over the T targets of a row. Near 0 it is e^2 / 2; it never exceeds c^2 / 2. Not convex.",
			.keywords = "geman robust redescending",
			LB_PARAMS(geman_params),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		LB_SAME_AS(geman_same),
		LB_EXAMPLES(geman_examples),
	},
	.form = &geman_mcclure_form,
};
