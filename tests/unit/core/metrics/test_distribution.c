/* Tests core/metrics/distribution.c by hand: the score and the calibration of distributions.
 * Values of random splits stand in tests/golden/metrics_distribution.json. */
#include "tests/unit/core/metrics/eval_metric.h"

static const struct lb_output normal[] = { { .says = LB_MEAN }, { .says = LB_LOG_VARIANCE } };
static const struct lb_output quartiles[] = { { .says = LB_QUANTILE, .level = 0.25 }, { .says = LB_QUANTILE, .level = 0.5 },
					     { .says = LB_QUANTILE, .level = 0.75 } };

static struct lb_metric_inputs told(size_t n, const double *target, size_t outputs, const struct lb_output *output, const double *said)
{
	return (struct lb_metric_inputs){ .kind = LB_REGRESSION, .n = n, .t = 1, .target_t = target, .pred_t = target, .outputs = outputs, .output = output,
					  .said = said };
}

START_TEST(crps_by_hand)
{
	const double y[] = { 2, 2 }, centre[] = { 2, 3 }, far[] = { -1000, 1 }, point[] = { 5, 0 }, q[] = { 1, 2, 4, 1, 2, 4 };
	const struct lb_metric_inputs at = told(1, y, 2, normal, centre), off = told(1, y, 2, normal, far), sure = told(1, y, 2, normal, point),
				      by_levels = told(2, y, 3, quartiles, q);

	/* at the centre sd (sqrt(2) - 1) / sqrt(pi) */
	ck_assert_double_eq_tol(eval("crps", &at, NULL, 0), 3 * (sqrt(2) - 1) / sqrt(acos(-1)), 1e-15);
	/* far away |y - m| - sd / sqrt(pi) */
	ck_assert_double_eq_tol(eval("crps", &off, NULL, 0), 1002 - 1 / sqrt(acos(-1)), 1e-12);
	ck_assert_double_eq(eval("crps", &sure, NULL, 0), 3);
	/* 0.25 1, 0, 0.25 2 */
	ck_assert_double_eq(eval("crps", &by_levels, NULL, 0), 2 * 0.75 / 3);
	ck_assert_double_eq(eval("crps", &by_levels, NULL, 0), 2 * eval("pinball", &by_levels, NULL, 0));
}
END_TEST

/* Many even levels of a normal distribution have the score of the distribution itself. */
START_TEST(crps_of_many_levels)
{
	enum { LEVELS = 99 };
	struct lb_output output[LEVELS];
	double q[LEVELS];
	const double y = 0.7, standard[] = { 0, 1 };

	for (int k = 0; k < LEVELS; k++) {
		double low = -9, high = 9;
		output[k] = (struct lb_output){ .says = LB_QUANTILE, .level = (k + 0.5) / LEVELS };
		for (int i = 0; i < 100; i++) {
			const double middle = (low + high) / 2;
			*(erfc(-middle / sqrt(2)) / 2 < output[k].level ? &low : &high) = middle;
		}
		q[k] = low;
	}
	const struct lb_metric_inputs levels = told(1, &y, LEVELS, output, q), whole = told(1, &y, 2, normal, standard);
	ck_assert_double_eq_tol(eval("crps", &levels, NULL, 0), eval("crps", &whole, NULL, 0), 1e-3);
}
END_TEST

START_TEST(pit_by_hand)
{
	/* every target at its mean: all of the PIT is 1/2 */
	const double y[] = { 1, 2, 3, 4 }, centre[] = { 1, 1, 2, 9, 3, 5, 4, 1 }, sure[] = { 0, 0, 2, 0, 4, 0, 4, 0 };
	const struct lb_metric_inputs at = told(4, y, 2, normal, centre), points = told(4, y, 2, normal, sure), one = told(1, y, 2, normal, centre);

	ck_assert_double_eq(eval("pit_deviation", &at, NULL, 0), 0.5);
	ck_assert_double_eq(eval("pit_deviation", &one, NULL, 0), 0.5);
	/* PIT 1, 1, 0, 1: a quarter is at 0 */
	ck_assert_double_eq(eval("pit_deviation", &points, NULL, 0), 0.75);
	/* the same quartiles for all: 1 of 4 is at most 1, 2 at most 2, 4 at most 4 */
	const double q[] = { 1, 2, 4, 1, 2, 4, 1, 2, 4, 1, 2, 4 };
	const struct lb_metric_inputs levels = told(4, y, 3, quartiles, q), first = told(1, y, 3, quartiles, q);
	ck_assert_double_eq(eval("pit_deviation", &levels, NULL, 0), 0.25);
	ck_assert_double_eq(eval("pit_deviation", &first, NULL, 0), 0.75);
}
END_TEST

/* Both take a mean and a variance or, in their place, quantiles; and nothing else. */
START_TEST(either_will_do)
{
	const double y = 1, said[] = { 1, 2, 3 };
	static const char *const names[] = { "crps", "pit_deviation" };

	for (size_t m = 0; m < 2; m++) {
		const struct lb_metric *metric = lb_metric_find(names[m]);
		const unsigned mean = 1u << LB_MEAN, variance = 1u << LB_LOG_VARIANCE, quantile = 1u << LB_QUANTILE;
		const struct lb_metric_inputs half = told(1, &y, 1, normal, said), none = told(1, &y, 0, NULL, NULL), both = told(1, &y, 3, quartiles, said);
		double value = 0;

		ck_assert_uint_eq(lb_metric_lacks(metric, mean | variance), 0);
		ck_assert_uint_eq(lb_metric_lacks(metric, quantile), 0);
		ck_assert_uint_eq(lb_metric_lacks(metric, mean), variance);
		ck_assert_uint_eq(lb_metric_lacks(metric, 0), mean | variance);
		ck_assert_uint_eq(lb_metric_lacks(lb_metric_find("pinball"), mean | variance), quantile);
		ck_assert_int_eq(lb_metric_compute(metric, &half, NULL, &value, NULL), 0);
		ck_assert(isnan(value));
		ck_assert_int_eq(lb_metric_compute(metric, &none, NULL, &value, NULL), 0);
		ck_assert(isnan(value));
		ck_assert_int_eq(lb_metric_compute(metric, &both, NULL, &value, NULL), 0);
		ck_assert(value > 0);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("distribution");
	TCase *t = tcase_create("distribution");

	tcase_add_test(t, crps_by_hand);
	tcase_add_test(t, crps_of_many_levels);
	tcase_add_test(t, pit_by_hand);
	tcase_add_test(t, either_will_do);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("distribution")
