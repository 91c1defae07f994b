/* core/train/attack against differences, closed forms and points drawn from the ball. */
#include "core/engine/attack/attack.h"
#include "core/engine/kernels/kernels.h"
#include "tests/unit/core/engine/net_f32.h"
#include "tests/unit/core/training.h"

enum { ROWS = 21, FEATURES = 5, STORED = 4096, LDX = 16 };

static double plain[STORED], x[ROWS * FEATURES], out[ROWS * FEATURES];
static _Alignas(64) double w[STORED], dz[ROWS * LDX], dx[ROWS * LDX], transposed[64 * LDX];
static _Alignas(64) float w32[STORED], x32[ROWS * FEATURES], dz32[ROWS * LDX], dx32[ROWS * LDX], turned32[64 * LDX];
static int32_t y[ROWS];
static uint32_t rows[ROWS];

static void draw(double *v, size_t n, uint64_t seed, double scale)
{
	struct lb_rng rng;

	lb_rng_init(&rng, seed, LB_RNG_TEST, n);
	for (size_t i = 0; i < n; i++)
		v[i] = (float)(scale * lb_rng_normal(&rng));
}

/* A net of drawn parameters, and rows with labels in turn. classes 1: binary. */
static struct lb_net *open_net(const struct lb_model_spec *s)
{
	struct lb_net *net = lb_net_new_f64(s, ROWS, &err);
	const size_t classes = s->width[s->n_layers];

	ck_assert_msg(net && net->n_params <= STORED, "%s", err.text);
	draw(plain, lb_model_spec_size(s), 1, 0.7);
	lb_net_pack_f64(net, plain, w);
	draw(x, ROWS * FEATURES, 2, 1);
	for (size_t i = 0; i < ROWS; i++) {
		y[i] = (int32_t)(i % (classes > 1 ? classes : 2));
		rows[i] = (uint32_t)i;
	}
	return net;
}

static struct lb_model_spec linear(size_t outputs)
{
	return (struct lb_model_spec){ .n_layers = 1, .width = { FEATURES, outputs }, .seed = 1 };
}

static struct lb_model_spec mlp(size_t outputs)
{
	return (struct lb_model_spec){ .n_layers = 2, .width = { FEATURES, 7, outputs }, .activation = LB_TANH, .seed = 1 };
}

/* ---- the gradient by the rows ---- */

enum { ACTIVATIONS = 3, DEPTHS = 3, DROPS = 2 };

/* sum of the scores times the drawn dz */
static double weighed(struct lb_net *net, int64_t step)
{
	const double *z = lb_net_forward_f64(net, w, &(struct lb_pass){ .b = ROWS, .x = x, .step = step });
	double sum = 0;

	for (size_t i = 0; i < ROWS * net->ld; i++)
		sum += z[i] * dz[i];
	return sum;
}

START_TEST(input_gradient_is_that_of_differences)
{
	const size_t depth = (size_t)(_i / ACTIVATIONS % DEPTHS);
	const int64_t step = _i >= ACTIVATIONS * DEPTHS ? 4 : -1;
	struct lb_model_spec s = { .n_layers = depth + 1, .width = { FEATURES, 11, 6, 3 }, .activation = (enum lb_activation)(_i % ACTIVATIONS),
				   .dropout = step < 0 ? 0 : 0.4, .seed = 3 };
	s.width[depth + 1] = 3;
	struct lb_net *net = open_net(&s);
	struct lb_net_f32 *single = lb_net_new_f32(&s, ROWS, &err);

	ck_assert(single);
	memset(dz, 0, sizeof dz);
	for (size_t i = 0; i < ROWS; i++)
		draw(dz + i * net->ld, 3, 10 + i, 1);
	weighed(net, step);
	lb_net_input_gradient_f64(net, w, &(struct lb_pass){ .b = ROWS, .x = x, .step = step }, dz, transposed, dx);
	for (size_t i = 0; i < ROWS; i++)
		for (size_t k = 0; k < FEATURES; k++) {
			const double at = x[i * FEATURES + k], h = 1e-6;
			x[i * FEATURES + k] = at + h;
			const double up = weighed(net, step);
			x[i * FEATURES + k] = at - h;
			const double slope = (up - weighed(net, step)) / (2 * h);
			x[i * FEATURES + k] = at;
			ck_near(dx[i * LB_PADDED(FEATURES) + k], slope, 1e-7, "slope", i * FEATURES + k);
		}
	for (size_t k = FEATURES; k < LB_PADDED(FEATURES); k++)
		ck_assert_double_eq(dx[k], 0);

	lb_net_pack_f32(single, plain, w32);
	for (size_t i = 0; i < ROWS * FEATURES; i++)
		x32[i] = (float)x[i];
	for (size_t i = 0; i < ROWS * 3; i++)
		dz32[i / 3 * 16 + i % 3] = (float)dz[i / 3 * net->ld + i % 3];
	const struct lb_pass_f32 pass = { .b = ROWS, .x = x32, .step = step };
	lb_net_forward_f32(single, w32, &pass);
	lb_net_input_gradient_f32(single, w32, &pass, dz32, turned32, dx32);
	for (size_t i = 0; i < ROWS * FEATURES; i++)
		ck_near((double)dx32[i / FEATURES * 16 + i % FEATURES], dx[i / FEATURES * LB_PADDED(FEATURES) + i % FEATURES], 3e-6, "single", i);
	lb_net_free_f64(net);
	lb_net_free_f32(single);
}
END_TEST

/* ---- objectives ---- */

static const enum lb_attack_objective objectives[] = { LB_ATTACK_CE, LB_ATTACK_MARGIN, LB_ATTACK_DLR, LB_ATTACK_PROBABILITY_MARGIN,
						       LB_ATTACK_DEVIATION };
enum { OBJECTIVES = sizeof objectives / sizeof *objectives };

/* The slope is a positive multiple of the derivative. */
START_TEST(slopes_point_where_differences_do)
{
	static const size_t columns[] = { 1, 2, 3, 6 };
	const enum lb_attack_objective objective = objectives[_i];
	double z[6], first[6], g[6], d[6];

	for (uint64_t n = 0; n < 40; n++) {
		const size_t c = columns[n % 4], label = n / 4 % (c > 1 ? c : 2);
		double gg = 0, dd = 0, gd = 0;
		if ((c < 3 && objective == LB_ATTACK_DLR) || (c == 1 && objective == LB_ATTACK_DEVIATION))
			continue;
		draw(z, c, 2 * n, 2);
		draw(first, c, 2 * n + 1, 2);
		lb_attack_slope_f64(objective, c, z, label, first, g);
		for (size_t k = 0; k < c; k++) {
			const double at = z[k], h = 1e-6;
			z[k] = at + h;
			const double up = lb_attack_value_f64(objective, c, z, label, first);
			z[k] = at - h;
			d[k] = (up - lb_attack_value_f64(objective, c, z, label, first)) / (2 * h);
			z[k] = at;
			gg += g[k] * g[k];
			dd += d[k] * d[k];
			gd += g[k] * d[k];
		}
		if (dd < 1e-16) {
			ck_assert_msg(gg < 1e-16, "a slope where there is none");
			continue;
		}
		ck_assert_msg(gd > (1 - 1e-9) * sqrt(gg * dd), "objective %d, %zu scores: cosine %.12f", (int)objective, c, gd / sqrt(gg * dd));
	}
}
END_TEST

/* Definitions by hand: z = (3, 1, 0, -1), label 1 (0 for the first): p from the exponentials. */
START_TEST(objectives_are_what_they_are_called)
{
	const double z[] = { 3, 1, 0, -1 }, e[] = { exp(3), exp(1), 1, exp(-1) }, sum = e[0] + e[1] + e[2] + e[3];
	const double first[] = { 0, 0, 0, 0 };

	ck_near(lb_attack_value_f64(LB_ATTACK_CE, 4, z, 1, NULL), -log(e[1] / sum), 1e-15, "ce", 0);
	ck_near(lb_attack_value_f64(LB_ATTACK_MARGIN, 4, z, 1, NULL), 2, 1e-15, "margin", 0);
	ck_near(lb_attack_value_f64(LB_ATTACK_DLR, 4, z, 1, NULL), 2 / (3 + 1e-12), 1e-15, "dlr", 0);
	ck_near(lb_attack_value_f64(LB_ATTACK_DLR, 4, z, 0, NULL), -2 / (3 + 1e-12), 1e-15, "dlr", 1);
	ck_near(lb_attack_value_f64(LB_ATTACK_PROBABILITY_MARGIN, 4, z, 1, NULL), (e[0] - e[1]) / sum, 1e-15, "probability_margin", 0);
	ck_near(lb_attack_value_f64(LB_ATTACK_DEVIATION, 4, z, 1, first), sqrt(4 + 1 + 4), 1e-15, "deviation", 0);
	ck_near(lb_attack_value_f64(LB_ATTACK_CE, 1, z, 0, NULL), log1p(exp(3)), 1e-15, "binary ce", 0);
	ck_near(lb_attack_value_f64(LB_ATTACK_PROBABILITY_MARGIN, 1, z, 1, NULL), 1 - 2 / (1 + exp(-3)), 1e-15, "binary", 0);
	/* a sure model's slope does not vanish */
	const double sure[] = { 900, 0, -900 };
	double g[3];
	lb_attack_slope_f64(LB_ATTACK_CE, 3, sure, 0, NULL, g);
	ck_assert_double_eq(g[0], -1);
	ck_assert_double_eq(g[1], 1);
	lb_attack_slope_f64(LB_ATTACK_PROBABILITY_MARGIN, 3, sure, 0, NULL, g);
	ck_assert_double_eq(g[0], -2);
	ck_assert_double_eq(g[1], 2);
}
END_TEST

/* ---- attacks ---- */

static void attack_with(struct lb_net *net, const char *kind, const char *set, int64_t step, double *to)
{
	struct lb_attack a;
	const struct lb_info *info = lb_info_find(lb_attacks_f64, kind);
	const struct lb_attacked on = { .net = net, .w = w, .x = x, .y = y, .rows = rows, .b = ROWS, .step = step };

	ck_assert_msg(lb_attack_open_f64(&a, info, args(info, set), net, ROWS, &err) == 0, "%s", err.text);
	ck_assert_int_eq(lb_attack_run_f64(&a, &on, to), 0);
	lb_attack_close_f64(&a);
}

/* The largest gap between another score and the label's, of row i at `at`. */
static double gap_at(struct lb_net *net, const double *at, size_t i)
{
	const size_t c = net->spec.width[net->spec.n_layers];
	const double *z = lb_net_forward_f64(net, w, &(struct lb_pass){ .b = 1, .x = at, .step = -1 });
	double most = -HUGE_VAL;

	if (c == 1)
		return y[i] ? -z[0] : z[0];
	for (size_t k = 0; k < c; k++)
		if (k != (size_t)y[i])
			most = fmax(most, z[k] - z[y[i]]);
	return most;
}

static double radius(bool l2, const double *a, const double *b)
{
	double sum = 0, most = 0;

	for (size_t k = 0; k < FEATURES; k++) {
		sum += (a[k] - b[k]) * (a[k] - b[k]);
		most = fmax(most, fabs(a[k] - b[k]));
	}
	return l2 ? sqrt(sum) : most;
}

/* |w_j - w_y| in the dual norm, of a linear net; one score: |w|. */
static double dual(bool l2, size_t c, size_t j, size_t label)
{
	double sum = 0;

	for (size_t k = 0; k < FEATURES; k++) {
		const double v = c == 1 ? plain[k] : plain[j * FEATURES + k] - plain[label * FEATURES + k];
		sum += l2 ? v * v : fabs(v);
	}
	return l2 ? sqrt(sum) : sum;
}

/* Without bounds the worst gap is max over j of z_j - z_y + eps |w_j - w_y|_*; no point of the ball
 * has a larger one. */
START_TEST(closed_form_is_the_worst_of_the_ball)
{
	static const size_t columns[] = { 1, 2, 4 };
	const size_t c = columns[_i % 3];
	const bool l2 = _i / 3 % 2, bounds = _i >= 6;
	const struct lb_model_spec s = linear(c);
	struct lb_net *net = open_net(&s);
	const double eps = 0.4;
	struct lb_rng rng;

	attack_with(net, "closed_form", l2 ? "norm=l2 eps=0.4" : bounds ? "eps=0.4 clip=[-0.6,0.7]" : "eps=0.4", -1, out);
	lb_rng_init(&rng, 7, LB_RNG_TEST, 1);
	for (size_t i = 0; i < ROWS; i++) {
		const double *row = x + i * FEATURES, worst = gap_at(net, out + i * FEATURES, i);
		double want = -HUGE_VAL;
		ck_assert_double_le(radius(l2, out + i * FEATURES, row), eps * (1 + 1e-12));
		for (size_t j = 0; j < c && !bounds; j++) {
			const double *z = lb_net_forward_f64(net, w, &(struct lb_pass){ .b = 1, .x = row, .step = -1 });
			if (c == 1 || j != (size_t)y[i])
				want = fmax(want, (c == 1 ? y[i] ? -z[0] : z[0] : z[j] - z[y[i]]) + eps * dual(l2, c, j, (size_t)y[i]));
		}
		if (!bounds)
			ck_near(worst, want, 1e-12, "worst gap", i);
		for (int n = 0; n < 400; n++) {
			double at[FEATURES], length = 0;
			for (size_t k = 0; k < FEATURES; k++) {
				at[k] = l2 ? lb_rng_normal(&rng) : lb_rng_unit(&rng) < 0.5 ? -1 : 1;
				length += at[k] * at[k];
			}
			for (size_t k = 0; k < FEATURES; k++) {
				at[k] = row[k] + eps * at[k] / (l2 ? sqrt(length) : 1);
				if (bounds)
					at[k] = fmax(fmin(at[k], fmax(0.7, row[k])), fmin(-0.6, row[k]));
			}
			ck_assert_double_le(gap_at(net, at, i), worst + 1e-12);
		}
		for (size_t k = 0; k < FEATURES && bounds; k++) {
			const double at = out[i * FEATURES + k];
			ck_assert(at <= fmax(0.7, row[k]) && at >= fmin(-0.6, row[k]));
		}
	}
	lb_net_free_f64(net);
	args_forget();
}
END_TEST

START_TEST(one_step_on_a_linear_model_is_the_closed_form)
{
	static const char *const objective[] = { "ce", "margin", "probability_margin" };
	static double stepped[ROWS * FEATURES];

	for (int k = 0; k < 12; k++) {
		const struct lb_model_spec s = linear(k % 2 ? 2 : 1);
		const bool l2 = k / 2 % 2;
		struct lb_net *net = open_net(&s);
		char set[80];
		snprintf(set, sizeof set, "norm=%s eps=0.3 objective=%s", l2 ? "l2" : "linf", objective[k / 4]);
		attack_with(net, "closed_form", l2 ? "norm=l2 eps=0.3" : "eps=0.3", -1, out);
		attack_with(net, "fgsm", set, -1, stepped);
		for (size_t i = 0; i < ROWS * FEATURES; i++)
			ck_near(stepped[i], out[i], l2 ? 1e-13 : 0, set, i);
		lb_net_free_f64(net);
		args_forget();
	}
}
END_TEST

/* Places stay within ball and bounds; the objective is no smaller than at the row when the row is
 * where it starts, and than with fewer restarts; on a linear model it comes to the closed form. */
START_TEST(pgd_climbs_within_the_ball)
{
	const bool l2 = _i % 2, deep = _i / 2 % 2;
	const struct lb_model_spec s = deep ? mlp(4) : linear(2);
	struct lb_net *net = open_net(&s);
	double longer[ROWS];
	char set[120];

	for (int n = 0; n < 3; n++) {
		static const char *const how[] = { "steps=3 start=row", "steps=200", "steps=200 restarts=5" };
		snprintf(set, sizeof set, "norm=%s eps=0.5 objective=margin clip=[-5,5] %s", l2 ? "l2" : "linf", how[n]);
		attack_with(net, "pgd", set, 3, out);
		for (size_t i = 0; i < ROWS; i++) {
			const double gap = gap_at(net, out + i * FEATURES, i);
			ck_assert_double_le(radius(l2, out + i * FEATURES, x + i * FEATURES), 0.5 * (1 + 1e-12));
			if (n == 0)
				ck_assert_double_ge(gap, gap_at(net, x + i * FEATURES, i));
			if (n == 1)
				longer[i] = gap;
			if (n == 2)
				ck_assert_double_ge(gap, longer[i]);
		}
	}
	if (!deep) {
		double best[ROWS];
		for (size_t i = 0; i < ROWS; i++)
			best[i] = gap_at(net, out + i * FEATURES, i);
		attack_with(net, "closed_form", l2 ? "norm=l2 eps=0.5" : "eps=0.5", -1, out);
		for (size_t i = 0; i < ROWS; i++)
			ck_near(best[i], gap_at(net, out + i * FEATURES, i), l2 ? 1e-2 : 1e-9, "pgd against the closed form", i);
	}
	lb_net_free_f64(net);
	args_forget();
}
END_TEST

START_TEST(starts_depend_on_seed_step_and_row_alone)
{
	const struct lb_model_spec s = mlp(3);
	struct lb_net *net = open_net(&s);
	static double again[ROWS * FEATURES];
	const char *set = "eps=0.3 steps=4 seed=5 objective=deviation";
	int moved = 0;

	attack_with(net, "pgd", set, 2, out);
	for (size_t i = 0; i < ROWS; i++)
		moved += radius(false, out + i * FEATURES, x + i * FEATURES) > 0.29;
	ck_assert_int_ge(moved, ROWS * 3 / 4);
	attack_with(net, "pgd", set, 2, again);
	ck_same_numbers(again, out, ROWS * FEATURES, "again");
	attack_with(net, "pgd", set, 3, again);
	ck_assert(memcmp(again, out, sizeof out) != 0);
	/* in evaluation each row has its own: another order gives the same places */
	attack_with(net, "pgd", set, -1, out);
	for (size_t i = 0; i < ROWS; i++) {
		rows[i] = (uint32_t)(ROWS - 1 - i);
		memcpy(again + i * FEATURES, x + (ROWS - 1 - i) * FEATURES, FEATURES * sizeof *x);
	}
	memcpy(x, again, sizeof x);
	attack_with(net, "pgd", set, -1, again);
	for (size_t i = 0; i < ROWS; i++)
		ck_same_numbers(again + i * FEATURES, out + (ROWS - 1 - i) * FEATURES, FEATURES, "row");
	lb_net_free_f64(net);
	args_forget();
}
END_TEST

/* Two classes, a linear model: the margin moves by at most eps |w_1 - w_0|_*, which steps along the
 * deviation find. */
START_TEST(the_largest_deviation_is_found)
{
	const struct lb_model_spec s = linear(2);
	struct lb_net *net = open_net(&s);
	const bool l2 = _i;

	attack_with(net, "pgd", l2 ? "norm=l2 eps=0.2 objective=deviation steps=300 restarts=3" : "eps=0.2 objective=deviation", 0, out);
	for (size_t i = 0; i < ROWS; i++)
		ck_near(fabs(gap_at(net, out + i * FEATURES, i) - gap_at(net, x + i * FEATURES, i)), 0.2 * dual(l2, 2, 1, 0), l2 ? 5e-3 : 1e-12,
			"deviation", i);
	lb_net_free_f64(net);
	args_forget();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("attack");
	TCase *attacks = tcase_create("attacks");

	tcase_add_loop_test(attacks, input_gradient_is_that_of_differences, 0, ACTIVATIONS * DEPTHS * DROPS);
	tcase_add_loop_test(attacks, slopes_point_where_differences_do, 0, OBJECTIVES);
	tcase_add_test(attacks, objectives_are_what_they_are_called);
	tcase_add_loop_test(attacks, closed_form_is_the_worst_of_the_ball, 0, 9);
	tcase_add_test(attacks, one_step_on_a_linear_model_is_the_closed_form);
	tcase_add_loop_test(attacks, pgd_climbs_within_the_ball, 0, 4);
	tcase_add_test(attacks, starts_depend_on_seed_step_and_row_alone);
	tcase_add_loop_test(attacks, the_largest_deviation_is_found, 0, 2);
	suite_add_tcase(s, attacks);
	return s;
}

LB_SUITE_MAIN("attack")
