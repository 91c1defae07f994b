/* The sampler weighted: rows come as often as their weights say, drawn anew each time. */
#include "tests/unit/core/training.h"

#include <math.h>

enum { ROWS = 50, EPOCHS = 2000 };

/* A quarter of the rows have weight 0, one has a third of the whole. */
static double weight_of(size_t i)
{
	return i % 4 == 3 ? 0 : i == 20 ? 18.5 : 1;
}

START_TEST(rows_come_by_their_weights)
{
	struct lb_sampler s;
	uint32_t order[ROWS], again[ROWS];
	double read[ROWS] = { 0 }, sum = 0, repeats = 0;

	ck_assert(!lb_sampler_open(&s, &lb_sampling_weighted, true, ROWS, 0, NULL, &err));
	for (size_t i = 0; i < ROWS; i++)
		s.share[i] = sum += weight_of(i);
	for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
		lb_sampler_draw(&s, 3, epoch, order);
		lb_sampler_draw(&s, 3, epoch + 1, again);
		ck_assert(memcmp(order, again, sizeof order));
		lb_sampler_draw(&s, 3, epoch, again);
		ck_assert(!memcmp(order, again, sizeof order));
		for (size_t i = 0; i < ROWS; i++) {
			read[order[i]]++;
			repeats += i && order[i] == order[i - 1];
		}
	}
	for (size_t i = 0; i < ROWS; i++) {
		const double p = weight_of(i) / sum, n = (double)ROWS * EPOCHS;
		ck_assert_msg(fabs(read[i] - n * p) <= 5 * sqrt(n * p * (1 - p)), "row %zu is read %g times, not %g", i, read[i], n * p);
	}
	ck_assert_double_gt(repeats, 0); /* with replacement */
	lb_sampler_close(&s);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sampler_weighted");
	TCase *t = tcase_create("weighted");

	tcase_add_test(t, rows_come_by_their_weights);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("sampler_weighted")
