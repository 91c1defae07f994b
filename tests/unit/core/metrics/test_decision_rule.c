/* Calibrations and thresholds against tests/golden/decision.json (scikit-learn and SciPy; see
 * tests/reference/decision.py), closed forms, and their way through a training. */
#include "core/metrics/decision_rule.h"
#include "tests/unit/core/training.h"
#include "tests/unit/golden.h"

static cJSON *golden;

static void load(void)
{
	golden = golden_read("tests/golden/decision.json");
}

static void unload(void)
{
	cJSON_Delete(golden);
	args_forget();
}

/* Scores and labels of a case. */
struct rows {
	size_t n, c;
	double z[4096];
	int32_t y[1024];
};

static void numbers(const cJSON *list, double *out, size_t room)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list) {
		ck_assert_uint_gt(room--, 0);
		*out++ = item->valuedouble;
	}
}

static struct rows rows_of(const cJSON *c)
{
	struct rows r = { .n = (size_t)cJSON_GetArraySize(lb_json_at(c, "y")), .c = lb_json_at(c, "c") ? (size_t)lb_json_at(c, "c")->valueint : 1 };
	double y[1024];

	numbers(lb_json_at(c, "z"), r.z, sizeof r.z / sizeof *r.z);
	numbers(lb_json_at(c, "y"), y, 1024);
	for (size_t i = 0; i < r.n; i++)
		r.y[i] = (int32_t)y[i];
	return r;
}

static struct lb_decision fit_with(const struct rows *r, const struct lb_calibration *calibration, const char *set, const struct lb_threshold *rule)
{
	struct lb_decision d;

	ck_assert(!lb_decision_fit(&d, calibration, calibration ? args(&calibration->base, set) : NULL, rule, r->n, r->c, r->z, r->y, &err));
	return d;
}

static struct lb_decision fit(const struct rows *r, const struct lb_calibration *calibration, const struct lb_threshold *rule)
{
	return fit_with(r, calibration, "", rule);
}

START_TEST(temperature_is_that_of_scipy)
{
	const cJSON *c;
	size_t n = 0;

	for (int kind = 0; kind < 2; kind++)
		cJSON_ArrayForEach(c, lb_json_at(golden, kind ? "multiclass" : "binary")) {
			const struct rows r = rows_of(c);
			struct lb_decision d = fit(&r, &lb_calibration_temperature, &lb_threshold_fixed);
			ck_near(d.map.slope / lb_json_at(c, "temperature")->valuedouble, 1, 2e-6, "slope over SciPy's, case", n++);
			ck_assert(d.map.intercept == 0 && d.threshold == 0);
			lb_decision_free(&d);
		}
	ck_assert_uint_eq(n, 8);
}
END_TEST

START_TEST(platt_is_that_of_scipy_and_sklearn)
{
	const cJSON *c;
	double want[2], other[2];
	size_t n = 0;

	cJSON_ArrayForEach(c, lb_json_at(golden, "binary")) {
		const struct rows r = rows_of(c);
		struct lb_decision d = fit(&r, &lb_calibration_platt, &lb_threshold_fixed);
		numbers(lb_json_at(c, "platt"), want, 2);
		numbers(lb_json_at(c, "sklearn_platt"), other, 2);
		ck_near(d.map.slope, want[0], 1e-7, "slope", n);
		ck_near(d.map.intercept, want[1], 1e-7, "intercept", n);
		ck_near(d.map.slope, other[0], 1e-5, "slope by scikit-learn", n);
		ck_near(d.map.intercept, other[1], 1e-5, "intercept by scikit-learn", n++);
		lb_decision_free(&d);
	}
	ck_assert_uint_eq(n, 5);
}
END_TEST

START_TEST(isotonic_is_that_of_sklearn)
{
	const cJSON *c;
	double eval_attack[80], want[80];
	size_t n = 0;

	cJSON_ArrayForEach(c, lb_json_at(golden, "binary")) {
		const struct rows r = rows_of(c);
		struct lb_decision d = fit(&r, &lb_calibration_isotonic, &lb_threshold_fixed);
		const int m = cJSON_GetArraySize(lb_json_at(c, "probe"));
		numbers(lb_json_at(c, "probe"), eval_attack, 80);
		numbers(lb_json_at(c, "isotonic"), want, 80);
		for (int i = 0; i < m; i++, n++)
			ck_near(1 / (1 + exp(-lb_score_mapped(&d.map, eval_attack[i]))), want[i], 1e-12, "probability", n);
		lb_decision_free(&d);
	}
	ck_assert_uint_gt(n, 300);
}
END_TEST

/* The calibrations of the golden file, by its names. */
static const struct {
	const char *name;
	const struct lb_calibration *calibration;
	const char *set;
	double bound;            /* of the difference of a probability */
} fitted[] = {
	{ "platt", &lb_calibration_platt, "", 1e-6 },
	{ "beta", &lb_calibration_beta, "", 1e-6 },
	{ "isotonic", &lb_calibration_isotonic, "", 1e-12 },
	{ "histogram", &lb_calibration_histogram, "", 1e-12 },
	{ "mass", &lb_calibration_histogram, "edges=mass bins=10", 1e-12 },
	{ "spline", &lb_calibration_spline, "", 1e-9 },
	{ "vector", &lb_calibration_vector, "", 1e-6 },
	{ "matrix", &lb_calibration_matrix, "off_diagonal=0.1 intercepts=0.1", 1e-6 },
	{ "dirichlet", &lb_calibration_dirichlet, "off_diagonal=0.2 intercepts=0.05", 1e-6 },
};

enum { FITTED = sizeof fitted / sizeof *fitted };

START_TEST(probabilities_are_those_of_scipy_and_sklearn)
{
	const cJSON *c, *found;
	double probe[80], want[80];
	size_t n = 0;

	cJSON_ArrayForEach(c, lb_json_at(golden, "binary")) {
		if (!(found = lb_json_at(lb_json_at(c, "calibrated"), fitted[_i].name)))
			continue;
		const struct rows r = rows_of(c);
		struct lb_decision d = fit_with(&r, fitted[_i].calibration, fitted[_i].set, &lb_threshold_fixed);
		const int m = cJSON_GetArraySize(found);
		numbers(lb_json_at(c, "probe"), probe, 80);
		numbers(found, want, 80);
		for (int i = 0; i < m; i++, n++)
			ck_near(1 / (1 + exp(-lb_score_mapped(&d.map, probe[i]))), want[i], fitted[_i].bound, fitted[_i].name, n);
		ck_assert(!d.map.separable);
		lb_decision_free(&d);
	}
	ck_assert_uint_eq(n, _i < 6 ? 5 * 80 - 28 : 0);
}
END_TEST

/* With several classes: one against the rest, or a map of all scores. */
START_TEST(probabilities_of_classes_are_those_of_scipy)
{
	const cJSON *c, *found;
	double want[800], out[40];
	size_t n = 0;

	cJSON_ArrayForEach(c, lb_json_at(golden, "multiclass")) {
		if (!(found = lb_json_at(lb_json_at(c, "calibrated"), fitted[_i].name)))
			continue;
		const struct rows r = rows_of(c);
		struct lb_decision d = fit_with(&r, fitted[_i].calibration, fitted[_i].set, &lb_threshold_fixed);
		const size_t m = (size_t)cJSON_GetArraySize(found) / r.c;
		numbers(found, want, 800);
		for (size_t i = 0; i < m; i++) {
			double sum = 0;
			lb_decision_scores(&d, r.c, r.z + i * r.c, out);
			for (size_t k = 0; k < r.c; k++)
				sum += exp(out[k]);
			for (size_t k = 0; k < r.c; k++, n++)
				ck_near(exp(out[k]) / sum, want[i * r.c + k], fitted[_i].bound, fitted[_i].name, n);
		}
		ck_assert(lb_decision_reorders(&d) && lb_calibration_reorders(fitted[_i].calibration));
		lb_decision_free(&d);
	}
	ck_assert(n >= 20 * 10 || fitted[_i].calibration == &lb_calibration_spline);
}
END_TEST

/* Separable classes: the slopes grow for ever. A class without rows, or of all, keeps its score; of
 * scores far apart no class's probability against the rest is lost. */
START_TEST(edges_of_classes)
{
	const struct rows apart = { 4, 3, { 3, 0, 1, 2, 0, 1, 0, 4, 1, 0, 3, 1 }, { 0, 0, 1, 1 } }, one = { 2, 3, { 1, 2, 3, 0, 1, 0 }, { 2, 2 } },
			  split = { 4, 1, { -1, 2, 1, 3 }, { 0, 1, 0, 1 } };
	const double far[] = { 0, 2000, -2000 };
	double out[3];
	struct lb_decision d = fit(&apart, &lb_calibration_vector, &lb_threshold_fixed);

	ck_assert(d.map.separable && d.matrix[2 * 4 + 2] == 1 && d.matrix[0] > 1);
	lb_decision_free(&d);
	d = fit(&apart, &lb_calibration_matrix, &lb_threshold_fixed);
	ck_assert(d.matrix[2 * 4] == 0 && d.matrix[2 * 4 + 2] == 1 && d.matrix[2 * 4 + 3] == 0);
	lb_decision_free(&d);
	d = fit(&split, &lb_calibration_beta, &lb_threshold_fixed);
	ck_assert(d.map.separable && lb_score_mapped(&d.map, 2) > 10 && lb_score_mapped(&d.map, 1) < -10);
	d = fit(&apart, &lb_calibration_platt, &lb_threshold_fixed);
	ck_assert(!memcmp(&d.of_class[2], &lb_same_score, sizeof lb_same_score));
	lb_decision_scores(&d, 3, far, out);
	ck_assert(out[1] > out[0] && out[0] > out[2] && isfinite(out[2]));
	lb_decision_free(&d);
	d = fit(&apart, &lb_calibration_isotonic, &lb_threshold_fixed);
	lb_decision_scores(&d, 3, apart.z, out);
	ck_assert(out[0] == 0 && out[1] == -INFINITY && isfinite(out[2]));
	lb_decision_free(&d);
	for (size_t k = 0; lb_calibrations[k]; k++) {
		d = fit(&one, (const struct lb_calibration *)lb_calibrations[k], &lb_threshold_fixed);
		ck_assert_int_eq(d.one_class, lb_calibration_reorders(d.calibration));
		ck_assert(!lb_decision_reorders(&d));
	}
}
END_TEST

START_TEST(thresholds_are_those_of_sklearn)
{
	static const struct lb_threshold *const rule[] = { &lb_threshold_youden, &lb_threshold_f1, &lb_threshold_prevalence };
	const cJSON *c;
	size_t n = 0;

	cJSON_ArrayForEach(c, lb_json_at(golden, "binary"))
		for (int k = 0; k < 3; k++, n++) {
			const struct rows r = rows_of(c);
			const cJSON *want = lb_json_at(c, rule[k]->base.name);
			struct lb_decision d = fit(&r, &lb_calibration_none, rule[k]);
			ck_assert(cJSON_IsNumber(want));
			ck_near(d.threshold, want->valuedouble, 1e-12, "threshold", n);
			lb_decision_free(&d);
		}
	ck_assert_uint_eq(n, 15);
}
END_TEST

/* Youden's rule and F1 look at the order of scores alone: a calibration moves the threshold with
 * the scores. */
START_TEST(thresholds_follow_the_calibration)
{
	const struct rows r = rows_of(cJSON_GetArrayItem(lb_json_at(golden, "binary"), 0));

	for (size_t k = 0; lb_thresholds[k]; k++) {
		const struct lb_threshold *rule = (const struct lb_threshold *)lb_thresholds[k];
		if (!rule->merit)
			continue;
		struct lb_decision plain = fit(&r, NULL, rule), platt = fit(&r, &lb_calibration_platt, rule);
		for (size_t i = 0; i < r.n; i++)
			ck_assert_int_eq(lb_score_mapped(&platt.map, r.z[i]) > platt.threshold, r.z[i] > plain.threshold);
	}
}
END_TEST

START_TEST(edges)
{
	const struct rows split = { 4, 1, { -1, 2, 1, 3 }, { 0, 1, 0, 1 } }, one = { 3, 1, { 1, 2, 3 }, { 1, 1, 1 } },
			  equal = { 4, 1, { 2, 2, 2, 2 }, { 0, 1, 1, 1 } }, transposed = { 4, 1, { 1, 2, 3, 4 }, { 1, 1, 0, 0 } };
	struct lb_decision d = fit(&split, &lb_calibration_none, &lb_threshold_youden);

	ck_assert(d.threshold == 1.5);
	d = fit(&split, &lb_calibration_isotonic, &lb_threshold_youden);
	ck_assert(lb_score_mapped(&d.map, 1) == -INFINITY && lb_score_mapped(&d.map, 2) == INFINITY && lb_score_mapped(&d.map, 1.5) == 0);
	ck_assert(lb_score_mapped(&d.map, 2) > d.threshold && !(lb_score_mapped(&d.map, 1) > d.threshold));
	lb_decision_free(&d);
	ck_assert(lb_score_mapped(&d.map, 0.25) == 0.25);
	ck_assert(!d.one_class);
	for (size_t c = 0; lb_calibrations[c]; c++)
		for (size_t k = 0; lb_thresholds[k]; k++) {
			if (((const struct lb_calibration *)lb_calibrations[c])->matrix)
				continue;
			d = fit(&one, (const struct lb_calibration *)lb_calibrations[c], (const struct lb_threshold *)lb_thresholds[k]);
			ck_assert(d.one_class && d.threshold == 0 && d.map.slope == 1 && d.map.intercept == 0 && d.map.n_knots == 0);
			ck_assert(lb_score_mapped(&d.map, 2.5) == 2.5);
		}
	d = fit(&equal, &lb_calibration_none, &lb_threshold_f1);
	ck_assert(d.threshold == -INFINITY);
	d = fit(&equal, &lb_calibration_none, &lb_threshold_youden);
	ck_assert(d.threshold == 2);
	d = fit(&equal, &lb_calibration_platt, &lb_threshold_fixed);
	ck_near(2 * d.map.slope + d.map.intercept, log((3 * 0.8 + 1.0 / 3) / (3 * 0.2 + 2.0 / 3)), 1e-6, "score", 0);
	d = fit(&split, &lb_calibration_temperature, &lb_threshold_fixed);
	ck_assert(isfinite(d.map.slope) && d.map.slope > 0.01);
	d = fit(&transposed, &lb_calibration_temperature, &lb_threshold_fixed);
	ck_near(d.map.slope, 0.01, 1e-9, "slope", 0);
	d = fit(&transposed, &lb_calibration_platt, &lb_threshold_youden);
	ck_assert(d.map.slope < 0);
	ck_assert(lb_score_mapped(&d.map, 2) > d.threshold && !(lb_score_mapped(&d.map, 3) > d.threshold));
}
END_TEST

/* In a training: the test rows' metrics are those of the calibrated scores; trials beside it are as
 * they were alone. */
START_TEST(a_training_applies_it)
{
	const struct lb_metric_use use[] = { metric_use("log_loss"), metric_use("accuracy") };
	struct problem p;
	struct lb_train_result out[2];

	problem_open(&p, LB_BINARY, (const size_t[]){ 200, 100, 150 }, 3, 2);
	problem_draw(&p, 9);
	struct lb_setup s[2] = { with_metrics(trial(&p, "hinge", "", "lr=0.1"), use, 2), with_metrics(trial(&p, "hinge", "", "lr=0.1"), use, 2) };
	s[0].calibration = &lb_calibration_platt;
	s[0].threshold = &lb_threshold_prevalence;
	const struct lb_cohort c = cohort_of(&p, s, 2, 3, 32);
	train_all(precision[_i], &c, out);
	struct lb_train_result alone = train_alone(precision[_i], c, &s[1]);
	ck_same_numbers(out[1].metric[LB_TEST], alone.metric[LB_TEST], 2, "metric");
	const struct lb_decision *d = &out[0].decision;
	double loss = 0, right = 0;
	for (size_t i = 0; i < 150; i++) {
		const double z = lb_score_mapped(&d->map, out[0].scores[i]);
		loss += log1p(exp(p.data.y[300 + i] ? -z : z)) / 150;
		right += (z > d->threshold) == p.data.y[300 + i];
	}
	ck_assert(d->map.slope != 1 && d->threshold != 0);
	ck_near(out[0].metric[LB_TEST][0], loss, 1e-12, "log-loss", 0);
	ck_near(out[0].metric[LB_TEST][1], right / 150, 1e-12, "accuracy", 0);
	ck_assert(out[1].decision.map.slope == 1 && out[1].decision.threshold == 0);
	lb_train_result_free(&out[0]);
	lb_train_result_free(&out[1]);
	lb_train_result_free(&alone);
	problem_close(&p);
}
END_TEST

/* The first class up to which half of the probability lies, just half too; the likeliest where the
 * rule is another. */
START_TEST(median_is_the_middle_class)
{
	static const struct {
		double share[4];
		size_t median, likeliest;
	} cases[] = {
		{ { 1, 1, 1, 2 }, 2, 3 }, { { 3, 1, 1, 1 }, 0, 0 }, { { 2, 1, 0, 3 }, 1, 3 }, { { 0, 0, 0, 1 }, 3, 3 }, { { 2.9, 0.2, 0, 2.9 }, 1, 0 },
	};
	const struct lb_decision median = { .map = { .slope = 1, .below = 1 }, .rule = &lb_threshold_median };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double sum = 0;
		for (size_t k = 0; k < 4; k++)
			sum += cases[i].share[k];
		ck_assert_uint_eq(lb_decision_class(&median, 4, cases[i].share, sum, cases[i].likeliest), cases[i].median);
		ck_assert_uint_eq(lb_decision_class(&lb_plain_decision, 4, cases[i].share, sum, cases[i].likeliest), cases[i].likeliest);
	}
	ck_assert(!lb_decides_plainly(NULL, &lb_threshold_median) && !lb_decision_fits(NULL, &lb_threshold_median));
	ck_assert(lb_decides_plainly(NULL, &lb_threshold_fixed) && lb_decision_fits(&lb_calibration_temperature, &lb_threshold_median));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("decision_rule");
	TCase *tc = tcase_create("decision");

	tcase_add_checked_fixture(tc, load, unload);
	tcase_add_test(tc, temperature_is_that_of_scipy);
	tcase_add_test(tc, platt_is_that_of_scipy_and_sklearn);
	tcase_add_test(tc, isotonic_is_that_of_sklearn);
	tcase_add_loop_test(tc, probabilities_are_those_of_scipy_and_sklearn, 0, FITTED);
	tcase_add_loop_test(tc, probabilities_of_classes_are_those_of_scipy, 0, FITTED);
	tcase_add_test(tc, edges_of_classes);
	tcase_add_test(tc, thresholds_are_those_of_sklearn);
	tcase_add_test(tc, thresholds_follow_the_calibration);
	tcase_add_test(tc, edges);
	tcase_add_test(tc, median_is_the_middle_class);
	tcase_add_loop_test(tc, a_training_applies_it, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("decision_rule")
