/* Errors and memory. */
#include "core/base/err.h"
#include "core/base/mem.h"
#include "tests/unit/suite.h"

#include <string.h>

START_TEST(errors)
{
	struct lb_err err = { 0 };
	char *long_text = lb_alloc(10000, 1, NULL);

	ck_assert_int_eq(lb_fail(NULL, LB_DATA, "x"), -1);
	ck_assert_int_eq(lb_fail_more(&err, LB_CONFIG, "a%d", 1), -1);
	ck_assert_int_eq(lb_fail_more(&err, LB_CONFIG, "b"), -1);
	ck_assert_str_eq(err.text, "a1\nb");
	ck_assert_int_eq(lb_fail(&err, LB_DATA, "c"), -1);
	ck_assert_str_eq(err.text, "c");
	ck_assert_int_eq(err.code, LB_DATA);
	ck_assert_ptr_nonnull(long_text);
	memset(long_text, 'x', 9999);
	for (int i = 0; i < 3; i++)
		lb_fail_more(&err, LB_CONFIG, "%s", long_text);
	ck_assert_uint_eq(strlen(err.text), sizeof err.text - 1);
	free(long_text);
}
END_TEST

START_TEST(memory)
{
	struct lb_err err = { 0 };
	size_t cap = 0;
	int *v = NULL;
	char *s;
	void *p;

	ck_assert_ptr_null(lb_alloc(SIZE_MAX / 2, 4, &err));
	ck_assert_int_eq(err.code, LB_MACHINE);
	ck_assert_ptr_null(lb_alloc_aligned(SIZE_MAX, 1, &err));
	ck_assert_int_eq(lb_grow(&v, &cap, SIZE_MAX / 2, sizeof *v, &err), -1);
	ck_assert_ptr_null(v);
	free(lb_alloc(0, 8, &err));
	for (size_t i = 0; i < 1000; i++) {
		ck_assert_int_eq(lb_grow(&v, &cap, i + 1, sizeof *v, &err), 0);
		v[i] = (int)i;
	}
	ck_assert_int_eq(v[999], 999);
	ck_assert_uint_le(cap, 2000);
	free(v);
	p = lb_alloc_aligned(3, 5, &err);
	ck_assert_uint_eq((uintptr_t)p % 64, 0);
	free(p);
	s = lb_strfmt(&err, "%d-%s", 7, "x");
	ck_assert_str_eq(s, "7-x");
	free(s);
	s = lb_strndup("abc", 2, &err);
	ck_assert_str_eq(s, "ab");
	free(s);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("err_and_mem");
	TCase *tc = tcase_create("err_and_mem");

	tcase_add_test(tc, errors);
	tcase_add_test(tc, memory);
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("err_and_mem")
