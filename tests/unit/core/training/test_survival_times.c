/* Cuts, times of curves, Kaplan-Meier and Breslow's baseline hazard, by hand. */
#include "core/training/survival_times.h"
#include "tests/unit/suite.h"

#include <math.h>

static const double time[] = { 5, 1, 3, 3, 2, 8 };
static const int32_t event[] = { 1, 1, 1, 0, 0, 0 };
static const struct lb_times six = { .n = 6, .time = time, .event = event };

/* Events at 1, 3, 5. */
START_TEST(cuts_are_quantiles)
{
	double cut[4];

	ck_assert_int_eq(lb_event_cuts(&six, 3, cut, NULL), 0);
	ck_assert(cut[0] == 1 && cut[1] == 3 && cut[2] == 5);
	ck_assert_int_eq(lb_event_cuts(&six, 1, cut, NULL), 0);
	ck_assert_double_eq(cut[0], 5);
	ck_assert_int_eq(lb_event_cuts(&six, 4, cut, NULL), 0);
	ck_assert(cut[0] == 1 && cut[1] == 3 && cut[2] == 5 && cut[3] > 5 && cut[3] < 5.001);
}
END_TEST

/* Events at time 0 and at one time alone still give ends that ascend from above 0. */
START_TEST(cuts_ascend)
{
	const double at[] = { 0, 0, 0, 2 };
	const int32_t seen[] = { 1, 1, 1, 1 }, none[] = { 0, 0, 0, 0 };
	struct lb_times t = { .n = 4, .time = at, .event = seen };
	double cut[5], before = 0;

	for (int with = 0; with < 2; with++) {
		ck_assert_int_eq(lb_event_cuts(&t, 5, cut, NULL), 0);
		before = 0;
		for (int k = 0; k < 5; k++) {
			ck_assert_msg(cut[k] > before && (float)cut[k] > (float)before, "cut %d is %g after %g", k, cut[k], before);
			before = cut[k];
		}
		t.event = none;
	}
	ck_assert_double_eq(cut[4], 5);
}
END_TEST

START_TEST(curves_span_the_events)
{
	const int32_t one[] = { 0, 0, 1, 0, 0, 0 };
	const struct lb_times single = { .n = 6, .time = time, .event = one };
	double at[LB_CURVE_TIMES];
	size_t n;

	ck_assert_int_eq(lb_curve_times(&six, at, &n, NULL), 0);
	ck_assert_uint_eq(n, LB_CURVE_TIMES);
	ck_assert_double_eq(at[0], 1);
	ck_assert_double_eq(at[n - 1], 5);
	ck_assert_double_eq_tol(at[1], 1 + 4.0 / 49, 1e-15);
	ck_assert_int_eq(lb_curve_times(&single, at, &n, NULL), 0);
	ck_assert(n == 1 && at[0] == 3);
}
END_TEST

/* At risk: 6 at 1, 4 at 3, 2 at 5; a censoring at 3 is after the event there. */
START_TEST(kaplan_meier)
{
	const double at[] = { 0.5, 1, 2.9, 3, 5, 100 }, want[] = { 1, 5.0 / 6, 5.0 / 6, 5.0 / 6 * 3 / 4, 5.0 / 6 * 3 / 4 / 2, 5.0 / 6 * 3 / 4 / 2 };
	double got[6];

	ck_assert_int_eq(lb_kaplan_meier(&six, 6, at, got, NULL), 0);
	for (int k = 0; k < 6; k++)
		ck_assert_double_eq_tol(got[k], want[k], 1e-15);
}
END_TEST

/* Scores log 1 to log 6 in the order of the rows: the risk sets weigh 21 at 1, 1 + 3 + 4 + 6 at 3,
 * 1 + 6 at 5. Adding a number to the scores divides by its exponential. */
START_TEST(breslow)
{
	const double at[] = { 0.5, 1, 4, 6 }, want[] = { 0, 1.0 / 21, 1.0 / 21 + 1.0 / 14, 1.0 / 21 + 1.0 / 14 + 1.0 / 7 };
	double score[6], got[4];

	for (int by = -40; by <= 40; by += 40) {
		for (int i = 0; i < 6; i++)
			score[i] = log(i + 1) + by;
		ck_assert_int_eq(lb_breslow_hazard(&six, score, 4, at, got, NULL), 0);
		for (int k = 0; k < 4; k++)
			ck_assert_double_eq_tol(got[k] * exp(by), want[k], 1e-14);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("survival_times");
	TCase *t = tcase_create("times");

	tcase_add_test(t, cuts_are_quantiles);
	tcase_add_test(t, cuts_ascend);
	tcase_add_test(t, curves_span_the_events);
	tcase_add_test(t, kaplan_meier);
	tcase_add_test(t, breslow);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("survival_times")
