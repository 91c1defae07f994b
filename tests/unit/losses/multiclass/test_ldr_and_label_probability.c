/* What the label-distributionally robust and the p_y losses say of themselves beyond their claims:
 * limits of parameters, ties, state, overflow, facts of the comp-sum paper. */
#include "tests/unit/losses/loss_fixture.h"

#include "losses/loss.h"

/* Value of a multi-class loss at `set`, its gradient in g. */
static double at(const char *name, const char *set, int precision, size_t b, size_t c, const double *z, const int32_t *y, double *g)
{
	const struct lb_loss_info *info = lb_loss_find(LB_MULTICLASS, name);
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };
	double value;

	ck_assert_msg(info && !lb_args_from_text(&info->base, set, par, &store, &err), "%s: %s", name, err.text);
	const struct lb_loss_input in = { .b = b, .c = c, .z = z, .y = y, .par = par };
	ck_assert_int_eq(lb_loss_eval(info, precision, &in, &value, g, NULL), 0);
	lb_args_free(&store);
	return value;
}

static int falling(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

/* ldr_k against a full sort, with many ties; the gradient has k - 1 or k shares of 1/k. */
START_TEST(ldr_k_sorts)
{
	struct lb_rng rng;
	double z[40], margin[40], g[40];
	char set[32];

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 30);
	for (int n = 0; n < 400; n++) {
		const size_t c = 2 + lb_rng_below(&rng, 38), k = 1 + lb_rng_below(&rng, c + 3), cut = k < c ? k : c;
		const int32_t y = (int32_t)lb_rng_below(&rng, c);
		double want = 0, sum = 0;
		for (size_t j = 0; j < c; j++)
			z[j] = round(2 * lb_rng_normal(&rng));
		for (size_t j = 0; j < c; j++)
			margin[j] = z[j] - z[y] + (j != (size_t)y);
		qsort(margin, c, sizeof *margin, falling);
		for (size_t j = 0; j < cut; j++)
			want += margin[j] / (double)cut;
		snprintf(set, sizeof set, "k=%zu", k);
		ck_assert_double_eq_tol(at("ldr_k", set, n % 2 ? 32 : 64, 1, c, z, &y, g), want, 1e-6);
		for (size_t j = 0; j < c; j++) {
			sum += g[j];
			want -= g[j] * (z[j] - z[y] + (j != (size_t)y));
			ck_assert(j == (size_t)y || g[j] == 0 || fabs(g[j] - 1 / (double)cut) < 1e-7);
		}
		ck_assert_double_eq_tol(sum, 0, 1e-6);
		ck_assert_double_eq_tol(want, 0, 1e-5);
	}
}
END_TEST

/* Entry y, then the lowest index. */
START_TEST(ties_have_an_order)
{
	static const double z[] = { 1, 2, 1, 1 };
	static const int32_t y = 1;
	static const char *const sets[] = { "k=1", "k=2", "k=3" };
	static const double want[][4] = { { 0, 0, 0, 0 }, { 0.5, -0.5, 0, 0 }, { 1 / 3.0, -2 / 3.0, 1 / 3.0, 0 } };
	double g[4];

	for (int n = 0; n < 3; n++) {
		ck_assert_double_eq(at("ldr_k", sets[n], 64, 1, 4, z, &y, g), 0);
		for (int j = 0; j < 4; j++)
			ck_assert_double_eq_tol(g[j], want[n][j], 1e-15);
	}
	at("ldr_kl", "lam=0 margin=1", 64, 1, 4, z, &y, g);
	for (int j = 0; j < 4; j++)
		ck_assert_double_eq(g[j], 0);
}
END_TEST

/* p = grad + e is feasible, and no random feasible p gives more: the value is the maximum of its
 * definition. */
START_TEST(ldr_k_kl_is_the_maximum)
{
	struct lb_rng rng;
	double z[12], g[12], p[12];
	char set[80];

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 31);
	for (int n = 0; n < 300; n++) {
		const size_t c = 2 + lb_rng_below(&rng, 10), k = 1 + lb_rng_below(&rng, c);
		const int32_t y = (int32_t)lb_rng_below(&rng, c);
		const double lambda = pow(10, 2 * lb_rng_normal(&rng));
		for (size_t j = 0; j < c; j++)
			z[j] = 4 * lb_rng_normal(&rng);
		snprintf(set, sizeof set, "k=%zu lam=%.17g margin=1", k, lambda);
		const double value = at("ldr_k_kl", set, 64, 1, c, z, &y, g);
		for (int other = 0; other < 20; other++) {
			const double part = other ? lb_rng_unit(&rng) : 0, to = (double)lb_rng_below(&rng, c);
			double sum = 0, got = 0;
			for (size_t j = 0; j < c; j++) {
				const double vertex = fmod((double)j + to, (double)c) < (double)k ? 1 / (double)k : 0;
				p[j] = (1 - part) * (g[j] + (j == (size_t)y)) + part * vertex;
				ck_assert(p[j] >= -1e-15 && p[j] <= 1 / (double)k + 1e-12);
				sum += p[j];
				got += p[j] * (z[j] - z[y] + (j != (size_t)y)) - (p[j] > 0 ? lambda * p[j] * log((double)c * p[j]) : 0);
			}
			ck_assert_double_eq_tol(sum, 1, 1e-12);
			ck_assert_double_le(got, value + 1e-11 * fmax(lambda, 1));
			ck_assert(other || fabs(got - value) < 1e-11 * fmax(lambda, 10));
		}
	}
}
END_TEST

/* Towards infinity the value nears the mean margin like variance / (2 lambda): nothing is lost in
 * either precision. */
START_TEST(a_large_temperature_loses_nothing)
{
	static const double z[] = { 1, -2, 0.5, 3 };
	static const int32_t y = 0;
	const double mean = (0 - 2.5 + 0 + 2.5) / 4, variance = (0 + 6.25 + 0 + 6.25) / 4;
	double g[4];

	for (int precision = 32; precision <= 64; precision += 32) {
		const double eps = precision == 32 ? 1e-6 : 1e-13;
		for (int k = 1; k < 4; k += 2)
			for (int power = 5; power < 300; power += 49) {
				char set[64];
				snprintf(set, sizeof set, "k=%d lam=1e%d margin=0.5", k, power);
				const double lambda = pow(10, power);
				const double a = at("ldr_k_kl", set, precision, 1, 4, z, &y, g);
				const double b = at("ldr_kl", strchr(set, 'l'), precision, 1, 4, z, &y, g);
				ck_assert_double_eq_tol(a, mean + variance / (2 * lambda), eps + 1 / lambda / lambda);
				ck_assert_double_eq_tol(b, mean + variance / (2 * lambda), eps + 1 / lambda / lambda);
			}
		ck_assert_double_eq_tol(at("ldr_kl", "lam=inf margin=0.5", precision, 1, 4, z, &y, g), mean, eps);
	}
}
END_TEST

/* A NaN is not sorted away, at the limits of lambda too. */
START_TEST(limits_keep_nan)
{
	static const char *const cases[][2] = {
		{ "ldr_kl", "lam=0" },   { "ldr_kl", "lam=inf" },  { "ldr_kl", "lam=0 norm=l1" }, { "ldr_kl", "lam=inf norm=softplus" },
		{ "ldr_k_kl", "lam=0" }, { "ldr_k_kl", "lam=inf" }, { "ldr_k", "k=1" },               { "llw", "center=false" },
		{ "comp_sum", "tau=0" },    { "tgce", "k=0" },
	};
	static const int32_t y = 1;
	double g[4];

	for (size_t n = 0; n < sizeof cases / sizeof *cases; n++)
		for (size_t j = 0; j < 4; j++) {
			double z[] = { 3, -1, 2, 0 };
			z[j] = NAN;
			ck_assert_msg(isnan(at(cases[n][0], cases[n][1], 64, 1, 4, z, &y, g)), "%s, %s", cases[n][0], cases[n][1]);
			ck_assert(isnan(g[j]));
		}
}
END_TEST

/* All scores 0: there is no f = z / mean |z|; value and gradient are those of f = 0 and 0. */
START_TEST(l1_of_zeros)
{
	static const double z[4] = { 0 };
	static const int32_t y = 2;
	double g[4];

	ck_assert_double_eq_tol(at("ldr_kl", "norm=l1 margin=1", 64, 1, 4, z, &y, g), log((1 + 3 * exp(1)) / 4), 1e-15);
	for (int j = 0; j < 4; j++)
		ck_assert_double_eq(g[j], 0);
	ck_assert(isfinite(at("aldr_kl", "", 32, 1, 4, z, &y, g)));
	for (int j = 0; j < 4; j++)
		ck_assert_double_eq(g[j], 0);
}
END_TEST

static double by_hand_lambda(const double p[2], double lambda0, double alpha)
{
	double kl = 0;

	for (int k = 0; k < 2; k++) {
		const double added = (p[k] + 1e-5) / (1 + 2e-5);
		kl += added * log(2 * added);
	}
	return lambda0 * (1 - kl / (alpha * log(2)));
}

/* Two visits by hand with z = (0, log 3), lambda0 1, alpha 2, no norm: p = softmax(z / lambda) with
 * the lambda before. */
START_TEST(aldr_kl_keeps_a_temperature)
{
	const struct lb_loss *aldr = lb_loss_of(lb_loss_find(LB_MULTICLASS, "aldr_kl"));
	const struct lb_arg par[] = { { .v = 1 }, { .v = 2 }, { .v = 0 }, { .v = 0, .text = "none" } };
	const struct lb_loss_stats stats = { .n_rows = 7, .n_classes = 2 };
	const uint32_t id[] = { 6 };
	const int32_t y[] = { 0 };
	const double z[] = { 0, log(3) }, first = by_hand_lambda((double[]){ 0.25, 0.75 }, 1, 2);
	const double odds = exp(z[1] / first), second = by_hand_lambda((double[]){ 1 / (1 + odds), odds / (1 + odds) }, 1, 2);
	_Alignas(64) double room[64];
	double g[2];
	struct lb_batch in = { .b = 1, .c = 2, .views = 1, .output = { .value = z, .grad = g, .rows = 1, .cols = 2, .stride = 2 }, .y = y, .row_id = id, .par = par, .stats = &stats,
			       .workspace = room, .scale = 1 };

	in.state = aldr->init(par, &stats, NULL);
	ck_assert_ptr_nonnull(in.state);
	lb_loss_update_state(aldr, &in);
	ck_assert_double_eq_tol(((double *)in.state)[6], first, 1e-15);
	ck_assert_double_eq(((double *)in.state)[5], 1);
	lb_loss_update_state(aldr, &in);
	ck_assert_double_eq_tol(((double *)in.state)[6], second, 1e-15);
	const double loss = second * log((1 + exp(z[1] / second)) / 2) - log(2) * (second - 1) * (second - 1);
	ck_assert_double_eq_tol(lb_loss_apply(aldr, &in), loss, 1e-14);
	ck_assert_double_eq_tol(g[1], 1 / (1 + exp(-z[1] / second)), 1e-14);
	ck_assert_double_eq_tol(g[0], -g[1], 1e-15);
	in.row_id = NULL;
	const double fresh = first * log((1 + exp(z[1] / first)) / 2) - log(2) * (first - 1) * (first - 1);
	ck_assert_double_eq_tol(lb_loss_apply(aldr, &in), fresh, 1e-14);
	aldr->free(in.state);
}
END_TEST

/* Where the value is beyond the largest number it is +inf, with a gradient of the right signs and
 * no NaN; just below it both are right. */
START_TEST(comp_sum_overflows_to_infinity)
{
	static const int32_t y = 0;
	double g[3], z[] = { -1e4, 1e4, 0 };

	for (int precision = 32; precision <= 64; precision += 32) {
		ck_assert(at("comp_sum", "tau=0", precision, 1, 3, z, &y, g) == (double)INFINITY);
		ck_assert(g[0] == -(double)INFINITY && g[1] == (double)INFINITY && g[2] == (double)INFINITY);
	}
	z[0] = 0, z[1] = 700, z[2] = -700;
	ck_assert_double_eq_tol(at("comp_sum", "tau=0", 64, 1, 3, z, &y, g) / exp(700), 1, 1e-12);
	ck_assert_double_eq_tol(g[1] / exp(700), 1, 1e-12);
	ck_assert_double_eq_tol(g[2] / exp(-700), 1, 1e-12);
	z[1] = 80, z[2] = -40;
	ck_assert_double_eq_tol(at("comp_sum", "tau=0", 32, 1, 3, z, &y, g) / exp(80), 1, 1e-6);
	ck_assert_double_eq_tol(g[2] / exp(-40), 1, 1e-6);
}
END_TEST

/* The smallest conditional risk, (sum_k eta_k^s)^(1/s) with s = 1 / (2 - tau) and so on, lies at
 * softmax(z) ~ eta^s. */
START_TEST(comp_sum_smallest_risk)
{
	static const double eta[] = { 0.5, 0.3, 0.15, 0.05 }, taus[] = { 0, 0.5, 1.3, 1.7 };
	double z[4], g[4];
	char set[32];

	for (int n = 0; n < 4; n++) {
		const double tau = taus[n], s = 1 / (2 - tau);
		double sum = 0, risk = 0, slope[4] = { 0 };
		for (int k = 0; k < 4; k++) {
			z[k] = s * log(eta[k]);
			sum += pow(eta[k], s);
		}
		snprintf(set, sizeof set, "tau=%g", tau);
		for (int32_t y = 0; y < 4; y++) {
			risk += eta[y] * at("comp_sum", set, 64, 1, 4, z, &y, g);
			for (int k = 0; k < 4; k++)
				slope[k] += eta[y] * g[k];
		}
		ck_assert_double_eq_tol(risk, (pow(sum, 2 - tau) - 1) / (1 - tau), 1e-13);
		for (int k = 0; k < 4; k++)
			ck_assert_double_eq_tol(slope[k], 0, 1e-14);
	}
}
END_TEST

/* As p_y goes to 0 the value nears its bound: 2 at pi = 1/2, and not 1. */
START_TEST(js_has_its_bound)
{
	static const double z[] = { -1e4, 0, 0 };
	static const int32_t y = 0;
	double g[3];

	ck_assert_double_eq_tol(at("js", "", 64, 1, 3, z, &y, g), 2, 1e-14);
	ck_assert_double_eq_tol(at("js", "pi=0.1", 64, 1, 3, z, &y, g), 1 + 0.1 * log(0.1) / (0.9 * log(0.9)), 1e-14);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("ldr_and_label_probability");
	TCase *t = tcase_create("ldr");

	tcase_add_test(t, ldr_k_sorts);
	tcase_add_test(t, ties_have_an_order);
	tcase_add_test(t, ldr_k_kl_is_the_maximum);
	tcase_add_test(t, a_large_temperature_loses_nothing);
	tcase_add_test(t, limits_keep_nan);
	tcase_add_test(t, l1_of_zeros);
	tcase_add_test(t, aldr_kl_keeps_a_temperature);
	tcase_add_test(t, comp_sum_overflows_to_infinity);
	tcase_add_test(t, comp_sum_smallest_risk);
	tcase_add_test(t, js_has_its_bound);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("ldr_and_label_probability")
