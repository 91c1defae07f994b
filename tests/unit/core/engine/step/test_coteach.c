/* coteach against two linear models by plain loops. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

/* Two linear models by plain loops over three epochs, whose share of forgotten rows rises: 0, 1/4,
 * 1/2 of 8 rows. */
START_TEST(coteach_is_its_algorithm)
{
	const enum form form = _i ? SQUARES : LOGISTIC;
	const size_t b = 8, kept[] = { 8, 6, 4, 4 };
	double w[2][D + 1], curve[4] = { 0 };
	struct lb_rng rng;

	open_problem(_i ? LB_REGRESSION : LB_BINARY, _i ? 1 : 2);
	uses[0] = use("coteach", "forget=0.5 ramp=2");
	const struct lb_setup s = with(trial(&p, _i ? "mse" : "logistic", "", "lr=0.2"), uses, 1);
	lb_rng_init(&rng, 1, LB_RNG_SECOND_MODEL, 0);
	const uint64_t high = lb_rng_u32(&rng), low = lb_rng_u32(&rng);
	initial(&s, 1, w[0]);
	initial(&s, high << 32 | low, w[1]);
	ck_assert(memcmp(w[0], w[1], sizeof w[0]));
	for (size_t e = 0; e < 4; e++)
		for (size_t first = 0; first < ROWS; first += b) {
			double loss[2][8], weight[2][8], g[2][D + 1];
			for (size_t m = 0; m < 2; m++) {
				for (size_t i = 0; i < b; i++)
					loss[m][i] = row_loss(form, w[m], first + i);
				least(loss[m], b, kept[e], weight[m]);
			}
			for (size_t m = 0; m < 2; m++) {
				const double value = plain_gradient(form, w[m], first, b, weight[1 - m], g[m]);
				curve[e] += m ? 0 : value * (double)b / ROWS;
			}
			for (size_t m = 0; m < 2; m++)
				for (size_t j = 0; j <= D; j++)
					w[m][j] -= 0.2 * g[m][j];
		}
	for (int k = 0; k < 2; k++) {
		struct lb_train_result o = train_alone(precision[k], in_order(&s, 4, b), &s);
		for (size_t e = 0; e < 4; e++)
			ck_near(o.loss_curve[e], curve[e], k ? 1e-5 : 1e-12, "loss", e);
		for (size_t j = 0; j <= D; j++)
			ck_near(o.w[j], w[0][j], k ? 1e-5 : 1e-12, "parameter", j);
		lb_train_result_free(&o);
	}
}
END_TEST

/* At least one row of a batch is kept: the last batch here has one. */
START_TEST(coteach_keeps_a_row)
{
	open_problem(LB_BINARY, 2);
	uses[0] = use("coteach", "forget=0.99 ramp=0");
	const struct lb_setup s = with(trial(&p, "logistic", "", "lr=0.2"), uses, 1);
	struct lb_train_result o = train_alone(lb_train_f64, in_order(&s, 2, ROWS - 1), &s);

	ck_assert_int_eq(o.status, LB_TRIAL_OK);
	for (size_t j = 0; j <= D; j++)
		ck_assert(isfinite(o.w[j]));
	lb_train_result_free(&o);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("coteach");
	TCase *t = tcase_create("coteach");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, coteach_is_its_algorithm, 0, 2);
	tcase_add_test(t, coteach_keeps_a_row);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("coteach")
