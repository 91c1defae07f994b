/* Gaussians of classes against NumPy (tests/reference/procedures.py), and what is drawn from
 * them. */
#include "core/numeric/rng.h"
#include "core/training/class_gaussians.h"
#include "tests/unit/golden.h"

#include <math.h>
#include <string.h>

enum { MOST = 300, CASES = 4, CLASSES = 5, D = 3 };

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

static double number(const cJSON *in, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(in, key)->valuedouble;
}

START_TEST(as_elsewhere)
{
	cJSON *golden = golden_read("tests/golden/procedures.json");
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(golden, "gaussians"), *one = cJSON_GetArrayItem(list, _i);
	const struct lb_gaussians_how how = { number(one, "trim"), number(one, "tail"), number(one, "borrow"), (size_t)number(one, "neighbours"), number(one, "ridge") };
	double x[MOST], label[MOST], mean[D], lower[D * D];
	int32_t y[MOST];
	struct lb_class_gaussians g;
	struct lb_err err = { 0 };

	ck_assert_int_eq(cJSON_GetArraySize(list), CASES);
	const size_t n = numbers(one, "y", label);
	ck_assert_uint_eq(numbers(one, "x", x), n * D);
	for (size_t i = 0; i < n; i++)
		y[i] = (int32_t)label[i];
	ck_assert_int_eq(lb_class_gaussians_make(&how, CLASSES, x, y, n, D, &g, &err), 0);
	for (size_t k = 0; k < CLASSES; k++) {
		const cJSON *of = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(one, "classes"), (int)k);
		numbers(of, "mean", mean);
		numbers(of, "lower", lower);
		for (size_t j = 0; j < D; j++)
			ck_assert_double_eq_tol(g.mean[k * D + j], mean[j], 1e-12);
		for (size_t j = 0; j < D * D; j++)
			ck_assert_double_eq_tol(g.lower[k * D * D + j], lower[j], 1e-12);
	}
	lb_class_gaussians_free(&g);
	cJSON_Delete(golden);
}
END_TEST

/* Means and covariances of many draws are those of the Gaussian, within five standard errors. */
START_TEST(draws_have_its_moments)
{
	static const double x[] = { 0, 0, 0, 1, 2, 0, 3, 1, 1, 2, 2, 5, -1, 0, 2 };
	static const int32_t y[] = { 0, 0, 0, 0, 0 };
	const struct lb_gaussians_how how = { .neighbours = 1, .ridge = 0.5 };
	enum { N = 40000 };
	double sum[D] = { 0 }, square[D * D] = { 0 }, row[D], room[D];
	struct lb_class_gaussians g;
	struct lb_err err = { 0 };
	struct lb_rng rng;

	ck_assert_int_eq(lb_class_gaussians_make(&how, 1, x, y, 5, D, &g, &err), 0);
	lb_rng_init(&rng, 1, LB_RNG_TEST, 0);
	for (size_t i = 0; i < N; i++) {
		lb_class_gaussians_draw(&g, 0, &rng, room, row);
		for (size_t j = 0; j < D; j++)
			sum[j] += row[j] / N;
		for (size_t j = 0; j < D * D; j++)
			square[j] += (row[j / D] - g.mean[j / D]) * (row[j % D] - g.mean[j % D]) / N;
	}
	for (size_t j = 0; j < D; j++) {
		double cov[D] = { 0 }, mean = 0;
		for (size_t i = 0; i < 5; i++)
			mean += x[i * D + j] / 5;
		ck_assert_double_eq_tol(g.mean[j], mean, 1e-14);
		for (size_t h = 0; h < D; h++) {
			cov[h] = h == j ? 0.5 : 0;
			for (size_t i = 0; i < 5; i++)
				cov[h] += (x[i * D + j] - g.mean[j]) * (x[i * D + h] - g.mean[h]) / 5;
		}
		ck_assert_double_eq_tol(sum[j], mean, 5 * sqrt(cov[j] / N));
		for (size_t h = 0; h < D; h++)
			ck_assert_double_eq_tol(square[j * D + h], cov[h], 5 * 6 / sqrt((double)N));
	}
	lb_class_gaussians_free(&g);
}
END_TEST

START_TEST(features_without_squares_are_refused)
{
	static const double x[] = { 1e200, -1e200, 1e200 };
	static const int32_t y[] = { 0, 0, 0 };
	const struct lb_gaussians_how how = { .neighbours = 1, .ridge = 0.1 };
	struct lb_class_gaussians g;
	struct lb_err err = { 0 };

	ck_assert_int_eq(lb_class_gaussians_make(&how, 1, x, y, 3, 1, &g, &err), -1);
	ck_assert_int_eq(err.code, LB_DATA);
	ck_assert_ptr_nonnull(strstr(err.text, "the features of class 0 are too large"));
	lb_class_gaussians_free(&g);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("class_gaussians");
	TCase *t = tcase_create("class_gaussians");

	tcase_add_loop_test(t, as_elsewhere, 0, CASES);
	tcase_add_test(t, draws_have_its_moments);
	tcase_add_test(t, features_without_squares_are_refused);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("class_gaussians")
