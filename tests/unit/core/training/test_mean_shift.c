/* Mean shift against scikit-learn's nearest neighbours (tests/golden/mean_shift.json, by
 * tests/reference/mean_shift.py), by hand, and where there is little to shift. */
#include "core/training/mean_shift.h"
#include "tests/unit/golden.h"

#include <math.h>

enum { MOST = 400, CASES = 4 };

static struct lb_err err;

static size_t numbers(const cJSON *in, const char *key, double *out)
{
	const cJSON *item;
	size_t n = 0;

	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(in, key)) {
		ck_assert_uint_lt(n, MOST);
		out[n++] = item->valuedouble;
	}
	return n;
}

static size_t number(const cJSON *in, const char *key)
{
	return (size_t)cJSON_GetObjectItemCaseSensitive(in, key)->valueint;
}

START_TEST(as_elsewhere)
{
	cJSON *golden = golden_read("tests/golden/mean_shift.json");
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(golden, "cases"), *one = cJSON_GetArrayItem(list, _i);
	double x[MOST], want[MOST];

	ck_assert_int_eq(cJSON_GetArraySize(list), CASES);
	const size_t cells = numbers(one, "x", x);
	ck_assert_uint_eq(numbers(one, "want", want), cells);
	ck_assert_int_eq(lb_mean_shift(number(one, "n"), number(one, "d"), x, number(one, "rounds"), number(one, "k"), &err), 0);
	for (size_t i = 0; i < cells; i++)
		ck_assert_double_eq_tol(x[i], want[i], 1e-12);
	cJSON_Delete(golden);
}
END_TEST

/* 0 has the nearest rows 1 and 3, and so on: (1 + 3)/2, (0 + 3)/2, (1 + 0)/2, (3 + 1)/2; the row at
 * 100 has 3 and 1. */
START_TEST(by_hand)
{
	double x[] = { 0, 1, 3, 100 };

	ck_assert_int_eq(lb_mean_shift(4, 1, x, 1, 2, &err), 0);
	const double want[] = { 2, 1.5, 0.5, 2 };
	for (size_t i = 0; i < 4; i++)
		ck_assert_double_eq(x[i], want[i]);
}
END_TEST

/* 1 is as far from 0 as from 2; 0 comes first. */
START_TEST(of_equal_distances_the_first)
{
	double x[] = { 0, 1, 2 };

	ck_assert_int_eq(lb_mean_shift(3, 1, x, 1, 1, &err), 0);
	ck_assert_double_eq(x[0], 1);
	ck_assert_double_eq(x[1], 0);
	ck_assert_double_eq(x[2], 1);
}
END_TEST

START_TEST(few_rows_and_no_rounds)
{
	double one[] = { 5, 7 }, two[] = { 1, 2, 3, 4 };

	ck_assert_int_eq(lb_mean_shift(1, 2, one, 3, 5, &err), 0);
	ck_assert_double_eq(one[1], 7);
	ck_assert_int_eq(lb_mean_shift(0, 2, one, 3, 5, &err), 0);
	ck_assert_int_eq(lb_mean_shift(2, 2, two, 0, 5, &err), 0);
	ck_assert_double_eq(two[2], 3);
	ck_assert_int_eq(lb_mean_shift(2, 2, two, 1, 5, &err), 0);
	ck_assert_double_eq(two[0], 3);
	ck_assert_double_eq(two[3], 2);
}
END_TEST

/* Rows whose squared distances overflow are farther than all others. */
START_TEST(distances_without_end)
{
	double x[] = { 0, 1, 1e300 };

	ck_assert_int_eq(lb_mean_shift(3, 1, x, 1, 1, &err), 0);
	ck_assert_double_eq(x[0], 1);
	ck_assert_double_eq(x[1], 0);
	ck_assert_double_eq(x[2], 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mean_shift");
	TCase *t = tcase_create("mean_shift");

	tcase_add_loop_test(t, as_elsewhere, 0, CASES);
	tcase_add_test(t, by_hand);
	tcase_add_test(t, of_equal_distances_the_first);
	tcase_add_test(t, few_rows_and_no_rounds);
	tcase_add_test(t, distances_without_end);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("mean_shift")
