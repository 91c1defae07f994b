/* What the losses on a teacher's scores are to each other, and where a student says what its
 * teacher says. */
#include "tests/unit/losses/loss_fixture.h"

enum { CLASSES = 6, ROWS = 40 };

/* One row: scores, the teacher's, the label. */
struct drawn {
	double z[CLASSES], t[CLASSES];
	int32_t y;
	size_t c;
};

static struct drawn draw_row(struct lb_rng *rng, double scale)
{
	struct drawn d = { .c = 2 + lb_rng_below(rng, CLASSES - 1) };

	d.y = (int32_t)lb_rng_below(rng, d.c);
	for (size_t k = 0; k < d.c; k++) {
		d.z[k] = scale * lb_rng_normal(rng);
		d.t[k] = scale * lb_rng_normal(rng);
	}
	return d;
}

/* Value of a loss at a setting; g (c) gets the gradient. */
static double at(const struct lb_loss_info *info, const char *set, const struct drawn *d, double *g)
{
	const struct lb_loss_input base = { .b = 1, .c = d->c, .z = d->z, .y = &d->y, .t = d->t };
	struct lb_loss_input in = base;
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };
	double value;

	ck_assert_msg(!lb_args_from_text(&info->base, set, par, &store, &err), "%s", err.text);
	in.par = par;
	ck_assert_msg(!lb_loss_eval(info, 64, &in, &value, g, &err), "%s", err.text);
	lb_args_free(&store);
	return value;
}

static const struct lb_loss_info *find(const char *name)
{
	const struct lb_loss_info *info = lb_loss_find(LB_DISTILLATION, name);

	ck_assert_msg(info != NULL, "%s is not registered", name);
	return info;
}

/* left = sum of weight times loss, value and gradient alike. */
static void ck_sum(const char *left, const char *left_set, const struct drawn *d, size_t n, const char *const name[], const char *const set[],
		   const double weight[])
{
	double g[CLASSES], part[CLASSES], sum[CLASSES] = { 0 }, value = 0;
	const double want = at(find(left), left_set, d, g);

	for (size_t i = 0; i < n; i++) {
		value += weight[i] * at(find(name[i]), set[i], d, part);
		for (size_t k = 0; k < d->c; k++)
			sum[k] += weight[i] * part[k];
	}
	ck_assert_msg(fabs(value - want) <= 1e-11 * (1 + fabs(want)), "%s is %.17g, its parts %.17g", left, want, value);
	for (size_t k = 0; k < d->c; k++)
		ck_assert_msg(fabs(sum[k] - g[k]) <= 1e-11 * (1 + fabs(g[k])), "%s: gradient %.17g, of its parts %.17g", left, g[k], sum[k]);
}

/* The softmax over a temperature. */
static double probability(const double *v, size_t c, size_t of, double temperature)
{
	double sum = 0;

	for (size_t k = 0; k < c; k++)
		sum += exp((v[k] - v[of]) / temperature);
	return 1 / sum;
}

START_TEST(divergence_comes_apart)
{
	struct lb_rng rng;

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 40);
	for (int i = 0; i < ROWS; i++) {
		const struct drawn d = draw_row(&rng, 2);
		const double p = probability(d.t, d.c, (size_t)d.y, 3);
		ck_sum("kd", "temperature=3", &d, 2, (const char *const[]){ "dkd", "dkd" },
		       (const char *const[]){ "alpha=1 beta=0 temperature=3", "alpha=0 beta=1 temperature=3" }, (const double[]){ 1, 1 - p });
		ck_sum("dkd", "", &d, 2, (const char *const[]){ "dkd", "dkd" }, (const char *const[]){ "beta=0", "alpha=0 beta=1" },
		       (const double[]){ 1, 8 });
	}
}
END_TEST

START_TEST(divergences_add_up)
{
	struct lb_rng rng;

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 41);
	for (int i = 0; i < ROWS; i++) {
		const struct drawn d = draw_row(&rng, 3);
		ck_sum("jeffreys", "temperature=2", &d, 2, (const char *const[]){ "kd", "reverse_kl" },
		       (const char *const[]){ "temperature=2", "temperature=2" }, (const double[]){ 1, 1 });
	}
}
END_TEST

/* The squares of scores that are far from the temperature: kd tends to half the squared error of
 * centred scores, binary_kl to an eighth of the sum of squares, and binary_kl_norm to that too. */
START_TEST(high_temperatures)
{
	struct lb_rng rng;

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 42);
	for (int i = 0; i < ROWS; i++) {
		struct drawn d = draw_row(&rng, 1);
		double z = 0, t = 0;
		for (size_t k = 0; k < d.c; k++)
			z += d.z[k] / (double)d.c, t += d.t[k] / (double)d.c;
		for (size_t k = 0; k < d.c; k++)
			d.z[k] -= z, d.t[k] -= t;
		const double squares = at(find("kd_mse"), "", &d, NULL);
		ck_assert_double_eq_tol(at(find("kd"), "temperature=1000", &d, NULL), squares / 2, 0.01 * squares);
		ck_assert_double_eq_tol(at(find("binary_kl"), "temperature=1000", &d, NULL), squares * (double)d.c / 8, 0.01 * squares);
		ck_assert_double_eq_tol(at(find("binary_kl_norm"), "temperature=1000", &d, NULL), squares * (double)d.c / 8, 0.01 * squares);
	}
}
END_TEST

/* Of losses of scores: the loss of a row that says what its teacher says is 0, or where labels have
 * a part the smallest there is, and so is the gradient. */
START_TEST(teacher_is_a_minimum)
{
	static const struct {
		const char *name, *set;
		bool zero;
	} cases[] = { { "kd", "", true }, { "kl_top", "k=3", true }, { "kd_ce", "alpha=1", true }, { "kd_mse", "", true },
		      { "dkd", "", true }, { "binary_kl", "", true }, { "binary_kl_norm", "", true }, { "ferkd", "low=0 high=1", false },
		      { "reverse_kl", "", true }, { "jeffreys", "", true }, { "jensen_shannon", "", true }, { "softened_reverse_kl", "", true },
		      { "squared_hellinger", "", true }, { "total_variation", "", true }, { "alpha_divergence", "alpha=0.3", true } };
	struct lb_rng rng;
	double g[CLASSES];
	size_t known = 0;

	for (size_t i = 0; i < lb_loss_count(); i++)
		known += lb_loss_at(i)->kind == LB_DISTILLATION && !(lb_loss_at(i)->needs & (LB_NEEDS_FEATURES | LB_NEEDS_GUIDE));
	ck_assert_uint_eq(known, sizeof cases / sizeof *cases);
	lb_rng_init(&rng, SEED, LB_RNG_TEST, 43);
	for (int i = 0; i < ROWS; i++) {
		struct drawn d = draw_row(&rng, 3);
		memcpy(d.z, d.t, sizeof d.z);
		for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
			const double value = at(find(cases[n].name), cases[n].set, &d, g);
			ck_assert_msg(!cases[n].zero || value <= 1e-15, "%s: %g", cases[n].name, value);
			for (size_t k = 0; k < d.c; k++)
				ck_assert_msg(fabs(g[k]) <= 1e-13, "%s: gradient %g", cases[n].name, g[k]);
		}
	}
}
END_TEST

/* ferkd by rows: the smoothed label below the lower confidence, nothing above the upper one, the
 * teacher between. */
START_TEST(confidence_decides)
{
	struct drawn d = { .z = { 1, 0, -1 }, .t = { log(6), log(3), 0 }, .y = 2, .c = 3 }; /* 0.6, 0.3, 0.1 */
	const double lse = log(exp(1) + 1 + exp(-1)), soft = lse - 0.6 + 0.1, hard = lse + 0.9 - 0.05;

	ck_assert_double_eq_tol(at(find("ferkd"), "low=0.59 high=0.61", &d, NULL), soft, 1e-14);
	ck_assert_double_eq_tol(at(find("ferkd"), "low=0.61 high=0.9", &d, NULL), hard, 1e-14);
	ck_assert_double_eq(at(find("ferkd"), "low=0.1 high=0.59", &d, NULL), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("teacher_losses");
	TCase *t = tcase_create("teacher_losses");

	tcase_add_test(t, divergence_comes_apart);
	tcase_add_test(t, divergences_add_up);
	tcase_add_test(t, high_temperatures);
	tcase_add_test(t, teacher_is_a_minimum);
	tcase_add_test(t, confidence_decides);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("teacher_losses")
