/* What the losses against label noise are for: sums over all labels, corrections of a known noise,
 * and the matrices they refuse. */
#include "tests/unit/losses/loss_fixture.h"

/* A multi-class loss at a setting; the arguments live in `store`. */
struct tool {
	const struct lb_loss_info *info;
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store;
};

static void take(struct tool *t, const char *name, const char *set)
{
	struct lb_err err = { 0 };

	*t = (struct tool){ .info = lb_loss_find(LB_MULTICLASS, name) };
	ck_assert_msg(t->info != NULL, "%s is not registered", name);
	ck_assert_msg(!lb_args_from_text(&t->info->base, set, t->par, &t->store, &err), "%s", err.text);
}

/* Loss of one row with label y; g (c) gets the gradient unless NULL. */
static double at(const struct tool *t, const double *z, size_t c, int32_t y, double *g)
{
	const struct lb_loss_input in = { .b = 1, .c = c, .z = z, .y = &y, .par = t->par };
	struct lb_err err = { 0 };
	double value;

	ck_assert_msg(!lb_loss_eval(t->info, 64, &in, &value, g, &err), "%s", err.text);
	return value;
}

static void draw_row(double *z, size_t c, double scale, struct lb_rng *rng)
{
	for (size_t k = 0; k < c; k++)
		z[k] = scale * lb_rng_normal(rng);
}

/* ---- sums over all labels ---- */

/* The sum is `constant` + `a_class` (C - 1) + C log((1 + a) / a), the last only for a > 0. */
static const struct {
	const char *name, *set;
	double constant, a_class, a;
} sums[] = {
	{ "mae", "", 0, 2, 0 },
	{ "nce", "", 1, 0, 0 },
	{ "nfl", "", 1, 0, 0 },
	{ "nfl", "gamma=5", 1, 0, 0 },
	{ "rll", "", 0, 0, 0.45 },
	{ "rll", "alpha=10", 0, 0, 10 },
	{ "nce_rce", "alpha=2 beta=3 a=4", 2, 12, 0 },
	{ "nce_mae", "alpha=2 beta=3", 2, 3, 0 },
	{ "nfl_rce", "alpha=2 beta=3 a=4", 2, 12, 0 },
	{ "nfl_mae", "alpha=2 beta=3 gamma=2", 2, 3, 0 },
	{ "nnce", "", 0, 1, 0 },
	{ "nnfl", "gamma=2", 0, 1, 0 },
	{ "anl_ce", "alpha=2 beta=3", 2, 3, 0 },
	{ "anl_fl", "alpha=2 beta=3 gamma=2", 2, 3, 0 },
};

START_TEST(symmetric_sums)
{
	struct tool t;
	struct lb_rng rng;
	double z[10];

	take(&t, sums[_i].name, sums[_i].set);
	lb_rng_init(&rng, SEED, LB_RNG_TEST, 30);
	for (int n = 0; n < 60; n++) {
		const size_t c = (size_t)(2 + n % 8);
		const double a = sums[_i].a, logs = a > 0 ? (double)c * log1p(1 / a) : 0;
		const double want = sums[_i].constant + sums[_i].a_class * ((double)c - 1) + logs;
		double sum = 0;
		draw_row(z, c, n % 3 ? 3 : 1e3, &rng);
		for (int32_t y = 0; y < (int32_t)c; y++)
			sum += at(&t, z, c, y, NULL);
		ck_assert_msg(fabs(sum - want) <= 1e-12 * want, "%s (%s), %zu classes: %.17g, not %.17g", sums[_i].name,
			      sums[_i].set, c, sum, want);
	}
	lb_args_free(&t.store);
}
END_TEST

/* ---- corrections of a known noise ---- */

static const char *const noises[] = {
	"rate=0.2", "rate=0.55", "rate=1", "kind=pair rate=0.45", "kind=pair rate=0.9", "matrix",
};
enum { NOISE_CLASSES = 5 };

/* The chances, written out again; a setting "matrix" draws them, mostly on the diagonal, and
 * becomes their list. */
static void chances(double t[NOISE_CLASSES][NOISE_CLASSES], char *set, size_t room, const struct tool *named, struct lb_rng *rng)
{
	const bool given = !strcmp(set, "matrix");
	size_t used = given ? (size_t)snprintf(set, room, "matrix=[") : 0;

	for (int i = 0; i < NOISE_CLASSES; i++) {
		double sum = 0;
		for (int j = 0; j < NOISE_CLASSES; j++)
			sum += t[i][j] = lb_rng_unit(rng) + (i == j ? 3 : 0);
		for (int j = 0; j < NOISE_CLASSES; j++) {
			const double rate = named->par[1].v, next = (i + 1) % NOISE_CLASSES == j ? rate : 0;
			t[i][j] /= sum;
			if (given)
				used += (size_t)snprintf(set + used, room - used, "%s%.17g", i + j ? "," : "", t[i][j]);
			else
				t[i][j] = i == j ? 1 - rate : named->par[0].v > 0 ? next : rate / (NOISE_CLASSES - 1);
		}
	}
	if (given)
		snprintf(set + used, room - used, "]");
}

static void take_noise(struct tool *t, const char *name, const char *noise, double chance[NOISE_CLASSES][NOISE_CLASSES],
		       struct lb_rng *rng)
{
	char set[1024];

	snprintf(set, sizeof set, "%s", noise);
	take(t, name, strcmp(noise, "matrix") ? set : "");
	chances(chance, set, sizeof set, t, rng);
	lb_args_free(&t->store);
	take(t, name, set);
}

/* sum_j T_yj backward_ce(z, j) = ce(z, y), and the gradients alike. */
START_TEST(backward_averages_to_ce)
{
	enum { C = NOISE_CLASSES };
	struct tool backward, ce;
	struct lb_rng rng;
	double t[C][C], z[C], g[C], want[C];

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 31);
	take_noise(&backward, "backward_ce", noises[_i], t, &rng);
	take(&ce, "ce", "");
	for (int32_t n = 0; n < 40; n++) {
		double sum = 0, mean[C] = { 0 };
		draw_row(z, C, n % 2 ? 2 : 200, &rng);
		for (int32_t j = 0; j < C; j++) {
			sum += t[n % C][j] * at(&backward, z, C, j, g);
			for (int k = 0; k < C; k++)
				mean[k] += t[n % C][j] * g[k];
		}
		ck_assert_double_eq_tol(sum, at(&ce, z, C, n % C, want), 1e-11);
		for (int k = 0; k < C; k++)
			ck_assert_double_eq_tol(mean[k], want[k], 1e-12);
	}
	lb_args_free(&backward.store);
}
END_TEST

/* Where p is the clean probabilities, the noisy ones are T'p, and the expected gradient of
 * forward_ce under them is 0. */
START_TEST(forward_rests_at_the_clean_probabilities)
{
	enum { C = NOISE_CLASSES };
	struct tool forward;
	struct lb_rng rng;
	double t[C][C], z[C], g[C];

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 32);
	take_noise(&forward, "forward_ce", noises[_i], t, &rng);
	for (int n = 0; n < 40; n++) {
		double sum = 0, mean[C] = { 0 };
		draw_row(z, C, 2, &rng);
		for (int k = 0; k < C; k++)
			sum += exp(z[k]);
		for (int32_t j = 0; j < C; j++) {
			double hit = 0;
			for (int k = 0; k < C; k++)
				hit += exp(z[k]) / sum * t[k][j];
			ck_assert_double_eq_tol(at(&forward, z, C, j, g), -log(hit), 1e-12);
			for (int k = 0; k < C; k++)
				mean[k] += hit * g[k];
		}
		for (int k = 0; k < C; k++)
			ck_assert_double_eq_tol(mean[k], 0, 1e-14);
	}
	lb_args_free(&forward.store);
}
END_TEST

/* At pair rate 1 every label names the class before it. */
START_TEST(forward_undoes_a_permutation)
{
	struct tool forward, ce;
	struct lb_rng rng;
	double z[6], g[6], want[6];

	take(&forward, "forward_ce", "kind=pair rate=1");
	take(&ce, "ce", "");
	lb_rng_init(&rng, SEED, LB_RNG_TEST, 33);
	for (int32_t n = 0; n < 60; n++) {
		draw_row(z, 6, n % 2 ? 2 : 5e3, &rng);
		ck_assert_double_eq_tol(at(&forward, z, 6, (n + 1) % 6, g), at(&ce, z, 6, n % 6, want), 1e-11);
		for (int k = 0; k < 6; k++)
			ck_assert_double_eq_tol(g[k], want[k], 1e-14);
	}
}
END_TEST

static const struct {
	const char *name, *set, *message;
	int32_t classes;
} refused[] = {
	{ "forward_ce", "matrix=[0.9,0.1,0.2,0.8]", "forward_ce: matrix: found 4 entries, expected 3 x 3: the data have 3 classes", 3 },
	{ "backward_ce", "matrix=[0.9,0.1,0.2]", "backward_ce: matrix: found 3 entries, expected 2 x 2: the data have 2 classes", 2 },
	{ "forward_ce", "matrix=[0.9,0.1,0.2,0.79]", "forward_ce: matrix: row 2 sums to 0.99, allowed: 1", 2 },
	{ "backward_ce", "matrix=[0.9,0.10001,0.2,0.8]", "backward_ce: matrix: row 1 sums to 1.00001, allowed: 1", 2 },
	{ "forward_ce", "matrix=[1,0,0,0,1,0,1,0,0]", "forward_ce: matrix: column 3 is 0", 3 },
	{ "backward_ce", "matrix=[0.5,0.5,0.5,0.5]", "backward_ce: the noise matrix of 2 classes has no inverse", 2 },
	{ "backward_ce", "matrix=[0.5,0.5,0,0.25,0.25,0.5,0.375,0.375,0.25]", "of 3 classes has no inverse", 3 },
	{ "backward_ce", "rate=0.5", "of 2 classes has no inverse", 2 },
	{ "backward_ce", "rate=0.66666666666666667", "of 3 classes has no inverse", 3 },
	{ "backward_ce", "rate=0.9", "of 10 classes has no inverse", 10 },
	{ "backward_ce", "kind=pair rate=0.5", "of 4 classes has no inverse", 4 },
};

START_TEST(bad_matrices_are_refused)
{
	struct tool t;
	struct lb_err err = { 0 };
	const double z[10] = { 0 };
	const int32_t y = 0;
	double value;

	take(&t, refused[_i].name, refused[_i].set);
	const struct lb_loss_input in = { .b = 1, .c = (size_t)refused[_i].classes, .z = z, .y = &y, .par = t.par };
	for (int precision = 32; precision <= 64; precision += 32) {
		ck_assert_int_eq(lb_loss_eval(t.info, precision, &in, &value, NULL, &err), -1);
		ck_assert_msg(strstr(err.text, refused[_i].message) != NULL, "%s (%s): %s", refused[_i].name, refused[_i].set, err.text);
		ck_assert_int_eq(err.code, LB_CONFIG);
	}
	lb_args_free(&t.store);
}
END_TEST

/* Rows of figures with six digits are taken, and made to sum to 1. */
START_TEST(rounded_rows_are_taken)
{
	struct tool rounded, uniform;
	const double z[] = { 0.3, -1, 2 };

	take(&rounded, "backward_ce", "matrix=[0.333334,0.333333,0.333333,0,1,0,0,0,1]");
	ck_assert_double_eq_tol(at(&rounded, z, 3, 1, NULL), 2.0 + 1 + log1p(exp(-3) + exp(-1.7)), 1e-14);
	lb_args_free(&rounded.store);
	take(&uniform, "forward_ce", "kind=pair rate=0.5");
	take(&rounded, "forward_ce", "matrix=[0.4999999,0.4999999,0,0,0.5,0.5,0.5,0,0.5]");
	for (int32_t y = 0; y < 3; y++)
		ck_assert_double_eq_tol(at(&rounded, z, 3, y, NULL), at(&uniform, z, 3, y, NULL), 1e-14);
	lb_args_free(&rounded.store);
}
END_TEST

/* ---- others ---- */

/* With H = ce - confidence_penalty(1): bootstrap_soft(b) = ce - (1 - b) confidence_penalty(1). */
START_TEST(bootstrapping_adds_the_entropy)
{
	struct tool ce, penalty, soft;
	struct lb_rng rng;
	double z[4], g[3][4];

	take(&ce, "ce", "");
	take(&penalty, "confidence_penalty", "beta=1");
	take(&soft, "bootstrap_soft", "beta=0.7");
	lb_rng_init(&rng, SEED, LB_RNG_TEST, 34);
	for (int32_t n = 0; n < 40; n++) {
		draw_row(z, 4, n % 2 ? 2 : 30, &rng);
		const double want = at(&ce, z, 4, n % 4, g[0]) - 0.3 * at(&penalty, z, 4, n % 4, g[1]);
		ck_assert_double_eq_tol(at(&soft, z, 4, n % 4, g[2]), want, 1e-13);
		for (int k = 0; k < 4; k++)
			ck_assert_double_eq_tol(g[2][k], g[0][k] - 0.3 * g[1][k], 1e-14);
	}
}
END_TEST

/* Confidence 3/4 in each row: rows all right cost (1/4)^2, all wrong (3/4)^2; the two sorts weigh
 * the same whatever their numbers. */
START_TEST(ca_balances_right_and_wrong)
{
	static const struct {
		int32_t y[4];
		double value;
	} cases[] = {
		{ { 0, 0, 0, 0 }, 1.0 / 16 }, { { 1, 1, 1, 1 }, 9.0 / 16 }, { { 0, 0, 0, 1 }, 5.0 / 16 }, { { 1, 0, 1, 1 }, 5.0 / 16 },
	};
	struct tool t;
	double z[8], g[8], value, sum = 0;

	take(&t, "ca", "temperature=0.5");
	for (int i = 0; i < 4; i++) {
		z[2 * i] = log(3) / 2;
		z[2 * i + 1] = 0;
	}
	for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
		const struct lb_loss_input in = { .b = 4, .c = 2, .z = z, .y = cases[n].y, .par = t.par };
		ck_assert_int_eq(lb_loss_eval(t.info, 64, &in, &value, g, NULL), 0);
		ck_assert_double_eq_tol(value, cases[n].value, 1e-15);
		for (int i = 0; i < 4; i++)
			ck_assert_msg((g[2 * i] < 0) == (cases[n].y[i] == 0), "a right row grows surer, a wrong one less sure");
		for (int k = 0; k < 8; k++)
			sum += g[k];
	}
	ck_assert_double_eq_tol(sum, 0, 1e-15);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("label_noise_losses");
	TCase *t = tcase_create("robust");
	const int n_noises = (int)(sizeof noises / sizeof *noises);

	tcase_add_loop_test(t, symmetric_sums, 0, (int)(sizeof sums / sizeof *sums));
	tcase_add_loop_test(t, backward_averages_to_ce, 0, n_noises);
	tcase_add_loop_test(t, forward_rests_at_the_clean_probabilities, 0, n_noises);
	tcase_add_test(t, forward_undoes_a_permutation);
	tcase_add_loop_test(t, bad_matrices_are_refused, 0, (int)(sizeof refused / sizeof *refused));
	tcase_add_test(t, rounded_rows_are_taken);
	tcase_add_test(t, bootstrapping_adds_the_entropy);
	tcase_add_test(t, ca_balances_right_and_wrong);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("label_noise_losses")
