/* ignite: two steps by plain loops, in which the slope of the mean prediction is taken by
 * differences. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

enum { HIDDEN = 3, N = (D + 1) * HIDDEN + HIDDEN + 1 };

/* The mean prediction of all rows by a network of one hidden layer, w in the plain order. */
static double mean_prediction(const double *w)
{
	double sum = 0;

	for (size_t i = 0; i < ROWS; i++) {
		sum += w[N - 1] / ROWS;
		for (size_t k = 0; k < HIDDEN; k++) {
			double a = w[HIDDEN * D + k];
			for (size_t j = 0; j < D; j++)
				a += w[k * D + j] * x_of(&p)[i * D + j];
			sum += w[HIDDEN * (D + 1) + k] * tanh(a) / ROWS;
		}
	}
	return sum;
}

static void slope(const double *at, double *g)
{
	const double h = 1e-5;
	double w[N];

	memcpy(w, at, sizeof w);
	for (size_t i = 0; i < N; i++) {
		w[i] = at[i] + h;
		const double above = mean_prediction(w);
		w[i] = at[i] - h;
		g[i] = (above - mean_prediction(w)) / (2 * h);
		w[i] = at[i];
	}
}

/* to (N) <- the step of ignite from w, whose plain step of rate 0.1 is known; returns |g0|. */
static double ignite_step(const double *w, const double *plain, double lambda, double rho, double r, double *to)
{
	double first[N], second[N], moved[N];

	slope(w, first);
	const double norm = length(first, N);
	for (size_t i = 0; i < N; i++)
		moved[i] = w[i] + r * first[i] / norm;
	slope(moved, second);
	for (size_t i = 0; i < N; i++)
		to[i] = plain[i] - 0.1 * lambda * rho / r * (second[i] - first[i]);
	return norm;
}

/* The multiplier rises, or falls to 0 and stays there, or below without clip. */
static const struct {
	const char *set;
	double bound, rate;
	bool clip;
} cases[] = {
	{ "rho=0.7 radius=0.3 lambda=2 bound=0.1 rate=3", 0.1, 3, true },
	{ "rho=0.7 radius=0.3 lambda=2 bound=50 rate=3", 50, 3, true },
	{ "rho=0.7 radius=0.3 lambda=2 bound=5 rate=3 clip=false", 5, 3, false },
	{ "rho=0.7 radius=0.3 lambda=2 rate=0", 0.1, 0, true },
};

START_TEST(ignite_is_its_formula)
{
	double start[N], plain[N], want[N], got[N], next[N];

	open_problem(LB_REGRESSION, 1);
	uses[0] = use("ignite", cases[_i].set);
	const struct lb_setup s = with(with_hidden(trial(&p, "mse", "", "lr=0.1"), HIDDEN, LB_TANH, 0), NULL, 0), t = with(s, uses, 1);
	initial(&s, 1, start);
	steps_from(&s, start, ROWS, 1, plain);
	const double norm = ignite_step(start, plain, 2, 0.7, 0.3, want);
	double lambda = 2 + cases[_i].rate * (0.7 * norm - cases[_i].bound);
	if (cases[_i].clip && lambda < 0)
		lambda = 0;
	steps_from(&t, start, ROWS, 1, got);
	for (size_t i = 0; i < N; i++)
		ck_near(got[i], want[i], 1e-8, "first step, parameter", i);
	steps_from(&s, got, ROWS, 1, plain);
	ignite_step(got, plain, lambda, 0.7, 0.3, want);
	steps_from(&t, start, ROWS, 2, next);
	for (size_t i = 0; i < N; i++)
		ck_near(next[i], want[i], 1e-7, "second step, parameter", i);
	ck_assert_double_gt(fabs(next[0] - plain[0]), lambda == 0 ? -1 : 1e-5);
}
END_TEST

/* In a linear model the slope is the same everywhere: plain training, but for rounding. */
START_TEST(ignite_on_a_linear_model)
{
	double start[D + 1], plain[D + 1], got[D + 1];

	open_problem(LB_REGRESSION, 1);
	uses[0] = use("ignite", "lambda=1 rate=0");
	const struct lb_setup s = with(trial(&p, "mse", "", "lr=0.1"), NULL, 0), t = with(s, uses, 1);
	initial(&s, 1, start);
	steps_from(&s, start, ROWS, 3, plain);
	steps_from(&t, start, ROWS, 3, got);
	for (size_t j = 0; j <= D; j++)
		ck_near(got[j], plain[j], 1e-14, "parameter", j);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("ignite");
	TCase *t = tcase_create("ignite");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, ignite_is_its_formula, 0, 4);
	tcase_add_test(t, ignite_on_a_linear_model);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("ignite")
