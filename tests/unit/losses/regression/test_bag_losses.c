/* Losses of bags: what they are of single rows, of the spread within bags, and which bases there
 * are. */
#include "core/numeric/rng.h"
#include "losses/loss.h"
#include "tests/unit/core/training.h"

enum { ROWS = 23, COLUMNS = 2 };

static double z[ROWS * COLUMNS], t[ROWS * COLUMNS];
static int32_t bag[ROWS];

static void draw(uint64_t seed, bool single)
{
	struct lb_rng r;

	lb_rng_init(&r, seed, LB_RNG_TEST, 0);
	for (size_t k = 0; k < ROWS * COLUMNS; k++) {
		z[k] = (double)(float)(3 * lb_rng_normal(&r));
		t[k] = (double)(float)lb_rng_normal(&r);
	}
	for (size_t i = 0; i < ROWS; i++)
		bag[i] = i ? bag[i - 1] + (single || lb_rng_unit(&r) < 0.4) : 0;
}

static double value_of(const char *loss, const char *set, int precision, double *g)
{
	const struct lb_loss_info *info = lb_loss_find(LB_REGRESSION, loss);
	const struct lb_loss_input in = { .b = ROWS, .c = COLUMNS, .z = z, .t = t, .group = bag, .par = args(&info->base, set) };
	double value;

	ck_assert_int_eq(lb_loss_eval(info, precision, &in, &value, g, &err), 0);
	return value;
}

/* (1/n) sum over bags and their rows of (f - fbar)^2, the mean over columns; so that its derivative
 * is 2 (f - fbar) / (n T). */
static double spread(double *g)
{
	double sum = 0;

	for (size_t i = 0; i < ROWS; i++)
		for (size_t k = 0; k < COLUMNS; k++) {
			double mean = 0, n = 0;
			for (size_t j = 0; j < ROWS; j++)
				if (bag[j] == bag[i]) {
					mean += z[j * COLUMNS + k];
					n++;
				}
			const double e = z[i * COLUMNS + k] - mean / n;
			sum += e * e / (ROWS * COLUMNS);
			g[i * COLUMNS + k] = 2 * e / (ROWS * COLUMNS);
		}
	return sum;
}

START_TEST(instance_is_bag_plus_spread)
{
	double of_bag[ROWS * COLUMNS], of_rows[ROWS * COLUMNS], between[ROWS * COLUMNS], more[ROWS * COLUMNS];

	for (uint64_t seed = 1; seed <= 20; seed++) {
		draw(seed, false);
		const double a = value_of("bag", "", 64, of_bag), b = value_of("instance", "", 64, of_rows), r = spread(more);
		const double c = value_of("bag_interp", "rho=0.3", 64, between);
		ck_assert_double_eq_tol(b, a + r, 1e-12 * b);
		ck_assert_double_eq_tol(c, a + 0.3 * r, 1e-12 * b);
		for (size_t k = 0; k < ROWS * COLUMNS; k++) {
			ck_assert_double_eq_tol(of_rows[k], of_bag[k] + more[k], 1e-12);
			ck_assert_double_eq_tol(between[k], of_bag[k] + 0.3 * more[k], 1e-12);
		}
		args_forget();
	}
}
END_TEST

/* Jensen: of a convex base the instance level is at least the bag level. */
START_TEST(convex_bases_gain_by_averaging)
{
	static const char *const sets[] = { "base=mae", "base=huber base_params=[0.5]", "base=quantile base_params=[0.9]", "base=linex", "base=log_cosh" };
	double g[ROWS * COLUMNS];

	draw(3, false);
	for (size_t k = 0; k < sizeof sets / sizeof *sets; k++)
		ck_assert_double_gt(value_of("instance", sets[k], 64, g), value_of("bag", sets[k], 64, g));
}
END_TEST

/* Bags of one row: the base itself, to the byte, in both precisions and for every base. */
START_TEST(single_rows_give_the_base)
{
	static const char *const losses[] = { "bag", "instance", "bag_interp" };
	double g[2][ROWS * COLUMNS];

	draw(5, true);
	const struct lb_param *base = &lb_loss_find(LB_REGRESSION, "bag")->base.params[0];
	for (size_t k = 0; base->choices[k]; k++)
		for (int precision = 32; precision <= 64; precision += 32)
			for (size_t i = 0; i < 3; i++) {
				char set[64];
				snprintf(set, sizeof set, "base=%s%s", base->choices[k], i == 2 ? " rho=1" : "");
				const double a = value_of(losses[i], set, precision, g[0]), b = value_of(base->choices[k], "", precision, g[1]);
				ck_assert_msg(!memcmp(&a, &b, sizeof a) && !memcmp(g[0], g[1], sizeof g[0]), "%s %s float%d: %.17g, the base gives %.17g",
					      losses[i], set, precision, a, b);
				args_forget();
			}
}
END_TEST

/* The bases are the losses of a prediction that have no state, no teacher,
 * and are no likelihoods. */
START_TEST(bases_are_all_that_fit)
{
	const struct lb_param *base = &lb_loss_find(LB_REGRESSION, "bag")->base.params[0];
	const struct lb_loss *loss;
	size_t n = 0, listed = 0;

	while (base->choices[listed])
		listed++;
	for (size_t i = 0; i < lb_loss_count(); i++) {
		const struct lb_loss_info *info = lb_loss_at(i);
		loss = lb_loss_get_f64(i);
		if (info->kind != LB_REGRESSION || !loss->form->row || loss->predict || loss->init || info->needs & LB_NEEDS_TEACHER || !(info->properties & LB_NONNEGATIVE))
			continue;
		size_t k = 0;
		while (k < listed && strcmp(base->choices[k], info->base.name))
			k++;
		ck_assert_msg(k < listed, "%s could be a base of bags; add it to losses/regression/bags.c", info->base.name);
		ck_assert_int_le(info->base.n_params, 8);
		for (int j = 0; j < info->base.n_params; j++)
			ck_assert(info->base.params[j].type == LB_REAL_PARAM || info->base.params[j].type == LB_INT_PARAM || info->base.params[j].type == LB_BOOL_PARAM);
		n++;
	}
	ck_assert_uint_eq(n, listed);
}
END_TEST

START_TEST(parameters_of_the_base_are_checked)
{
	static const struct {
		const char *set, *expected;
	} bad[] = {
		{ "base=mae base_params=[1]", "base_params: found 1 number for mae, allowed: at most 0" },
		{ "base=quantile base_params=[1]", "base_params: found 1 for tau of quantile, allowed: (0, 1)" },
		{ "base=mse base_params=[2]", "base_params: found 2 for half of mse, allowed: 0 or 1 of [0, 1]" },
	};
	const struct lb_info *info = &lb_loss_find(LB_REGRESSION, "bag")->base;
	struct lb_arg par[2];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(lb_args_from_text(info, bad[i].set, par, &args_store, &err), -1);
		ck_assert_msg(strstr(err.text, bad[i].expected) != NULL, "%s", err.text);
	}
	ck_assert_int_eq(lb_args_from_text(info, "base=quantile base_params=[0.2]", par, &args_store, &err), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bag_losses");
	TCase *tc = tcase_create("bags");

	tcase_add_test(tc, instance_is_bag_plus_spread);
	tcase_add_test(tc, convex_bases_gain_by_averaging);
	tcase_add_test(tc, single_rows_give_the_base);
	tcase_add_test(tc, bases_are_all_that_fit);
	tcase_add_test(tc, parameters_of_the_base_are_checked);
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("bag_losses")
