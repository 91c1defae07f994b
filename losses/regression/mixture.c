/* Mixtures and ensembles: several numbers that together predict a target. */
#include "losses/support/several_outputs.h"

static bool parameter(size_t k, size_t n, struct lb_output *out)
{
	*out = (struct lb_output){ .says = LB_PARAMETER, .level = (double)(k + 1) };
	return k < n;
}

/* ---- mdn ---- */

static const struct lb_param mdn_params[] = {
	{ .name = "components", .symbol = "M", .type = LB_INT_PARAM, .def = 3, .min = 1, .max = 33, .grid = { 1, 2, 3, 5 }, .n_grid = 4,
	  .help = "Gaussians of the mixture" },
};

static bool mdn_output(const struct lb_arg *par, size_t k, struct lb_output *out)
{
	return parameter(k, 3 * (size_t)par[0].v, out);
}

/* The log of the sum of exp(x_m). */
static double lse(const double *x, size_t n)
{
	double most = x[0], sum = 0;

	for (size_t m = 1; m < n; m++)
		most = x[m] > most || isnan(x[m]) ? x[m] : most;
	for (size_t m = 0; m < n; m++)
		sum += exp(x[m] - most);
	return isinf(most) ? most : most + log(sum);
}

/* The component of which the target is the fewest standard deviations away. */
static size_t nearest(const double *mean, const double *log_sd, size_t n, double t)
{
	size_t best = 0;

	for (size_t m = 1; m < n; m++)
		if (log(fabs(mean[m] - t)) - log_sd[m] < log(fabs(mean[best] - t)) - log_sd[best])
			best = m;
	return best;
}

/* z: M logits of the weights, M means, M logs of standard deviations. */
static double mdn_of(const struct lb_arg *par, size_t outputs, const double *z, double t, const double *fixed, double *g)
{
	const size_t n = outputs / 3;
	const double *mean = z + n, *log_sd = z + 2 * n, all = lse(z, n);
	double joint[LB_MOST_OUTPUTS] = { 0 }, u[LB_MOST_OUTPUTS];

	(void)par, (void)fixed;
	for (size_t m = 0; m < n; m++) {
		const double e = mean[m] - t;
		u[m] = e != 0 ? e * exp(-log_sd[m]) : 0 * log_sd[m];
		joint[m] = z[m] - all - 0.91893853320467274178 - log_sd[m] - u[m] * u[m] / 2;
	}
	const double density = lse(joint, n);
	const bool beyond = isinf(density); /* smaller than double holds: the nearest has the whole share */
	for (size_t m = 0; m < n; m++) {
		const double share = beyond ? (double)(m == nearest(mean, log_sd, n, t)) : exp(joint[m] - density);
		g[m] = exp(z[m] - all) - share;
		g[n + m] = share > 0 ? share * u[m] * exp(-log_sd[m]) : 0 * share;
		g[2 * n + m] = share > 0 ? share * (1 - u[m] * u[m]) : 0 * share;
	}
	return -density;
}

static real mdn_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_outputs_row(in, i, z, g, 3 * (size_t)in->par[0].v, mdn_of);
}
LB_ROW(mdn, mdn_row)

/* The mean of the mixture; of each Gaussian its weight, mean and standard deviation. */
static double mdn_tell(const struct lb_arg *par, size_t outputs, const double *z, double *say)
{
	const size_t n = outputs / 3;
	const double all = lse(z, n);
	double mean = 0;

	(void)par;
	for (size_t m = 0; m < n; m++) {
		say[m] = exp(z[m] - all);
		say[2 * n + m] = exp(z[2 * n + m]);
		mean += say[m] * z[n + m];
	}
	return mean;
}

static void mdn_predict(const struct lb_batch *in, real *out)
{
	lb_outputs_predict(in, out, 3 * (size_t)in->par[0].v, mdn_tell);
}

static const struct lb_example mdn_examples[] = {
	{ .set = "components=2", .b = 2, .c = 6, .z = { 0.2, -0.3, 0, 1, 0.1, -0.4, 1, 0, -1, 0.5, 0, 0.2 }, .t = { 0.7, -0.2 }, .value = 1.0998097186606207,
	  .source = "mpmath, 30 digits" },
	{ .set = "components=1", .b = 1, .c = 3, .z = { 5, 1, 0 }, .t = { 1 }, .value = 0.91893853320467274, .source = "by hand: log(2 pi) / 2" },
};

const struct lb_loss LB_LOSS(regression, mdn) = {
	.info = {
		.base = {
			.name = "mdn",
			.title = "Mixture density: minus the log density of several Gaussians for each target",
			.cite = "C. M. Bishop, Mixture density networks, Aston University, NCRG/94/004, 1994",
			.formula = "(1/T) sum_t -log sum_m p_m N(t_t; mu_m, sigma_m),  p = softmax(a), sigma = exp(s),  z = (a_1..M, mu_1..M, s_1..M)",
			.notes = "The model has 3 M outputs for each of the T targets: the logits of the weights, the means, the logs of the standard "
				 "deviations. The point prediction is the mean of the mixture; told of a target are weights, means and standard deviations "
				 "as parameter_1 to parameter_3M. Where a component meets targets exactly its variance may fall without bound. With "
				 "components that start alike they stay alike: model.init other than zero.",
			.keywords = "mixture_density_network gmm multimodal uncertainty",
			LB_PARAMS(mdn_params),
		},
		.kind = LB_REGRESSION,
		.good_for = "targets with several likely values",
		.exceptions = LB_OVERFLOWS,
		.output = mdn_output,
		LB_EXAMPLES(mdn_examples),
	},
	.form = &mdn_form,
	.predict = mdn_predict,
};

/* ---- crps_ensemble ---- */

enum { MEMBERS, FAIR };
static const struct lb_param ensemble_params[] = {
	[MEMBERS] = { .name = "members", .symbol = "M", .type = LB_INT_PARAM, .def = 10, .min = 2, .max = 40, .grid = { 5, 10, 20 },
		      .n_grid = 3, .help = "values that the model gives for each target" },
	[FAIR] = { .name = "fair", .type = LB_BOOL_PARAM, .def = 0, .grid = { 0, 1 }, .n_grid = 2,
		   .help = "divides the spread by M (M - 1) instead of M^2, so that the expected score does not depend on M" },
};

static bool ensemble_output(const struct lb_arg *par, size_t k, struct lb_output *out)
{
	return parameter(k, (size_t)par[MEMBERS].v, out);
}

static double sign_of(double x)
{
	return (double)((x > 0) - (x < 0));
}

static double ensemble_of(const struct lb_arg *par, size_t outputs, const double *z, double t, const double *fixed, double *g)
{
	const double n = (double)outputs, pairs = par[FAIR].v > 0 ? n * (n - 1) : n * n;
	double error = 0, spread = 0;

	(void)fixed;
	for (size_t m = 0; m < outputs; m++) {
		double rank = 0;
		for (size_t k = 0; k < outputs; k++) {
			spread += fabs(z[m] - z[k]);
			rank += sign_of(z[m] - z[k]);
		}
		error += fabs(z[m] - t);
		g[m] = sign_of(z[m] - t) / n - rank / pairs;
	}
	return error / n - spread / (2 * pairs);
}

static real ensemble_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_outputs_row(in, i, z, g, (size_t)in->par[MEMBERS].v, ensemble_of);
}
LB_ROW(crps_ensemble, ensemble_row)

static double ensemble_tell(const struct lb_arg *par, size_t outputs, const double *z, double *say)
{
	double sum = 0;

	(void)par, (void)say;
	for (size_t m = 0; m < outputs; m++)
		sum += z[m];
	return sum / (double)outputs;
}

static void ensemble_predict(const struct lb_batch *in, real *out)
{
	lb_outputs_predict(in, out, (size_t)in->par[MEMBERS].v, ensemble_tell);
}

static const struct lb_example ensemble_examples[] = {
	{ .set = "members=2", .b = 1, .c = 2, .z = { 0, 2 }, .t = { 1 }, .value = 0.5, .source = "by hand: 1 - (2 + 2) / 8" },
	{ .set = "members=2 fair=true", .b = 1, .c = 2, .z = { 0, 2 }, .t = { 1 }, .value = 0, .source = "by hand: 1 - (2 + 2) / 4" },
};

const struct lb_loss LB_LOSS(regression, crps_ensemble) = {
	.info = {
		.base = {
			.name = "crps_ensemble",
			.title = "Continuous ranked probability score of an ensemble of values for each target",
			.cite = "E. P. Grimit, T. Gneiting, V. J. Berrocal, N. A. Johnson, The continuous ranked probability score for circular variables, "
				"Quarterly Journal of the Royal Meteorological Society 132, 2006; fair: C. Ferro, Fair scores for ensemble forecasts, "
				"ibid. 140, 2014",
			.formula = "(1/T) sum_t ((1/M) sum_m |x_m - t_t| - (1/(2 M^2)) sum_m sum_k |x_m - x_k|)",
			.notes = "The model has M outputs for each of the T targets, the members of the ensemble. The point prediction is their mean; the "
				 "members are told as parameter_1 to parameter_M. No gradient between members that are equal: model.init other than zero. "
				 "Not convex.",
			.keywords = "crps ensemble energy_score probabilistic forecast",
			LB_PARAMS(ensemble_params),
		},
		.kind = LB_REGRESSION,
		.good_for = "uncertainty of predictions",
		.properties = LB_NONNEGATIVE,
		.output = ensemble_output,
		LB_EXAMPLES(ensemble_examples),
	},
	.form = &crps_ensemble_form,
	.predict = ensemble_predict,
};
