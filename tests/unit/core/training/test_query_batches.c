/* Batches of whole queries. */
#include "core/training/query_batches.h"
#include "tests/unit/suite.h"

#include <string.h>

enum { N = 300, EPOCHS = 7, SEED = 4 };

/* Queries of 1 to 30 rows in the rows of a dataset. */
static size_t make(int32_t *group, uint32_t *rows)
{
	size_t largest = 0, size = 0;

	for (uint32_t i = 0; i < N; i++) {
		rows[i] = N - 1 - i;
		group[rows[i]] = i ? group[rows[i - 1]] + (size >= 1 + (size_t)(group[rows[i - 1]] * 7 % 30)) : 0;
		size = i && group[rows[i]] == group[rows[i - 1]] ? size + 1 : 1;
		largest = size > largest ? size : largest;
	}
	return largest;
}

/* Every row is read once an epoch, no query is cut, no batch is larger than wanted unless it is one
 * query, none could have taken the next, and the steps are those counted beforehand. */
START_TEST(whole_queries)
{
	static const size_t aims[] = { 1, 10, 32, 1000 };
	int32_t group[N];
	uint32_t rows[N], order[N];
	struct lb_query_batches b;
	const size_t largest = make(group, rows), aim = aims[_i];

	ck_assert(!lb_query_batches_make(&b, group, rows, N, aim, EPOCHS, SEED, true, NULL));
	ck_assert_uint_ge(b.most, largest);
	for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
		bool seen[N] = { false };
		int64_t steps = 0;
		lb_query_batches_draw(&b, SEED, epoch, true, order);
		for (size_t start = 0, end; start < N; start = end, steps++) {
			end = lb_query_batches_end(&b, order, start);
			ck_assert_uint_gt(end, start);
			ck_assert_uint_le(end - start, b.most);
			ck_assert(end - start <= aim || b.of[order[start]] == b.of[order[end - 1]]);
			ck_assert(end == N || b.of[order[end]] != b.of[order[end - 1]]);
			if (end < N)
				ck_assert_uint_gt(end - start + b.start[b.of[order[end]] + 1] - b.start[b.of[order[end]]], aim);
			for (size_t i = start; i < end; i++) {
				ck_assert(!seen[order[i]]);
				seen[order[i]] = true;
			}
		}
		ck_assert_int_eq(steps, b.before[epoch + 1] - b.before[epoch]);
	}
	lb_query_batches_free(&b);
}
END_TEST

START_TEST(order_is_that_of_the_seed_and_the_epoch)
{
	int32_t group[N];
	uint32_t rows[N], order[2][N];
	struct lb_query_batches b;

	make(group, rows);
	ck_assert(!lb_query_batches_make(&b, group, rows, N, 32, EPOCHS, SEED, true, NULL));
	lb_query_batches_draw(&b, SEED, 1, true, order[0]);
	lb_query_batches_draw(&b, SEED, 2, true, order[1]);
	ck_assert(memcmp(order[0], order[1], sizeof order[0]));
	lb_query_batches_draw(&b, SEED, 1, true, order[1]);
	ck_assert(!memcmp(order[0], order[1], sizeof order[0]));
	lb_query_batches_draw(&b, SEED, 1, false, order[1]);
	for (uint32_t i = 0; i < N; i++)
		ck_assert_uint_eq(order[1][i], i);
	lb_query_batches_free(&b);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("query_batches");
	TCase *t = tcase_create("batches");

	tcase_add_loop_test(t, whole_queries, 0, 4);
	tcase_add_test(t, order_is_that_of_the_seed_and_the_epoch);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("query_batches")
