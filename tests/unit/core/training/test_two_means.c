/* Two clusters against scikit-learn from the same start (tests/reference/procedures.py), and where
 * there is nothing to divide. */
#include "core/training/two_means.h"
#include "tests/unit/golden.h"

enum { MOST = 300, CLUSTERS = 3 };

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

START_TEST(as_elsewhere)
{
	cJSON *golden = golden_read("tests/golden/procedures.json");
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(golden, "clusters"), *one = cJSON_GetArrayItem(list, _i);
	const size_t d = (size_t)cJSON_GetObjectItemCaseSensitive(one, "d")->valueint;
	double x[MOST], want[MOST], mean[10], sum[10] = { 0 }, rows[2] = { 0 };
	unsigned char in[MOST];

	ck_assert_int_eq(cJSON_GetArraySize(list), CLUSTERS);
	const size_t n = numbers(one, "x", x) / d;
	ck_assert_uint_eq(numbers(one, "in", want), n);
	lb_two_means(x, n, d, (size_t)cJSON_GetObjectItemCaseSensitive(one, "first")->valueint,
		     (size_t)cJSON_GetObjectItemCaseSensitive(one, "second")->valueint, mean, in);
	for (size_t i = 0; i < n; i++) {
		ck_assert_double_eq(in[i], want[i]);
		rows[in[i]]++;
		for (size_t j = 0; j < d; j++)
			sum[in[i] * d + j] += x[i * d + j];
	}
	for (size_t k = 0; k < 2; k++)
		for (size_t j = 0; j < d; j++)
			ck_assert_double_eq_tol(mean[k * d + j], sum[k * d + j] / rows[k], 1e-12);
	cJSON_Delete(golden);
}
END_TEST

/* Rows that are all equal are of the first, and so is one that is as near to both. */
START_TEST(ties_are_of_the_first)
{
	static const double equal[] = { 0.5, 0.5, 0.5 }, between[] = { 0, 2, 1 };
	unsigned char in[3];
	double mean[2];

	lb_two_means(equal, 3, 1, 0, 2, mean, in);
	ck_assert(!in[0] && !in[1] && !in[2]);
	ck_assert_double_eq(mean[0], 0.5);
	ck_assert_double_eq(mean[1], 0.5);
	lb_two_means(between, 3, 1, 0, 1, mean, in);
	ck_assert(!in[0] && in[1] && !in[2]);
	ck_assert_double_eq(mean[0], 0.5);
	lb_two_means(equal, 1, 1, 0, 0, mean, in);
	ck_assert(!in[0]);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("two_means");
	TCase *t = tcase_create("two_means");

	tcase_add_loop_test(t, as_elsewhere, 0, CLUSTERS);
	tcase_add_test(t, ties_are_of_the_first);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("two_means")
