/* barron_adaptive: what it is at given parameters of its own, where each target's row of them
 * stands, and where training begins. */
#include "tests/unit/suite.h"

#include "losses/eval.h"

#include <math.h>
#include <string.h>

enum { B = 5, T = 3 };

static const double z[B * T] = { 0.1, -2, 3, 0.5, 1, -1, 2, 0, 0.25, -3, 4, 1.5, 0, 0, 7 }, t[B * T] = { 0, -1, 2, 1, 1, 1, -2, 0.5, 0, -3, 2, 1, 0.125, 30, 0 };

static double eval(const char *name, const char *set, int precision, size_t targets, const double *own, double *g)
{
	const struct lb_loss_info *info = lb_loss_find(LB_REGRESSION, name);
	struct lb_arg par[8];
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };
	double value;

	ck_assert_msg(!lb_args_from_text(&info->base, set, par, &store, &err), "%s", err.text);
	const struct lb_loss_input in = { .b = B * T / targets, .c = targets, .z = z, .t = t, .par = par, .params = own };
	ck_assert_int_eq(lb_loss_eval(info, precision, &in, &value, g, &err), 0);
	lb_args_free(&store);
	return value;
}

static double log_odds(double alpha)
{
	return log((alpha - 0.001) / (1.999 - alpha));
}

/* At a shape and a scale it is barron_nll of these, whichever of the two it learns. */
static const struct {
	const char *learn, *fixed;
	double alpha, c;
	bool shape, scale;
} given[] = {
	{ "", "alpha=0.5 c=2", 0.5, 2, true, true },
	{ "learn=shape c=0.25", "alpha=1.75 c=0.25", 1.75, 0.25, true, false },
	{ "learn=scale alpha=0", "alpha=0 c=3", 0, 3, false, true },
	{ "learn=scale alpha=2", "alpha=2 c=0.5", 2, 0.5, false, true },
};

START_TEST(given_parameters)
{
	double own[2], g[B * T + 2], other[B * T];
	size_t n = 0;

	if (given[_i].shape)
		own[n++] = log_odds(given[_i].alpha);
	if (given[_i].scale)
		own[n++] = log(given[_i].c);
	ck_assert_double_eq_tol(eval("barron_adaptive", given[_i].learn, 64, 1, own, g), eval("barron_nll", given[_i].fixed, 64, 1, NULL, other), 2e-13);
	for (size_t k = 0; k < B * T; k++)
		ck_assert_double_eq_tol(g[k], other[k], 1e-14);
}
END_TEST

/* Of one target c's mean square is that of its residuals at the best scale of a normal law. */
START_TEST(best_scale_of_a_normal_law)
{
	double square = 0, g[B * T + 1];

	for (size_t k = 0; k < B * T; k++)
		square += (z[k] - t[k]) * (z[k] - t[k]) / (B * T);
	const double own[] = { log(square) / 2 };
	eval("barron_adaptive", "learn=scale alpha=2", 64, 1, own, g);
	ck_assert_double_eq_tol(g[B * T], 0, 1e-14);
}
END_TEST

/* A row of parameters belongs to its own target: each target's loss by itself, over their
 * number. */
START_TEST(rows_are_of_targets)
{
	const double own[2 * T] = { 0.5, -1, -0.25, 0.75, 2, 0 };
	double g[B * T + 2 * T], sum = 0;
	const double value = eval("barron_adaptive", "", 64, T, own, g);

	for (size_t k = 0; k < T; k++) {
		struct lb_arg par[8];
		struct lb_arg_store store = { 0 };
		const struct lb_loss_info *info = lb_loss_find(LB_REGRESSION, "barron_adaptive");
		double p[B], r[B], gk[B + 2], one;
		ck_assert_int_eq(lb_args_from_text(&info->base, "", par, &store, NULL), 0);
		for (size_t i = 0; i < B; i++)
			p[i] = z[i * T + k], r[i] = t[i * T + k];
		const struct lb_loss_input in = { .b = B, .c = 1, .z = p, .t = r, .par = par, .params = own + 2 * k };
		ck_assert_int_eq(lb_loss_eval(info, 64, &in, &one, gk, NULL), 0);
		sum += one;
		for (size_t i = 0; i < B; i++)
			ck_assert_double_eq_tol(g[i * T + k], gk[i] / T, 1e-15);
		for (size_t j = 0; j < 2; j++)
			ck_assert_double_eq_tol(g[B * T + 2 * k + j], gk[B + j] / T, 1e-15);
	}
	ck_assert_double_eq_tol(value, sum / T, 1e-14);
}
END_TEST

/* Without parameters it is where training begins. */
START_TEST(training_begins_as_said)
{
	double own[2 * T], g[B * T + 2 * T], start[B * T + 2 * T];

	for (size_t k = 0; k < T; k++)
		own[2 * k] = log_odds(1.5), own[2 * k + 1] = log(0.25);
	const double value = eval("barron_adaptive", "alpha=1.5 c=0.25", 64, T, own, g);
	ck_assert_double_eq(eval("barron_adaptive", "alpha=1.5 c=0.25", 64, T, NULL, start), value);
	ck_assert(!memcmp(g, start, sizeof g));
}
END_TEST

/* Parameters far out: the shape ends at its bounds, and all numbers are finite. */
START_TEST(far_parameters)
{
	static const double far[] = { -700, -40, 40, 700 };

	for (size_t k = 0; k < 4; k++)
		for (int precision = 32; precision <= 64; precision += 32) {
			const double own[] = { far[k], far[k] > 0 ? -8 : 8 };
			double g[B * T + 2];
			ck_assert(isfinite(eval("barron_adaptive", "", precision, 1, own, g)));
			for (size_t i = 0; i < B * T + 2; i++)
				ck_assert(isfinite(g[i]));
			ck_assert_double_eq_tol(g[B * T], 0, 1e-13);
		}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("learned_parameters");
	TCase *c = tcase_create("barron_adaptive");

	tcase_add_loop_test(c, given_parameters, 0, sizeof given / sizeof *given);
	tcase_add_test(c, best_scale_of_a_normal_law);
	tcase_add_test(c, rows_are_of_targets);
	tcase_add_test(c, training_begins_as_said);
	tcase_add_test(c, far_parameters);
	suite_add_tcase(s, c);
	return s;
}

LB_SUITE_MAIN("learned_parameters")
