/* What the labels of a split allow: refusals, warnings, means and deviations of targets. */
#include "datasets/sampling/row_labels.h"
#include "tests/unit/datasets/tables.h"

/* A split of a dataset by the numbers of its rows; "" is an empty part. */
static struct lb_split parts(const char *train, const char *valid, const char *test)
{
	const char *const text[3] = { train, valid, test };
	struct lb_split s = { 0 };

	for (int k = 0; k < 3; k++) {
		char *end, *at = (char *)text[k];
		s.rows[k] = lb_alloc(strlen(text[k]) + 1, sizeof **s.rows, NULL);
		for (unsigned long row = strtoul(at, &end, 10); end > at; row = strtoul(at = end, &end, 10))
			s.rows[k][s.n[k]++] = (uint32_t)row;
	}
	return s;
}

static const char classes[] = "x,w,y\n1,1,a\n2,1,a\n3,0,b\n4,1,b\n5,1,c\n6,1,c\n";

START_TEST(one_class_is_refused)
{
	struct lb_dataset *d = one(classes, MULTI), *weighted = one(classes, ROLES(.kind = LB_MULTICLASS, AUTO, .weight = "w"));
	struct lb_split same = parts("0 1", "2", "3"), mixed = parts("0 2", "1", "3 4"), light = parts("0 1 2", "", "");
	const int32_t noisy[] = { 1, 1, 1, 1, 1, 1 };

	ck_assert_int_eq(lb_labels_check(d, &same, d->y, "do this", &err), -1);
	ck_assert_int_eq(err.code, LB_DATA);
	ck_message("train.csv: the training rows are all of class 'a', so there is nothing to tell apart; do this");
	ck_assert_int_eq(lb_labels_check(d, &mixed, d->y, "", &err), 0);
	ck_assert_int_eq(lb_labels_check(d, &mixed, noisy, "", &err), -1);
	ck_message("all of class 'b'");
	ck_assert_int_eq(lb_labels_check(d, &light, d->y, "", &err), 0);
	ck_assert_int_eq(lb_labels_check(weighted, &light, weighted->y, "", &err), -1);
	ck_message("the training rows with a weight above 0 are all of class 'a'");
	struct lb_split none = parts("2", "", "");
	ck_assert_int_eq(lb_labels_check(weighted, &none, weighted->y, "", &err), -1);
	ck_message("the weights of the training rows sum to 0");
	lb_split_free(&same);
	lb_split_free(&mixed);
	lb_split_free(&light);
	lb_split_free(&none);
	lb_dataset_free(d);
	lb_dataset_free(weighted);
}
END_TEST

START_TEST(a_constant_target_is_refused)
{
	struct lb_dataset *d = one("x,y\n1,5\n2,5\n3,6\n", REGRESSION);
	struct lb_split same = parts("0 1", "", "2"), mixed = parts("0 2", "", "1");

	ck_assert_int_eq(lb_labels_check(d, &same, NULL, "", &err), -1);
	ck_message("train.csv: the target is 5 in all training rows, so there is nothing to learn");
	ck_assert_int_eq(lb_labels_check(d, &mixed, NULL, "", &err), 0);
	lb_split_free(&same);
	lb_split_free(&mixed);
	lb_dataset_free(d);
}
END_TEST

static const struct {
	const char *csv;
	enum lb_kind kind;
	const char *label, *part[3];
	const char *said[3];
} warned_cases[] = {
	{ classes, LB_MULTICLASS, "y", { "0 2 4", "1 3", "5 3" }, { NULL } },
	{ classes, LB_MULTICLASS, "y", { "0 1 2", "3 4", "5 1" }, { "1 class has no training row, so that no model can learn it: 'c'" } },
	{ classes, LB_MULTICLASS, "y", { "0 2 4", "1", "" }, { "all rows of the validation part are of class 'a': metrics that compare classes, such as mcc" } },
	{ classes, LB_MULTICLASS, "y", { "0 2", "1 3", "4 5" }, { "1 class has no training row", "all rows of the test part are of class 'c'" } },
	{ "x,y\n1,0\n2,1\n3,0\n4,0\n", LB_BINARY, "y", { "0 1", "", "2 3" }, { "such as auc, are undefined there" } },
	{ "x,y\n1,0\n2,1\n3,4\n4,4\n", LB_REGRESSION, "y", { "0 1", "", "2 3" }, { "target is the same in all rows of the test part: r2 is undefined there" } },
	{ "x,y,z\n1,0,1\n2,1,1\n3,4,2\n4,3,1\n", LB_REGRESSION, "y, z", { "0 1", "", "2 3" },
	  { "target 2 is the same in all rows of the training part: there is nothing to learn of it" } },
	{ "x,y,z\n1,0,1\n2,1,\n3,1,0\n4,0,0\n", LB_MULTILABEL, "", { "0 1", "2", "3" }, { "1 label is the same in all training rows, so that no model can learn it: 'z'" } },
	/* of a label that no row of the file has the dataset tells */
	{ "x,y,z\n1,0,0\n2,1,0\n3,1,0\n4,0,0\n", LB_MULTILABEL, "", { "0 1", "2", "3" }, { NULL } },
};

START_TEST(warns_of_what_a_split_leaves_out)
{
	static const char *const labels[] = { "y", "z" };
	struct lb_roles roles = { .kind = warned_cases[_i].kind, AUTO, .label = warned_cases[_i].label, .labels = labels,
				  .n_labels = warned_cases[_i].kind == LB_MULTILABEL ? 2 : 0 };
	struct lb_dataset *d = one(warned_cases[_i].csv, roles);
	struct lb_split s = parts(warned_cases[_i].part[0], warned_cases[_i].part[1], warned_cases[_i].part[2]);
	struct lb_sentences said = { 0 };
	size_t n = 0;

	ck_assert_msg(d != NULL, "%s", err.text);
	ck_assert_int_eq(lb_labels_warn(d, &s, d->y, &said, &err), 0);
	for (; n < 3 && warned_cases[_i].said[n]; n++)
		ck_assert_msg(n < said.n && strstr(said.text[n], warned_cases[_i].said[n]), "case %d, %zu: %s", _i, n, n < said.n ? said.text[n] : "nothing");
	ck_assert_msg(said.n == n, "case %d: %zu sentences, the last: %s", _i, said.n, said.n ? said.text[said.n - 1] : "");
	ck_assert(!n || lb_sentences_have(&said, said.text[0]));
	ck_assert(!lb_sentences_have(&said, "another"));
	lb_sentences_free(&said);
	lb_split_free(&s);
	lb_dataset_free(d);
}
END_TEST

START_TEST(means_and_deviations)
{
	struct lb_dataset *d = one("x,y,z\n1,1e308,1000000001\n2,1.5e308,1000000002\n3,-1e308,1000000003\n4,7,7\n", ROLES(.kind = LB_REGRESSION, .label = "y, z"));
	const uint32_t rows[] = { 0, 1, 2 };
	const double large = lb_target_mean(d->target, d->n_targets, rows, 3, 0), mean = lb_target_mean(d->target, d->n_targets, rows, 3, 1);

	ck_assert_double_eq_tol(large / 5e307, 1, 1e-12);
	ck_assert_double_eq_tol(lb_target_sd(d->target, d->n_targets, rows, 3, 0, large) / 1.08012344973464e308, 1, 1e-12);
	ck_assert_double_eq(mean, 1000000002);
	ck_assert_double_eq_tol(lb_target_sd(d->target, d->n_targets, rows, 3, 1, mean), sqrt(2 / 3.0), 1e-12);
	ck_assert_double_eq(lb_target_sd(d->target, d->n_targets, rows, 1, 1, d->target[1]), 0);
	lb_dataset_free(d);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("row_labels");
	TCase *tc = tcase_create("row_labels");

	tcase_add_test(tc, one_class_is_refused);
	tcase_add_test(tc, a_constant_target_is_refused);
	tcase_add_test(tc, means_and_deviations);
	tcase_add_loop_test(tc, warns_of_what_a_split_leaves_out, 0, (int)(sizeof warned_cases / sizeof *warned_cases));
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("row_labels")
