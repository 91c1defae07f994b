/* Counts with more zeros than their distribution has: a share of zeros mixed with a count. */
#include "losses/support/several_outputs.h"

enum { LOG_MEAN, LOGIT, OUTPUTS };

static const struct lb_param alpha[] = {
	{ .name = "alpha", .symbol = "a", .def = 0.5, .min = 1e-6, .max = 1e6, .log_scale = true, .grid = { 0.1, 0.5, 1, 2 }, .n_grid = 4,
	  .help = "overdispersion: the variance of the counts is m + a m^2" },
};

static bool output(const struct lb_arg *par, size_t k, struct lb_output *out)
{
	(void)par;
	*out = (struct lb_output){ .says = LB_PARAMETER, .level = (double)(k + 1) };
	return k < OUTPUTS;
}

/* The mean (1 - pi) m; told are m and the share pi of extra zeros. */
static double tell(const struct lb_arg *par, size_t outputs, const double *z, double *say)
{
	(void)par, (void)outputs;
	say[LOG_MEAN] = exp(z[LOG_MEAN]);
	say[LOGIT] = lb_sigmoid_of(z[LOGIT]);
	return lb_sigmoid_of(-z[LOGIT]) * say[LOG_MEAN];
}

static void told(const struct lb_batch *in, real *out)
{
	lb_outputs_predict(in, out, OUTPUTS, tell);
}

/* Minus the log of the mixture for a count t of log probability lp with derivative d by the log
 * mean. */
static double mixed(const double *z, double t, double lp, double d, double *g)
{
	const double zeros = lb_log_sigmoid(z[LOGIT]), counts = lb_log_sigmoid(-z[LOGIT]);

	if (t > 0) {
		g[LOG_MEAN] = -d;
		g[LOGIT] = lb_sigmoid_of(z[LOGIT]);
		return -counts - lp;
	}
	const double value = -lb_log_add(zeros, counts + lp), share = exp(counts + lp + value);
	g[LOG_MEAN] = share > 0 ? -share * d : 0 * share;
	g[LOGIT] = lb_sigmoid_of(z[LOGIT]) - exp(zeros + value);
	return value;
}

/* ---- zero_inflated_poisson ---- */

static double poisson_of(const struct lb_arg *par, size_t outputs, const double *z, double t, const double *fixed, double *g)
{
	const double m = exp(z[LOG_MEAN]);
	int sign;

	(void)par, (void)outputs, (void)fixed;
	return mixed(z, t, (t > 0 ? t * z[LOG_MEAN] : 0) - m - lgamma_r(t + 1, &sign), t - m, g);
}

static real poisson_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_outputs_row(in, i, z, g, OUTPUTS, poisson_of);
}
LB_ROW(zero_inflated_poisson, poisson_row)

static const struct lb_example poisson_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 0.2, -1, 0.5, 0.3 }, .t = { 0, 3 }, .value = 1.7597684735119404, .source = "mpmath, 30 digits" },
};

#define NOTES                                                                                                                   \
	"The model has two outputs for each of the T targets, the log of the mean m of the counts and the logit of the share pi of extra " \
	"zeros. The point prediction is (1 - pi) m; told of a target are m and pi as parameter_1 and parameter_2. Targets are whole numbers; " \
	"a fraction is taken by the gamma function."

const struct lb_loss LB_LOSS(regression, zero_inflated_poisson) = {
	.info = {
		.base = {
			.name = "zero_inflated_poisson",
			.title = "Zero-inflated Poisson negative log-likelihood: extra zeros beside counts",
			.cite = "D. Lambert, Zero-inflated Poisson regression, with an application to defects in manufacturing, Technometrics 34(1), 1992",
			.formula = "(1/T) sum_t -log(pi [t_t = 0] + (1 - pi) Poisson(t_t; m)),  m = exp(z_1), pi = 1 / (1 + exp(-z_2))",
			.notes = NOTES,
			.keywords = "zip counts zeros hurdle",
		},
		.kind = LB_REGRESSION,
		.good_for = "counts",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		.exceptions = LB_OVERFLOWS,
		.targets = LB_TARGETS_NOT_NEGATIVE,
		.output = output,
		LB_EXAMPLES(poisson_examples),
	},
	.form = &zero_inflated_poisson_form,
	.predict = told,
};

/* ---- zero_inflated_nb ---- */

static double binomial_of(const struct lb_arg *par, size_t outputs, const double *z, double t, const double *fixed, double *g)
{
	const double a = par[0].v, r = 1 / a, x = z[LOG_MEAN] + log(a);
	int sign;
	const double ways = t > 0 ? lgamma_r(t + r, &sign) - lgamma_r(r, &sign) - lgamma_r(t + 1, &sign) : 0;
	const double lp = ways + r * lb_log_sigmoid(-x) + (t > 0 ? t * lb_log_sigmoid(x) : 0);

	(void)outputs, (void)fixed;
	return mixed(z, t, lp, t * lb_sigmoid_of(-x) - r * lb_sigmoid_of(x), g);
}

static real binomial_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_outputs_row(in, i, z, g, OUTPUTS, binomial_of);
}
LB_ROW(zero_inflated_nb, binomial_row)

static const struct lb_example binomial_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 0.2, -1, 0.5, 0.3 }, .t = { 0, 3 }, .value = 1.8250812366842872, .source = "mpmath, 30 digits" },
};

const struct lb_loss LB_LOSS(regression, zero_inflated_nb) = {
	.info = {
		.base = {
			.name = "zero_inflated_nb",
			.title = "Zero-inflated negative binomial negative log-likelihood: extra zeros beside overdispersed counts",
			.cite = "W. H. Greene, Accounting for excess zeros and sample selection in Poisson and negative binomial regression models, NYU working "
				"paper EC-94-10, 1994",
			.formula = "(1/T) sum_t -log(pi [t_t = 0] + (1 - pi) NB(t_t; m, a)),  m = exp(z_1), pi = 1 / (1 + exp(-z_2)), variance m + a m^2",
			.notes = NOTES " As alpha goes to 0 it becomes zero_inflated_poisson.",
			.keywords = "zinb counts zeros hurdle overdispersion",
			LB_PARAMS(alpha),
		},
		.kind = LB_REGRESSION,
		.good_for = "counts",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		.targets = LB_TARGETS_NOT_NEGATIVE,
		.output = output,
		LB_EXAMPLES(binomial_examples),
	},
	.form = &zero_inflated_nb_form,
	.predict = told,
};
