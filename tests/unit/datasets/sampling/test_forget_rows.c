/* Training rows that are to be forgotten: which, how many, and how they divide the split. */
#include "datasets/sampling/forget_rows.h"
#include "tests/unit/core/training.h"

enum { TRAIN = 1000, ROWS = 1200, CLASSES = 4, GROUPS = 5 };

static struct problem p;
static bool forget[ROWS];
static char *names[] = { "a", "b", "c", "d", "e" };

/* Row i is of class i % 4 and of group i % 5. */
static void setup(void)
{
	problem_open(&p, LB_MULTICLASS, (const size_t[]){ TRAIN, 0, ROWS - TRAIN }, 1, CLASSES);
	p.data.class_name = names;
	p.data.group_name = names;
	p.data.n_groups = GROUPS;
	p.data.group = lb_alloc(ROWS, sizeof *p.data.group, &err);
	for (size_t i = 0; i < ROWS; i++) {
		p.data.y[i] = (int32_t)(i % CLASSES);
		p.data.group[i] = (int32_t)(i % GROUPS);
	}
}

static void teardown(void)
{
	free(p.data.group);
	p.data.group = NULL;
	problem_close(&p);
}

static size_t marked(const struct lb_forget_options *opt)
{
	size_t n = 0;

	ck_assert_msg(!lb_forget_mark(&p.data, opt, &p.split, forget, &err), "%s", err.text);
	for (size_t i = 0; i < ROWS; i++) {
		ck_assert(!forget[i] || i < TRAIN);
		n += forget[i];
	}
	return n;
}

START_TEST(names_are_all_of_their_rows)
{
	const char *const classes[] = { "c", "a" }, *const groups[] = { "e" };

	ck_assert_uint_eq(marked(&(struct lb_forget_options){ .class_name = classes, .n_classes = 2, .rate = 1 }), TRAIN / 2);
	for (size_t i = 0; i < TRAIN; i++)
		ck_assert(forget[i] == (i % 2 == 0));
	ck_assert_uint_eq(marked(&(struct lb_forget_options){ .group_name = groups, .n_groups = 1, .rate = 1 }), TRAIN / GROUPS);
	for (size_t i = 0; i < TRAIN; i++)
		ck_assert(forget[i] == (i % GROUPS == 4));
}
END_TEST

START_TEST(a_share_is_drawn_by_the_seed)
{
	const char *const classes[] = { "b" };
	bool first[ROWS];
	size_t halves[2] = { 0 }, same = 0;

	ck_assert_uint_eq(marked(&(struct lb_forget_options){ .rate = 0.0505, .seed = 3 }), 51);
	memcpy(first, forget, sizeof first);
	marked(&(struct lb_forget_options){ .rate = 0.0505, .seed = 3 });
	ck_assert_mem_eq(first, forget, sizeof first);
	marked(&(struct lb_forget_options){ .rate = 0.0505, .seed = 4 });
	for (size_t i = 0; i < TRAIN; i++)
		same += first[i] && forget[i];
	ck_assert_uint_lt(same, 20); /* 2.6 of 51 by chance */
	ck_assert_uint_eq(marked(&(struct lb_forget_options){ .rate = 0.4, .seed = 1 }), 400);
	for (size_t i = 0; i < TRAIN; i++)
		halves[i >= TRAIN / 2] += forget[i];
	ck_assert_uint_gt(halves[0], 150); /* 200, standard deviation 8 */
	ck_assert_uint_gt(halves[1], 150);
	ck_assert_uint_eq(marked(&(struct lb_forget_options){ .class_name = classes, .n_classes = 1, .rate = 0.1, .seed = 1 }), 25);
	for (size_t i = 0; i < TRAIN; i++)
		ck_assert(!forget[i] || i % CLASSES == 1);
}
END_TEST

START_TEST(the_split_is_divided)
{
	const enum lb_forget_train how[] = { LB_TRAIN_ALL, LB_TRAIN_RETAIN, LB_TRAIN_FORGET };
	const size_t trains[] = { TRAIN, 700, 300 };

	marked(&(struct lb_forget_options){ .rate = 0.3 });
	for (size_t k = 0; k < 3; k++) {
		struct lb_split s = { .rows = { lb_alloc(TRAIN, sizeof(uint32_t), &err) }, .n = { TRAIN } };
		memcpy(s.rows[LB_TRAIN], p.split.rows[LB_TRAIN], TRAIN * sizeof(uint32_t));
		ck_assert(!lb_forget_divide(&s, forget, how[k], &err));
		ck_assert(s.n[LB_TRAIN] == trains[k] && s.n[LB_FORGET] == 300 && s.n[LB_RETAIN] == 700 && s.n_whole == TRAIN);
		for (size_t i = 0; i < s.n[LB_TRAIN]; i++) {
			ck_assert(how[k] == LB_TRAIN_ALL || forget[s.rows[LB_TRAIN][i]] == (how[k] == LB_TRAIN_FORGET));
			ck_assert(!i || s.rows[LB_TRAIN][i] > s.rows[LB_TRAIN][i - 1]);
		}
		const struct lb_split before = lb_forget_before(&s);
		ck_assert(before.n[LB_TRAIN] == TRAIN && !memcmp(before.rows[LB_TRAIN], p.split.rows[LB_TRAIN], TRAIN * sizeof(uint32_t)));
		lb_split_free(&s);
	}
	const struct lb_split plain = lb_forget_before(&p.split);
	ck_assert(plain.rows[LB_TRAIN] == p.split.rows[LB_TRAIN] && plain.n[LB_TRAIN] == TRAIN);
}
END_TEST

START_TEST(none_and_all_are_refused)
{
	for (int all = 0; all < 2; all++) {
		struct lb_split s = { .rows = { lb_alloc(TRAIN, sizeof(uint32_t), &err) }, .n = { TRAIN } };
		memcpy(s.rows[LB_TRAIN], p.split.rows[LB_TRAIN], TRAIN * sizeof(uint32_t));
		memset(forget, all, sizeof forget);
		ck_assert(lb_forget_divide(&s, forget, LB_TRAIN_ALL, &err) && strstr(err.text, all ? "says all of the 1000" : "says none of the 1000"));
		lb_split_free(&s);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("forget_rows");
	TCase *t = tcase_create("forget_rows");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, names_are_all_of_their_rows);
	tcase_add_test(t, a_share_is_drawn_by_the_seed);
	tcase_add_test(t, the_split_is_divided);
	tcase_add_test(t, none_and_all_are_refused);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("forget_rows")
