#include "losses/support/residual.h"

enum { NU, SCALE };

static const struct lb_param params[] = {
	[NU] = { .name = "nu", .symbol = "nu", .def = 3, .min = 1e-3, .max = 1e6, .log_scale = true, .grid = { 1, 3, 10 }, .n_grid = 3,
		 .help = "degrees of freedom: the smaller, the heavier the tails" },
	[SCALE] = { .name = "scale", .symbol = "c", .def = 1, .min = 1e-6, .max = 1e6, .log_scale = true, .grid = { 0.1, 1, 10 }, .n_grid = 3,
		    .help = "scale of the distribution, in units of the target" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "nu=1 scale=2", .other = "cauchy", .other_set = "c=2", .scale = 0.5, .shift = 1.8378770664093453 },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 1 }, .t = { 0 }, .value = 1.5762529945270713, .source = "scipy.stats.t.logpdf" },
	{ .set = "nu=5 scale=2", .b = 1, .c = 2, .z = { 3, -1 }, .t = { 0, 0.5 }, .value = 2.379026706850781, .source = "scipy.stats.t.logpdf" },
};

LB_ENTRIES_FUNCTION(student_t_nll)
{
	const double nu = in->par[NU].v, c = in->par[SCALE].v;
	int sign;
	const real constant = (real)(lgamma_r(nu / 2, &sign) - lgamma_r((nu + 1) / 2, &sign) + log(nu * 3.14159265358979323846) / 2 + log(c));
	const real per = (real)(1 / (c * sqrt(nu))), half = (real)((nu + 1) / 2), lift = (real)((nu + 1) / (nu * c * c));

	for (size_t i = 0; i < n; i++) {
		const real q = (z[i] - t[i]) * per;
		loss[i] = q * q;
		slope[i] = lift * (z[i] - t[i]) / (1 + loss[i]);
	}
	lb_kernel()->log1p_all(n, loss, loss);
	for (size_t i = 0; i < n; i++)
		loss[i] = half * loss[i] + constant;
}

LB_RESIDUAL(student_t_nll)

const struct lb_loss LB_LOSS(regression, student_t_nll) = {
	.info = {
		.base = {
			.name = "student_t_nll",
			.title = "Student t negative log-likelihood of given degrees of freedom",
			.cite = "K. L. Lange, R. J. A. Little, J. M. G. Taylor, Robust statistical modeling using the t distribution, JASA 84(408), 1989",
			.formula = "(1/T) sum_k ((nu + 1)/2 log(1 + (e_k / c)^2 / nu) + log c + log B(nu)),  e = z - t,  B = sqrt(nu pi) Gamma(nu/2) / "
				   "Gamma((nu + 1)/2)",
			.notes = "The mean over the T targets of a row; minus the log density, its constant included. Not convex.",
			.keywords = "student t_likelihood heavy_tails robust log_likelihood",
			LB_PARAMS(params),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_SMOOTH,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &student_t_nll_form,
};
