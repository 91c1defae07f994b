/* core/engine/step/row_ranking: rows in the order of their losses, and which of them are kept. */
#include "core/engine/step/row_ranking.h"
#include "tests/unit/core/engine/step/procedure_fixture.h"

/* Ties go to the first row, NaN to the end. */
START_TEST(rows_are_ranked)
{
	const double loss[] = { 2, (double)NAN, 1, 2, -1, 1 };
	const uint32_t want[] = { 4, 2, 5, 0, 3, 1 };
	struct lb_ranked ranked[6];
	double weight[] = { 1, 1, 1, 1, 2, 1 };

	lb_rank_rows_f64(loss, 6, ranked);
	for (size_t i = 0; i < 6; i++)
		ck_assert_uint_eq(ranked[i].row, want[i]);
	lb_keep_smallest_f64(ranked, 6, 2, weight);
	for (size_t i = 0; i < 6; i++)
		ck_assert_double_eq(weight[i], i == 4 ? 6 : i == 2 ? 3 : 0);
	ck_assert_uint_eq(lb_rows_of_share_f64(1 - 0.9, 10), 1);
	ck_assert_uint_eq(lb_rows_of_share_f64(0.29, 10), 2);
	ck_assert_uint_eq(lb_rows_of_share_f64(0, 10), 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("row_ranking");
	TCase *t = tcase_create("row_ranking");

	tcase_add_test(t, rows_are_ranked);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("row_ranking")
