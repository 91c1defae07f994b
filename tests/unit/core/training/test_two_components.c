/* Mixtures of two components against scikit-learn and SciPy (tests/reference/procedures.py), and
 * where there is nothing to divide. */
#include "core/training/two_components.h"
#include "tests/unit/golden.h"

#include <math.h>
#include <string.h>

enum { MOST = 80, MIXTURES = 4 };

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
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(golden, "mixtures"), *one = cJSON_GetArrayItem(list, _i);
	const bool gaussian = !strcmp(cJSON_GetObjectItemCaseSensitive(one, "kind")->valuestring, "gaussian");
	double loss[MOST], lower[MOST], said[2];
	struct lb_two_components t;

	ck_assert_int_eq(cJSON_GetArraySize(list), MIXTURES);
	const size_t n = numbers(one, "loss", loss);
	ck_assert_uint_eq(numbers(one, "lower", lower), n);
	ck_assert_uint_eq(numbers(one, gaussian ? "means" : "shares", said), 2);
	lb_two_components_fit(gaussian ? LB_TWO_GAUSSIANS : LB_TWO_BETAS, loss, n, &t);
	for (size_t i = 0; i < n; i++)
		ck_assert_double_eq_tol(lb_two_components_lower(&t, loss[i]), lower[i], 1e-7);
	for (size_t k = 0; k < 2; k++)
		ck_assert_double_eq_tol(gaussian ? t.a[k] : t.share[k], said[k], 1e-7);
	cJSON_Delete(golden);
}
END_TEST

/* Computed by yet another program: specs of the losses 0.05 ... 2.1. */
START_TEST(as_worked_before)
{
	static const double loss[] = { .05, .1, .12, .2, .22, .3, 1.1, 1.3, 1.5, 2.1 };
	struct lb_two_components t;

	lb_two_components_fit(LB_TWO_GAUSSIANS, loss, 10, &t);
	ck_assert_double_eq_tol(t.a[0], 0.05605992691, 1e-8);
	ck_assert_double_eq_tol(t.a[1], 0.7065445195, 1e-8);
	lb_two_components_fit(LB_TWO_BETAS, loss, 10, &t);
	ck_assert_double_eq_tol(t.share[0], 0.6826640669, 1e-9);
}
END_TEST

START_TEST(nothing_to_divide)
{
	static const double equal[] = { 0.7, 0.7, 0.7 }, two[] = { 0, 1 };
	struct lb_two_components t;

	for (int shape = LB_TWO_GAUSSIANS; shape <= LB_TWO_BETAS; shape++) {
		for (size_t n = 0; n <= 3; n++) {
			lb_two_components_fit((enum lb_component_shape)shape, equal, n, &t);
			ck_assert_double_eq(lb_two_components_lower(&t, 0.7), 1);
		}
		lb_two_components_fit((enum lb_component_shape)shape, two, 2, &t);
		ck_assert(lb_two_components_lower(&t, 0) > 0.9);
		ck_assert(lb_two_components_lower(&t, 1) < 0.1);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("two_components");
	TCase *t = tcase_create("two_components");

	tcase_add_loop_test(t, as_elsewhere, 0, MIXTURES);
	tcase_add_test(t, as_worked_before);
	tcase_add_test(t, nothing_to_divide);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("two_components")
