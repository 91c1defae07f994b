/* tract: the step, multiplied by X'X/B + lambda I, is the plain gradient, with more rows than
 * features and with fewer; a hidden layer's biases and what is above it have their plain step. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

enum { HIDDEN = 3, CLASSES = 3, N = (D + 1) * HIDDEN + (HIDDEN + 1) * CLASSES };

/* by (D) <- (X'X/b + lambda I) v of the first b rows. */
static void multiply(size_t b, double lambda, const double *v, double *by)
{
	for (size_t j = 0; j < D; j++)
		by[j] = lambda * v[j];
	for (size_t i = 0; i < b; i++) {
		const double *x = x_of(&p) + i * D;
		double product = 0;
		for (size_t j = 0; j < D; j++)
			product += x[j] * v[j];
		for (size_t j = 0; j < D; j++)
			by[j] += x[j] * product / (double)b;
	}
}

START_TEST(tract_is_its_formula)
{
	const size_t b = (const size_t[]){ ROWS, D, D - 1, 1 }[_i];
	double start[N], plain[N], turned[N];

	open_problem(LB_MULTICLASS, CLASSES);
	uses[0] = use("tract", "lambda=0.2");
	const struct lb_setup s = with(with_hidden(trial(&p, "ce", "", "lr=1"), HIDDEN, LB_TANH, 0), NULL, 0), t = with(s, uses, 1);
	initial(&s, 1, start);
	steps_from(&s, start, b, 1, plain);
	steps_from(&t, start, b, 1, turned);
	for (size_t k = 0; k < HIDDEN; k++) {
		double step[D], back[D];
		for (size_t j = 0; j < D; j++)
			step[j] = start[k * D + j] - turned[k * D + j];
		multiply(b, 0.2, step, back);
		for (size_t j = 0; j < D; j++)
			ck_near(back[j], start[k * D + j] - plain[k * D + j], 1e-12, "weight", k * D + j);
	}
	ck_same_numbers(plain + HIDDEN * D, turned + HIDDEN * D, N - HIDDEN * D, "parameter");
}
END_TEST

/* A linear model under mse with a small lambda and no biases: half a step of rate 1 is Newton's, so
 * that the gradient is gone. */
START_TEST(tract_is_newtons_step)
{
	double w[D + 1], start[D + 1], next[D + 1];

	open_problem(LB_REGRESSION, 1);
	uses[0] = use("tract", "lambda=1e-9");
	struct lb_setup t = with(trial(&p, "mse", "", "lr=0.5"), uses, 1);
	t.model.bias_init = LB_BIAS_NONE;
	const struct lb_setup s = with(t, NULL, 0);
	initial(&t, 1, start);
	start[D] = 0;
	steps_from(&t, start, ROWS, 1, w);
	steps_from(&s, w, ROWS, 1, next);
	for (size_t j = 0; j < D; j++) {
		ck_assert_double_gt(fabs(w[j] - start[j]), 1e-3);
		ck_assert_double_lt(fabs(next[j] - w[j]), 1e-7);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("tract");
	TCase *t = tcase_create("tract");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, tract_is_its_formula, 0, 4);
	tcase_add_test(t, tract_is_newtons_step);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("tract")
