/* Averages of weights: ema and swa against values computed elsewhere. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

START_TEST(averages_as_worked_elsewhere)
{
	static const struct worked worked[] = {
		{ "ema", "decay=0.9", 5, { 0.286053122, -0.1268568112, 0.2995785469 } },
		{ "swa", "start=0.2 every=1", 5, { 0.4278136358, -0.1716880808, 0.1338334089 } },
	};

	ck_worked(&worked[_i]);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("averaging");
	TCase *t = tcase_create("averaging");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, averages_as_worked_elsewhere, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("averaging")
