/* The sampler episodes: different classes of enough rows, different rows of each. */
#include "tests/unit/core/training.h"

enum { ROWS = 120, CLASSES = 6, M = 8, WAY = 3, BATCH = WAY * M };

/* Classes of 7, 40, 0, 8, 44 and 21 rows: that of 7 has too few. */
static void labels(int32_t *y)
{
	static const size_t size[CLASSES] = { 7, 40, 0, 8, 44, 21 };
	size_t i = 0;

	for (int32_t k = 0; k < CLASSES; k++)
		for (size_t j = 0; j < size[k]; j++)
			y[i++ * 7 % ROWS] = k;
	ck_assert_uint_eq(i, ROWS);
}

START_TEST(ways_and_shots)
{
	struct lb_sampler s;
	int32_t y[ROWS];
	uint32_t order[ROWS], again[ROWS];
	size_t times[CLASSES] = { 0 }, read[ROWS] = { 0 };

	labels(y);
	ck_assert(!lb_sampler_open(&s, &lb_sampling_episodes, true, ROWS, CLASSES, y, &err));
	s.batch = BATCH;
	s.per_class = M;
	for (size_t epoch = 0; epoch < 400; epoch++) {
		lb_sampler_draw(&s, 3, epoch, again);
		lb_sampler_draw(&s, 3, epoch, order);
		ck_assert(!memcmp(order, again, sizeof order));
		for (size_t start = 0; start < ROWS; start += BATCH) {
			size_t of[CLASSES] = { 0 }, rows[ROWS] = { 0 };
			for (size_t i = start; i < start + BATCH; i++) {
				of[y[order[i]]]++;
				ck_assert_uint_eq(++rows[order[i]], 1);
				read[order[i]]++;
				ck_assert_int_eq(y[order[i]], y[order[start + (i - start) / M * M]]);
			}
			for (size_t k = 0; k < CLASSES; k++) {
				ck_assert(of[k] == 0 || of[k] == M);
				times[k] += of[k] > 0;
			}
		}
	}
	/* 2000 episodes of 3 of 4 classes: each in 3/4 of them, within five deviations. */
	for (size_t k = 0; k < CLASSES; k++)
		if (k == 0 || k == 2)
			ck_assert_uint_eq(times[k], 0);
		else
			ck_assert_double_eq_tol((double)times[k], 1500, 5 * sqrt(2000 * 0.75 * 0.25));
	for (size_t i = 0; i < ROWS; i++)
		ck_assert_int_eq(read[i] > 0, y[i] != 0);
	lb_sampler_close(&s);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sampler_episodes");
	TCase *tc = tcase_create("sampler_episodes");

	tcase_add_test(tc, ways_and_shots);
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("sampler_episodes")
