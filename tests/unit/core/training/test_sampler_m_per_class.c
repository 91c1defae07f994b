/* The sampler m_per_class: every batch has m rows of each of its classes. */
#include "tests/unit/core/training.h"

enum { ROWS = 120, M = 4, BATCH = 12 };

/* Classes of 2, 40, 0, 7, 50 and 21 rows. */
static void labels(int32_t *y)
{
	static const size_t size[] = { 2, 40, 0, 7, 50, 21 };
	size_t i = 0;

	for (int32_t k = 0; k < 6; k++)
		for (size_t j = 0; j < size[k]; j++)
			y[i++ * 7 % ROWS] = k;
	ck_assert_uint_eq(i, ROWS);
}

START_TEST(batches_have_m_of_each_class)
{
	struct lb_sampler s;
	int32_t y[ROWS];
	uint32_t order[ROWS], again[ROWS];
	size_t read[ROWS] = { 0 };

	labels(y);
	ck_assert(!lb_sampler_open(&s, &lb_sampling_m_per_class, true, ROWS, 6, y, &err));
	s.batch = BATCH;
	s.per_class = M;
	for (size_t epoch = 0; epoch < 40; epoch++) {
		lb_sampler_draw(&s, 3, epoch + 1, again);
		lb_sampler_draw(&s, 3, epoch, again);
		lb_sampler_draw(&s, 3, epoch, order);
		ck_assert(!memcmp(order, again, sizeof order));
		for (size_t start = 0; start < ROWS; start += BATCH) {
			size_t seen[6] = { 0 }, rows[ROWS] = { 0 };
			for (size_t i = start; i < start + BATCH; i++) {
				ck_assert_uint_lt(order[i], ROWS);
				seen[y[order[i]]]++;
				rows[order[i]]++;
				read[order[i]]++;
			}
			for (size_t k = 0; k < 6; k++)
				ck_assert_msg(seen[k] == 0 || seen[k] == M, "epoch %zu, batch at %zu: %zu of class %zu", epoch, start, seen[k], k);
			for (size_t i = 0; i < ROWS; i++)
				ck_assert_uint_le(rows[i], y[i] == 0 ? 2 : 1);
		}
	}
	lb_sampler_draw(&s, 3, 1, order);
	lb_sampler_draw(&s, 4, 1, again);
	ck_assert(memcmp(order, again, sizeof order));
	for (size_t i = 0; i < ROWS; i++)
		ck_assert_msg(read[i] > 0, "row %zu of class %d is never read", i, y[i]);
	lb_sampler_close(&s);
}
END_TEST

/* Rows that make no whole batch, nor whole groups of m, end the epoch. */
START_TEST(the_last_batch_is_cut_off)
{
	struct lb_sampler s;
	int32_t y[ROWS];
	uint32_t order[ROWS];
	size_t seen[6] = { 0 };

	labels(y);
	ck_assert(!lb_sampler_open(&s, &lb_sampling_m_per_class, true, ROWS - 1, 6, y, &err));
	s.batch = 16;
	s.per_class = M;
	lb_sampler_draw(&s, 1, 0, order);
	for (size_t i = 112; i < ROWS - 1; i++)
		seen[y[order[i]]]++;
	size_t four = 0, three = 0;
	for (size_t k = 0; k < 6; k++) {
		four += seen[k] == 4;
		three += seen[k] == 3;
	}
	ck_assert(four == 1 && three == 1);
	lb_sampler_close(&s);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sampler_m_per_class");
	TCase *tc = tcase_create("sampler_m_per_class");

	tcase_add_test(tc, batches_have_m_of_each_class);
	tcase_add_test(tc, the_last_batch_is_cut_off);
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("sampler_m_per_class")
