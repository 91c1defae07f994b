/* core/numeric/team: every share is done once, by the thread it belongs to, over and over; and
 * training with threads gives the bytes of training without. */
#include "core/numeric/thread_team.h"
#include "tests/unit/core/training.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THINGS = 1003, ROUNDS = 400 };

static int done[THINGS];
static pthread_t who[8];

static void count(void *arg, size_t i, size_t size)
{
	size_t start;
	const size_t end = lb_team_share(THINGS, *(const size_t *)arg, i, size, &start);

	who[i] = pthread_self();
	for (size_t k = start; k < end; k++)
		done[k]++;
}

START_TEST(every_share_is_done_once)
{
	const size_t threads = (size_t)_i;
	struct lb_team *team;

	ck_assert_int_eq(lb_team_new(threads, &team, &err), 0);
	ck_assert_uint_eq(lb_team_size(team), threads ? threads : 1);
	memset(done, 0, sizeof done);
	for (size_t round = 0; round < ROUNDS; round++)
		lb_team_run(team, count, &(size_t){ 1 + round % 40 });
	for (size_t k = 0; k < THINGS; k++)
		ck_assert_int_eq(done[k], ROUNDS);
	for (size_t i = 1; i < threads; i++)
		for (size_t j = 0; j < i; j++)
			ck_assert(!pthread_equal(who[i], who[j]));
	lb_team_free(team);
}
END_TEST

static atomic_int taken[THINGS];

/* The first pieces take long, so that who has the last of them is done first and helps. */
static void take(void *arg, size_t k)
{
	const size_t n = *(const size_t *)arg;

	for (volatile size_t spin = 0; k < n / 8 && spin < 2000; spin++)
		;
	atomic_fetch_add(&taken[k], 1);
}

START_TEST(every_piece_is_taken_once)
{
	static const size_t counts[] = { 0, 1, 2, 3, 7, 56, THINGS };
	struct lb_team *team;

	ck_assert_int_eq(lb_team_new((size_t)_i, &team, &err), 0);
	for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
		for (int round = 1; round <= 50; round++) {
			lb_team_pieces(team, counts[c], take, (void *)&counts[c]);
			for (size_t k = 0; k < THINGS; k++)
				ck_assert_int_eq(atomic_exchange(&taken[k], 0), k < counts[c]);
		}
	lb_team_free(team);
}
END_TEST

START_TEST(shares_begin_at_the_grain)
{
	for (size_t n = 0; n < 70; n++)
		for (size_t size = 1; size < 6; size++) {
			size_t before = 0, start;
			for (size_t i = 0; i < size; i++) {
				const size_t end = lb_team_share(n, 16, i, size, &start);
				ck_assert_uint_eq(start < n ? start : n, before);
				ck_assert(start % 16 == 0 && end >= before);
				before = end;
			}
			ck_assert_uint_eq(before, n);
		}
}
END_TEST

/* Idle for longer than a member looks out for work, then asked again. */
START_TEST(a_team_that_slept_wakes)
{
	struct lb_team *team;

	ck_assert_int_eq(lb_team_new(3, &team, &err), 0);
	memset(done, 0, sizeof done);
	for (int round = 0; round < 3; round++) {
		nanosleep(&(struct timespec){ .tv_nsec = 30000000 }, NULL);
		lb_team_run(team, count, &(size_t){ 1 });
	}
	for (size_t k = 0; k < THINGS; k++)
		ck_assert_int_eq(done[k], 3);
	lb_team_free(team);
}
END_TEST

START_TEST(threads_change_no_byte)
{
	static const size_t rows[3] = { 150, 40, 60 };
	struct problem p;

	problem_open(&p, LB_MULTICLASS, rows, 37, 5);
	problem_draw(&p, 3);
	const struct lb_metric_use metric = metric_use("log_loss");
	const struct lb_setup s = with_metrics(with_hidden(trial(&p, "ce", "", "lr=0.1 momentum=0.9"), _i ? 50 : 130, LB_RELU, _i ? 0.3 : 0), &metric, 1);
	struct lb_cohort c = cohort_of(&p, &s, 1, 4, 70);
	for (int k = 0; k < 2; k++) {
		struct lb_train_result one = train_alone(precision[k], c, &s);
		for (size_t threads = 2; threads < 6; threads++) {
			c.threads = threads;
			struct lb_train_result many = train_alone(precision[k], c, &s);
			ck_same_numbers(one.loss_curve, many.loss_curve, 4, "training loss");
			ck_same_numbers(one.metric[LB_TEST], many.metric[LB_TEST], 1, "log loss");
			ck_assert(same_scores(&p, &one, &many));
			lb_train_result_free(&many);
		}
		c.threads = 0;
		lb_train_result_free(&one);
	}
	problem_close(&p);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("thread_team");
	TCase *t = tcase_create("team");

	tcase_add_loop_test(t, every_share_is_done_once, 0, 6);
	tcase_add_loop_test(t, every_piece_is_taken_once, 0, 6);
	tcase_add_test(t, shares_begin_at_the_grain);
	tcase_add_test(t, a_team_that_slept_wakes);
	tcase_add_loop_test(t, threads_change_no_byte, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("thread_team")
