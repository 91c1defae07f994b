/* Shares between 0 and 1: the beta distribution by its mean and its precision. */
#include "losses/support/several_outputs.h"

enum { LOGIT, LOG_PRECISION, OUTPUTS };

#define HALF_LOG_2PI 0.91893853320467274178

/* From here on the asymptotic series below hold to the last digit. */
#define FAR 15.0

/* exp of more than this is not a number that has a square. */
#define MOST_LOG 700.0

static bool output(const struct lb_arg *par, size_t k, struct lb_output *out)
{
	(void)par;
	*out = (struct lb_output){ .says = LB_PARAMETER, .level = (double)(k + 1) };
	return k < OUTPUTS;
}

/* log Gamma(x) - (x - 1/2) log x + x - log(2 pi) / 2, which goes to 0 as x grows; log_x goes on
 * where x is 0. */
static double stirling_rest(double x, double log_x)
{
	const double r = 1 / x, r2 = r * r;
	int sign;

	if (x >= FAR)
		return r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 * (1.0 / 1680 - r2 * (1.0 / 1188)))));
	return lgamma_r(1 + x, &sign) - (x + 0.5) * log_x + x - HALF_LOG_2PI;
}

/* x (digamma(x) - log x), from -1 at 0 to -1/2 far away. */
static double digamma_rest(double x, double log_x)
{
	double far = x, sum = 0;

	if (x < FAR) {
		for (; far < FAR; far++)
			sum += far > x ? x / far : 1;
		sum += x * log_x;
	}
	const double r = 1 / far, r2 = r * r;
	const double rest = -r / 2 - r2 * (1.0 / 12 - r2 * (1.0 / 120 - r2 * (1.0 / 252 - r2 * (1.0 / 240 - r2 * (1.0 / 132 - r2 * 691.0 / 32760)))));
	return x < FAR ? x * (log(far) + rest) - sum : x * rest;
}

/* a = m phi, b = (1 - m) phi, m the sigmoid of z[LOGIT], all with their logs. The terms of the size
 * of phi are phi times the divergence of t from m. */
static double beta_of(const struct lb_arg *par, size_t outputs, const double *z, double t, const double *fixed, double *g)
{
	const double l = z[LOGIT], s = z[LOG_PRECISION], lm = lb_log_sigmoid(l), ln = lb_log_sigmoid(-l), lt = log(t), lu = log1p(-t);
	const double m = lb_sigmoid_of(l), n = lb_sigmoid_of(-l), phi = exp(s < MOST_LOG ? s : MOST_LOG), a = m * phi, b = n * phi;
	const double apart = m * (lm - lt) + n * (ln - lu), divergence = apart < 0 ? 0 : apart;

	(void)par, (void)outputs, (void)fixed;
	const double far_a = digamma_rest(a, lm + s), far_b = digamma_rest(b, ln + s);
	g[LOGIT] = a * n * (l - (lt - lu)) + n * far_a - m * far_b;
	g[LOG_PRECISION] = phi * divergence + far_a + far_b - digamma_rest(phi, s);
	if (s > MOST_LOG && divergence > 0)
		return (double)INFINITY;
	return phi * divergence + lt + lu - (lm + ln + s) / 2 + HALF_LOG_2PI + stirling_rest(a, lm + s) + stirling_rest(b, ln + s) -
	       stirling_rest(phi, s);
}

static real beta_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_outputs_row(in, i, z, g, OUTPUTS, beta_of);
}
LB_ROW(beta_regression, beta_row)

static double tell(const struct lb_arg *par, size_t outputs, const double *z, double *say)
{
	(void)par, (void)outputs;
	say[LOGIT] = lb_sigmoid_of(z[LOGIT]);
	say[LOG_PRECISION] = exp(z[LOG_PRECISION]);
	return say[LOGIT];
}

static void told(const struct lb_batch *in, real *out)
{
	lb_outputs_predict(in, out, OUTPUTS, tell);
}

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 0.4, 1.5, -0.6, 1 }, .t = { 0.7, 0.2 }, .value = -0.45878858574936134, .source = "mpmath, 30 digits" },
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0.69314718055994531 }, .t = { 0.3 }, .value = 0, .source = "by hand: uniform" },
};

const struct lb_loss LB_LOSS(regression, beta_regression) = {
	.info = {
		.base = {
			.name = "beta_regression",
			.title = "Beta negative log-likelihood of shares: a mean and a precision for each target",
			.cite = "S. Ferrari, F. Cribari-Neto, Beta regression for modelling rates and proportions, Journal of Applied Statistics 31(7), 2004",
			.formula = "(1/T) sum_t -log Beta density(t_t; m phi, (1 - m) phi),  m = sigmoid(z_1), phi = exp(z_2)",
			.notes = "The model has two outputs for each of the T targets, the logit of the mean m and the log of the precision phi; the variance is "
				 "m (1 - m) / (1 + phi). The point prediction is m; told of a target are m and phi as parameter_1 and parameter_2. Targets lie "
				 "between 0 and 1, both excluded: move shares of 0 and 1 inwards first. R's betareg with links logit and log.",
			.keywords = "proportion share rate percentage betareg",
		},
		.kind = LB_REGRESSION,
		.good_for = "shares",
		.properties = LB_SMOOTH,
		.exceptions = LB_OVERFLOWS,
		.targets = LB_TARGETS_SHARES,
		.output = output,
		LB_EXAMPLES(examples),
	},
	.form = &beta_regression_form,
	.predict = told,
};
