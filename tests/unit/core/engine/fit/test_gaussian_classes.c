/* Gaussian naive Bayes with one diagonal variance: against the density written down from its
 * definition, by hand, and on made data whose Bayes error is known. Linear discriminant analysis
 * against scikit-learn (tests/golden/lda.json, by tests/reference/lda.py), and so the distances of
 * one Gaussian (tests/golden/mahalanobis.json, by tests/reference/mahalanobis.py). */
#include "core/training/anomaly_score_info.h"
#include "tests/unit/core/training.h"
#include "tests/unit/golden.h"

static struct problem p;

static void teardown(void)
{
	problem_close(&p);
	args_forget();
}

static struct lb_setup bayes_trial(double smoothing)
{
	struct lb_setup s = trial(&p, p.data.kind == LB_BINARY ? "logistic" : "ce", "", "");

	s.model.closed_form = LB_NAIVE_BAYES;
	s.model.smoothing = smoothing;
	return s;
}

static struct lb_train_result fit(train_fn *how, const struct lb_setup *s)
{
	struct lb_train_result o = train_alone(how, cohort_of(&p, s, 1, 1, 1), s);

	ck_assert_int_eq(o.status, LB_TRIAL_OK);
	ck_assert_uint_eq(o.epochs, 0);
	ck_assert_int_eq(o.steps, 0);
	ck_assert(!o.minimised);
	return o;
}

static void draw(enum lb_kind kind, size_t n, size_t d, size_t out)
{
	problem_open(&p, kind, (size_t[]){ n, 0, 40 }, d, out);
	problem_draw(&p, 11);
}

static double weight_of(const struct lb_setup *s, size_t row)
{
	return s->row_weight ? s->row_weight[row] : 1;
}

/* log prior + log density of x under class k, from moments that are computed again for each use. */
static double log_joint(const struct lb_setup *s, const double *x, size_t k)
{
	const size_t n = p.split.n[LB_TRAIN], d = p.features.d, classes = p.data.n_classes;
	double mean[8] = { 0 }, count[8] = { 0 }, total = 0, result = 0;

	for (size_t i = 0; i < n; i++) {
		count[p.data.y[i]] += weight_of(s, i);
		total += weight_of(s, i);
	}
	for (size_t j = 0; j < d; j++) {
		double pooled = 0;
		memset(mean, 0, sizeof mean);
		for (size_t i = 0; i < n; i++)
			mean[p.data.y[i]] += weight_of(s, i) * x_of(&p)[i * d + j] / count[p.data.y[i]];
		for (size_t c = 0; c < classes; c++) {
			double var = 0;
			for (size_t i = 0; i < n; i++)
				if ((size_t)p.data.y[i] == c)
					var += weight_of(s, i) * pow(x_of(&p)[i * d + j] - mean[c], 2) / count[c];
			pooled += count[c] / total * (var + s->model.smoothing);
		}
		result -= 0.5 * log(2 * acos(-1) * pooled) + pow(x[j] - mean[k], 2) / (2 * pooled);
	}
	return result + log(count[k] / total);
}

/* Differences of scores are those of the log joint density; the common term is left out of the
 * scores. */
static void ck_scores(const struct lb_setup *s, const struct lb_train_result *o, double tolerance)
{
	const size_t d = p.features.d, columns = p.columns;

	for (size_t i = 0; i < p.split.n[LB_TEST]; i++) {
		const double *x = x_of(&p) + (p.split.n[LB_TRAIN] + i) * d, *z = o->scores + i * columns;
		for (size_t k = 1; k < p.data.n_classes; k++)
			ck_near(columns == 1 ? z[0] : z[k] - z[0], log_joint(s, x, k) - log_joint(s, x, 0), tolerance, "row", i);
	}
}

START_TEST(scores_are_the_log_density)
{
	draw(_i ? LB_BINARY : LB_MULTICLASS, 120, 4, _i ? 2 : 3);
	const struct lb_setup s = bayes_trial(1e-9);
	struct lb_train_result a = fit(lb_fit_f64, &s), b = fit(lb_fit_f32, &s);

	ck_scores(&s, &a, 1e-10);
	ck_scores(&s, &b, 1e-5);
	lb_train_result_free(&a);
	lb_train_result_free(&b);
}
END_TEST

START_TEST(weights_count_as_rows)
{
	double weight[160];

	draw(LB_MULTICLASS, 120, 3, 3);
	for (size_t i = 0; i < 160; i++)
		weight[i] = (double)(i % 3);
	struct lb_setup s = bayes_trial(0.5);
	s.row_weight = weight;
	struct lb_train_result o = fit(lb_fit_f64, &s);
	ck_scores(&s, &o, 1e-10);
	lb_train_result_free(&o);
}
END_TEST

/* Class 0: -1, 1; class 1: 3, 5, 4. Means 0 and 4; variance 2/5 * 1 + 3/5 * 2/3 = 4/5, with 1/5
 * added 1. Score difference 4 x - 8 + log(3/2). */
START_TEST(by_hand)
{
	const double x[] = { -1, 1, 3, 5, 4, 0, 2 };
	const int32_t y[] = { 0, 0, 1, 1, 1, 0, 0 };

	problem_open(&p, LB_BINARY, (size_t[]){ 5, 0, 2 }, 1, 2);
	memcpy(x_of(&p), x, sizeof x);
	memcpy(p.data.y, y, sizeof y);
	const struct lb_setup s = bayes_trial(0.2);
	struct lb_train_result o = fit(lb_fit_f64, &s);
	ck_assert_double_eq_tol(o.scores[0], -8 + log(1.5), 1e-14);
	ck_assert_double_eq_tol(o.scores[1], log(1.5), 1e-14);
	lb_train_result_free(&o);
}
END_TEST

START_TEST(a_constant_feature_says_nothing)
{
	draw(LB_MULTICLASS, 60, 3, 3);
	const struct lb_setup s = bayes_trial(1e-9);
	for (size_t i = 0; i < p.data.n; i++)
		x_of(&p)[i * 3 + 1] = 0;
	struct lb_train_result o = fit(lb_fit_f64, &s);
	ck_scores(&s, &o, 1e-10);
	lb_train_result_free(&o);
}
END_TEST

START_TEST(a_class_without_rows_is_refused)
{
	struct lb_train_result o;

	char *name[] = { "one", "two", "three" };

	draw(LB_MULTICLASS, 60, 3, 3);
	p.data.class_name = name;
	for (size_t i = 0; i < 60; i++)
		p.data.y[i] %= 2;
	const struct lb_setup s = bayes_trial(1e-9);
	const struct lb_cohort c = cohort_of(&p, &s, 1, 1, 1);
	ck_assert_int_eq(lb_fit_f64(&c, &o, &err), -1);
	ck_assert_int_eq(err.code, LB_DATA);
	ck_assert_ptr_nonnull(strstr(err.text, "class \"three\""));
	lb_train_result_free(&o);
}
END_TEST

/* ---- the made data of which it is the true model ---- */

static const struct lb_generator *generator(const char *name)
{
	size_t i = 0;

	while (strcmp(lb_generator_at(i)->base.name, name))
		i++;
	return lb_generator_at(i);
}

static struct lb_table make(const char *set, enum lb_kind kind)
{
	const struct lb_generator *g = generator("diagonal_gaussians");
	struct lb_table t;

	ck_assert_msg(g->make(args(&g->base, set), kind, 3, &t, &err) == 0, "%s", err.text);
	return t;
}

START_TEST(made_data_have_the_stated_moments)
{
	enum { N = 60000 };
	const double want_mean[] = { -1, 1, 2 }, want_var[] = { 5, 5, 1, 1, 1 };
	struct lb_table t = make("rows=60000 features=5 classes=3", LB_MULTICLASS);

	problem_open(&p, LB_MULTICLASS, (size_t[]){ 1, 0, 0 }, 1, 2);
	ck_assert_uint_eq(t.n_cols, 6);
	for (size_t j = 0; j < 5; j++) {
		double mean[3] = { 0 }, var[3] = { 0 };
		for (size_t i = 0; i < N; i++)
			mean[i % 3] += t.col[j].num[i] * 3 / N;
		for (size_t i = 0; i < N; i++)
			var[i % 3] += pow(t.col[j].num[i] - mean[i % 3], 2) * 3 / N;
		for (size_t k = 0; k < 3; k++) {
			ck_assert_double_eq_tol(mean[k], want_mean[k], 5 * sqrt(want_var[j] * 3 / N));
			ck_assert_double_eq_tol(var[k], want_var[j], 5 * want_var[j] * sqrt(6.0 / N));
		}
	}
	for (size_t i = 0; i < 9; i++)
		ck_assert_double_eq(t.col[5].num[i], (double)(i % 3));
	lb_table_free(&t);
}
END_TEST

START_TEST(made_data_follow_their_parameters)
{
	struct lb_table t = make("rows=4000 features=4 classes=4 first_mean=-7 base=3 wide_share=0.25 wide_variance=100 variance=0.01", LB_MULTICLASS);
	struct lb_table s = make("rows=40 features=4 classes=4 first_mean=-7 base=3 wide_share=0.25 wide_variance=100 variance=0.01", LB_MULTICLASS);
	const double mean[] = { -7, 1, 3, 9 };
	double wide = 0;

	problem_open(&p, LB_MULTICLASS, (size_t[]){ 1, 0, 0 }, 1, 2);
	for (size_t i = 0; i < 4000; i++) {
		wide += pow(t.col[0].num[i] - mean[i % 4], 2) / 4000;
		for (size_t j = 1; j < 4; j++)
			ck_assert_double_eq_tol(t.col[j].num[i], mean[i % 4], 0.6);
	}
	ck_assert_double_eq_tol(wide, 100, 12);
	for (size_t i = 0; i < 40; i++)
		ck_assert_double_eq(s.col[2].num[i], t.col[2].num[i]);
	lb_table_free(&t);
	lb_table_free(&s);
	struct lb_table none;
	const struct lb_generator *g = generator("diagonal_gaussians");
	ck_assert_int_eq(g->make(args(&g->base, "classes=3"), LB_BINARY, 1, &none, &err), -1);
	ck_assert_int_eq(err.code, LB_CONFIG);
}
END_TEST

/* Bayes error Phi(-D/2), D^2 = 4 (2/4 + 2/1) for four features: 0.0569. */
START_TEST(many_rows_reach_the_bayes_error)
{
	enum { N = 20000 };
	struct lb_table t = make("rows=40000 features=4", LB_BINARY);

	problem_open(&p, LB_BINARY, (size_t[]){ N, 0, N }, 4, 2);
	for (size_t i = 0; i < 2 * N; i++) {
		for (size_t j = 0; j < 4; j++)
			x_of(&p)[i * 4 + j] = t.col[j].num[i];
		p.data.y[i] = (int32_t)t.col[4].num[i];
	}
	lb_table_free(&t);
	const struct lb_metric_use use = metric_use("accuracy");
	const struct lb_setup s = with_metrics(bayes_trial(1e-9), &use, 1);
	struct lb_train_result o = fit(lb_fit_f64, &s);
	const double bayes = 0.5 * erfc(sqrt(2.5) / sqrt(2));
	ck_assert_double_eq_tol(1 - o.metric[LB_TEST][0], bayes, 5 * sqrt(bayes / N));
	lb_train_result_free(&o);
}
END_TEST

/* The problem of a golden case, whose rows are repeated or weighted so that they count as those of
 * the case. */
static void open_lda(const cJSON *c, size_t times)
{
	const size_t n = (size_t)lb_json_at(c, "n")->valueint, d = (size_t)lb_json_at(c, "d")->valueint, classes = (size_t)lb_json_at(c, "classes")->valueint;
	const cJSON *x = lb_json_at(c, "x"), *y = lb_json_at(c, "y"), *item;
	size_t at = 0;

	problem_open(&p, classes == 2 ? LB_BINARY : LB_MULTICLASS, (size_t[]){ times * n, 0, 40 }, d, classes);
	for (size_t t = 0; t < times; t++) {
		at = 0;
		cJSON_ArrayForEach(item, x) {
			const size_t row = at / d;
			if (row < n || t == 0)
				x_of(&p)[(row < n ? t * n + row : times * n + row - n) * d + at % d] = item->valuedouble;
			at++;
		}
		at = t * n;
		cJSON_ArrayForEach(item, y)
			p.data.y[at++] = (int32_t)item->valueint;
	}
	for (; at < times * n + 40; at++)
		p.data.y[at] = 0;
}

static struct lb_setup lda_trial(enum lb_covariance covariance)
{
	struct lb_setup s = bayes_trial(0);

	s.model.closed_form = LB_LDA;
	s.model.covariance = covariance;
	s.model.shrinkage = 0.2;
	return s;
}

START_TEST(lda_is_that_of_sklearn)
{
	static const char *const name[] = { [LB_LEDOIT_WOLF] = "ledoit_wolf", [LB_SHRUNK] = "shrunk", [LB_EMPIRICAL] = "empirical" };
	cJSON *golden = golden_read("tests/golden/lda.json");
	const cJSON *c, *item;
	size_t n = 0;

	cJSON_ArrayForEach(c, lb_json_at(golden, "cases")) {
		if (n)
			problem_close(&p);
		open_lda(c, 1);
		const struct lb_setup s = lda_trial((enum lb_covariance)_i);
		struct lb_train_result a = fit(lb_fit_f64, &s), b = fit(lb_fit_f32, &s);
		size_t at = 0;
		cJSON_ArrayForEach(item, lb_json_at(c, name[_i])) {
			ck_near(a.scores[at], item->valuedouble, 1e-9, name[_i], at);
			ck_near(b.scores[at], item->valuedouble, 1e-3, name[_i], at);
			at++;
		}
		n += at;
		lb_train_result_free(&a);
		lb_train_result_free(&b);
	}
	ck_assert_uint_eq(n, 40 * (3 + 1 + 5));
	cJSON_Delete(golden);
}
END_TEST

/* Rows of weight 2 are as rows that stand twice; of weight 0 as none. */
START_TEST(weights_count_as_rows_of_lda)
{
	cJSON *golden = golden_read("tests/golden/lda.json");
	const cJSON *c = cJSON_GetArrayItem(lb_json_at(golden, "cases"), 0);
	double weight[300];
	struct lb_train_result by_weight, by_rows;

	open_lda(c, 2);
	struct lb_setup s = lda_trial((enum lb_covariance)_i);
	by_rows = fit(lb_fit_f64, &s);
	for (size_t i = 0; i < 300; i++)
		weight[i] = i < 60 ? 2 : 0;
	s.row_weight = weight;
	by_weight = fit(lb_fit_f64, &s);
	for (size_t i = 0; i < 40 * 3; i++)
		ck_near(by_weight.scores[i], by_rows.scores[i], 1e-9, "score", i);
	lb_train_result_free(&by_weight);
	lb_train_result_free(&by_rows);
	cJSON_Delete(golden);
}
END_TEST

/* A feature that is the sum of two others, or constant: refused without shrinkage. */
START_TEST(a_covariance_without_an_inverse_is_refused)
{
	struct lb_train_result o;

	draw(LB_MULTICLASS, 120, 3, 3);
	for (size_t i = 0; i < 160; i++)
		x_of(&p)[i * 3 + 2] = _i ? 5 : x_of(&p)[i * 3] + x_of(&p)[i * 3 + 1];
	const struct lb_setup s = lda_trial(LB_EMPIRICAL), shrunk = lda_trial(LB_LEDOIT_WOLF);
	const struct lb_cohort c = cohort_of(&p, &s, 1, 1, 1);
	ck_assert_int_eq(lb_fit_f64(&c, &o, &err), -1);
	ck_assert_int_eq(err.code, LB_DATA);
	ck_assert_ptr_nonnull(strstr(err.text, "has no inverse"));
	lb_train_result_free(&o);
	o = fit(lb_fit_f64, &shrunk);
	for (size_t i = 0; i < 40 * 3; i++)
		ck_assert(isfinite(o.scores[i]));
	lb_train_result_free(&o);
}
END_TEST

/* ---- one Gaussian ---- */

static struct lb_setup gaussian_trial(enum lb_covariance covariance, enum lb_components components, double variance)
{
	static const struct lb_arg no_shift[LB_ANOMALY_SCORE_OWN];
	const struct lb_loss_info *mse = lb_loss_find(LB_REGRESSION, "mse");

	return (struct lb_setup){ .loss = mse, .loss_par = args(&mse->base, ""), .optimizer = optimizer("sgd"), .optimizer_par = args(optimizer("sgd"), ""), .y = p.data.y,
				  .keep_scores = true, .anomaly = lb_info_find(lb_anomaly_scores_f64, "mahalanobis"), .anomaly_par = no_shift,
				  .model = { .n_layers = 1, .width = { p.features.d, p.features.d }, .closed_form = LB_GAUSSIAN, .covariance = covariance, .shrinkage = 0.2,
					     .components = components, .variance = variance } };
}

/* Training rows of the case, all normal, then those to be scored. */
static void open_gaussian(const cJSON *c)
{
	const size_t n = (size_t)lb_json_at(c, "n")->valueint, d = (size_t)lb_json_at(c, "d")->valueint;
	const cJSON *item;
	size_t at = 0;

	problem_open(&p, LB_ANOMALY, (size_t[]){ n, 0, 40 }, d, 2);
	cJSON_ArrayForEach(item, lb_json_at(c, "x"))
		x_of(&p)[at++] = item->valuedouble;
	ck_assert_uint_eq(at, (n + 40) * d);
}

START_TEST(distances_are_those_of_sklearn)
{
	static const char *const covariance[] = { [LB_LEDOIT_WOLF] = "ledoit_wolf", [LB_SHRUNK] = "shrunk", [LB_EMPIRICAL] = "empirical" };
	static const char *const components[] = { [LB_ALL_COMPONENTS] = "all", [LB_HIGH_COMPONENTS] = "high", [LB_LOW_COMPONENTS] = "low" };
	cJSON *golden = golden_read("tests/golden/mahalanobis.json");
	const cJSON *c, *item;
	size_t n = 0;

	cJSON_ArrayForEach(c, lb_json_at(golden, "cases")) {
		if (n)
			problem_close(&p);
		open_gaussian(c);
		const struct lb_setup s = gaussian_trial((enum lb_covariance)(_i / 3), (enum lb_components)(_i % 3), lb_json_at(c, "share")->valuedouble);
		struct lb_train_result a = fit(lb_fit_f64, &s), b = fit(lb_fit_f32, &s);
		size_t at = 0;
		ck_assert_uint_eq(a.columns, 1);
		cJSON_ArrayForEach(item, lb_json_at(lb_json_at(c, covariance[_i / 3]), components[_i % 3])) {
			ck_near(a.scores[at], item->valuedouble, 1e-9, components[_i % 3], at);
			ck_near(b.scores[at], item->valuedouble, 2e-2, components[_i % 3], at);
			at++;
		}
		n += at;
		lb_train_result_free(&a);
		lb_train_result_free(&b);
	}
	ck_assert_uint_eq(n, 3 * 40);
	cJSON_Delete(golden);
}
END_TEST

/* Both kinds of components together have the distance of all. */
START_TEST(high_and_low_components_add_up)
{
	struct lb_train_result o[3];

	problem_open(&p, LB_ANOMALY, (size_t[]){ 80, 0, 40 }, 6, 2);
	problem_draw(&p, 5);
	memset(p.data.y, 0, 80 * sizeof *p.data.y);
	for (int k = 0; k < 3; k++) {
		const struct lb_setup s = gaussian_trial(LB_LEDOIT_WOLF, (enum lb_components)k, 0.6);
		o[k] = fit(lb_fit_f64, &s);
	}
	for (size_t i = 0; i < 40; i++)
		ck_near(o[LB_HIGH_COMPONENTS].scores[i] + o[LB_LOW_COMPONENTS].scores[i], o[LB_ALL_COMPONENTS].scores[i], 1e-12, "row", i);
	for (int k = 0; k < 3; k++)
		lb_train_result_free(&o[k]);
}
END_TEST

/* One feature has all components; a constant one has no variance of its own. */
START_TEST(a_gaussian_without_directions_is_refused)
{
	static const char *const said[] = { "found low with variance 0.9, which all 1 component of the training rows is needed for", "has no inverse" };
	struct lb_train_result o;

	problem_open(&p, LB_ANOMALY, (size_t[]){ 20, 0, 40 }, _i ? 2 : 1, 2);
	problem_draw(&p, 5);
	memset(p.data.y, 0, 20 * sizeof *p.data.y);
	for (size_t i = 0; _i && i < 60; i++)
		x_of(&p)[2 * i] = 3;
	const struct lb_setup s = gaussian_trial(LB_EMPIRICAL, _i == 1 ? LB_ALL_COMPONENTS : LB_LOW_COMPONENTS, 0.9);
	const struct lb_cohort c = cohort_of(&p, &s, 1, 1, 1);
	ck_assert_int_eq(lb_fit_f64(&c, &o, &err), -1);
	ck_assert_int_eq(err.code, LB_DATA);
	ck_assert_msg(strstr(err.text, said[_i > 0]) != NULL, "%s", err.text);
	lb_train_result_free(&o);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gaussian_classes");
	TCase *t = tcase_create("naive_bayes");

	tcase_at_least(t, 60);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, scores_are_the_log_density, 0, 2);
	tcase_add_test(t, weights_count_as_rows);
	tcase_add_test(t, by_hand);
	tcase_add_test(t, a_constant_feature_says_nothing);
	tcase_add_test(t, a_class_without_rows_is_refused);
	tcase_add_test(t, made_data_have_the_stated_moments);
	tcase_add_test(t, made_data_follow_their_parameters);
	tcase_add_test(t, many_rows_reach_the_bayes_error);
	tcase_add_loop_test(t, lda_is_that_of_sklearn, 0, 3);
	tcase_add_loop_test(t, weights_count_as_rows_of_lda, 0, 3);
	tcase_add_loop_test(t, a_covariance_without_an_inverse_is_refused, 0, 2);
	tcase_add_loop_test(t, distances_are_those_of_sklearn, 0, 9);
	tcase_add_test(t, high_and_low_components_add_up);
	tcase_add_loop_test(t, a_gaussian_without_directions_is_refused, 0, 3);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("gaussian_classes")
