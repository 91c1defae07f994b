/* Ridge regression on random features: the derivatives of its objective, written down from their
 * definition, are 0 at the parameters found, which makes them the minimum, as it is convex. */
#include "tests/unit/core/training.h"

enum { N = 90, TEST = 30, D = 3, K = 12 };

static struct problem p;

static void teardown(void)
{
	problem_close(&p);
	args_forget();
}

static const enum lb_activation activation[] = { LB_COS, LB_RELU, LB_TANH, LB_GELU };
static const enum lb_kind kinds[] = { LB_REGRESSION, LB_BINARY, LB_MULTICLASS };

/* Settings `i` % 12 of activation and task, without intercept in the second dozen. */
static struct lb_setup features_trial(int i)
{
	const enum lb_kind kind = kinds[i / 4 % 3];

	problem_open(&p, kind, (size_t[]){ N, 0, TEST }, D, kind == LB_REGRESSION ? 2 : kind == LB_BINARY ? 2 : 4);
	problem_draw(&p, 5);
	struct lb_setup s = trial(&p, kind == LB_REGRESSION ? "mse" : kind == LB_BINARY ? "logistic" : "ce", "", "");
	s.model = (struct lb_model_spec){ .n_layers = 2, .width = { D, K, p.columns }, .activation = activation[i % 4], .seed = 3, .closed_form = LB_RANDOM_FEATURES,
					  .random = { .weights = 1.5, .biases = 0.5, .ridge = 0.02, .intercept = i < 12 } };
	s.keep_model = true;
	return s;
}

static double feature(const struct lb_setup *s, const double *w, const double *x, size_t i)
{
	const enum lb_activation act = s->model.activation;
	double a = w[K * D + i];

	for (size_t j = 0; j < D; j++)
		a += w[i * D + j] * x[j];
	return act == LB_COS ? cos(a) : act == LB_RELU ? fmax(a, 0) : act == LB_TANH ? tanh(a) : a * 0.5 * (1 + erf(a / sqrt(2.0)));
}

static double wanted(const struct lb_setup *s, size_t row, size_t o)
{
	if (p.data.kind != LB_REGRESSION)
		return (size_t)p.data.y[row] == (p.columns == 1 ? 1 : o) ? 1 : -1;
	(void)s;
	return p.data.target[row * p.columns + o];
}

static double weight_of(const struct lb_setup *s, size_t row)
{
	return s->row_weight ? s->row_weight[row] : 1;
}

static double output(const struct lb_setup *s, const double *w, const double *x, size_t o)
{
	const double *v = w + K * (D + 1);
	double z = v[p.columns * K + o];

	for (size_t i = 0; i < K; i++)
		z += v[o * K + i] * feature(s, w, x, i);
	return z;
}

static void ck_minimum(const struct lb_setup *s, const double *w, double tolerance)
{
	const double *v = w + K * (D + 1);

	for (size_t o = 0; o < p.columns; o++) {
		double by_bias = 0, by_weight[K];
		for (size_t i = 0; i < K; i++)
			by_weight[i] = s->model.random.ridge * K * v[o * K + i];
		for (size_t row = 0; row < N; row++) {
			const double off = weight_of(s, row) * (output(s, w, x_of(&p) + row * D, o) - wanted(s, row, o));
			by_bias += off;
			for (size_t i = 0; i < K; i++)
				by_weight[i] += off * feature(s, w, x_of(&p) + row * D, i);
		}
		for (size_t i = 0; i < K; i++)
			ck_near(by_weight[i], 0, tolerance, "derivative by a weight", i);
		if (s->model.random.intercept)
			ck_near(by_bias, 0, tolerance, "derivative by the bias", o);
		else
			ck_assert_double_eq(v[p.columns * K + o], 0);
	}
}

static struct lb_train_result fit(train_fn *how, const struct lb_setup *s)
{
	struct lb_train_result o = train_alone(how, cohort_of(&p, s, 1, 1, 1), s);

	ck_assert_int_eq(o.status, LB_TRIAL_OK);
	ck_assert_uint_eq(o.epochs, 0);
	return o;
}

START_TEST(the_gradient_is_0)
{
	const struct lb_setup s = features_trial(_i);
	struct lb_train_result a = fit(lb_fit_f64, &s), b = fit(lb_fit_f32, &s);

	ck_minimum(&s, a.w, 1e-9);
	ck_same_numbers(a.w, b.w, lb_model_spec_size(&s.model), "parameters in float32");
	for (size_t row = 0; row < TEST; row++)
		for (size_t o = 0; o < p.columns; o++) {
			const double z = output(&s, a.w, x_of(&p) + (N + row) * D, o);
			ck_near(a.scores[row * p.columns + o], z, 1e-11, "score", row);
			ck_near(b.scores[row * p.columns + o], z, 2e-5 * (1 + fabs(z)), "score in float32", row);
		}
	lb_train_result_free(&a);
	lb_train_result_free(&b);
}
END_TEST

START_TEST(weights_count_as_rows)
{
	double weight[N + TEST];
	struct lb_setup s = features_trial(_i);

	for (size_t i = 0; i < N + TEST; i++)
		weight[i] = (double)(i % 3);
	s.row_weight = weight;
	struct lb_train_result o = fit(lb_fit_f64, &s);
	ck_minimum(&s, o.w, 1e-9);
	lb_train_result_free(&o);
}
END_TEST

/* In targets' units, and given back. With an intercept a shift of the targets moves the bias
 * alone, and a factor all of the output layer. */
START_TEST(units_of_targets_are_given_back)
{
	const struct lb_unit unit[] = { { 40, 3 }, { -7, 0.25 } };
	struct lb_setup s = features_trial(_i);
	struct lb_train_result plain = fit(lb_fit_f64, &s);

	s.unit = unit;
	struct lb_train_result scaled = fit(lb_fit_f64, &s);
	for (size_t i = 0; i < lb_model_spec_size(&s.model); i++)
		ck_near(scaled.w[i], plain.w[i], 1e-9 * (1 + fabs(plain.w[i])), "parameter", i);
	lb_train_result_free(&plain);
	lb_train_result_free(&scaled);
}
END_TEST

/* Hidden weights have the standard deviation that the model says; another seed draws others. */
START_TEST(features_are_drawn_as_told)
{
	enum { MANY = 700 };
	struct lb_setup s = features_trial(_i);
	double square = 0, bias = 0, mean = 0;

	s.model.width[1] = K;
	struct lb_train_result first = fit(lb_fit_f64, &s);
	s.model.seed = 4;
	struct lb_train_result other = fit(lb_fit_f64, &s);
	for (size_t i = 0; i < K * (D + 1); i++)
		ck_assert_double_ne(first.w[i], other.w[i]);
	lb_train_result_free(&first);
	lb_train_result_free(&other);
	s.model.width[1] = MANY;
	s.model.random.ridge = 1;
	p.split.n[LB_TRAIN] = 5;
	first = fit(lb_fit_f64, &s);
	for (size_t i = 0; i < MANY * D; i++)
		square += first.w[i] * first.w[i] / (MANY * D);
	for (size_t i = 0; i < MANY; i++) {
		mean += first.w[MANY * D + i] / MANY;
		bias += first.w[MANY * D + i] * first.w[MANY * D + i] / MANY;
	}
	ck_assert_double_eq_tol(square, 1.5 * 1.5 / D, 5 * 1.5 * 1.5 / D * sqrt(2.0 / (MANY * D)));
	if (s.model.activation == LB_COS)
		ck_assert_double_eq_tol(mean, acos(-1), 5 * acos(-1) / sqrt(3.0 * MANY));
	else
		ck_assert_double_eq_tol(bias, 0.25, 5 * 0.25 * sqrt(2.0 / MANY));
	lb_train_result_free(&first);
}
END_TEST

START_TEST(features_that_rounding_does_not_tell_apart_are_refused)
{
	struct lb_setup s = features_trial(8 + 3);
	struct lb_train_result o;

	s.model.random.weights = 1e-12;
	s.model.random.biases = 0;
	s.model.random.ridge = 1e-300;
	const struct lb_cohort c = cohort_of(&p, &s, 1, 1, 1);
	ck_assert_int_eq(lb_fit_f64(&c, &o, &err), -1);
	ck_assert_int_eq(err.code, LB_DATA);
	ck_assert_ptr_nonnull(strstr(err.text, "raise it, or lower model.features"));
	lb_train_result_free(&o);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("random_features");
	TCase *t = tcase_create("random_features");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, the_gradient_is_0, 0, 24);
	tcase_add_loop_test(t, weights_count_as_rows, 0, 24);
	tcase_add_loop_test(t, units_of_targets_are_given_back, 0, 4);
	tcase_add_loop_test(t, features_are_drawn_as_told, 0, 2);
	tcase_add_test(t, features_that_rounding_does_not_tell_apart_are_refused);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("random_features")
