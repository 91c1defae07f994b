/* class_gaussians: which rows of a batch are draws, and of which class; the Gaussians are tested in
 * tests/unit/core/training. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

/* Rows lie at 1000 times their label but for noise, so that a draw tells its class. About the share
 * of the rows are draws, others stay to the byte, and each draw is near the rows of its label as
 * given, not as it was. */
START_TEST(draws_take_the_place_of_rows)
{
	static const char *const set[] = { "share=0.3 tail=0 trim=0", "share=1 tail=0 trim=0", "share=0 tail=0 trim=0" };
	static const double share[] = { 0.3, 1, 0 };
	int32_t given[ROWS + 20];
	uint32_t rows[ROWS];
	double x[ROWS * D];
	size_t drawn = 0;

	open_problem(LB_MULTICLASS, 3);
	for (size_t i = 0; i < p.data.n; i++) {
		given[i] = (p.data.y[i] + 1) % 3;
		for (size_t j = 0; j < D; j++)
			x_of(&p)[i * D + j] += 1000 * given[i];
	}
	for (uint32_t i = 0; i < ROWS; i++)
		rows[i] = i;
	uses[0] = use("class_gaussians", set[_i]);
	struct lb_setup s = with(trial(&p, "ce", "", ""), uses, 1);
	s.y = given;
	const struct lb_cohort c = in_order(&s, 1, ROWS);
	struct lb_learner l;
	ck_assert_int_eq(lb_learner_open_f64(&l, &c, &s, &err), 0);
	for (int64_t step = 0; step < 100; step++) {
		struct lb_step now = { .l = &l, .c = &c, .batch = &(struct lb_minibatch){ .rows = rows, .id = rows, .b = ROWS }, .step = step };
		memcpy(x, x_of(&p), sizeof x);
		l.hook[0].procedure->inputs(&l.hook[0], &now, x);
		for (size_t i = 0; i < ROWS; i++) {
			drawn += memcmp(x + i * D, x_of(&p) + i * D, D * sizeof *x) != 0;
			for (size_t j = 0; j < D; j++)
				ck_assert_double_eq_tol(x[i * D + j], 1000 * given[i], 20);
		}
	}
	ck_assert_double_eq_tol((double)drawn / (100 * ROWS), share[_i], 1e-12 + 5 * sqrt(share[_i] * (1 - share[_i]) / (100 * ROWS)));
	lb_learner_close_f64(&l);
}
END_TEST

START_TEST(many_features_are_refused)
{
	open_problem(LB_MULTICLASS, 3);
	uses[0] = use("class_gaussians", "");
	const struct lb_setup s = with(trial(&p, "ce", "", ""), uses, 1);
	const struct lb_cohort c = in_order(&s, 1, ROWS);
	struct lb_learner l;
	ck_assert_int_eq(lb_learner_open_f64(&l, &c, &s, &err), 0);
	const struct lb_encoding wide = { .data = &p.data, .d = 10000 };
	struct lb_cohort large = c;
	large.features = &wide;
	ck_assert_ptr_null(l.hook[0].procedure->open(&l, &large, uses[0].par, &err));
	ck_assert_int_eq(err.code, LB_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.text, "class_gaussians with 10000 features and 3 classes"));
	lb_learner_close_f64(&l);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("class_draws");
	TCase *t = tcase_create("class_draws");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, draws_take_the_place_of_rows, 0, 3);
	tcase_add_test(t, many_features_are_refused);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("class_draws")
