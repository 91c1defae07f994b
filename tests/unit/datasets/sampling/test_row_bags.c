/* Training rows in bags: who is with whom, their mean targets, and the noise on these. */
#include "core/numeric/rng.h"
#include "tests/unit/core/training.h"

enum { ROWS = 4002, TRAIN = 4001, TARGETS = 2 };

static const struct lb_bagging *bagging(const char *name)
{
	return (const struct lb_bagging *)lb_info_find(lb_baggings, name);
}

static const struct lb_bag_noise *noise(const char *name)
{
	return (const struct lb_bag_noise *)lb_info_find(lb_bag_noises, name);
}

static void open_rows(struct problem *p)
{
	problem_open(p, LB_REGRESSION, (const size_t[]){ TRAIN, 0, ROWS - TRAIN }, 2, TARGETS);
	problem_draw(p, 7);
}

static void put(const char *name, const char *set, struct problem *p, uint64_t seed)
{
	const struct lb_bagging *b = bagging(name);
	const struct lb_bagging_input in = { .par = args(&b->base, set), .data = &p->data, .rows = p->split.rows[LB_TRAIN], .n = TRAIN, .seed = seed };

	ck_assert_int_eq(lb_bags_make(b, &in, p->split.rows[LB_TRAIN], &p->split.bag, &err), 0);
}

static void close_rows(struct problem *p)
{
	free(p->split.bag);
	problem_close(p);
}

/* Rows of a bag side by side, bags numbered in the order of their first rows, every row once. */
static void ck_order(const struct problem *p, size_t bags)
{
	static bool seen[ROWS];
	const uint32_t *rows = p->split.rows[LB_TRAIN];
	const int32_t *bag = p->split.bag;
	uint32_t first = 0;

	memset(seen, 0, sizeof seen);
	for (size_t i = 0; i < TRAIN; i++) {
		ck_assert(!seen[rows[i]] && rows[i] < TRAIN);
		seen[rows[i]] = true;
		if (!i || bag[i] != bag[i - 1]) {
			ck_assert_int_eq(bag[i], i ? bag[i - 1] + 1 : 0);
			ck_assert(!i || rows[i] > first);
			first = rows[i];
		} else {
			ck_assert_uint_gt(rows[i], rows[i - 1]);
		}
	}
	ck_assert_uint_eq((size_t)bag[TRAIN - 1] + 1, bags);
}

START_TEST(random_bags_have_their_size)
{
	struct problem p, q;
	size_t apart = 0, size[TRAIN] = { 0 };

	open_rows(&p);
	open_rows(&q);
	put("random", "size=4", &p, 3);
	put("random", "size=4", &q, 3);
	ck_order(&p, 1001);
	ck_assert_mem_eq(p.split.rows[LB_TRAIN], q.split.rows[LB_TRAIN], TRAIN * sizeof(uint32_t));
	ck_assert_mem_eq(p.split.bag, q.split.bag, TRAIN * sizeof(int32_t));
	for (size_t i = 0; i < TRAIN; i++)
		size[p.split.bag[i]]++;
	for (size_t i = 0; i < 1001; i++)
		apart += size[i] != 4;
	ck_assert_uint_eq(apart, 1);
	close_rows(&p);
	close_rows(&q);
}
END_TEST

/* The rows of a bag are drawn from all: two of a bag are 1/3 of the rows apart on average. */
START_TEST(random_bags_are_drawn_from_all_rows)
{
	struct problem p, q;
	double distance = 0;
	size_t n = 0;

	open_rows(&p);
	open_rows(&q);
	put("random", "size=2", &p, 3);
	put("random", "size=2", &q, 4);
	ck_assert(memcmp(p.split.rows[LB_TRAIN], q.split.rows[LB_TRAIN], TRAIN * sizeof(uint32_t)) != 0);
	for (size_t i = 1; i < TRAIN; i++)
		if (p.split.bag[i] == p.split.bag[i - 1]) {
			distance += (double)(p.split.rows[LB_TRAIN][i] - p.split.rows[LB_TRAIN][i - 1]) / TRAIN;
			n++;
		}
	ck_assert_uint_eq(n, TRAIN / 2);
	ck_assert_double_eq_tol(distance / (double)n, 1 / 3.0, 5 * sqrt(1 / 18.0 / (double)n));
	close_rows(&p);
	close_rows(&q);
}
END_TEST

START_TEST(bags_of_one_row_leave_the_rows_in_their_order)
{
	struct problem p;

	open_rows(&p);
	put("random", "size=1", &p, 3);
	for (size_t i = 0; i < TRAIN; i++) {
		ck_assert_uint_eq(p.split.rows[LB_TRAIN][i], i);
		ck_assert_int_eq(p.split.bag[i], (int32_t)i);
	}
	close_rows(&p);
}
END_TEST

START_TEST(groups_are_bags)
{
	static int32_t group[ROWS];
	struct problem p;

	open_rows(&p);
	for (size_t i = 0; i < ROWS; i++)
		group[i] = (int32_t)(i % 10 + 5);
	p.data.group = group;
	put("group", "", &p, 3);
	ck_order(&p, 10);
	for (size_t i = 0; i < TRAIN; i++)
		ck_assert_int_eq(group[p.split.rows[LB_TRAIN][i]], p.split.bag[i] + 5);
	close_rows(&p);
}
END_TEST

START_TEST(rows_get_the_means_of_their_bags)
{
	static double target[ROWS * TARGETS];
	const uint32_t *rows;
	struct problem p;

	open_rows(&p);
	put("random", "size=3", &p, 3);
	rows = p.split.rows[LB_TRAIN];
	memcpy(target, p.data.target, sizeof target);
	lb_bags_share_means(noise("none"), NULL, 0, &p.split, TARGETS, target);
	ck_assert_mem_eq(target + TRAIN * TARGETS, p.data.target + TRAIN * TARGETS, TARGETS * sizeof *target);
	for (size_t i = 0; i < TRAIN; i++)
		for (size_t t = 0; t < TARGETS; t++) {
			double sum = 0, n = 0;
			for (size_t j = i > 2 ? i - 2 : 0; j < TRAIN && j < i + 3; j++)
				if (p.split.bag[j] == p.split.bag[i]) {
					sum += p.data.target[rows[j] * TARGETS + t];
					n++;
				}
			ck_assert_double_eq_tol(target[rows[i] * TARGETS + t], sum / n, 1e-14 * fabs(sum));
		}
	close_rows(&p);
}
END_TEST

/* Of Laplace noise of scale s: mean 0, mean size s, variance 2 s^2.
 * Targets beyond the clip count as the clip. */
START_TEST(private_means_have_laplace_noise)
{
	static double clear[ROWS * TARGETS], target[ROWS * TARGETS], again[ROWS * TARGETS];
	const struct lb_bag_noise *laplace = noise("laplace");
	const struct lb_arg *par = args(&laplace->base, "epsilon=0.5 clip=1.5");
	const double scale = 2 * 1.5 / (2 * 0.5);
	double mean = 0, size = 0, square = 0;
	size_t n = 0;
	struct problem p;

	open_rows(&p);
	put("random", "size=2", &p, 3);
	for (size_t i = 0; i < ROWS * TARGETS; i++)
		clear[i] = fmin(fmax(p.data.target[i], -1.5), 1.5);
	lb_bags_share_means(noise("none"), NULL, 0, &p.split, TARGETS, clear);
	memcpy(target, p.data.target, sizeof target);
	memcpy(again, p.data.target, sizeof again);
	lb_bags_share_means(laplace, par, 5, &p.split, TARGETS, target);
	lb_bags_share_means(laplace, par, 5, &p.split, TARGETS, again);
	ck_assert_mem_eq(target, again, sizeof target);
	for (size_t i = 0; i < TRAIN - 1; i++)
		for (size_t t = 0; t < TARGETS; t++) {
			const size_t cell = p.split.rows[LB_TRAIN][i] * TARGETS + t;
			const double e = (target[cell] - clear[cell]) / scale;
			if (p.split.bag[i] != p.split.bag[i + 1])
				continue;
			ck_assert_double_eq(target[cell], target[p.split.rows[LB_TRAIN][i + 1] * TARGETS + t]);
			n++;
			mean += e;
			size += fabs(e);
			square += e * e;
		}
	ck_assert_double_eq_tol(mean / (double)n, 0, 5 * sqrt(2 / (double)n));
	ck_assert_double_eq_tol(size / (double)n, 1, 5 / sqrt((double)n));
	ck_assert_double_eq_tol(square / (double)n, 2, 5 * sqrt(20 / (double)n));
	close_rows(&p);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bags");
	TCase *tc = tcase_create("bags");

	tcase_add_test(tc, random_bags_have_their_size);
	tcase_add_test(tc, random_bags_are_drawn_from_all_rows);
	tcase_add_test(tc, bags_of_one_row_leave_the_rows_in_their_order);
	tcase_add_test(tc, groups_are_bags);
	tcase_add_test(tc, rows_get_the_means_of_their_bags);
	tcase_add_test(tc, private_means_have_laplace_noise);
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("bags")
