/* Every tests/unit/FOLDER/test_NAME.c tests FOLDER/NAME.c, or files of FOLDER that its first
 * comment names. It is a program of its own on the `check` framework: `static Suite *suite(void)`
 * and LB_SUITE_MAIN. It runs each test in a process of its own and ends with the line
 * "NAME: N passed, N failed". LB_SUITE_MAIN_OF_MANY is for thousands of short tests of what
 * neither crashes nor keeps anything: they share one process. */
#ifndef LB_SUITE_H
#define LB_SUITE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* Gives each test of the case so many seconds, or CK_DEFAULT_TIMEOUT where that is longer (under
 * sanitizers). */
static inline void tcase_at_least(TCase *tc, double seconds)
{
	const char *given = getenv("CK_DEFAULT_TIMEOUT");
	const double other = given ? atof(given) : 0;

	tcase_set_timeout(tc, other > seconds ? other : seconds);
}

static inline int lb_suite_run(Suite *suite, const char *name, enum fork_status how)
{
	SRunner *sr = srunner_create(suite);

	if (!getenv("CK_FORK"))
		srunner_set_fork_status(sr, how);
	srunner_run_all(sr, CK_ENV);
	const int failed = srunner_ntests_failed(sr), run = srunner_ntests_run(sr);
	printf("%s: %d passed, %d failed\n", name, run - failed, failed);
	srunner_free(sr);
	return failed || !run ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define LB_SUITE_MAIN(name)                                     \
	int main(void)                                          \
	{                                                       \
		return lb_suite_run(suite(), name, CK_FORK);    \
	}
#define LB_SUITE_MAIN_OF_MANY(name)                             \
	int main(void)                                          \
	{                                                       \
		return lb_suite_run(suite(), name, CK_NOFORK);  \
	}

#endif
