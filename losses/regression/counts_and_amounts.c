/* Further losses with a log link, each of a parameter: Tweedie's family, the negative binomial,
 * and the squared error of logs. */
#include "losses/support/link.h"

#include "core/base/mem.h"

#include <stdlib.h>

/* ---- tweedie ---- */

static const struct lb_param power[] = {
	{ .name = "power", .symbol = "q", .def = 1.5, .min = 1, .max = 2, .min_open = true, .max_open = true, .grid = { 1.1, 1.5, 1.9 },
	  .n_grid = 3, .help = "the variance grows with the mean to this power: near 1 counts, near 2 amounts" },
};

/* exp(a z), exp(b z) of a = 2 - q > 0 > b = 1 - q; a target of 0 has no part of the second. */
LB_ENTRIES_FUNCTION(tweedie)
{
	const real a = (real)(2 - in->par[0].v), b = (real)(1 - in->par[0].v), per_a = (real)(1 / (2 - in->par[0].v)),
		   per_b = (real)(1 / (1 - in->par[0].v));

	lb_kernel()->exp_terms(z, n, 0, a, n, slope);
	lb_kernel()->exp_terms(z, n, 0, b, n, loss);
	for (size_t i = 0; i < n; i++) {
		const real of_target = t[i] > 0 ? t[i] * loss[i] : 0 * t[i];
		loss[i] = slope[i] * per_a - of_target * per_b;
		slope[i] -= of_target;
	}
}
LB_RESIDUAL(tweedie)

static const struct lb_example tweedie_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .t = { 0, 3 }, .value = 5, .source = "by hand: (2 + 2 + 3 * 2) / 2" },
};

const struct lb_loss LB_LOSS(regression, tweedie) = {
	.info = {
		.base = {
			.name = "tweedie",
			.title = "Tweedie negative log-likelihood (compound Poisson-gamma), with a log link",
			.cite = "B. Jorgensen, Exponential dispersion models, Journal of the Royal Statistical Society B 49(2), 1987",
			.formula = "(1/T) sum_k (exp((2 - q) z_k) / (2 - q) - t_k exp((1 - q) z_k) / (1 - q))",
			.notes = LB_LINKED "For amounts that are often exactly 0, such as claims and rain. Without the terms that do not depend on the model; its "
				"minima are those of tweedie_deviance. LightGBM's and XGBoost's objective, with power as tweedie_variance_power.",
			.keywords = "claims insurance zero_inflated compound_poisson tweedieregressor glm",
			LB_PARAMS(power),
		},
		.kind = LB_REGRESSION,
		.good_for = "amounts with zeros",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.exceptions = LB_OVERFLOWS,
		.needs = LB_TAKES_EXPOSURE,
		.targets = LB_TARGETS_NOT_NEGATIVE,
		LB_EXAMPLES(tweedie_examples),
	},
	.form = &tweedie_form,
	.predict = lb_predict_mean,
};

/* 2 t^a (f(a d) / a - f(b d) / b), f(x) = exp(x) - 1 - x, d = z - log t: both terms are
 * positive. A target of 0 leaves 2 exp(a z) / a. */
LB_ENTRIES_FUNCTION(tweedie_deviance)
{
	const real a = (real)(2 - in->par[0].v), b = (real)(1 - in->par[0].v), per_a = (real)(1 / (2 - in->par[0].v)),
		   per_b = (real)(1 / (1 - in->par[0].v));
	real log_t[LB_ENTRIES], x[LB_ENTRIES], grown_a[LB_ENTRIES], y[LB_ENTRIES], grown_b[LB_ENTRIES], size[LB_ENTRIES], alone[LB_ENTRIES];

	for (size_t i = 0; i < n; i++)
		log_t[i] = t[i] > 0 ? t[i] : R(1.0);
	lb_kernel()->log_all(n, log_t, log_t);
	lb_kernel()->exp_terms(log_t, n, 0, a, n, size);
	lb_kernel()->exp_terms(z, n, 0, a, n, alone);
	for (size_t i = 0; i < n; i++) {
		x[i] = a * (z[i] - log_t[i]);
		y[i] = b * (z[i] - log_t[i]);
	}
	lb_kernel()->expm1_all(n, x, grown_a);
	lb_kernel()->expm1_all(n, y, grown_b);
	for (size_t i = 0; i < n; i++) {
		const real both = lb_exp_less_line(x[i], grown_a[i]) * per_a - lb_exp_less_line(y[i], grown_b[i]) * per_b;
		loss[i] = t[i] > 0 ? 2 * size[i] * both : 2 * alone[i] * per_a + 0 * t[i];
		slope[i] = t[i] > 0 ? 2 * size[i] * (grown_a[i] - grown_b[i]) : 2 * alone[i];
	}
}
LB_RESIDUAL(tweedie_deviance)

static const struct lb_example tweedie_deviance_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .t = { 0, 4 }, .value = 4, .source = "by hand: (2 * 2 + 2 (-8 + 8 + 2)) / 2" },
};

const struct lb_loss LB_LOSS(regression, tweedie_deviance) = {
	.info = {
		.base = {
			.name = "tweedie_deviance",
			.title = "Tweedie deviance of amounts with zeros, with a log link",
			.cite = "B. Jorgensen, The theory of dispersion models, Chapman and Hall, 1997",
			.formula = "(1/T) sum_k 2 (t_k^(2-q) / ((1-q)(2-q)) - t_k m_k^(1-q) / (1-q) + m_k^(2-q) / (2-q)),  m = exp(z)",
			.notes = LB_LINKED "0 where every prediction meets its target.",
			.keywords = "claims insurance zero_inflated compound_poisson tweedieregressor glm",
			LB_PARAMS(power),
		},
		.kind = LB_REGRESSION,
		.good_for = "amounts with zeros",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.exceptions = LB_OVERFLOWS,
		.needs = LB_TAKES_EXPOSURE,
		.targets = LB_TARGETS_NOT_NEGATIVE,
		LB_EXAMPLES(tweedie_deviance_examples),
	},
	.form = &tweedie_deviance_form,
	.predict = lb_predict_mean,
};

/* ---- negative_binomial ---- */

static const struct lb_param alpha[] = {
	{ .name = "alpha", .symbol = "a", .def = 1, .min = 1e-6, .max = 1e6, .log_scale = true, .grid = { 0.1, 0.5, 1, 2 }, .n_grid = 4,
	  .help = "overdispersion: the variance is m + a m^2" },
};

/* Counts whose ways are computed once a run. */
enum { FEW = 256 };

/* minus_log[t] is -log of the ways Gamma(t + r) / (Gamma(r) t!), r = 1 / a. */
struct ways {
	double r, log_gamma_r;
	real minus_log[FEW];
};

/* The ways of t are those of t - 1 times (r + t - 1) / t. */
static void *init_ways(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	struct ways *w = lb_alloc(1, sizeof *w, err);
	double sum = 0;
	int sign;

	(void)stats;
	if (!w)
		return NULL;
	w->r = 1 / par[0].v;
	w->log_gamma_r = lgamma_r(w->r, &sign);
	for (int t = 1; t < FEW; t++) {
		sum += log(t / (w->r + t - 1));
		w->minus_log[t] = (real)sum;
	}
	return w;
}

static real minus_log_ways(const struct ways *w, real t)
{
	const int few = t >= 0 && t < FEW ? (int)t : 0;
	int sign;

	return (real)few == t ? w->minus_log[few] : (real)(w->log_gamma_r + lgamma_r((double)t + 1, &sign) - lgamma_r((double)t + w->r, &sign));
}

/* r log(1 + a mu) + t log(1 + 1 / (a mu)), by x = log(a mu) */
LB_ENTRIES_FUNCTION(negative_binomial)
{
	const struct ways *ways = in->state;
	const real r = (real)ways->r, shift = (real)log(in->par[0].v);
	real small[LB_ENTRIES], part[LB_ENTRIES];

	for (size_t i = 0; i < n; i++)
		part[i] = -fabs(z[i] + shift);
	lb_kernel()->exp_terms(part, n, 0, 1, n, small);
	lb_kernel()->log1p_all(n, small, part);
	for (size_t i = 0; i < n; i++) {
		const real x = z[i] + shift, high = 1 / (1 + small[i]), low = small[i] * high;
		loss[i] = r * (part[i] + (x > 0 ? x : R(0.0))) + t[i] * (part[i] + (x < 0 ? -x : R(0.0)));
		slope[i] = x > 0 ? r * high - t[i] * low : r * low - t[i] * high;
	}
	for (size_t i = 0; i < n; i++)
		loss[i] += minus_log_ways(ways, t[i]);
}
LB_RESIDUAL(negative_binomial)

static const struct lb_example binomial_examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .t = { 2 }, .value = 2.0794415416798357, .source = "by hand: (1/2)^3, geometric" },
	{ .set = "alpha=0.5", .b = 1, .c = 2, .z = { 1, 0.5 }, .t = { 4, 0 }, .value = 1.7576975938768558, .source = "scipy.stats.nbinom.logpmf" },
};

const struct lb_loss LB_LOSS(regression, negative_binomial) = {
	.info = {
		.base = {
			.name = "negative_binomial",
			.title = "Negative binomial negative log-likelihood of overdispersed counts, with a log link",
			.cite = "J. F. Lawless, Negative binomial and mixed Poisson regression, Canadian Journal of Statistics 15(3), 1987",
			.formula = "(1/T) sum_k (r log(1 + m_k / r) + t_k log(1 + r / m_k) - log C(t_k, r)),  m = exp(z), r = 1 / a, C(t, r) = Gamma(t + r) "
				   "/ (Gamma(r) t!)",
			.notes = LB_LINKED "The whole log probability, so that values of different alpha can be compared. As alpha goes to 0 it becomes "
				"poisson with full.",
			.keywords = "nb2 overdispersion count counts glm",
			LB_PARAMS(alpha),
		},
		.kind = LB_REGRESSION,
		.good_for = "counts",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.needs = LB_TAKES_EXPOSURE,
		.targets = LB_TARGETS_NOT_NEGATIVE,
		LB_EXAMPLES(binomial_examples),
	},
	.form = &negative_binomial_form,
	.init = init_ways,
	.free = free,
	.predict = lb_predict_mean,
};

/* ---- msle ---- */

LB_ENTRIES_FUNCTION(msle)
{
	(void)in;
	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - (real)log1p((double)t[i]);
		loss[i] = e * e;
		slope[i] = 2 * e;
	}
}
LB_RESIDUAL(msle)

static void predict_expm1(const struct lb_batch *in, real *out)
{
	const size_t stride = in->output.stride;

	for (size_t i = 0; i < in->b; i++)
		lb_kernel()->expm1_all(in->c, in->output.value + i * stride, out + i * in->c);
}

static const struct lb_example msle_examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 1 }, .t = { 0 }, .value = 1, .source = "by hand: (1 - log 1)^2" },
};

const struct lb_loss LB_LOSS(regression, msle) = {
	.info = {
		.base = {
			.name = "msle",
			.title = "Mean squared logarithmic error, by a model of log(1 + prediction)",
			.cite = "scikit-learn 1.2, user guide, section 3.3.4.3: mean squared logarithmic error",
			.formula = "(1/T) sum_k (z_k - log(1 + t_k))^2,  prediction exp(z) - 1",
			.notes = "The mean over the T targets of a row. The model gives log(1 + prediction), so that the loss is defined and convex for every "
				 "score; for its prediction it is the squared difference of logs that scikit-learn and Keras compute. Metrics and saved "
				 "predictions are in units of the target.",
			.keywords = "mean_squared_logarithmic_error rmsle log1p relative_error",
		},
		.kind = LB_REGRESSION,
		.good_for = "relative errors",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.targets = LB_TARGETS_ABOVE_MINUS_ONE,
		LB_EXAMPLES(msle_examples),
	},
	.form = &msle_form,
	.predict = predict_expm1,
};
