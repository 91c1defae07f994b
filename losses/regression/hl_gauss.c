#include "losses/support/several_outputs.h"

enum { LOW, HIGH, BINS, SIGMA };

static const struct lb_param params[] = {
	[LOW] = { .name = "lo", .symbol = "lo", .def = 0, .min = -1e12, .max = 1e12, .help = "lower end of the histogram, in units of the target" },
	[HIGH] = { .name = "hi", .symbol = "hi", .def = 1, .min = -1e12, .max = 1e12, .help = "upper end of the histogram" },
	[BINS] = { .name = "bins", .symbol = "K", .type = LB_INT_PARAM, .def = 50, .min = 2, .max = LB_MOST_OUTPUTS, .grid = { 20, 50, 100 },
		   .n_grid = 3, .help = "bins of equal width; the model has an output for each" },
	[SIGMA] = { .name = "sigma", .symbol = "s", .def = 0, .min = 0, .max = 1e12, .grid = { 0 }, .n_grid = 1,
		    .help = "standard deviation of the target's Gaussian; 0: three quarters of a bin" },
};

static int check(const struct lb_arg *par, struct lb_err *err)
{
	return par[LOW].v < par[HIGH].v ? 0 :
	       lb_fail(err, LB_CONFIG, "hi: found %g with lo %g, allowed: a number above lo", par[HIGH].v, par[LOW].v);
}

static bool output(const struct lb_arg *par, size_t k, struct lb_output *out)
{
	*out = (struct lb_output){ .says = LB_PARAMETER, .level = (double)(k + 1) };
	return k < (size_t)par[BINS].v;
}

static double width_of(const struct lb_arg *par)
{
	return (par[HIGH].v - par[LOW].v) / par[BINS].v;
}

/* The mass of a standard normal between a and b, from the side on which it is small. */
static double mass_between(double a, double b)
{
	const double per = 0.70710678118654752440;

	return a > 0 ? (erfc(a * per) - erfc(b * per)) / 2 : (erfc(-b * per) - erfc(-a * per)) / 2;
}

/* What each bin holds of the target's Gaussian, which is cut at the ends. */
static void target_of(const struct lb_arg *par, size_t bins, double t, double *q)
{
	const double width = width_of(par), s = par[SIGMA].v > 0 ? par[SIGMA].v : 0.75 * width;
	const double at = t < par[LOW].v ? par[LOW].v : t > par[HIGH].v ? par[HIGH].v : t;
	double sum = 0;

	for (size_t k = 0; k < bins; k++) {
		const double from = par[LOW].v + (double)k * width;
		q[k] = mass_between((from - at) / s, (from + width - at) / s);
		sum += q[k];
	}
	for (size_t k = 0; k < bins; k++)
		q[k] /= sum;
}

static double entropy_of(const struct lb_arg *par, size_t bins, const double *z, double t, const double *fixed, double *g)
{
	double top = z[0], sum = 0, value = 0, q[LB_MOST_OUTPUTS];

	(void)fixed;
	for (size_t k = 1; k < bins; k++)
		top = z[k] > top || isnan(z[k]) ? z[k] : top;
	for (size_t k = 0; k < bins; k++)
		sum += exp(z[k] - top);
	target_of(par, bins, t, q);
	for (size_t k = 0; k < bins; k++) {
		const double lp = (z[k] - top) - log(sum);
		value -= q[k] > 0 || isnan(lp) ? q[k] * lp : 0;
		g[k] = exp(lp) - q[k];
	}
	return value;
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_outputs_row(in, i, z, g, (size_t)in->par[BINS].v, entropy_of);
}
LB_ROW(hl_gauss, row)

/* The mean of the histogram; of each bin its probability. */
static double tell(const struct lb_arg *par, size_t bins, const double *z, double *say)
{
	double top = z[0], sum = 0, mean = 0;

	for (size_t k = 1; k < bins; k++)
		top = z[k] > top ? z[k] : top;
	for (size_t k = 0; k < bins; k++)
		sum += exp(z[k] - top);
	for (size_t k = 0; k < bins; k++) {
		say[k] = exp(z[k] - top) / sum;
		mean += say[k] * (par[LOW].v + ((double)k + 0.5) * width_of(par));
	}
	return mean;
}

static void predict(const struct lb_batch *in, real *out)
{
	lb_outputs_predict(in, out, (size_t)in->par[BINS].v, tell);
}

static const struct lb_example examples[] = {
	{ .set = "bins=2 sigma=0.5", .b = 1, .c = 2, .z = { 0, 0 }, .t = { 0.5 }, .value = 0.69314718055994531, .source = "by hand: log 2" },
	{ .set = "bins=4 lo=-1 hi=1 sigma=0.5", .b = 1, .c = 4, .z = { 1, -0.5, 0.2, 0 }, .t = { 0.3 }, .value = 1.69491628209971906, .source = "mpmath, 30 digits" },
};

const struct lb_loss LB_LOSS(regression, hl_gauss) = {
	.info = {
		.base = {
			.name = "hl_gauss",
			.title = "Histogram loss: cross-entropy to the target's Gaussian over bins",
			.cite = "E. Imani, M. White, Improving regression performance with distributional losses, ICML 2018; J. Farebrother et al., Stop "
				"regressing: training value functions via classification for scalable deep RL, ICML 2024",
			.formula = "(1/T) sum_t -sum_k q_tk log softmax(z)_tk,  q_tk the mass of N(t_t, s) in bin k, divided by that in all bins",
			.notes = "The model has K outputs for each of the T targets, the logits of K bins of equal width from lo to hi, in units of the target: "
				 "give lo and hi. A target beyond an end counts as the end. The point prediction is the mean of the histogram, by the "
				 "centres of its bins; the probabilities of the bins are told as parameter_1 to parameter_K.",
			.keywords = "histogram distributional classification two_hot c51",
			LB_PARAMS(params),
			.check = check,
		},
		.kind = LB_REGRESSION,
		.good_for = "uncertainty of predictions",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		.output = output,
		LB_EXAMPLES(examples),
	},
	.form = &hl_gauss_form,
	.predict = predict,
};
