/* Choosing among candidates (core/run/candidate_choice.h), and the file that keeps the choices
 * (core/run/tuning.h). */
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/run/candidate_choice.h"
#include "core/run/tuning.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct lb_err err;

/* ---- judging ---- */

enum { MOST = 4, FOLDS = 3 };

/* A fold by letter: v a value, u undefined, c undefined for want of a class, x lost. */
static const struct judged {
	const char *fold[MOST];
	double value[MOST][FOLDS];
	const char *settings[MOST];
	bool higher;
	/* expected: settings chosen (NULL: none), folds undefined for all, whether for one class,
	 * whether the best lost some */
	const char *chosen;
	size_t undefined;
	bool one_class, lost;
} cases[] = {
	/* the best mean; ties go to the smaller number, then text, at the first path in
	 * alphabetical order */
	{ { "vvv", "vvv" }, { { 1, 1, 1 }, { 2, 2, 2 } }, { "{\"a\":1}", "{\"a\":2}" }, true, "{\"a\":2}", 0, true, false },
	{ { "vvv", "vvv" }, { { 1, 1, 1 }, { 2, 2, 2 } }, { "{\"a\":1}", "{\"a\":2}" }, false, "{\"a\":1}", 0, true, false },
	{ { "vvv", "vvv", "vvv" }, { { 1, 1, 1 }, { 1, 1, 1 }, { 1, 1, 1 } }, { "{\"b\":9,\"a\":10}", "{\"b\":1,\"a\":10}", "{\"b\":5,\"a\":9}" },
	  true, "{\"a\":9,\"b\":5}", 0, true, false },
	{ { "vvv", "vvv" }, { { 1, 1, 1 }, { 1, 1, 1 } }, { "{\"a\":\"relu\"}", "{\"a\":\"gelu\"}" }, true, "{\"a\":\"gelu\"}", 0, true, false },
	/* a fold that is undefined for all decides nothing */
	{ { "cvv", "cvv" }, { { 0, 1, 2 }, { 0, 2, 2 } }, { "{\"a\":1}", "{\"a\":2}" }, true, "{\"a\":2}", 1, true, false },
	{ { "uvv", "cvv" }, { { 0, 3, 2 }, { 0, 2, 2 } }, { "{\"a\":1}", "{\"a\":2}" }, true, "{\"a\":1}", 1, false, false },
	/* a candidate that lost a fold, or is undefined where another is not, is worse than any
	 * other */
	{ { "vxv", "vvv" }, { { 9, 0, 9 }, { 1, 1, 1 } }, { "{\"a\":1}", "{\"a\":2}" }, true, "{\"a\":2}", 0, true, false },
	{ { "vuv", "vvv" }, { { 9, 0, 9 }, { 1, 1, 1 } }, { "{\"a\":1}", "{\"a\":2}" }, true, "{\"a\":2}", 0, true, false },
	{ { "cxv", "cvv" }, { { 0, 0, 9 }, { 0, 1, 1 } }, { "{\"a\":1}", "{\"a\":2}" }, true, "{\"a\":2}", 1, true, false },
	{ { "xvv", "cvv" }, { { 0, 9, 9 }, { 0, 1, 1 } }, { "{\"a\":1}", "{\"a\":2}" }, true, "{\"a\":2}", 1, true, false },
	{ { "xvv", "xxv", "vvx" }, { { 0, 1, 1 }, { 0, 0, 9 }, { 2, 2, 0 } }, { "{\"a\":1}", "{\"a\":2}", "{\"a\":3}" }, true, "{\"a\":3}", 0, true, true },
	/* infinite values are values */
	{ { "vvv", "vvv" }, { { INFINITY, 0, 0 }, { 5, 5, 5 } }, { "{\"a\":1}", "{\"a\":2}" }, false, "{\"a\":2}", 0, true, false },
	{ { "vvv", "vvx" }, { { INFINITY, 0, 0 }, { 5, 5, 5 } }, { "{\"a\":1}", "{\"a\":2}" }, false, "{\"a\":1}", 0, true, false },
	{ { "vvv", "vvv" }, { { INFINITY, -INFINITY, 0 }, { 5, 5, 5 } }, { "{\"a\":1}", "{\"a\":2}" }, true, "{\"a\":2}", 0, true, false },
	/* nothing to judge by */
	{ { "ccc", "ccc" }, { { 0 } }, { "{\"a\":1}", "{\"a\":2}" }, true, NULL, 3, true, true },
	{ { "ucc", "ccc" }, { { 0 } }, { "{\"a\":1}", "{\"a\":2}" }, true, NULL, 3, false, true },
	{ { "xxx", "xxx" }, { { 0 } }, { "{\"a\":1}", "{\"a\":2}" }, true, NULL, 0, true, true },
	{ { "xxc", "xxx" }, { { 0 } }, { "{\"a\":1}", "{\"a\":2}" }, true, NULL, 1, true, true },
};

static struct lb_fold_result result(char letter, double value)
{
	static const char letters[] = "vucx";
	static const struct lb_fold_result ends[] = { { LB_FOLD_VALUE, 0, false }, { LB_FOLD_UNDEFINED, 0, false },
						      { LB_FOLD_UNDEFINED, 0, true }, { LB_FOLD_LOST, 0, false } };
	struct lb_fold_result r = ends[strchr(letters, letter) - letters];

	r.value = value;
	return r;
}

/* The candidates in an order: turned by `shift`, backwards where asked for. */
static void judge_in_order(const struct judged *j, size_t shift, bool backwards)
{
	struct lb_fold_result r[MOST * FOLDS];
	struct lb_candidate found[MOST];
	cJSON *settings[MOST] = { NULL };
	struct lb_verdict v;
	size_t n = 0;

	while (n < MOST && j->fold[n])
		n++;
	for (size_t c = 0; c < n; c++) {
		const size_t from = backwards ? n - 1 - (c + shift) % n : (c + shift) % n;
		settings[c] = cJSON_Parse(j->settings[from]);
		for (size_t f = 0; f < FOLDS; f++)
			r[c * FOLDS + f] = result(j->fold[from][f], j->value[from][f]);
	}
	ck_assert(!lb_choose_candidate(r, n, FOLDS, j->higher, (const cJSON *const *)settings, found, &v, &err));
	ck_assert_int_eq(v.chosen, j->chosen != NULL);
	ck_assert_uint_eq(v.undefined, j->undefined);
	if (j->undefined)
		ck_assert_int_eq(v.one_class, j->one_class);
	if (j->chosen) {
		struct lb_buf text = { 0 };
		lb_json_canonical(settings[v.best], &text);
		ck_assert_str_eq(text.s, j->chosen);
		ck_assert_int_eq(v.lost, j->lost);
		lb_buf_free(&text);
	}
	for (size_t c = 0; c < n; c++) {
		ck_assert_uint_eq(found[c].folds + found[c].lost + found[c].undefined, FOLDS);
		cJSON_Delete(settings[c]);
	}
}

START_TEST(the_best_whatever_the_order)
{
	for (size_t shift = 0; shift < MOST; shift++)
		for (int backwards = 0; backwards < 2; backwards++)
			judge_in_order(&cases[_i], shift, backwards);
}
END_TEST

START_TEST(means_are_over_folds_with_a_value)
{
	const struct lb_fold_result r[] = { result('v', 1), result('c', 7), result('v', 2), result('x', 7), result('c', 7), result('x', 7) };
	cJSON *settings[] = { cJSON_Parse("{\"a\":1}"), cJSON_Parse("{\"a\":2}") };
	struct lb_candidate found[2];
	struct lb_verdict v;

	ck_assert(!lb_choose_candidate(r, 2, 3, true, (const cJSON *const *)settings, found, &v, &err));
	ck_assert_double_eq(found[0].mean, 1.5);
	ck_assert_uint_eq(found[0].folds, 2);
	ck_assert_uint_eq(found[0].undefined, 1);
	ck_assert_uint_eq(found[0].worse, 0);
	ck_assert(isnan(found[1].mean));
	ck_assert_uint_eq(found[1].lost, 2);
	ck_assert_uint_eq(found[1].worse, 2);
	cJSON_Delete(settings[0]);
	cJSON_Delete(settings[1]);
}
END_TEST

/* ---- the file ---- */

static char folder[2][64];
static struct lb_store_list superseded;

static void make_folders(void)
{
	for (int i = 0; i < 2; i++) {
		strcpy(folder[i], "/tmp/lossbench-judge-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(folder[i]));
	}
	lb_log_quiet(true);
}

static void remove_folders(void)
{
	char path[96];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/tuning.json", folder[i]);
		unlink(path);
		rmdir(folder[i]);
	}
}

static void save(int i, const char *text)
{
	cJSON *study = cJSON_Parse(text);

	ck_assert_ptr_nonnull(study);
	ck_assert_msg(!lb_tuning_save(folder[i], study, &superseded, &err), "%s", err.text);
	cJSON_Delete(study);
}

static void ck_file(int i, const char *studies)
{
	struct lb_buf text = { 0 };
	cJSON *tree = lb_tuning_read(folder[i]);

	lb_json_canonical(lb_json_at(tree, "studies"), &text);
	ck_assert_str_eq(text.s, studies);
	cJSON_Delete(tree);
	lb_buf_free(&text);
}

#define STUDY(name, metric, arms) "{\"arms\":[" arms "],\"direction\":\"higher\",\"folds\":5,\"metric\":\"" metric "\",\"study\":\"" name "\"}"
#define ARM(loss, choices) "{\"choices\":[" choices "],\"corrupt\":{},\"loss\":{\"name\":\"" loss "\"},\"model\":{}}"
#define CHOICE(id, q) "{\"candidates\":[],\"chosen\":{\"q\":" q "},\"trials\":[\"" id "\"]}"

START_TEST(a_study_takes_its_own_place_alone)
{
	const char *const a = STUDY("a", "auc", ARM("ce", CHOICE("1", "1"))), *const b = STUDY("b", "auc", ARM("ce", CHOICE("2", "1")));
	char path[96];

	save(0, a);
	save(0, b);
	ck_file(0, "[" STUDY("a", "auc", ARM("ce", CHOICE("1", "1"))) "," STUDY("b", "auc", ARM("ce", CHOICE("2", "1"))) "]");
	save(0, STUDY("a", "accuracy", ARM("ce", CHOICE("3", "7"))));
	ck_file(0, "[" STUDY("a", "accuracy", ARM("ce", CHOICE("3", "7"))) "," STUDY("b", "auc", ARM("ce", CHOICE("2", "1"))) "]");
	snprintf(path, sizeof path, "%s/tuning.json", folder[1]);
	static const char *const broken[] = { "{\"schema\":\"lossbench-tuning/1\",\"arms\":[]}", "{", "[]", "{\"schema\":\"lossbench-tuning/2\"}",
					      "{\"schema\":\"lossbench-tuning/2\",\"studies\":[{\"study\":3}]}",
					      "{\"schema\":\"lossbench-tuning/2\",\"studies\":[{\"study\":\"a\",\"arms\":[{}]}]}" };
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		ck_assert(!lb_write_file(path, broken[i], strlen(broken[i]), &err));
		ck_assert_ptr_null(lb_tuning_read(folder[1]));
		save(1, b);
		ck_file(1, "[" STUDY("b", "auc", ARM("ce", CHOICE("2", "1"))) "]");
	}
}
END_TEST

#define TRIED(id, q) "{\"candidates\":[{\"mean\":" q ",\"settings\":{\"q\":1}}],\"chosen\":{\"q\":1},\"trials\":[\"" id "\"]}"

/* Choices for other trials stay: of other seeds, of losses that were left out; not those whose
 * place another one has taken. */
START_TEST(a_study_keeps_what_it_chose_for_other_trials)
{
	char id[][17] = { "1", "2" };

	save(0, STUDY("a", "auc", ARM("ce", CHOICE("1", "1") "," CHOICE("2", "1")) "," ARM("gce", CHOICE("3", "1"))));
	save(0, STUDY("a", "auc", ARM("ce", CHOICE("4", "7"))));
	ck_file(0, "[" STUDY("a", "auc", ARM("ce", CHOICE("4", "7") "," CHOICE("1", "1") "," CHOICE("2", "1")) "," ARM("gce", CHOICE("3", "1"))) "]");
	superseded = (struct lb_store_list){ id, 2, 2 };
	save(0, STUDY("a", "auc", ARM("ce", CHOICE("4", "8"))));
	superseded = (struct lb_store_list){ 0 };
	ck_file(0, "[" STUDY("a", "auc", ARM("ce", CHOICE("4", "8")) "," ARM("gce", CHOICE("3", "1"))) "]");
	save(0, STUDY("a", "auc", ARM("ce", TRIED("5", "0.5"))));
	ck_file(0, "[" STUDY("a", "auc", ARM("ce", TRIED("5", "0.5")) "," ARM("gce", CHOICE("3", "1"))) "]");
	save(0, STUDY("a", "auc", ARM("ce", TRIED("6", "0.6"))));
	ck_file(0, "[" STUDY("a", "auc", ARM("ce", TRIED("6", "0.6") "," TRIED("5", "0.5")) "," ARM("gce", CHOICE("3", "1"))) "]");
	cJSON *study = cJSON_Parse(STUDY("a", "auc", ARM("ce", CHOICE("5", "1"))));
	ck_assert(lb_tuning_has_more(folder[0], study));
	cJSON_Delete(study);
	study = cJSON_Parse(STUDY("a", "auc", ARM("ce", CHOICE("5", "1") "," CHOICE("6", "1") "," CHOICE("3", "1"))));
	ck_assert(!lb_tuning_has_more(folder[0], study));
	ck_assert(!lb_tuning_has_more(folder[1], study));
	cJSON_Delete(study);
}
END_TEST

START_TEST(files_are_merged)
{
	const char *const from[] = { folder[1] };

	ck_assert(!lb_tuning_merge(folder[0], from, 1, &err));
	ck_assert_ptr_null(lb_tuning_read(folder[0]));
	save(1, STUDY("a", "auc", ARM("ce", CHOICE("1", "1")) "," ARM("gce", CHOICE("2", "1"))));
	save(1, STUDY("b", "auc", ARM("ce", CHOICE("3", "1"))));
	save(1, STUDY("c", "auc", ARM("ce", CHOICE("4", "1"))));
	save(0, STUDY("a", "auc", ARM("gce", CHOICE("5", "1"))));
	save(0, STUDY("c", "accuracy", ARM("ce", CHOICE("6", "1"))));
	for (int twice = 0; twice < 2; twice++) {
		ck_assert(!lb_tuning_merge(folder[0], from, 1, &err));
		ck_file(0, "[" STUDY("a", "auc", ARM("gce", CHOICE("5", "1") "," CHOICE("2", "1")) "," ARM("ce", CHOICE("1", "1"))) ","
			   STUDY("c", "accuracy", ARM("ce", CHOICE("6", "1"))) "," STUDY("b", "auc", ARM("ce", CHOICE("3", "1"))) "]");
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("judge_and_tuning");
	TCase *judging = tcase_create("judging"), *file = tcase_create("file");

	tcase_add_loop_test(judging, the_best_whatever_the_order, 0, (int)(sizeof cases / sizeof *cases));
	tcase_add_test(judging, means_are_over_folds_with_a_value);
	tcase_add_checked_fixture(file, make_folders, remove_folders);
	tcase_add_test(file, a_study_takes_its_own_place_alone);
	tcase_add_test(file, a_study_keeps_what_it_chose_for_other_trials);
	tcase_add_test(file, files_are_merged);
	suite_add_tcase(s, judging);
	suite_add_tcase(s, file);
	return s;
}

LB_SUITE_MAIN("judge_and_tuning")
