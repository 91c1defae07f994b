/* Losses by a Gaussian kernel between the entries of a batch: information-theoretic learning. */
#include "losses/loss.h"

static const struct lb_param params[] = {
	{ .name = "sigma", .symbol = "s", .def = 1, .min = 1e-1, .max = 1e6, .log_scale = true, .grid = { 0.3, 1, 3 }, .n_grid = 3,
	  .help = "width of the kernel, in units of the target" },
};

/* Numbers of a batch: column k of z, less that of t unless it is NULL. */
struct numbers {
	const real *z, *t;
};

/* (a_i - b_j) / s */
static double gap(const struct lb_batch *in, struct numbers a, size_t i, struct numbers b, size_t j)
{
	const double x = (double)a.z[i * in->c] - (a.t ? (double)a.t[i * in->c] : 0), y = (double)b.z[j * in->c] - (b.t ? (double)b.t[j * in->c] : 0);

	return (x - y) / in->par[0].v;
}

/* Returns the log of the mean over all pairs of exp(-(a_i - b_j)^2 / (2 s^2)). by, unless NULL,
 * gets share times its derivative by each a_i added, where b stays as it is. */
static double log_mean_kernel(const struct lb_batch *in, struct numbers a, struct numbers b, double share, real *by)
{
	double sum = 0, top = -(double)INFINITY;

	for (size_t i = 0; i < in->b; i++)
		for (size_t j = 0; j < in->b; j++) {
			const double q = gap(in, a, i, b, j), x = -q * q / 2;
			top = x > top || isnan(x) ? x : top;
		}
	for (size_t i = 0; i < in->b; i++)
		for (size_t j = 0; j < in->b; j++) {
			const double q = gap(in, a, i, b, j);
			sum += exp(-q * q / 2 - top);
		}
	for (size_t i = 0; by && i < in->b; i++) {
		double slope = 0;
		for (size_t j = 0; j < in->b; j++) {
			const double q = gap(in, a, i, b, j);
			slope -= exp(-q * q / 2 - top) * q;
		}
		by[i * in->c] += (real)(share * slope / (in->par[0].v * sum));
	}
	return top + log(sum) - 2 * log((double)in->b);
}

static void clear(const struct lb_batch *in, real *g)
{
	for (size_t i = 0; g && i < in->b * in->c; i++)
		g[i] = 0;
}

/* A gradient of NaN where the value is one; what rounding left below 0 is 0. */
static double finish(const struct lb_batch *in, double value, real *g)
{
	for (size_t i = 0; g && isnan(value) && i < in->b * in->c; i++)
		g[i] = (real)value;
	return value < 0 ? 0 : value / (double)in->c;
}

/* ---- error_entropy ---- */

static double entropy_batch(const struct lb_batch *in, real *g)
{
	double value = 0;

	clear(in, g);
	for (size_t k = 0; k < in->c; k++) {
		const struct numbers e = { in->output.value + k, in->target + k };
		value -= log_mean_kernel(in, e, e, -2 / (double)in->c, g ? g + k : NULL);
	}
	return finish(in, value, g);
}
LB_BATCH(error_entropy, entropy_batch)

static const struct lb_example entropy_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 2, 1 }, .t = { 0, 0 }, .value = 0.21907019637983863, .source = "by hand: -log((2 + 2 exp(-1/2)) / 4)" },
};

const struct lb_loss LB_LOSS(regression, error_entropy) = {
	.info = {
		.base = {
			.name = "error_entropy",
			.title = "Quadratic Renyi entropy of the errors of a batch (minimum error entropy)",
			.cite = "D. Erdogmus, J. C. Principe, An error-entropy minimization algorithm for supervised training of nonlinear adaptive systems, "
				"IEEE Transactions on Signal Processing 50(7), 2002",
			.formula = "(1/T) sum_k -log((1/B^2) sum_ij exp(-(e_ik - e_jk)^2 / (2 s^2))),  e = z - t",
			.notes = "The mean over the T targets. It sees differences of errors alone: a constant added to all predictions changes nothing, so "
				 "that the model's constant stays where it began; add a term (mse, correntropy) for it. Pairs are counted with each "
				 "row's own, as in the usual estimator. B^2 operations.",
			.keywords = "mee minimum_error_entropy information_potential renyi itl",
			LB_PARAMS(params),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		LB_EXAMPLES(entropy_examples),
	},
	.form = &error_entropy_form,
};

/* ---- cs_marginal ---- */

static double marginal_batch(const struct lb_batch *in, real *g)
{
	const double share = 1 / (double)in->c;
	double value = 0;

	clear(in, g);
	for (size_t k = 0; k < in->c; k++) {
		const struct numbers p = { in->output.value + k, NULL }, t = { in->target + k, NULL };
		real *by = g ? g + k : NULL;
		value += log_mean_kernel(in, p, p, 2 * share, by);
		value += log_mean_kernel(in, t, t, 0, NULL);
		value -= 2 * log_mean_kernel(in, p, t, -2 * share, by);
	}
	return finish(in, value, g);
}
LB_BATCH(cs_marginal, marginal_batch)

static const struct lb_example marginal_examples[] = {
	{ .set = "sigma=2", .b = 1, .c = 1, .z = { 3 }, .t = { 1 }, .value = 1, .source = "by hand: 2 (3 - 1)^2 / (2 * 4)" },
};

const struct lb_loss LB_LOSS(regression, cs_marginal) = {
	.info = {
		.base = {
			.name = "cs_marginal",
			.title = "Cauchy-Schwarz divergence between the distributions of predictions and targets",
			.cite = "R. Jenssen, J. C. Principe, D. Erdogmus, T. Eltoft, The Cauchy-Schwarz divergence and Parzen windowing, Journal of the "
				"Franklin Institute 343(6), 2006",
			.formula = "(1/T) sum_k (log mean_ij K(z_ik, z_jk) + log mean_ij K(t_ik, t_jk) - 2 log mean_ij K(z_ik, t_jk)),  K(a, b) = exp(-(a - b)^2 "
				   "/ (2 s^2))",
			.notes = "The mean over the T targets. It compares the two sets of a batch, not row with row: as a loss by itself it leaves open which "
				 "row gets which prediction, so add it to another one (terms). 0 where both sets are the same. 3 B^2 operations.",
			.keywords = "cauchy_schwarz divergence itl information_theoretic mmd",
			LB_PARAMS(params),
		},
		.kind = LB_REGRESSION,
		.good_for = "distributions",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		LB_EXAMPLES(marginal_examples),
	},
	.form = &cs_marginal_form,
};
