#include "losses/loss.h"

enum { FULL, CLIP };
enum { MEAN, LOG_VARIANCE, OUTPUTS };

static const double half_log_two_pi = 0.91893853320467274178;

static const struct lb_param params[] = {
	[FULL] = { .name = "full", .type = LB_BOOL_PARAM, .def = 0, .grid = { 0, 1 }, .n_grid = 2,
		   .help = "adds the constant ln(2 pi) / 2, so that the value is minus the log density" },
	[CLIP] = { .name = "s_clip", .def = 0, .min = 0, .max = 500, .grid = { 0, 2, 20 }, .n_grid = 3,
		   .help = "the loss keeps s within +-s_clip, beyond which it has no gradient; 0: s as it is" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "full=true", .other = "gaussian_nll", .other_set = "", .shift = 0.91893853320467274178 },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 1, 0 }, .t = { 3 }, .value = 2, .source = "by hand: (0 + 2^2 * 1) / 2" },
	{ .set = "full=true", .b = 2, .c = 4, .z = { 0.5, -1, 2, 1.5, -0.25, 0.75, 3, -2 }, .t = { 1, 0, -1, 2.5 }, .value = 1.2858211967494180,
	  .source = "scipy.stats.norm.logpdf, targets (1, 0) and (-1, 2.5)" },
	{ .set = "s_clip=2", .b = 1, .c = 2, .z = { 1, -5 }, .t = { 1.5 }, .value = -0.07636798763366881, .source = "by hand: (-2 + 0.25 e^2) / 2" },
};

static bool output(const struct lb_arg *par, size_t k, struct lb_output *out)
{
	static const enum lb_statistic says[OUTPUTS] = { [MEAN] = LB_MEAN, [LOG_VARIANCE] = LB_LOG_VARIANCE };

	(void)par;
	*out = (struct lb_output){ .says = k < OUTPUTS ? says[k] : LB_MEAN };
	return k < OUTPUTS;
}

/* What the two parts of a target's loss weigh, and within what its log variance is kept; 0: as it
 * is. */
struct parts {
	double bias, uncertainty, clip;
};

/* The loss of one target, in double: exp(-s) spans more than float32 has. */
static double of_target(const struct parts *p, const real *z, double t, real share, real *g)
{
	const double clip = p->clip, raw = (double)z[LOG_VARIANCE], e = (double)z[MEAN] - t;
	const bool clipped = clip > 0 && fabs(raw) > clip;
	const double s = clipped ? copysign(clip, raw) : raw, precision = exp(-s / 2), u = e != 0 ? e * precision : 0 * s;

	if (g) {
		g[MEAN] = (real)((double)share * p->bias * u * precision);
		g[LOG_VARIANCE] = clipped ? 0 : (real)((double)share * (p->uncertainty - p->bias * (u * u)) / 2);
	}
	return (p->uncertainty * s + p->bias * (u * u)) / 2;
}

/* The mean over a row's targets, and of each a constant more. */
static real mean_of(const struct lb_batch *in, const struct parts *p, size_t i, const real *z, double more, real *g)
{
	const size_t targets = in->c / OUTPUTS;
	const real *t = in->target + i * targets, share = 1 / (real)targets;
	double sum = 0;

	for (size_t k = 0; k < targets; k++)
		sum += of_target(p, z + k * OUTPUTS, (double)t[k], share, g ? g + k * OUTPUTS : NULL) + more;
	return (real)(sum / (double)targets);
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct parts p = { .bias = 1, .uncertainty = 1, .clip = in->par[CLIP].v };

	return mean_of(in, &p, i, z, in->par[FULL].v > 0 ? half_log_two_pi : 0, g);
}

static void predict(const struct lb_batch *in, real *out)
{
	const size_t targets = in->c / OUTPUTS;

	for (size_t i = 0; i < in->b; i++, out += targets + in->c) {
		const real *z = in->output.value + i * in->output.stride;
		for (size_t t = 0; t < targets; t++) {
			out[t] = out[targets + t * OUTPUTS + MEAN] = z[t * OUTPUTS + MEAN];
			out[targets + t * OUTPUTS + LOG_VARIANCE] = (real)exp((double)z[t * OUTPUTS + LOG_VARIANCE] / 2);
		}
	}
}

LB_ROW(gaussian_nll, row)

const struct lb_loss LB_LOSS(regression, gaussian_nll) = {
	.info = {
		.base = {
			.name = "gaussian_nll",
			.title = "Gaussian negative log-likelihood: a mean and a variance for each target",
			.cite = "D. A. Nix, A. S. Weigend, Estimating the mean and variance of the target probability distribution, ICNN 1994",
			.formula = "(1/T) sum_t (s_t + (t_t - m_t)^2 exp(-s_t)) / 2,  z = (m_1, s_1, ..., m_T, s_T),  s = ln variance",
			.notes = "The model has two outputs for each of the T targets, the mean and the log variance: those of the first target, then "
				 "those of the second. The variance exp(s) is above 0 for every s and has no floor: where a model can meet a target "
				 "exactly the value falls without bound. s_clip 20 stops it at variance 2.1e-9, in the units that the loss sees "
				 "(data.preprocess.target). As the clamp of torch.nn.GaussianNLLLoss it is part of the loss alone: what is told of a "
				 "target is the mean, which is the point prediction of the other metrics, and the standard deviation exp(s/2). The "
				 "metric gaussian_nll judges both. Not convex in m and s together.",
			.keywords = "heteroscedastic normal log_likelihood log_score uncertainty variance rmse_with_uncertainty",
			LB_PARAMS(params),
		},
		.kind = LB_REGRESSION,
		.good_for = "uncertainty of predictions",
		.exceptions = LB_OVERFLOWS,
		.output = output,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &gaussian_nll_form,
	.predict = predict,
};

/* ---- apre ---- */

enum { BIAS, UNCERTAINTY, APRE_CLIP };

static const struct lb_param apre_params[] = {
	[BIAS] = { .name = "w_bias", .symbol = "a", .def = 1, .min = 0, .max = 1000, .min_open = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		   .help = "weight of the squared error, in units of the variance" },
	[UNCERTAINTY] = { .name = "w_unc", .symbol = "u", .def = 1, .min = 0, .max = 1000, .min_open = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
			  .help = "weight of the log variance" },
	[APRE_CLIP] = { .name = "s_clip", .def = 0, .min = 0, .max = 500, .grid = { 0, 2, 20 }, .n_grid = 3,
			.help = "the loss keeps s within +-s_clip, beyond which it has no gradient; 0: s as it is" },
};

static const struct lb_same_as apre_same_as[] = {
	{ .set = "", .other = "gaussian_nll", .other_set = "" },
	{ .set = "s_clip=2", .other = "gaussian_nll", .other_set = "s_clip=2" },
	{ .set = "w_bias=2 w_unc=2", .other = "gaussian_nll", .other_set = "", .scale = 2 },
};

static const struct lb_example apre_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 1, 0 }, .t = { 3 }, .value = 2, .source = "by hand: (0 + 2^2 * 1) / 2" },
	{ .set = "w_bias=2 w_unc=0.5", .b = 1, .c = 4, .z = { 1, 1, 0.5, -1 }, .t = { 3, 0.5 }, .value = 0.73575888234288464, .source = "by hand: (2 * 2^2 / e + 0.5 - 0.5) / 4" },
};

static real apre_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct parts p = { .bias = in->par[BIAS].v, .uncertainty = in->par[UNCERTAINTY].v, .clip = in->par[APRE_CLIP].v };

	return mean_of(in, &p, i, z, 0, g);
}
LB_ROW(apre, apre_row)

const struct lb_loss LB_LOSS(regression, apre) = {
	.info = {
		.base = {
			.name = "apre",
			.title = "Adjustable probabilistic reconstruction error: squared error and variance, each with a weight",
			.cite = "X. Tan, J. Yang, J. Chen, S. Rahardja, S. Rahardja, Improving autoencoder-based outlier detection with adjustable probabilistic "
				"reconstruction error and mean-shift outlier scoring, arXiv:2304.00709, 2023",
			.formula = "(1/T) sum_t (a (t_t - m_t)^2 exp(-s_t) + u s_t) / 2,  z = (m_1, s_1, ..., m_T, s_T),  s = ln variance",
			.notes = "The model has two outputs for each of the T targets, the mean and the log variance, as with gaussian_nll, which it is at a = u = 1 (the "
				 "probabilistic reconstruction error). Made for autoencoders (task anomaly), whose targets are the features and whose row loss is the anomaly "
				 "score. The best constant variance is a/u times the mean squared error. Not convex in m and s together, and without a floor where a "
				 "target is met exactly, such as a constant feature: s_clip 20 stops it.",
			.keywords = "pre probabilistic_reconstruction_error autoencoder weighted_negative_log_likelihood",
			LB_PARAMS(apre_params),
		},
		.kind = LB_REGRESSION,
		.good_for = "anomalies, uncertainty of predictions",
		.exceptions = LB_OVERFLOWS,
		.output = output,
		LB_SAME_AS(apre_same_as),
		LB_EXAMPLES(apre_examples),
	},
	.form = &apre_form,
	.predict = predict,
};
