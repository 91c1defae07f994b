/* Orders of rows: what each sampler promises of every stretch, and that trainings follow it in any
 * company. */
#include "tests/unit/core/training.h"

enum { ROWS = 200, CLASSES = 5 };

/* Classes of 1, 0, 120, 9 and 70 rows, mixed. */
static void labels(int32_t *y, size_t *count)
{
	static const size_t size[CLASSES] = { 1, 0, 120, 9, 70 };
	uint32_t place[ROWS];
	struct lb_rng rng;
	size_t i = 0;

	lb_rng_init(&rng, 3, LB_RNG_TEST, 0);
	for (size_t k = 0; k < ROWS; k++)
		place[k] = (uint32_t)k;
	lb_rng_shuffle(&rng, place, ROWS);
	for (size_t k = 0; k < CLASSES; k++) {
		count[k] = size[k];
		for (size_t j = 0; j < size[k]; j++)
			y[place[i++]] = (int32_t)k;
	}
	ck_assert_uint_eq(i, ROWS);
}

struct drawn {
	int32_t y[ROWS];
	size_t count[CLASSES], seen[ROWS];
	uint32_t order[ROWS];
};

static struct drawn draw(const struct lb_sampling *kind, uint64_t seed, size_t epoch)
{
	struct lb_sampler s;
	struct drawn d = { .seen = { 0 } };

	labels(d.y, d.count);
	ck_assert(!lb_sampler_open(&s, kind, true, ROWS, CLASSES, d.y, &err));
	lb_sampler_draw(&s, seed, epoch + 1, d.order);
	lb_sampler_draw(&s, seed, epoch, d.order);
	lb_sampler_close(&s);
	for (size_t i = 0; i < ROWS; i++) {
		ck_assert_uint_lt(d.order[i], ROWS);
		d.seen[d.order[i]]++;
	}
	return d;
}

static size_t of_class(const struct drawn *d, size_t start, size_t b, int32_t k)
{
	size_t n = 0;

	for (size_t i = start; i < start + b; i++)
		n += d->y[d->order[i]] == k;
	return n;
}

START_TEST(stratified_reads_every_row_once_in_proportion)
{
	const struct drawn d = draw(&lb_sampling_stratified, 1, (size_t)_i);

	for (size_t i = 0; i < ROWS; i++)
		ck_assert_uint_eq(d.seen[i], 1);
	for (size_t b = 1; b <= ROWS; b += 7)
		for (size_t start = 0; start + b <= ROWS; start++)
			for (size_t k = 0; k < CLASSES; k++)
				ck_assert_msg(fabs((double)of_class(&d, start, b, (int32_t)k) - (double)(b * d.count[k]) / ROWS) < 3,
					      "rows %zu to %zu have %zu of class %zu", start, start + b, of_class(&d, start, b, (int32_t)k), k);
}
END_TEST

START_TEST(balanced_has_classes_in_equal_parts)
{
	const struct drawn d = draw(&lb_sampling_balanced, 1, (size_t)_i);

	for (size_t b = 1; b <= ROWS; b++)
		for (size_t start = 0; start + b <= ROWS; start++)
			for (int32_t k = 0; k < CLASSES; k++) {
				const size_t n = of_class(&d, start, b, k);
				ck_assert(k == 1 ? n == 0 : n == b / 4 || n == (b + 3) / 4);
			}
	for (size_t i = 0; i < ROWS; i++) {
		const size_t m = d.count[d.y[i]], turns = 50 / m;
		ck_assert_msg(d.seen[i] == turns || d.seen[i] == turns + (50 % m != 0), "row %zu of a class of %zu comes %zu times", i, m, d.seen[i]);
	}
}
END_TEST

START_TEST(orders_differ_by_seed_and_epoch_alone)
{
	const struct lb_sampling *kind = (const struct lb_sampling *)lb_samplers[_i];
	const struct drawn a = draw(kind, 1, 0), same = draw(kind, 1, 0), seed = draw(kind, 2, 0), epoch = draw(kind, 1, 1);

	ck_assert(!memcmp(a.order, same.order, sizeof a.order));
	ck_assert(memcmp(a.order, seed.order, sizeof a.order));
	ck_assert(memcmp(a.order, epoch.order, sizeof a.order));
}
END_TEST

/* Over many epochs no row of a class is read more often than another by more than chance: each
 * balanced row of the class of 120 is read 50 times of 120 epochs in the mean, with a standard
 * deviation of 5.4. */
START_TEST(balanced_is_fair)
{
	size_t seen[ROWS] = { 0 };

	for (size_t epoch = 0; epoch < 120; epoch++) {
		const struct drawn d = draw(&lb_sampling_balanced, 5, epoch);
		for (size_t i = 0; i < ROWS; i++)
			seen[i] += d.y[i] == 2 ? d.seen[i] : 50;
	}
	for (size_t i = 0; i < ROWS; i++)
		ck_assert_msg(seen[i] == 6000 || (seen[i] > 22 && seen[i] < 78), "row %zu: %zu", i, seen[i]);
}
END_TEST

/* The sampler steers a training, and a trial in a cohort has the bytes it has alone; in both
 * precisions. */
START_TEST(a_training_follows)
{
	struct problem p;
	struct lb_train_result out[2];

	problem_open(&p, LB_BINARY, (const size_t[]){ 300, 0, 200 }, 2, 2);
	problem_draw(&p, 11);
	for (size_t i = 0; i < 300; i++)
		p.data.y[i] = p.data.y[i] && i % 8 == 0;
	const struct lb_setup s[2] = { trial(&p, "logistic", "", "lr=0.5"), trial(&p, "hinge", "", "lr=0.5") };
	struct lb_cohort c = cohort_of(&p, s, 2, 20, 30);
	static const struct lb_sampling *const kinds[] = { &lb_sampling_shuffle, &lb_sampling_balanced, &lb_sampling_stratified };
	enum { SHUFFLE, BALANCED, STRATIFIED };
	double mean[3];
	for (int kind = SHUFFLE; kind <= STRATIFIED; kind++) {
		c.sampling = kinds[kind];
		train_all(precision[_i], &c, out);
		struct lb_train_result alone = train_alone(precision[_i], c, &s[1]);
		ck_assert(same_scores(&p, &out[1], &alone));
		mean[kind] = 0;
		for (size_t i = 0; i < 200; i++)
			mean[kind] += out[0].scores[i] / 200;
		lb_train_result_free(&out[0]);
		lb_train_result_free(&out[1]);
		lb_train_result_free(&alone);
	}
	ck_assert_msg(mean[BALANCED] > mean[SHUFFLE] + 1, "with as many positives the mean score rises: %g, %g", mean[0], mean[1]);
	ck_near(mean[STRATIFIED], mean[SHUFFLE], 0.3, "mean score", 0);
	problem_close(&p);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sampler");
	TCase *tc = tcase_create("sampler");

	tcase_at_least(tc, 60);
	tcase_add_checked_fixture(tc, NULL, args_forget);
	tcase_add_loop_test(tc, stratified_reads_every_row_once_in_proportion, 0, 3);
	tcase_add_loop_test(tc, balanced_has_classes_in_equal_parts, 0, 3);
	tcase_add_loop_test(tc, orders_differ_by_seed_and_epoch_alone, 0, 3);
	tcase_add_test(tc, balanced_is_fair);
	tcase_add_loop_test(tc, a_training_follows, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("sampler")
