/* L-BFGS against the optima of other solvers on shipped data; its rules on problems made in
 * memory. */
#include "tests/unit/core/training.h"

#include "core/base/interrupt.h"
#include "core/training/feature_whitening.h"

static struct problem p;
static train_fn *const fit[] = { lb_fit_f64, lb_fit_f32 };

static void teardown(void)
{
	problem_close(&p);
	args_forget();
}

/* ---- shipped data: standardised by the training rows ---- */

/* The last column is the label; `skip` columns at the start are left out. The first `first` rows
 * train, or (0) all with i mod 5 != 4. */
static void open_file(const char *path, enum lb_kind kind, size_t skip, size_t first)
{
	struct lb_table t = read_table(path);
	const size_t last = t.n_cols - 1, d = last - skip, n_train = first ? first : t.n - t.n / 5;
	const size_t rows[] = { n_train, 0, t.n - n_train };
	size_t next[2] = { 0, n_train };

	problem_open(&p, kind, rows, d, t.col[last].n_levels);
	for (size_t i = 0; i < t.n; i++) {
		const size_t to = next[first ? i >= first : i % 5 == 4]++;
		for (size_t j = 0; j < d; j++)
			x_of(&p)[to * d + j] = t.col[skip + j].num[i];
		p.data.y[to] = t.col[last].code[i];
	}
	for (size_t j = 0; j < d; j++)
		standardise(&p, j, n_train, t.n);
	lb_table_free(&t);
}

static struct lb_setup lbfgs_trial(const char *loss, const char *set)
{
	struct lb_setup s = trial(&p, loss, "", "");

	s.optimizer = optimizer("lbfgs");
	s.optimizer_par = args(s.optimizer, set);
	return s;
}

static struct lb_train_result fit_alone(train_fn *how, const struct lb_setup *s)
{
	struct lb_train_result o = train_alone(how, cohort_of(&p, s, 1, 1, 1), s);

	ck_assert_int_eq(o.status, LB_TRIAL_OK);
	return o;
}

/* Unique minima of mean loss + 0.001/2 |W|^2, by two solvers that agree to 1e-7. */
static const struct optimum {
	const char *path;
	enum lb_kind kind;
	size_t skip, first;
	const char *loss;
	double objective, train, test;
	size_t errors;
} optima[] = {
	{ "datasets/samples/iris.csv.gz", LB_MULTICLASS, 0, 0, "ce", 0.10415347, 0.06960225, 0.084082, 1 },
	{ "datasets/samples/vowel.csv.gz", LB_MULTICLASS, 1, 528, "ce", 0.89281629, 0.76365161, 1.593173, 247 },
	{ "datasets/samples/wdbc.csv.gz", LB_BINARY, 0, 0, "logistic", 0.06527711, 0.05477338, 0.036294, 0 },
};

START_TEST(known_optima)
{
	const struct optimum *want = &optima[_i / 2];
	const bool single = _i % 2;

	open_file(want->path, want->kind, want->skip, want->first);
	const struct lb_metric_use use[] = { metric_use("log_loss"), metric_use("accuracy") };
	const struct lb_setup s = with_metrics(lbfgs_trial(want->loss, "weight_decay=0.001"), use, 2);
	struct lb_train_result o = fit_alone(fit[single], &s);

	ck_assert(o.minimised);
	ck_assert_double_eq_tol(o.objective, want->objective, 1e-8);
	ck_assert_double_le(o.gradient, 1e-8);
	ck_assert_double_eq_tol(o.metric[LB_TRAIN][0], want->train, single ? 1e-5 : 1e-7);
	ck_assert_double_eq_tol(o.metric[LB_TEST][0], want->test, single ? 1e-5 : 1e-6);
	ck_assert_double_eq_tol(o.metric[LB_TEST][1], 1 - (double)want->errors / (double)p.split.n[LB_TEST], 1e-12);
	ck_assert_uint_eq(o.epochs, 0);
	ck_assert_int_gt(o.steps, 10);
	lb_train_result_free(&o);
}
END_TEST

/* ---- problems in memory ---- */

static void draw(enum lb_kind kind, size_t n, size_t d, size_t out)
{
	problem_open(&p, kind, (size_t[]){ n, 0, 40 }, d, out);
	problem_draw(&p, 5);
}

/* What the solver holds in double is the same in both precisions; the scores differ by rounding. */
START_TEST(precision_is_of_the_evaluation_only)
{
	draw(LB_MULTICLASS, 300, 4, 3);
	const struct lb_setup s = lbfgs_trial("ce", "weight_decay=0.01");
	struct lb_train_result a = fit_alone(lb_fit_f64, &s), b = fit_alone(lb_fit_f32, &s);

	ck_assert(memcmp(&a.objective, &b.objective, sizeof a.objective) == 0);
	ck_assert_int_eq(a.steps, b.steps);
	ck_assert(!same_scores(&p, &a, &b));
	for (size_t i = 0; i < 40 * p.columns; i++)
		ck_near(b.scores[i], a.scores[i], 1e-5, "score", i);
	lb_train_result_free(&a);
	lb_train_result_free(&b);
}
END_TEST

/* Biases are free, so that features moved by a constant have the same optimum, and it is no farther
 * away. */
START_TEST(a_common_part_costs_nothing)
{
	int64_t steps = 0;
	double objective = 0;

	for (int moved = 0; moved < 2; moved++) {
		draw(LB_MULTICLASS, 300, 4, 3);
		for (size_t i = 0; moved && i < p.data.n * 4; i++)
			x_of(&p)[i] += 30 * (double)(i % 4);
		const struct lb_setup s = lbfgs_trial("ce", "weight_decay=0.01 tolerance=1e-6");
		struct lb_train_result o = fit_alone(lb_fit_f64, &s);
		if (moved) {
			ck_assert_double_eq_tol(o.objective, objective, 1e-9);
			ck_assert_int_le(o.steps, 3 * steps);
		}
		ck_assert_double_le(o.gradient, 1e-6);
		steps = o.steps;
		objective = o.objective;
		lb_train_result_free(&o);
		problem_close(&p);
	}
	draw(LB_MULTICLASS, 10, 2, 2);
}
END_TEST

START_TEST(centring_goes_both_ways)
{
	const double mean[] = { 2, -1 }, w[] = { 1, 2, 3, 4, 10, 20, 7 };
	const struct lb_whitening c = { .in = 2, .out = 2, .mean = mean }, none = { .in = 2, .out = 2 };
	double to[7], g[] = { 1, 1, 1, -30, 5, -6, 8 };

	memcpy(to, w, sizeof w);
	lb_whitening_to(&c, to);
	ck_assert_double_eq_tol(to[4], 10 + 1 * 2 - 2, 1e-15);
	ck_assert_double_eq_tol(to[5], 20 + 3 * 2 - 4, 1e-15);
	lb_whitening_from(&c, to);
	ck_same_numbers(to, w, 7, "parameter");
	ck_assert_double_eq_tol(lb_whitening_largest(&none, g, 7), 30, 1e-15);
	lb_whitening_gradient(&c, g);
	ck_assert_double_eq_tol(g[3], -30 - 6, 1e-15);
	ck_assert_double_eq_tol(lb_whitening_largest(&c, g, 7), 30, 1e-15);
	g[6] = (double)NAN;
	ck_assert(isnan(lb_whitening_largest(&c, g, 7)));
	lb_whitening_to(&none, to);
	ck_same_numbers(to, w, 7, "parameter");
}
END_TEST

START_TEST(a_factor_is_the_square_root_of_a_matrix)
{
	double a[] = { 4, 99, 99, 2, 10, 99, -6, 0, 14 }, singular[] = { 1, 99, 1, 1 };
	const double factor[] = { 2, 99, 99, 1, 3, 99, -3, 1, 2 };

	ck_assert(lb_cholesky(3, a));
	ck_same_numbers(a, factor, 9, "factor");
	ck_assert(!lb_cholesky(2, singular));
}
END_TEST

/* A large factor has the bytes of the plain loops, and its product is the matrix. */
START_TEST(a_large_factor_is_that_of_plain_loops)
{
	enum { N = 150 };
	static double a[N * N], plain[N * N], rows[N * N];
	struct lb_rng rng;

	lb_rng_init(&rng, 3, LB_RNG_TEST, 0);
	for (size_t i = 0; i < N * N; i++)
		rows[i] = lb_rng_normal(&rng);
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < N; j++) {
			for (size_t k = 0; k < N; k++)
				plain[i * N + j] += rows[i * N + k] * rows[j * N + k];
			a[i * N + j] = plain[i * N + j];
		}
	ck_assert(lb_cholesky(N, a));
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j <= i; j++) {
			double left = plain[i * N + j], product = 0;
			for (size_t k = 0; k < j; k++)
				left -= a[i * N + k] * a[j * N + k];
			ck_assert(a[i * N + j] == (i == j ? sqrt(left) : left / a[j * N + j]));
			for (size_t k = 0; k <= j; k++)
				product += a[i * N + k] * a[j * N + k];
			ck_near(product, plain[i * N + j], 1e-11, "entry", i * N + j);
		}
	for (size_t i = 0; i < N; i++)
		for (size_t j = i + 1; j < N; j++)
			ck_assert(a[i * N + j] == plain[i * N + j]);
	plain[100 * N + 100] = 0;
	ck_assert(!lb_cholesky(N, plain));
}
END_TEST

/* One output: v = w L, and the value's first differences by v are the changed gradient. */
START_TEST(whitening_goes_both_ways)
{
	const double mean[] = { 2, -1 }, factor[] = { 2, 99, -3, 5 }, w[] = { 1, 2, 10 }, g[] = { 7, 11, -3 };
	const struct lb_whitening c = { .in = 2, .out = 1, .mean = mean, .factor = factor };
	double to[3], by_v[3];

	memcpy(to, w, sizeof w);
	lb_whitening_to(&c, to);
	ck_assert_double_eq_tol(to[0], 1 * 2 - 2 * 3, 1e-15);
	ck_assert_double_eq_tol(to[1], 2 * 5, 1e-15);
	ck_assert_double_eq_tol(to[2], 10 + 1 * 2 - 2, 1e-15);
	lb_whitening_from(&c, to);
	ck_same_numbers(to, w, 3, "parameter");
	memcpy(by_v, g, sizeof g);
	lb_whitening_gradient(&c, by_v);
	ck_assert_double_eq_tol(lb_whitening_largest(&c, by_v, 3), 11, 1e-14);
	for (size_t i = 0; i < 3; i++) {
		double moved[] = { 0, 0, 0 };
		moved[i] = 1;
		lb_whitening_from(&c, moved);
		ck_assert_double_eq_tol(moved[0] * g[0] + moved[1] * g[1] + moved[2] * g[2], by_v[i], 1e-14);
	}
}
END_TEST

/* Features of which two nearly agree and one is a thousand times larger. */
START_TEST(a_regression_does_not_mind_correlated_features)
{
	for (int constant = 0; constant < 2; constant++) {
		draw(LB_REGRESSION, 400, 4, 1);
		for (size_t i = 0; i < p.data.n; i++) {
			double *x = x_of(&p) + i * 4;
			x[1] = x[0] + 1e-2 * x[1];
			x[2] *= 1000;
			x[3] = constant ? 1 : x[3];
		}
		const struct lb_setup s = lbfgs_trial("mse", "weight_decay=1e-4 tolerance=1e-7");
		struct lb_train_result o = fit_alone(lb_fit_f64, &s);
		ck_assert_double_le(o.gradient, 1e-7);
		ck_assert_int_le(o.steps, 15);
		lb_train_result_free(&o);
		problem_close(&p);
	}
	draw(LB_REGRESSION, 10, 2, 1);
}
END_TEST

/* Least squares with a penalty, by the normal equations in one feature: w = cov(x,t) / (var(x) +
 * lambda/2) for the mean of squared errors; with decay_bias the intercept shrinks too. A million
 * rows go the first part of the way in float32. */
static const struct {
	const char *set;
	double n, corner;
} ridges[] = {
	{ "weight_decay=0.7", 50, 1 },
	{ "weight_decay=0.7 decay_bias=true", 50, 1 + 0.7 / 2 },
	{ "weight_decay=0.7", 1e6, 1 },
	{ "weight_decay=0.7 decay_bias=true", 1e6, 1 + 0.7 / 2 },
};

START_TEST(ridge_in_closed_form)
{
	const double lambda = 0.7, n = ridges[_i].n, corner = ridges[_i].corner;
	const size_t rows = (size_t)n;
	double sx = 0, st = 0, sxx = 0, sxt = 0;

	problem_open(&p, LB_REGRESSION, (size_t[]){ rows, 0, 2 }, 1, 1);
	for (size_t i = 0; i < rows; i++) {
		const double x = sin((double)i) + 0.3, t = 2 * x + cos(3.0 * (double)i) + 4;
		x_of(&p)[i] = x;
		p.data.target[i] = t;
		sx += x / n;
		st += t / n;
		sxx += x * x / n;
		sxt += x * t / n;
	}
	x_of(&p)[rows + 1] = 1;
	const struct lb_setup s = lbfgs_trial("mse", ridges[_i].set);
	struct lb_train_result o = fit_alone(lb_fit_f64, &s);
	const double det = (sxx + lambda / 2) * corner - sx * sx;
	const double w = (sxt * corner - sx * st) / det, b = ((sxx + lambda / 2) * st - sx * sxt) / det;

	ck_near(o.scores[0], b, 1e-8, "bias", 0);
	ck_near(o.scores[1] - o.scores[0], w, 1e-8, "weight", 0);
	lb_train_result_free(&o);
	if (corner > 1)
		return;
	struct lb_setup unbiased = s;  /* then nothing takes up the mean of the features */
	unbiased.model.bias_init = LB_BIAS_NONE;
	o = fit_alone(lb_fit_f64, &unbiased);
	ck_assert_double_eq(o.scores[0], 0);
	ck_near(o.scores[1], sxt / (sxx + lambda / 2), 1e-8, "weight without a bias", 0);
	lb_train_result_free(&o);
}
END_TEST

/* The value reached is the objective of the scores; with row weights too, and over several chunks
 * of rows. */
START_TEST(objective_is_the_weighted_mean_loss)
{
	const size_t n = 5000;
	double weight[5040], sum = 0, value = 0;

	draw(LB_BINARY, n, 3, 2);
	for (size_t i = 0; i < n + 40; i++)
		weight[i] = i % 2 ? 1.5 : 0.5;
	struct lb_split again = p.split;
	p.split.rows[LB_TEST] = again.rows[LB_TRAIN];
	p.split.n[LB_TEST] = n;
	struct lb_setup s = lbfgs_trial("logistic", "weight_decay=0");
	s.row_weight = weight;
	struct lb_train_result o = fit_alone(lb_fit_f64, &s);
	for (size_t i = 0; i < n; i++) {
		value += weight[i] * log1p(exp(p.data.y[i] ? -o.scores[i] : o.scores[i]));
		sum += weight[i];
	}
	p.split = again;
	ck_near(o.objective, value / sum, 1e-12, "objective", 0);
	lb_train_result_free(&o);
}
END_TEST

/* A hidden layer: no unique minimum, but a stationary point far below the start, the same to the
 * byte each time. */
START_TEST(mlp_reaches_a_stationary_point)
{
	draw(LB_MULTICLASS, 200, 4, 3);
	const struct lb_setup s = with_hidden(lbfgs_trial("ce", "weight_decay=0.01 tolerance=1e-6"), 8, LB_TANH, 0);
	struct lb_train_result a = fit_alone(lb_fit_f64, &s), b = fit_alone(lb_fit_f64, &s);

	ck_assert_double_le(a.gradient, 1e-6);
	ck_assert_double_lt(a.objective, 0.9 * log(3));
	ck_assert(same_scores(&p, &a, &b));
	ck_assert(memcmp(&a.objective, &b.objective, sizeof a.objective) == 0);
	lb_train_result_free(&a);
	lb_train_result_free(&b);
}
END_TEST

/* A loss over pairs of rows sees all rows at once, so its value is that of the whole split. */
START_TEST(pairwise_loss_sees_all_rows)
{
	draw(LB_BINARY, 90, 2, 2);
	struct lb_split again = p.split;
	p.split.rows[LB_TEST] = again.rows[LB_TRAIN];
	p.split.n[LB_TEST] = 90;
	const struct lb_setup s = lbfgs_trial("mw", "weight_decay=0.01");
	struct lb_train_result o = fit_alone(lb_fit_f64, &s);
	double gap = 0, pairs = 0;
	for (size_t i = 0; i < 90; i++)
		for (size_t j = 0; j < 90; j++)
			if (p.data.y[i] && !p.data.y[j]) {
				gap += o.scores[i] - o.scores[j];
				pairs++;
			}
	p.split = again;
	ck_assert_double_gt(gap / pairs, 0.1);
	ck_assert_double_le(o.gradient, 1e-8);
	lb_train_result_free(&o);
}
END_TEST

START_TEST(iterations_end_it)
{
	draw(LB_MULTICLASS, 200, 4, 3);
	const struct lb_setup s = lbfgs_trial("ce", "max_iterations=3");
	struct lb_train_result o = fit_alone(lb_fit_f64, &s);

	ck_assert_int_eq(o.steps, 3);
	ck_assert_double_gt(o.gradient, 1e-8);
	lb_train_result_free(&o);
}
END_TEST

/* hinge has kinks, where no gradient vanishes: the search ends by itself, near the minimum of a
 * long subgradient descent. */
START_TEST(kinks_end_it_too)
{
	draw(LB_BINARY, 200, 3, 2);
	const struct lb_setup s = lbfgs_trial("hinge", "weight_decay=0.1"), slow = trial(&p, "hinge", "", "lr=0.02 weight_decay=0.1");
	const struct lb_metric_use use = metric_use("accuracy");
	struct lb_train_result a = fit_alone(lb_fit_f64, &s);
	struct lb_setup with = with_metrics(slow, &use, 1);
	struct lb_train_result b = train_alone(lb_train_f64, cohort_of(&p, &with, 1, 3000, 200), &with);

	ck_assert_int_lt(a.steps, 2000);
	ck_assert_double_le(a.objective, b.loss_curve[2999] + 0.1);
	lb_train_result_free(&a);
	lb_train_result_free(&b);
}
END_TEST

START_TEST(a_start_without_value_is_divergence)
{
	draw(LB_REGRESSION, 20, 2, 1);
	p.data.target[3] = HUGE_VAL;
	const struct lb_setup s = lbfgs_trial("mse", "");
	struct lb_train_result o;

	o = train_alone(lb_fit_f64, cohort_of(&p, &s, 1, 1, 1), &s);
	ck_assert_int_eq(o.status, LB_TRIAL_DIVERGED);
	ck_assert_ptr_null(o.metric[LB_TRAIN]);
	lb_train_result_free(&o);
}
END_TEST

START_TEST(a_stop_request_interrupts)
{
	draw(LB_MULTICLASS, 200, 4, 3);
	const struct lb_setup s = lbfgs_trial("ce", "");
	struct lb_train_result o;

	lb_stop_requested = 2;
	o = train_alone(lb_fit_f64, cohort_of(&p, &s, 1, 1, 1), &s);
	lb_stop_requested = 0;
	ck_assert_int_eq(o.status, LB_TRIAL_INTERRUPTED);
	lb_train_result_free(&o);
}
END_TEST

START_TEST(lbfgs_and_newton_are_full_batch)
{
	draw(LB_MULTICLASS, 20, 2, 3);
	for (size_t i = 0; lb_optimizers_f64[i]; i++) {
		struct lb_setup s = trial(&p, "ce", "", "");
		s.optimizer = lb_optimizers_f64[i];
		ck_assert_int_eq(lb_full_batch(&s), !strcmp(s.optimizer->name, "lbfgs") || !strcmp(s.optimizer->name, "newton"));
		s.model.closed_form = true;
		ck_assert(lb_full_batch(&s));
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("lbfgs");
	TCase *t = tcase_create("lbfgs");

	tcase_at_least(t, 60);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, known_optima, 0, 2 * (int)(sizeof optima / sizeof *optima));
	tcase_add_test(t, precision_is_of_the_evaluation_only);
	tcase_add_test(t, a_common_part_costs_nothing);
	tcase_add_test(t, centring_goes_both_ways);
	tcase_add_test(t, a_factor_is_the_square_root_of_a_matrix);
	tcase_add_test(t, a_large_factor_is_that_of_plain_loops);
	tcase_add_test(t, whitening_goes_both_ways);
	tcase_add_test(t, a_regression_does_not_mind_correlated_features);
	tcase_add_loop_test(t, ridge_in_closed_form, 0, sizeof ridges / sizeof *ridges);
	tcase_add_test(t, objective_is_the_weighted_mean_loss);
	tcase_add_test(t, mlp_reaches_a_stationary_point);
	tcase_add_test(t, pairwise_loss_sees_all_rows);
	tcase_add_test(t, iterations_end_it);
	tcase_add_test(t, kinks_end_it_too);
	tcase_add_test(t, a_start_without_value_is_divergence);
	tcase_add_test(t, a_stop_request_interrupts);
	tcase_add_test(t, lbfgs_and_newton_are_full_batch);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("lbfgs")
