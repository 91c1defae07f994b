/* The question of a config is what its first comment lines ask, up to the question mark. */
#include "core/config/config.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void asks(const char *config, const char *expected)
{
	char path[] = "/tmp/lossbench-question-XXXXXX";
	const int fd = mkstemp(path);
	struct lb_err err = { 0 };

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, config, strlen(config)), (ssize_t)strlen(config));
	close(fd);
	char *found = lb_config_question(path, &err);
	ck_assert_pstr_eq(found, expected);
	ck_assert_int_eq(err.code, LB_OK);
	ck_assert_int_eq(unlink(path), 0);
	free(found);
}

START_TEST(one_line)
{
	asks("# Question: which loss? The first one.\nname: a\n", "which loss?");
	asks("# Question:which loss?\r\n# more\r\nname: a\r\n", "which loss?");
	asks("# A study.\n# Question: which loss?\nname: a\n", "which loss?");
}
END_TEST

START_TEST(several_lines)
{
	asks("# Question: does a long\n#   question   \n# end? Yes\n", "does a long question end?");
	asks("# Question: no mark here\n# and none there\nname: a\n", "no mark here");
	asks("# Question: no mark here\n#\n# what is this?\nname: a\n", "no mark here");
}
END_TEST

START_TEST(none)
{
	asks("name: a\n# Question: too late?\n", NULL);
	asks("# Question:\nname: a\n", NULL);
	asks("# A question: which?\n", NULL);
	asks("", NULL);
	ck_assert_ptr_null(lb_config_question(NULL, NULL));
	ck_assert_ptr_null(lb_config_question("missing.yaml", NULL));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("question");
	TCase *t = tcase_create("question");

	tcase_add_test(t, one_line);
	tcase_add_test(t, several_lines);
	tcase_add_test(t, none);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("question")
