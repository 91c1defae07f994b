/* Averages of weights: ema, swa and lookahead against values computed elsewhere. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

START_TEST(averages_as_worked_elsewhere)
{
	static const struct worked worked[] = {
		{ "ema", "decay=0.9", 5, { 0.286053122, -0.1268568112, 0.2995785469 } },
		{ "swa", "start=0.2 every=1", 5, { 0.4278136358, -0.1716880808, 0.1338334089 } },
		{ "lookahead", "k=2 alpha=0.5", 2, { 0.2782247368, -0.1196578891, 0.3112583386 } },
		{ "lookahead", "k=2 alpha=0.5", 3, { 0.2782247368, -0.1196578891, 0.3112583386 } },
	};

	ck_worked(&worked[_i]);
}
END_TEST

/* Two rounds of lookahead are a round of one step each from the weights that the first left. */
START_TEST(lookahead_goes_on_from_the_slow_weights)
{
	double once[TINY_D + 1], twice[TINY_D + 1], fast[TINY_D + 1];

	tiny_problem();
	tiny_steps("lookahead", "k=1 alpha=0.3", 1, once);
	tiny_steps("lookahead", "k=1 alpha=0.3", 2, twice);
	struct lb_setup s = with(trial(&p, "mse", "", "lr=0.1"), NULL, 0);
	s.model.bias_init = LB_BIAS_NONE;
	steps_from(&s, once, TINY_ROWS, 1, fast);
	for (size_t j = 0; j < TINY_D; j++)
		ck_near(twice[j], once[j] + 0.3 * (fast[j] - once[j]), 1e-15, "weight", j);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("averaging");
	TCase *t = tcase_create("averaging");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, averages_as_worked_elsewhere, 0, 4);
	tcase_add_test(t, lookahead_goes_on_from_the_slow_weights);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("averaging")
