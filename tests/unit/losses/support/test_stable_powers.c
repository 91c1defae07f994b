/* exp, log and powers of losses/support/stable_powers.h: the arithmetic that stands for the C
 * library's in single precision. */
#undef LB_REAL
#define LB_REAL 32
#include "core/numeric/rng.h"
#include "losses/support/stable_powers.h"
#include "tests/unit/suite.h"

enum { DRAWS = 100000 };

static double off(double got, long double want)
{
	return (double)fabsl((long double)got - want) / (double)fabsl(want);
}

START_TEST(exponentials_and_logarithms)
{
	struct lb_rng rng;

	lb_rng_init(&rng, 1, LB_RNG_TEST, 0);
	for (int i = 0; i < DRAWS; i++) {
		const double x = 1400 * lb_rng_unit(&rng) - 700, p = exp2(-1000 * lb_rng_unit(&rng)), near = 1 - 1e-3 * lb_rng_unit(&rng);
		ck_assert_msg(off(lb_plain_exp(x), expl((long double)x)) < 1e-11, "exp of %.17g", x);
		ck_assert_msg(off(lb_plain_log(p), logl((long double)p)) < 1e-11, "log of %.17g", p);
		ck_assert_msg(near >= 1 || off(lb_plain_log(near), logl((long double)near)) < 1e-11, "log of %.17g", near);
	}
	ck_assert(lb_plain_exp(0) == 1 && lb_plain_log(1) == 0 && lb_plain_log(0) == -1e30);
	ck_assert(lb_plain_exp(-1e300) < 1e-300 && lb_plain_exp(1e300) > 1e300);
	ck_assert(isnan(lb_plain_exp((double)NAN)) && isnan(lb_plain_log((double)NAN)));
}
END_TEST

/* Half a unit in the last place of the exact value, and a thousandth for what stood before the
 * rounding. */
static void ck_rounded(float got, long double want, const char *what, double x, double a)
{
	const long double unit = fabsl(want) < (long double)FLT_MIN ? (long double)FLT_TRUE_MIN : (long double)FLT_EPSILON * fabsl(want);

	ck_assert_msg(fabsl((long double)got - want) <= unit * 0.501L, "%s of %.9g, %.9g is %.9g, not %.12Lg", what, x, a, (double)got, want);
}

START_TEST(rounded_once)
{
	struct lb_rng rng;

	lb_rng_init(&rng, 2, LB_RNG_TEST, 0);
	for (int i = 0; i < DRAWS; i++) {
		const float a = (float)(100 * lb_rng_unit(&rng) * lb_rng_unit(&rng)), lp = -(float)exp2(46 * lb_rng_unit(&rng) - 40);
		const float small = (float)exp2(-30 * lb_rng_unit(&rng) - 1), large = (float)(1 - (double)small);
		ck_rounded(lb_exp_times(a, lp), expl((long double)a * lp), "exp", lp, a);
		ck_rounded(lb_expm1_times(a, lp), expm1l((long double)a * lp), "expm1", lp, a);
		ck_rounded(lb_power_of_rest(large, small, a), powl(small, a), "power", small, a);
		ck_rounded(lb_power_of_rest(small, large, a), expl(a * log1pl(-(long double)small)), "power", large, a);
	}
	ck_assert(lb_power_of_rest(1, 0, 2) == 0 && lb_power_of_rest(1, 0, 0) == 1 && lb_power_of_rest(0, 1, 100) == 1);
	ck_assert(isnan(lb_power_of_rest((float)NAN, (float)NAN, 2)) && isnan(lb_exp_times(1, (float)NAN)) && isnan(lb_expm1_times(1, (float)NAN)));
	ck_assert(isinf(lb_exp_times(1, 100)) && lb_exp_times(1, -(float)INFINITY) == 0 && lb_expm1_times(1, -(float)INFINITY) == -1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("stable_powers");
	TCase *t = tcase_create("powers");

	tcase_add_test(t, exponentials_and_logarithms);
	tcase_add_test(t, rounded_once);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("stable_powers")
