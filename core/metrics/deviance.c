/* Deviances of a prediction from the target, and the share of them that a model explains. */
#include "core/metrics/target_measure.h"

#include <stdlib.h>

#define SEVERAL "With several targets the mean over the targets."
#define JORGENSEN "B. Jorgensen, Exponential dispersion models, Journal of the Royal Statistical Society B 49(2), 1987"
#define SKLEARN "F. Pedregosa et al., Scikit-learn: machine learning in Python, JMLR 12, 2011"

/* Returns E(a + 1) - E(a) for E(a) = (exp(a l) - 1) / a, E(0) = l: half of the unit deviance at y =
 * 1 and f = exp(l), a = 1 - power. The difference cancels for small l: a power series then. */
static double half_deviance(double a, double l)
{
	double lower = a, upper = a + 1, term = l * l / 2, sum = 0;

	if (fabs(l) > 0.01)
		return (upper != 0 ? expm1(upper * l) / upper : l) - (lower != 0 ? expm1(lower * l) / lower : l);
	for (int k = 2; k < 16; k++, term *= l / k) {
		sum += term * (upper - lower);
		upper *= a + 1;
		lower *= a;
	}
	return sum;
}

/* Unit deviance of the Tweedie family: Poisson at power 1, gamma at power 2, (f - y)^2 at power 0.
 * NAN outside of its range. A target that is so far below the prediction that exp(l) overflows
 * counts as 0. */
static double unit_deviance(double y, double f, double power)
{
	if (power == 0)
		return (f - y) * (f - y);
	if (!(f > 0) || (power > 0 && !(power < 2 ? y >= 0 : y > 0)))
		return (double)NAN;
	const double l = y <= 0 ? (double)INFINITY : fabs(f - y) < y / 2 ? log1p((f - y) / y) : log(f) - log(y);
	if ((2 - power) * l < 700)
		return 2 * pow(y, 2 - power) * half_deviance(1 - power, l);
	return 2 * (pow(f, 2 - power) / (2 - power) - (y < 0 ? y * pow(f, 1 - power) / (1 - power) : 0));
}

static double mean_deviance(const struct lb_target *t, double power)
{
	double sum = 0;

	for (size_t i = 0; i < t->n; i++)
		sum += unit_deviance(t->y[i], t->f[i], power);
	return sum / (double)t->n;
}

enum { POWER };
static const struct lb_param power_params[] = {
	[POWER] = { .name = "power", .symbol = "p", .def = 1.5, .min = -10, .max = 10, .grid = { 1, 1.5, 2, 3 }, .n_grid = 4,
		    .help = "of the mean that the variance grows with: 0 normal, 1 Poisson, 1 to 2 compound Poisson, 2 gamma, 3 inverse Gaussian" },
};

static int check_power(const struct lb_arg *par, struct lb_err *err)
{
	if (par[POWER].v <= 0 || par[POWER].v >= 1)
		return 0;
	return lb_fail(err, LB_CONFIG, "power: found %g, but no distribution of the family has a power between 0 and 1; allowed: 0 or less, 1 or more",
		       par[POWER].v);
}

static double poisson_deviance(const struct lb_target *t, const struct lb_arg *par)
{
	(void)par;
	return mean_deviance(t, 1);
}

LB_TARGET_METRIC(poisson_deviance, false, .title = "Mean Poisson deviance, for counts", .cite = JORGENSEN,
	.formula = "(1/n) sum_i 2 (y_i ln(y_i / f_i) - y_i + f_i)",
	.notes = "Undefined where a prediction is not positive or a target is negative. " SEVERAL, .keywords = "mean_poisson_deviance counts")

static double gamma_deviance(const struct lb_target *t, const struct lb_arg *par)
{
	(void)par;
	return mean_deviance(t, 2);
}

LB_TARGET_METRIC(gamma_deviance, false, .title = "Mean gamma deviance, for positive targets", .cite = JORGENSEN,
	.formula = "(1/n) sum_i 2 (ln(f_i / y_i) + y_i / f_i - 1)",
	.notes = "Does not change with the unit of the targets. Undefined where a prediction or a target is not positive. " SEVERAL,
	.keywords = "mean_gamma_deviance")

static double tweedie_deviance(const struct lb_target *t, const struct lb_arg *par)
{
	return mean_deviance(t, par[POWER].v);
}

#define TWEEDIE "2 (max(y, 0)^(2 - p) / ((1 - p)(2 - p)) - y f^(1 - p) / (1 - p) + f^(2 - p) / (2 - p))"

LB_TARGET_METRIC(tweedie_deviance, false, .title = "Mean Tweedie deviance", .cite = JORGENSEN,
	.formula = "(1/n) sum_i d(y_i, f_i),  d = " TWEEDIE ", and its limits at p = 1 and 2",
	.notes = "mse at p = 0, poisson_deviance at 1, gamma_deviance at 2. Undefined where a prediction is not positive (but for p = 0), and where a "
	"target is negative (p from 1 on) or 0 (p from 2 on). " SEVERAL, .keywords = "mean_tweedie_deviance compound_poisson insurance",
	.check = check_power, LB_PARAMS(power_params))

/* 1 - part / whole; undefined where all targets are equal. */
static double explained(const struct lb_target *t, double part, double whole)
{
	return !lb_is_constant(t->y, t->n) && whole > 0 ? 1 - part / whole : (double)NAN;
}

/* The mean deviance of the constant prediction c. */
static double deviance_of_constant(const struct lb_target *t, double c, double power)
{
	double sum = 0;

	for (size_t i = 0; i < t->n; i++)
		sum += unit_deviance(t->y[i], c, power);
	return sum / (double)t->n;
}

static double d2_tweedie(const struct lb_target *t, const struct lb_arg *par)
{
	const double power = par[POWER].v;

	return explained(t, mean_deviance(t, power), deviance_of_constant(t, t->y[0] + lb_mean_shift(t->y, t->n), power));
}

#define SHARE "1 is perfect, 0 is as good as the best constant for this split, negative is worse. Undefined where a target is constant (a single row " \
	      "among them)"

LB_TARGET_METRIC(d2_tweedie, true, .title = "Share of the Tweedie deviance that is explained", .cite = SKLEARN,
	.formula = "1 - tweedie_deviance of f / tweedie_deviance of the mean of y",
	.notes = SHARE ", and where tweedie_deviance is. r2 at p = 0. " SEVERAL, .keywords = "d2_tweedie_score d2 explained_deviance poisson gamma",
	.check = check_power, LB_PARAMS(power_params))

enum { LEVEL };
static const struct lb_param level_params[] = {
	[LEVEL] = { .name = "level", .symbol = "a", .def = 0.5, .min = 0, .max = 1, .min_open = true, .max_open = true, .grid = { 0.1, 0.5, 0.9 },
		    .n_grid = 3, .help = "level of the quantile that the predictions stand for" },
};

static double pinball_loss(double y, double f, double level)
{
	return y > f ? level * (y - f) : (1 - level) * (f - y);
}

/* The share of the pinball loss that is explained; the best constant is the smallest target that
 * at least the share `level` of them does not exceed. */
static double d2_of_level(const struct lb_target *t, double level)
{
	double *sorted = t->scratch, part = 0, whole = 0;
	const double place = ceil(level * (double)t->n);

	for (size_t i = 0; i < t->n; i++)
		sorted[i] = t->y[i];
	qsort(sorted, t->n, sizeof *sorted, lb_ascending_doubles);
	const double best = sorted[place >= 1 ? (size_t)place - 1 : 0];
	for (size_t i = 0; i < t->n; i++) {
		part += pinball_loss(t->y[i], t->f[i], level);
		whole += pinball_loss(t->y[i], best, level);
	}
	return explained(t, part, whole);
}

static double d2_pinball(const struct lb_target *t, const struct lb_arg *par)
{
	return d2_of_level(t, par[LEVEL].v);
}

LB_TARGET_METRIC(d2_pinball, true, .title = "Share of the pinball loss that is explained", .cite = SKLEARN,
	.formula = "1 - sum_i q(y_i - f_i) / sum_i q(y_i - best),  q(u) = max(a u, (a - 1) u), best the constant of the smallest sum",
	.notes = SHARE ". The best constant is a quantile of the targets that is one of them; a quantile interpolated between two of them, as in some versions "
	"of scikit-learn, is worse and gives a larger value. " SEVERAL, .keywords = "d2_pinball_score d2 quantile", LB_PARAMS(level_params))

static double d2_absolute(const struct lb_target *t, const struct lb_arg *par)
{
	(void)par;
	return d2_of_level(t, 0.5);
}

LB_TARGET_METRIC(d2_absolute, true, .title = "Share of the absolute error that is explained", .cite = SKLEARN,
	.formula = "1 - sum_i |y_i - f_i| / sum_i |y_i - median y|", .notes = SHARE ". " SEVERAL, .keywords = "d2_absolute_error_score d2 mae")

/* 1 - var(y - f) / var(y) */
static double explained_variance(const struct lb_target *t, const struct lb_arg *par)
{
	double *error = t->scratch, part = 0, whole = 0;

	(void)par;
	for (size_t i = 0; i < t->n; i++)
		error[i] = t->y[i] - t->f[i];
	const double of_error = lb_mean_shift(error, t->n), of_y = lb_mean_shift(t->y, t->n);
	for (size_t i = 0; i < t->n; i++) {
		const double e = error[i] - error[0] - of_error, y = t->y[i] - t->y[0] - of_y;
		part += e * e;
		whole += y * y;
	}
	return explained(t, part, whole);
}

LB_TARGET_METRIC(explained_variance, true, .title = "Share of the target's variance that is explained, whatever the mean error", .cite = SKLEARN,
	.formula = "1 - var(y - f) / var(y)",
	.notes = "r2 where the mean error is 0, else more. " SHARE ". " SEVERAL, .keywords = "explained_variance_score r2")
