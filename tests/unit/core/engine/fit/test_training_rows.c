/* Distances to the nearest training rows: of other rows against scikit-learn
 * (tests/golden/knn.json, by tests/reference/knn.py), of training rows without themselves by plain
 * loops. */
#include "core/training/anomaly_score_info.h"
#include "tests/unit/core/training.h"
#include "tests/unit/golden.h"

enum { TEST = 20 };

static struct problem p;

static void teardown(void)
{
	problem_close(&p);
	args_forget();
}

static struct lb_setup nearest(size_t k, const char *distance)
{
	const struct lb_loss_info *mse = lb_loss_find(LB_REGRESSION, "mse");
	const struct lb_info *knn = lb_info_find(lb_anomaly_scores_f64, "knn");
	char set[64];

	snprintf(set, sizeof set, "neighbours=%zu distance=%s", k, distance);
	return (struct lb_setup){ .loss = mse, .loss_par = args(&mse->base, ""), .optimizer = optimizer("sgd"), .optimizer_par = args(optimizer("sgd"), ""), .y = p.data.y,
				  .keep_scores = true, .anomaly = knn, .anomaly_par = args(knn, set),
				  .model = { .n_layers = 1, .width = { p.features.d, p.split.n[LB_TRAIN] }, .closed_form = LB_TRAINING_ROWS } };
}

START_TEST(distances_are_those_of_sklearn)
{
	const char *distance = _i ? "mean" : "kth";
	cJSON *golden = golden_read("tests/golden/knn.json");
	const cJSON *c, *item;
	size_t n = 0;

	cJSON_ArrayForEach(c, lb_json_at(golden, "cases")) {
		size_t at = 0;
		if (n)
			problem_close(&p);
		problem_open(&p, LB_ANOMALY, (size_t[]){ (size_t)lb_json_at(c, "n")->valueint, 0, TEST }, (size_t)lb_json_at(c, "d")->valueint, 2);
		cJSON_ArrayForEach(item, lb_json_at(c, "x"))
			x_of(&p)[at++] = item->valuedouble;
		const struct lb_setup s = nearest((size_t)lb_json_at(c, "k")->valueint, distance);
		struct lb_train_result a = train_alone(lb_fit_f64, cohort_of(&p, &s, 1, 1, 1), &s), b = train_alone(lb_fit_f32, cohort_of(&p, &s, 1, 1, 1), &s);
		ck_assert_uint_eq(a.epochs + (size_t)a.steps, 0);
		at = 0;
		cJSON_ArrayForEach(item, lb_json_at(c, distance)) {
			ck_near(a.scores[at], item->valuedouble, 1e-9, distance, at);
			ck_near(b.scores[at], item->valuedouble, 1e-5, distance, at);
			at++;
		}
		n += at;
		lb_train_result_free(&a);
		lb_train_result_free(&b);
	}
	ck_assert_uint_eq(n, 3 * TEST);
	cJSON_Delete(golden);
}
END_TEST

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The distance of training row i to its k-th nearest other. */
static double kth_other(size_t i, size_t k)
{
	const size_t n = p.split.n[LB_TRAIN], d = p.features.d;
	double apart[100];
	size_t m = 0;

	for (size_t j = 0; j < n; j++) {
		double sum = 0;
		for (size_t f = 0; f < d; f++)
			sum += pow(x_of(&p)[i * d + f] - x_of(&p)[j * d + f], 2);
		if (j != i)
			apart[m++] = sqrt(sum);
	}
	qsort(apart, m, sizeof *apart, ascending);
	return apart[(k < m ? k : m) - 1];
}

/* By the AUC of the training rows' scores; k beyond the other rows takes all of them. */
START_TEST(training_rows_are_not_their_own_neighbours)
{
	const size_t k = _i ? 200 : 3, n = 90;
	double score[90], right = 0, pairs = 0;

	problem_open(&p, LB_ANOMALY, (size_t[]){ n, 0, TEST }, 3, 2);
	problem_draw(&p, 3);
	const struct lb_metric_use use = metric_use("auc");
	const struct lb_setup s = with_metrics(nearest(k, "kth"), &use, 1);
	struct lb_train_result o = train_alone(lb_fit_f64, cohort_of(&p, &s, 1, 1, 1), &s);
	for (size_t i = 0; i < n; i++)
		score[i] = kth_other(i, k);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			if (!p.data.y[i] || p.data.y[j])
				continue;
			pairs++;
			right += score[i] > score[j] ? 1 : score[i] < score[j] ? 0 : 0.5;
		}
	ck_near(o.metric[LB_TRAIN][0], right / pairs, 1e-12, "auc", 0);
	lb_train_result_free(&o);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("training_rows");
	TCase *t = tcase_create("training_rows");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, distances_are_those_of_sklearn, 0, 2);
	tcase_add_loop_test(t, training_rows_are_not_their_own_neighbours, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("training_rows")
