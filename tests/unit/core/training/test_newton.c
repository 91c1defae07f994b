/* Newton's steps against the minima that L-BFGS finds. */
#include "tests/unit/core/training.h"

enum { ROWS = 300, TESTS = 40 };
static struct problem p;

static void teardown(void)
{
	problem_close(&p);
	args_forget();
}

static struct lb_setup trial_by(const char *name, const char *loss, const char *set)
{
	struct lb_setup s = trial(&p, loss, "", "");

	s.optimizer = optimizer(name);
	s.optimizer_par = args(s.optimizer, set);
	return s;
}

static struct lb_train_result fitted(const struct lb_setup *s)
{
	struct lb_train_result o = train_alone(lb_fit_f64, cohort_of(&p, s, 1, 1, 1), s);

	ck_assert_int_eq(o.status, LB_TRIAL_OK);
	return o;
}

static void draw(enum lb_kind kind, size_t out)
{
	problem_open(&p, kind, (size_t[]){ ROWS, 0, TESTS }, 4, out);
	problem_draw(&p, 5);
}

/* Returns how far the farthest of the test scores is from those of the minimum. */
static double distance(const char *loss, const char *set)
{
	const struct lb_setup newton = trial_by("newton", loss, set), lbfgs = trial_by("lbfgs", loss, "weight_decay=0.01 tolerance=1e-11");
	struct lb_train_result a = fitted(&newton), b = fitted(&lbfgs);
	double most = 0;

	ck_assert(a.minimised && a.objective > b.objective - 1e-12);
	for (size_t i = 0; i < TESTS * p.columns; i++) {
		const size_t first = i / p.columns * p.columns; /* of classes only differences of scores have a minimum */
		const double common = p.data.y ? a.scores[first] - b.scores[first] : 0;
		most = fmax(most, fabs(a.scores[i] - b.scores[i] - common));
	}
	lb_train_result_free(&a);
	lb_train_result_free(&b);
	return most;
}

START_TEST(one_step_solves_squares)
{
	draw(LB_REGRESSION, 2);
	ck_assert_double_le(distance("mse", "weight_decay=0.01"), 1e-7);
	ck_assert_double_ge(distance("mse", "weight_decay=0.01 damping=1"), 1e-2);
	ck_assert_double_ge(distance("mse", "weight_decay=0.01 max_iterations=1"), 1e-3);
}
END_TEST

/* Each step squares the distance, until rounding. */
/* Absolute errors do not curve up: no step is taken, and none is counted. */
START_TEST(no_curvature_no_step)
{
	draw(LB_REGRESSION, 1);
	const struct lb_setup s = trial_by("newton", "mae", "steps=5");
	struct lb_train_result o = fitted(&s);

	ck_assert_int_eq(o.steps, 0);
	ck_assert_double_gt(o.gradient, 1e-3);
	lb_train_result_free(&o);
}
END_TEST

START_TEST(steps_converge_quadratically)
{
	draw(LB_MULTICLASS, 3);
	const double one = distance("ce", "weight_decay=0.01"), three = distance("ce", "weight_decay=0.01 steps=3"), six = distance("ce", "weight_decay=0.01 steps=6");

	ck_assert_double_ge(one, 1e-3);
	ck_assert_double_le(three, 0.1 * one);
	ck_assert_double_le(six, 1e-7);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("newton");
	TCase *t = tcase_create("newton");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, no_curvature_no_step);
	tcase_add_test(t, one_step_solves_squares);
	tcase_add_test(t, steps_converge_quadratically);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("newton")
