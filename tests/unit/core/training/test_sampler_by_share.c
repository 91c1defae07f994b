/* Samplers that give classes shares: square_root, positive_rate. And those by pseudo-classes:
 * clusters, of which a batch has one row each, and hard_batches. */
#include "tests/unit/core/training.h"

#include <math.h>

enum { ROWS = 130, BATCH = 10, EPOCHS = 40 };

/* Classes of 4, 0, 1, 100 and 25 rows. */
static void labels(int32_t *y)
{
	static const size_t size[] = { 4, 0, 1, 100, 25 };
	size_t i = 0;

	for (int32_t k = 0; k < 5; k++)
		for (size_t j = 0; j < size[k]; j++)
			y[i++ * 7 % ROWS] = k;
	ck_assert_uint_eq(i, ROWS);
}

/* Any stretch of an epoch has its share of each class, give or take one; all epochs together
 * read every row of a class as often, give or take one an epoch. */
static void ck_shares(struct lb_sampler *s, const int32_t *y, const double *share, size_t classes)
{
	uint32_t order[ROWS], again[ROWS];
	size_t read[ROWS] = { 0 };

	for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
		lb_sampler_draw(s, 3, epoch + 1, again);
		lb_sampler_draw(s, 3, epoch, again);
		lb_sampler_draw(s, 3, epoch, order);
		ck_assert(!memcmp(order, again, sizeof order));
		for (size_t start = 0; start + BATCH <= ROWS; start++) {
			size_t seen[5] = { 0 };
			for (size_t i = start; i < start + BATCH; i++)
				seen[y[order[i]]]++;
			for (size_t k = 0; k < classes; k++)
				ck_assert_msg(fabs((double)seen[k] - BATCH * share[k]) < 2, "epoch %zu, from %zu: %zu of class %zu, whose share is %g", epoch, start, seen[k], k,
					      share[k]);
		}
		for (size_t i = 0; i < ROWS; i++)
			read[order[i]]++;
	}
	for (size_t i = 0; i < ROWS; i++) {
		size_t rows = 0;
		for (size_t j = 0; j < ROWS; j++)
			rows += y[j] == y[i];
		ck_assert_double_eq_tol((double)read[i], share[y[i]] * ROWS * EPOCHS / (double)rows, 0.25 * share[y[i]] * ROWS * EPOCHS / (double)rows + 4);
	}
}

START_TEST(square_root)
{
	const double sum = 2 + 1 + 10 + 5, share[] = { 2 / sum, 0, 1 / sum, 10 / sum, 5 / sum };
	struct lb_sampler s;
	int32_t y[ROWS];

	labels(y);
	ck_assert(!lb_sampler_open(&s, &lb_sampling_square_root, true, ROWS, 5, y, &err));
	ck_shares(&s, y, share, 5);
	lb_sampler_close(&s);
}
END_TEST

START_TEST(positive_rate)
{
	const double share[] = { 0.7, 0.3 };
	struct lb_sampler s;
	int32_t y[ROWS];

	for (size_t i = 0; i < ROWS; i++)
		y[i] = i % 13 == 0;
	ck_assert(!lb_sampler_open(&s, &lb_sampling_positive_rate, true, ROWS, 2, y, &err));
	s.rate = 0.3;
	ck_shares(&s, y, share, 2);
	lb_sampler_close(&s);
}
END_TEST

START_TEST(one_class_is_read_alone)
{
	struct lb_sampler s;
	int32_t y[ROWS] = { 0 };
	uint32_t order[ROWS];
	bool seen[ROWS] = { false };

	ck_assert(!lb_sampler_open(&s, &lb_sampling_positive_rate, true, ROWS, 2, y, &err));
	s.rate = 0.3;
	lb_sampler_draw(&s, 1, 0, order);
	for (size_t i = 0; i < ROWS; i++) {
		ck_assert(!seen[order[i]]);
		seen[order[i]] = true;
	}
	lb_sampler_close(&s);
}
END_TEST

START_TEST(clusters_stand_in_a_batch_once)
{
	struct lb_sampler s;
	int32_t cluster[ROWS];
	uint32_t order[ROWS];
	bool read[ROWS] = { false };

	for (size_t i = 0; i < ROWS; i++)
		cluster[i] = (int32_t)(i % 13);
	ck_assert(!lb_sampler_open(&s, &lb_sampling_clusters, true, ROWS, 13, cluster, &err));
	s.batch = BATCH;
	s.per_class = 1;
	for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
		lb_sampler_draw(&s, 5, epoch, order);
		for (size_t start = 0; start < ROWS; start += BATCH) {
			bool seen[13] = { false };
			for (size_t i = start; i < start + BATCH; i++) {
				ck_assert_msg(!seen[cluster[order[i]]], "two rows of cluster %d", cluster[order[i]]);
				seen[cluster[order[i]]] = true;
				read[order[i]] = true;
			}
		}
	}
	for (size_t i = 0; i < ROWS; i++)
		ck_assert(read[i]);
	lb_sampler_close(&s);
}
END_TEST

/* Of clusters of unequal sizes, no row comes twice in an epoch while as many clusters as a batch
 * has rows have rows left; after that, only rows of clusters that have none. */
START_TEST(clusters_give_their_rows_once)
{
	enum { CLUSTERS = 13 };
	struct lb_sampler s;
	int32_t cluster[ROWS];
	uint32_t order[ROWS];
	size_t unequal = 0;

	for (size_t i = 0; i < ROWS; i++)
		cluster[i] = (int32_t)(i % 3 ? i % CLUSTERS : i % 4);
	ck_assert(!lb_sampler_open(&s, &lb_sampling_clusters, true, ROWS, CLUSTERS, cluster, &err));
	s.batch = BATCH;
	s.per_class = 1;
	for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
		size_t left[CLUSTERS] = { 0 }, times[ROWS] = { 0 };
		for (size_t i = 0; i < ROWS; i++)
			left[cluster[i]]++;
		lb_sampler_draw(&s, 5, epoch, order);
		for (size_t start = 0; start < ROWS; start += BATCH) {
			size_t with = 0, again = 0;
			for (size_t k = 0; k < CLUSTERS; k++)
				with += left[k] > 0;
			for (size_t i = start; i < start + BATCH && i < ROWS; i++) {
				again += times[order[i]]++ > 0;
				left[cluster[order[i]]] -= left[cluster[order[i]]] > 0;
			}
			ck_assert_uint_eq(again, with < BATCH ? BATCH - with : 0);
			unequal += again;
		}
	}
	ck_assert_uint_gt(unequal, 0);
	lb_sampler_close(&s);
}
END_TEST

/* hard_batches: every row once an epoch, the rows of a cluster side by side, in another order each
 * time. */
START_TEST(rows_of_a_cluster_stand_side_by_side)
{
	enum { CLUSTERS = 7 };
	struct lb_sampler s;
	int32_t cluster[ROWS];
	uint32_t order[ROWS], before[ROWS] = { 0 };

	for (size_t i = 0; i < ROWS; i++)
		cluster[i] = (int32_t)(i * i % CLUSTERS);
	ck_assert(!lb_sampler_open(&s, &lb_sampling_hard_batches, true, ROWS, CLUSTERS, cluster, &err));
	s.batch = BATCH;
	for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
		bool read[ROWS] = { false };
		size_t changes = 0;
		lb_sampler_draw(&s, 5, epoch, order);
		for (size_t i = 0; i < ROWS; i++) {
			ck_assert(!read[order[i]]);
			read[order[i]] = true;
			changes += i && cluster[order[i]] != cluster[order[i - 1]];
		}
		ck_assert_uint_eq(changes, s.classes - 1);
		ck_assert(memcmp(order, before, sizeof order) != 0);
		memcpy(before, order, sizeof order);
	}
	lb_sampler_close(&s);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sampler_by_share");
	TCase *t = tcase_create("shares");

	tcase_add_test(t, square_root);
	tcase_add_test(t, positive_rate);
	tcase_add_test(t, one_class_is_read_alone);
	tcase_add_test(t, clusters_stand_in_a_batch_once);
	tcase_add_test(t, clusters_give_their_rows_once);
	tcase_add_test(t, rows_of_a_cluster_stand_side_by_side);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("sampler_by_share")
