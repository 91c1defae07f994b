/* Pseudo-classes of rows: groups that lie apart are found, every row is nearest to the mean of
 * its own, and the seed alone decides. */
#include "core/engine/data/row_clusters.h"
#include "tests/unit/core/training.h"

enum { GROUPS = 6, EACH = 20, N = GROUPS * EACH, D = 3 };

START_TEST(groups_that_lie_apart_are_found)
{
	const size_t rows[3] = { N, 0, 0 };
	int32_t in[N], again[N], of[GROUPS];
	bool taken[GROUPS] = { false };
	struct problem p;

	problem_open(&p, LB_MULTICLASS, rows, D, 2);
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < D; j++)
			x_of(&p)[i * D + j] = (double)(i % GROUPS) * (j == i % D ? 100 : -50) + (double)(i * 7 % 11 + j) / 16;
	ck_assert(!lb_row_clusters(&p.features, p.split.rows[LB_TRAIN], N, GROUPS, 1, in, &err));
	for (size_t i = 0; i < N; i++) {
		ck_assert(in[i] >= 0 && in[i] < GROUPS);
		if (i < GROUPS) {
			of[i] = in[i];
			ck_assert(!taken[in[i]]);
			taken[in[i]] = true;
		}
		ck_assert_int_eq(in[i], of[i % GROUPS]);
	}
	ck_assert(!lb_row_clusters(&p.features, p.split.rows[LB_TRAIN], N, GROUPS, 1, again, &err));
	ck_assert(!memcmp(in, again, sizeof in));
	problem_close(&p);
}
END_TEST

/* With as many means as rows, and all rows different, each row is its own. */
START_TEST(every_row_its_own)
{
	const size_t rows[3] = { N, 0, 0 };
	int32_t in[N];
	bool taken[N] = { false };
	struct problem p;

	problem_open(&p, LB_MULTICLASS, rows, D, 2);
	for (size_t i = 0; i < N * D; i++)
		x_of(&p)[i] = (double)(i * i % 997);
	ck_assert(!lb_row_clusters(&p.features, p.split.rows[LB_TRAIN], N, N, 9, in, &err));
	for (size_t i = 0; i < N; i++) {
		ck_assert(!taken[in[i]]);
		taken[in[i]] = true;
	}
	problem_close(&p);
}
END_TEST

START_TEST(equal_rows_make_one)
{
	const size_t rows[3] = { N, 0, 0 };
	int32_t in[N];
	struct problem p;

	problem_open(&p, LB_MULTICLASS, rows, D, 2);
	ck_assert(!lb_row_clusters(&p.features, p.split.rows[LB_TRAIN], N, 5, 2, in, &err));
	for (size_t i = 0; i < N; i++)
		ck_assert_int_eq(in[i], 0);
	problem_close(&p);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("row_clusters");
	TCase *t = tcase_create("clusters");

	tcase_add_test(t, groups_that_lie_apart_are_found);
	tcase_add_test(t, every_row_its_own);
	tcase_add_test(t, equal_rows_make_one);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("row_clusters")
