/* core/config: how much work a wrong config makes, and how much a right one may ask for. */
#include "tests/unit/core/config/config_fixture.h"

/* What is asked of a registry with many components. */
enum { MANY = 300 };
static size_t asked;

static const struct lb_info *many_next(const char *block, enum lb_kind kind, size_t *at)
{
	asked++;
	if (strcmp(block, "loss"))
		return entry_next(block, kind, at);
	return (*at)++ < MANY ? &entries[0].info : NULL;
}

static size_t asked_by(const char *yaml, size_t most_trials, const char *message)
{
	const struct lb_registry many = { .next = many_next, .any = entry_any, .most_trials = most_trials };
	struct lb_err err = { 0 };
	struct lb_trial_list list;
	struct lb_config *config = load(yaml, NULL, true, &err);

	ck_assert_ptr_nonnull(config);
	asked = 0;
	ck_assert_int_eq(lb_config_expand(config, &many, &list, &err), -1);
	ck_assert_msg(strstr(err.text, message), "%s", err.text);
	lb_config_free(config);
	return asked;
}

START_TEST(test_work_of_an_unknown_task)
{
	ck_assert_uint_lt(asked_by("task: multali\ndatum: 1\nloss: xx\n", 1, "datum: unknown key"), 100 * MANY);
}
END_TEST

START_TEST(test_work_of_a_mistake_in_a_sweep)
{
	const size_t one = asked_by(BASE "datum: 1\n", 50000, "datum: unknown key");
	const size_t all = asked_by(BASE "datum: 1\nsweep: {train.seed: {from: 1, to: 50000}}\n", 50000, "datum: unknown key");

	ck_assert_uint_lt(all, 3100 * one);
}
END_TEST

/* How often the registry was asked for the trials of a sweep that is right. */
static size_t asked_for(const char *yaml, size_t trials)
{
	const struct lb_registry many = { .next = many_next, .any = entry_any, .most_trials = 10000 };
	struct lb_err err = { 0 };
	struct lb_trial_list list;
	struct lb_config *config = load(yaml, NULL, true, &err);

	ck_assert_ptr_nonnull(config);
	asked = 0;
	ck_assert_msg(!lb_config_expand(config, &many, &list, &err), "%s", err.text);
	ck_assert_uint_eq(list.n, trials);
	lb_trial_list_free(&list);
	lb_config_free(config);
	return asked;
}

START_TEST(test_work_of_values_that_come_again)
{
	const size_t one = asked_for(BASE, 1);
	const size_t all = asked_for(BASE "sweep: {optimizer.lr: {from: 0.1, to: 1, steps: 50}, train.seed: {from: 1, to: 60}}\n", 3000);

	ck_assert_uint_gt(all, one);
	ck_assert_uint_lt(all, (50 + 60 + 1) * one);
}
END_TEST

START_TEST(test_values_in_all)
{
	asked_by(BASE "sweep: {train.seed: {from: 1, to: 11}}\n", 10, "a.yaml:3:21: train.seed: 11 values, allowed: at most 10 in a list");
	asked_by(BASE "sweep: {loss: [{name: gce, q: {from: 0.1, to: 1, steps: 11}}]}\n", 10, "loss.q: 11 values, allowed: at most 10 in a list");
	asked_by(BASE "sweep: {optimizer: [{name: sgd, lr: {from: 0.1, to: 1, steps: 9}, momentum: {from: 0, to: 0.1, steps: 3}}]}\n", 10,
		 "optimizer: 27 values, allowed: at most 10 in a list");
#define NINE "{name: gce, q: {from: 0.1, to: 1, steps: 9}}, "
	asked_by(BASE "sweep: {loss: [" NINE NINE NINE NINE NINE NINE "ce]}\n", 10, "9 values, allowed: at most 10 in a list and 100 in all");
	asked_by(BASE "sweep: {loss: [" NINE NINE "ce]}\n", 10, "sweep: 19 trials, allowed: at most 10");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("config_cost");
	TCase *t = tcase_create("config_work");

	tcase_add_checked_fixture(t, enter, leave);
	tcase_add_test(t, test_work_of_an_unknown_task);
	tcase_add_test(t, test_work_of_a_mistake_in_a_sweep);
	tcase_add_test(t, test_work_of_values_that_come_again);
	tcase_add_test(t, test_values_in_all);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("config_cost")
