/* Metrics of times to an event, by hand; more stand in tests/golden/metrics_survival.json. */
#include "core/metrics/metric.h"
#include "tests/unit/suite.h"

#include <math.h>

static double eval(const char *name, const struct lb_metric_inputs *o, double tau)
{
	const struct lb_arg par[] = { { .v = tau } };
	double value = -1;

	ck_assert_int_eq(lb_metric_find(name)->eval(o, par, &value, NULL), 0);
	return value;
}

static const double times[] = { 1, 2, 2, 3, 4 }, risks[] = { 0.2, -0.5, 1, 0.3, 0 };
static const int32_t events[] = { 1, 1, 1, 0, 1 };
static const struct lb_metric_inputs five = { .kind = LB_SURVIVAL, .n = 5, .t = 1, .pred_t = risks, .target_t = times, .event = events };

/* Eight comparable pairs, of which four are in order; the one censoring is before time 4 alone. */
START_TEST(pairs_in_order)
{
	ck_assert_double_eq_tol(eval("harrell", &five, 0), 0.5, 1e-15);
	ck_assert_double_eq_tol(eval("uno", &five, 0), 0.5, 1e-15);
	ck_assert_double_eq_tol(eval("uno", &five, 2), 0.5, 1e-15);
}
END_TEST

/* At one time an event is before a censoring and no other event; risks that tie count half. */
START_TEST(ties)
{
	const double at[] = { 2, 2, 2 }, risk[] = { 1, 1, 3 };
	const int32_t seen[] = { 1, 0, 1 };
	const struct lb_metric_inputs o = { .kind = LB_SURVIVAL, .n = 3, .t = 1, .pred_t = risk, .target_t = at, .event = seen };

	ck_assert_double_eq_tol(eval("harrell", &o, 0), (0.5 + 1) / 2, 1e-15);
}
END_TEST

/* Times 1, 2 (censored), 3; G is 1 before 2 and 1/2 from it on. At 1.5: 0.6^2 + 0.3^2 + 0.2^2 over
 * 3 with G = 1; at 2.5: 0.4^2 / 1 and 0.3^2 / (1/2). */
START_TEST(brier_by_hand)
{
	const double at[] = { 1, 2, 3 }, risk[] = { 0, 0, 0 }, grid[] = { 1.5, 2.5 }, curve[] = { 0.6, 0.4, 0.7, 0.6, 0.8, 0.7 };
	const int32_t seen[] = { 1, 0, 1 };
	struct lb_metric_inputs o = { .kind = LB_SURVIVAL, .n = 3, .t = 1, .pred_t = risk, .target_t = at, .event = seen, .n_times = 2,
				      .curve_time = grid, .curve = curve };
	const double first = (0.36 + 0.09 + 0.04) / 3, second = (0.16 + 0.09 * 2) / 3;

	ck_assert_double_eq_tol(eval("integrated_brier", &o, 0), (first + second) / 2, 1e-15);
	o.n_times = 1;
	ck_assert(isnan(eval("integrated_brier", &o, 0)));
	o.n_times = 0;
	ck_assert(isnan(eval("integrated_brier", &o, 0)));
}
END_TEST

static const char *const names[] = { "harrell", "uno", "integrated_brier" };

START_TEST(nothing_to_compare)
{
	const int32_t none[] = { 0, 0, 0, 0, 0 };
	struct lb_metric_inputs o = five;

	o.n = 0;
	ck_assert(isnan(eval(names[_i], &o, 0)));
	o.n = 5, o.event = none;
	ck_assert(isnan(eval(names[_i], &o, 0)));
	ck_assert(isnan(eval("uno", &five, 0.5)));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("survival");
	TCase *t = tcase_create("survival");

	tcase_add_test(t, pairs_in_order);
	tcase_add_test(t, ties);
	tcase_add_test(t, brier_by_hand);
	tcase_add_loop_test(t, nothing_to_compare, 0, sizeof names / sizeof *names);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("survival")
