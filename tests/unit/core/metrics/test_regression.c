/* Tests core/metrics/regression_error.c, correlation.c and deviance.c by hand: ties, one row,
 * constant targets, values out of range. Values of random splits stand in
 * tests/golden/metrics_everyday.json and metrics_regression.json. */
#include "core/base/mem.h"
#include "core/numeric/rng.h"
#include "tests/unit/core/metrics/eval_metric.h"

#include <string.h>

static struct lb_metric_inputs one_target(size_t n, const double *f, const double *y)
{
	return (struct lb_metric_inputs){ .kind = LB_REGRESSION, .n = n, .t = 1, .pred_t = f, .target_t = y };
}

START_TEST(errors_by_hand)
{
	const double f[] = { 1, 2, 4, -2 }, y[] = { 2, 2, 1, 2 };
	const struct lb_metric_inputs o = one_target(4, f, y), three = one_target(3, f, y), one = one_target(1, f, y);

	ck_assert_double_eq(eval("mse", &o, NULL, 0), (1 + 0 + 9 + 16) / 4.0);
	ck_assert_double_eq(eval("median_ae", &o, NULL, 0), 2);
	ck_assert_double_eq(eval("median_ae", &three, NULL, 0), 1);
	ck_assert_double_eq(eval("median_ae", &one, NULL, 0), 1);
	ck_assert_double_eq(eval("max_error", &o, NULL, 0), 4);
	ck_assert_double_eq(eval("mape", &o, NULL, 0), (0.5 + 0 + 3 + 2) / 4);
	ck_assert_double_eq_tol(eval("smape", &o, NULL, 0), (2.0 / 3 + 0 + 6.0 / 5 + 2) / 4, 1e-15);
	ck_assert_double_eq(eval("bias", &o, NULL, 0), 0.5);
	ck_assert_double_eq_tol(eval("rmsle", &one, NULL, 0), log(1.5), 1e-15);
	ck_assert(isnan(eval("msle", &o, NULL, 0)) && isnan(eval("rmsle", &o, NULL, 0)));
}
END_TEST

START_TEST(several_targets_are_averaged)
{
	const double f[] = { 1, 10, 2, 20 }, y[] = { 0, 10, 0, 40 };
	const struct lb_metric_inputs o = { .kind = LB_REGRESSION, .n = 2, .t = 2, .pred_t = f, .target_t = y };

	ck_assert_double_eq(eval("mse", &o, NULL, 0), (2.5 + 200) / 2);
	ck_assert_double_eq(eval("max_error", &o, NULL, 0), 20);
	ck_assert_double_eq(eval("median_ae", &o, NULL, 0), (1.5 + 10) / 2);
	ck_assert_double_eq(eval("bias", &o, NULL, 0), (1.5 + 10) / 2);
	/* the first target is constant */
	ck_assert(isnan(eval("pearson", &o, NULL, 0)) && isnan(eval("d2_absolute", &o, NULL, 0)));
}
END_TEST

START_TEST(a_target_of_zero)
{
	const double f[] = { 0, 1 }, y[] = { 0, 1 }, off[] = { 1, 1 };
	const struct lb_metric_inputs right = one_target(2, f, y), wrong = one_target(2, off, y);

	ck_assert(isnan(eval("mape", &right, NULL, 0)));
	ck_assert_double_eq(eval("smape", &right, NULL, 0), 0);
	ck_assert_double_eq(eval("smape", &wrong, NULL, 0), 1);
	ck_assert(isnan(eval("poisson_deviance", &right, NULL, 0)));
	ck_assert_double_eq(eval("poisson_deviance", &wrong, NULL, 0), 1);
	ck_assert(isnan(eval("gamma_deviance", &wrong, NULL, 0)));
}
END_TEST

/* Out of the range of a power the deviance is undefined; within it a perfect prediction has 0. */
START_TEST(deviances_have_a_range)
{
	static const struct {
		double y, f, power;
		bool defined;
	} all[] = {
		{ -1, 2, 0, true }, { -1, -1, 0, true }, { -1, 2, -1, true }, { 1, -2, -1, false }, { 0, 1, 1, true }, { -1, 1, 1, false },
		{ 1, 0, 1, false }, { 0, 1, 1.5, true }, { 0, 1, 2, false }, { -1, 1, 1.5, false }, { 0, 1, 3, false }, { 2, 1, 3, true },
		{ 1, -1, 3, false },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const struct lb_metric_inputs o = one_target(1, &all[i].f, &all[i].y), same = one_target(1, &all[i].f, &all[i].f);
		const double value = eval("tweedie_deviance", &o, &all[i].power, 1);
		ck_assert_msg(all[i].defined ? value >= 0 : isnan(value), "y = %g, f = %g, power %g: %g", all[i].y, all[i].f, all[i].power, value);
		if (all[i].f > 0)
			ck_assert_double_eq(eval("tweedie_deviance", &same, &all[i].power, 1), 0);
	}
}
END_TEST

/* A prediction next to its target has the deviance (f - y)^2 y^-p (1 + O(f / y - 1)), which no
 * difference of large terms may drown; nor may one that is far from it overflow. */
START_TEST(deviances_near_and_far)
{
	static const double powers[] = { -1, 1, 1 + 1e-12, 1.5, 2 - 1e-12, 2, 3 };

	for (size_t i = 0; i < sizeof powers / sizeof *powers; i++) {
		const double y = 3, f = 3 * (1 + ldexp(1, -30)), gap = f - y, tiny = 5e-324, large = 1e10;
		const struct lb_metric_inputs near_by = one_target(1, &f, &y), far = one_target(1, &large, &tiny), under = one_target(1, &y, &large);
		const double expected = gap * gap * pow(y, -powers[i]);
		ck_assert_double_eq_tol(eval("tweedie_deviance", &near_by, &powers[i], 1), expected, 1e-8 * expected);
		if (powers[i] < 1.9)
			ck_assert(isfinite(eval("tweedie_deviance", &far, &powers[i], 1)));
		ck_assert(eval("tweedie_deviance", &under, &powers[i], 1) > 0);
	}
	/* continuous at the edge of the power series, and in the power */
	for (size_t i = 0; i < sizeof powers / sizeof *powers; i++) {
		const double y = 1, inside = exp(0.01) * (1 - 1e-12), outside = exp(0.01) * (1 + 1e-12);
		const struct lb_metric_inputs a = one_target(1, &inside, &y), b = one_target(1, &outside, &y);
		const double in = eval("tweedie_deviance", &a, &powers[i], 1), out = eval("tweedie_deviance", &b, &powers[i], 1);
		ck_assert_double_eq_tol(in, out, 1e-9 * in);
	}
}
END_TEST

START_TEST(powers_between_0_and_1_are_refused)
{
	static const char *const names[] = { "tweedie_deviance", "d2_tweedie" };

	for (size_t i = 0; i < 2; i++) {
		const struct lb_info *m = &lb_metric_find(names[i])->base;
		struct lb_err err = { 0 };
		ck_assert_int_eq(m->check(&(struct lb_arg){ .v = 0 }, &err), 0);
		ck_assert_int_eq(m->check(&(struct lb_arg){ .v = 1 }, &err), 0);
		ck_assert_int_eq(m->check(&(struct lb_arg){ .v = -2 }, &err), 0);
		ck_assert_int_eq(m->check(&(struct lb_arg){ .v = 0.5 }, &err), -1);
		ck_assert_ptr_nonnull(strstr(err.text, "power: found 0.5"));
	}
}
END_TEST

START_TEST(correlations_by_hand)
{
	/* ranks 1, 2.5, 2.5, 4 and 1, 3, 2, 4; five of six pairs differ in f, all in y, and all
	 * five agree */
	const double f[] = { 1, 2, 2, 9 }, y[] = { 10, 30, 20, 40 }, up[] = { 0, 1, 1, 8 };
	const struct lb_metric_inputs o = one_target(4, f, y), shifted = one_target(4, up, f), one = one_target(1, f, y);

	ck_assert_double_eq_tol(eval("spearman", &o, NULL, 0), 4.5 / sqrt(4.5 * 5), 1e-15);
	ck_assert_double_eq_tol(eval("kendall", &o, NULL, 0), 5 / sqrt(5.0 * 6), 1e-15);
	ck_assert_double_eq(eval("pearson", &shifted, NULL, 0), 1);
	ck_assert_double_eq(eval("kendall", &shifted, NULL, 0), 1);
	ck_assert_double_eq(eval("spearman", &shifted, NULL, 0), 1);
	/* var = 41 / 4 each, means 1 apart */
	ck_assert_double_eq_tol(eval("ccc", &shifted, NULL, 0), 2 * 41.0 / (2 * 41 + 4), 1e-15);
	ck_assert(isnan(eval("pearson", &one, NULL, 0)) && isnan(eval("spearman", &one, NULL, 0)) && isnan(eval("kendall", &one, NULL, 0)));
	ck_assert(isnan(eval("ccc", &one, NULL, 0)));
}
END_TEST

/* A shift of both changes nothing, as long as the values keep their digits. */
START_TEST(far_from_zero)
{
	const double near_f[] = { 1, 2, 2, 9 }, near_y[] = { 3, 1, 4, 8 };
	double f[4], y[4];
	const struct lb_metric_inputs o = one_target(4, f, y), near_by = one_target(4, near_f, near_y);
	static const char *const names[] = { "pearson", "ccc", "explained_variance" };

	for (size_t i = 0; i < 4; i++) {
		f[i] = 1e15 + near_f[i];
		y[i] = 1e15 + near_y[i];
	}
	for (size_t m = 0; m < 3; m++)
		ck_assert_double_eq(eval(names[m], &o, NULL, 0), eval(names[m], &near_by, NULL, 0));
}
END_TEST

/* Against all pairs, for every length of the runs that are merged. */
START_TEST(kendall_counts_pairs)
{
	double f[40], y[40];
	struct lb_rng r;

	lb_rng_init(&r, 11, LB_RNG_TEST, 0);
	for (size_t n = 2; n < 40; n++) {
		double agree = 0, in_f = 0, in_y = 0;
		for (size_t i = 0; i < n; i++) {
			f[i] = (double)lb_rng_below(&r, 9);
			y[i] = (double)lb_rng_below(&r, 9);
		}
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < i; j++) {
				agree += (f[i] > f[j] ? 1 : f[i] < f[j] ? -1 : 0) * (y[i] > y[j] ? 1 : y[i] < y[j] ? -1 : 0);
				in_f += f[i] != f[j];
				in_y += y[i] != y[j];
			}
		const struct lb_metric_inputs o = one_target(n, f, y);
		if (in_f > 0 && in_y > 0)
			ck_assert_double_eq_tol(eval("kendall", &o, NULL, 0), agree / sqrt(in_f * in_y), 1e-15);
		else
			ck_assert(isnan(eval("kendall", &o, NULL, 0)));
	}
}
END_TEST

/* A falling order of many rows: n (n - 1) / 2 is beyond 2^32 pairs, too many to look at each. */
START_TEST(kendall_of_many_rows)
{
	enum { N = 200000 };
	double *f = lb_alloc(2 * N, sizeof *f, NULL);

	for (size_t i = 0; i < N; i++) {
		f[i] = (double)i;
		f[N + i] = -(double)i;
	}
	const struct lb_metric_inputs o = one_target(N, f, f + N);
	ck_assert_double_eq(eval("kendall", &o, NULL, 0), -1);
	ck_assert_double_eq(eval("spearman", &o, NULL, 0), -1);
	free(f);
}
END_TEST

/* The mean has no variance explained, the best constants have a D2 of 0, a perfect prediction 1. */
START_TEST(shares_that_are_explained)
{
	const double y[] = { 1, 2, 4, 9 }, mean[] = { 4, 4, 4, 4 }, median[] = { 2, 2, 2, 2 }, off[] = { 2, 3, 5, 10 }, same[] = { 5, 5, 5, 5 };
	const struct lb_metric_inputs by_mean = one_target(4, mean, y), by_median = one_target(4, median, y), right = one_target(4, y, y),
				      shifted = one_target(4, off, y), flat = one_target(4, y, same);
	static const char *const names[] = { "explained_variance", "d2_tweedie", "d2_absolute", "d2_pinball" };
	const double low = 0.25;

	ck_assert_double_eq(eval("explained_variance", &by_mean, NULL, 0), 0);
	ck_assert_double_eq(eval("explained_variance", &shifted, NULL, 0), 1);
	ck_assert_double_eq(eval("d2_tweedie", &by_mean, NULL, 0), 0);
	ck_assert_double_eq(eval("d2_absolute", &by_median, NULL, 0), 0);
	ck_assert_double_eq(eval("d2_pinball", &by_median, NULL, 0), 0);
	/* at level 1/4 every constant from 1 to 2 is as good */
	ck_assert_double_eq(eval("d2_pinball", &by_median, &low, 1), 0);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_double_eq(eval(names[i], &right, NULL, 0), 1);
		ck_assert_msg(isnan(eval(names[i], &flat, NULL, 0)), "%s of a constant target", names[i]);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("regression");
	TCase *t = tcase_create("regression");

	tcase_add_test(t, errors_by_hand);
	tcase_add_test(t, several_targets_are_averaged);
	tcase_add_test(t, a_target_of_zero);
	tcase_add_test(t, deviances_have_a_range);
	tcase_add_test(t, deviances_near_and_far);
	tcase_add_test(t, powers_between_0_and_1_are_refused);
	tcase_add_test(t, correlations_by_hand);
	tcase_add_test(t, far_from_zero);
	tcase_add_test(t, kendall_counts_pairs);
	tcase_add_test(t, kendall_of_many_rows);
	tcase_add_test(t, shares_that_are_explained);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("regression")
