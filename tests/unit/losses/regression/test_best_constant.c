/* The constant that each regression loss likes best, found by golden section on its value alone,
 * against what statistics says it is: mean, median, quantile, expectile, ... */
#include "tests/unit/suite.h"

#include "core/base/mem.h"
#include "losses/eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 41 };

static double target[N];

/* Skewed amounts above 0, all different, with one outlier. */
static void set_up(void)
{
	for (int i = 0; i < N; i++)
		target[i] = exp(1.2 * sin(1.0 + 2.3 * i)) + 0.01 * i;
	target[7] = 30;
}

static double value_at(const struct lb_loss_info *info, const struct lb_arg *par, double z)
{
	double scores[N], value;
	struct lb_err err = { 0 };

	for (int i = 0; i < N; i++)
		scores[i] = z;
	const struct lb_loss_input in = { .b = N, .c = 1, .z = scores, .t = target, .par = par };
	ck_assert_int_eq(lb_loss_eval(info, 64, &in, &value, NULL, &err), 0);
	return value;
}

static double best_constant(const struct lb_loss_info *info, const struct lb_arg *par, double low, double high)
{
	const double golden = 0.61803398874989485;

	for (int i = 0; i < 120; i++) {
		const double a = high - golden * (high - low), b = low + golden * (high - low);
		if (value_at(info, par, a) < value_at(info, par, b))
			high = b;
		else
			low = a;
	}
	return (low + high) / 2;
}

static double mean_of(double (*f)(double))
{
	double sum = 0;

	for (int i = 0; i < N; i++)
		sum += f ? f(target[i]) : target[i];
	return sum / N;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The smallest value below which, itself included, the share of the weights is at least tau. */
static double quantile(double tau, bool by_inverse)
{
	double sorted[N], all = 0, sum = 0;
	int k = 0;

	memcpy(sorted, target, sizeof sorted);
	qsort(sorted, N, sizeof *sorted, ascending);
	for (int i = 0; i < N; i++)
		all += by_inverse ? 1 / sorted[i] : 1;
	for (k = 0; k < N - 1; k++)
		if ((sum += by_inverse ? 1 / sorted[k] : 1) >= tau * all)
			break;
	return sorted[k];
}

/* Where tau E max(t - m, 0) = (1 - tau) E max(m - t, 0). */
static double expectile(double tau)
{
	double low = 0, high = 40;

	for (int step = 0; step < 100; step++) {
		const double m = (low + high) / 2;
		double lead = 0;
		for (int i = 0; i < N; i++)
			lead += target[i] > m ? tau * (target[i] - m) : (1 - tau) * (target[i] - m);
		*(lead > 0 ? &low : &high) = m;
	}
	return low;
}

static double mean_t(void) { return mean_of(NULL); }
static double log_mean(void) { return log(mean_of(NULL)); }
static double median(void) { return quantile(0.5, false); }
static double upper_decile(void) { return quantile(0.9, false); }
static double median_by_inverse(void) { return quantile(0.5, true); }
static double expectile_80(void) { return expectile(0.8); }
static double shrunk(double t) { return exp(-0.5 * t); }
static double linex_constant(void) { return -log(mean_of(shrunk)) / 0.5; }
static double mean_log1p(void) { return mean_of(log1p); }

static const struct {
	const char *name, *set;
	double (*want)(void);
	double low, high;
} fits[] = {
	{ "mse", "", mean_t, 0, 30 },
	{ "rmse", "", mean_t, 0, 30 },
	{ "r2", "", mean_t, 0, 30 },
	{ "lq", "q=2", mean_t, 0, 30 },
	{ "barron", "alpha=2 c=3", mean_t, 0, 30 },
	{ "mae", "", median, 0, 30 },
	{ "lq", "q=1", median, 0, 30 },
	{ "quantile", "tau=0.9", upper_decile, 0, 30 },
	{ "quantile", "tau=0.5", median, 0, 30 },
	{ "expectile", "tau=0.8", expectile_80, 0, 30 },
	{ "linex", "a=0.5", linex_constant, 0, 30 },
	{ "mape", "", median_by_inverse, 0, 30 },
	{ "poisson", "", log_mean, -3, 5 },
	{ "poisson_deviance", "", log_mean, -3, 5 },
	{ "gamma_nll", "", log_mean, -3, 5 },
	{ "gamma_deviance", "", log_mean, -3, 5 },
	{ "inverse_gaussian_deviance", "", log_mean, 0, 3 },
	{ "tweedie", "power=1.3", log_mean, -3, 5 },
	{ "tweedie_deviance", "power=1.7", log_mean, -3, 5 },
	{ "negative_binomial", "alpha=0.7", log_mean, -3, 5 },
	{ "msle", "", mean_log1p, -3, 5 },
};

START_TEST(the_best_constant_is_the_statistic)
{
	const struct lb_loss_info *info = lb_loss_find(LB_REGRESSION, fits[_i].name);
	struct lb_arg par[16];
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };

	ck_assert(info && !lb_args_from_text(&info->base, fits[_i].set, par, &store, &err));
	const double want = fits[_i].want(), found = best_constant(info, par, fits[_i].low, fits[_i].high);
	ck_assert_msg(fabs(found - want) <= 1e-6 * fmax(1, fabs(want)), "%s (%s): %.12g, not %.12g", fits[_i].name, fits[_i].set, found, want);
	lb_args_free(&store);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("best_constant");
	TCase *t = tcase_create("best_constant");

	tcase_add_checked_fixture(t, set_up, NULL);
	tcase_add_loop_test(t, the_best_constant_is_the_statistic, 0, sizeof fits / sizeof *fits);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("best_constant")
