/* Tests core/metrics/class_average.c, agreement.c, class_auc.c, label_auc.c and the calibration of
 * classes by hand; random splits stand in tests/golden/metrics_everyday.json. */
#include "tests/unit/core/metrics/eval_metric.h"

static struct lb_metric_inputs decided(size_t n, size_t c, const int32_t *label, const int32_t *pred)
{
	return (struct lb_metric_inputs){ .kind = LB_MULTICLASS, .n_classes = c, .n = n, .label = label, .pred = pred };
}

/* Labels 0 0 0 1 1, predictions 0 0 1 1 3; class 2 occurs nowhere, class 3 is predicted only. */
START_TEST(averages_by_hand)
{
	const struct lb_metric_inputs o = decided(5, 4, (const int32_t[]){ 0, 0, 0, 1, 1 }, (const int32_t[]){ 0, 0, 1, 1, 3 });

	ck_assert_double_eq_tol(eval("precision_macro", &o, NULL, 0), (1 + 0.5 + 0) / 3, 1e-15);
	ck_assert_double_eq_tol(eval("precision_weighted", &o, NULL, 0), (3 * 1 + 2 * 0.5) / 5, 1e-15);
	ck_assert_double_eq_tol(eval("recall_macro", &o, NULL, 0), (2.0 / 3 + 0.5 + 0) / 3, 1e-15);
	ck_assert_double_eq_tol(eval("balanced_accuracy", &o, NULL, 0), (2.0 / 3 + 0.5) / 2, 1e-15);
	ck_assert_double_eq_tol(eval("jaccard_macro", &o, NULL, 0), (2.0 / 3 + 1.0 / 3 + 0) / 3, 1e-15);
	ck_assert_double_eq_tol(eval("jaccard_weighted", &o, NULL, 0), (3 * 2.0 / 3 + 2 * 1.0 / 3) / 5, 1e-15);
	/* 3 right; t_0 p_0 + t_1 p_1 = 6 + 4 */
	ck_assert_double_eq_tol(eval("cohen_kappa", &o, NULL, 0), (3 * 5 - 10.0) / (25 - 10), 1e-15);
}
END_TEST

/* Labels 0 1 2 2, predictions 0 1 2 0: one mistake, two classes away. */
START_TEST(ordered_classes_by_hand)
{
	const struct lb_metric_inputs o = decided(4, 3, (const int32_t[]){ 0, 1, 2, 2 }, (const int32_t[]){ 0, 1, 2, 0 });
	const double linear = 1;

	/* distances of all pairs of a label and a prediction: of label 0 0 0 1 2, of 1 1 1 0 1,
	 * twice of 2 2 2 1 0 */
	ck_assert_double_eq_tol(eval("weighted_kappa", &o, &linear, 1), 1 - 4 * 2.0 / (3 + 3 + 2 * 5), 1e-15);
	ck_assert_double_eq_tol(eval("weighted_kappa", &o, NULL, 0), 1 - 4 * 4.0 / (5 + 3 + 2 * 9), 1e-15);
	ck_assert_double_eq(eval("off_by_one", &o, NULL, 0), 0.75);
	ck_assert_double_eq(eval("rank_mae", &o, NULL, 0), 0.5);
	ck_assert_double_eq_tol(eval("macro_rank_mae", &o, NULL, 0), (0 + 0 + 1) / 3.0, 1e-15);
}
END_TEST

/* A prediction at random has kappa 0, one that is always the same too; one class alone has none. */
START_TEST(kappas_of_little)
{
	const int32_t label[] = { 0, 0, 1, 1 }, mixed[] = { 0, 1, 0, 1 }, same[] = { 1, 1, 1, 1 };
	const struct lb_metric_inputs chance = decided(4, 2, label, mixed), flat = decided(4, 2, label, same), one = decided(4, 2, same, same),
				      row = decided(1, 2, label, same);
	static const char *const names[] = { "cohen_kappa", "weighted_kappa" };

	for (size_t i = 0; i < 2; i++) {
		ck_assert_double_eq(eval(names[i], &chance, NULL, 0), 0);
		ck_assert_double_eq(eval(names[i], &flat, NULL, 0), 0);
		ck_assert(isnan(eval(names[i], &one, NULL, 0)));
		ck_assert_double_eq(eval(names[i], &row, NULL, 0), 0);
	}
	ck_assert_double_eq(eval("rank_mae", &row, NULL, 0), 1);
	ck_assert_double_eq(eval("off_by_one", &row, NULL, 0), 1);
}
END_TEST

/* Two classes have one area, whichever way it is averaged; equal probabilities have 1/2. */
START_TEST(areas_by_hand)
{
	const int32_t label[] = { 0, 1, 1, 0 }, one[] = { 1, 1, 1, 1 };
	double logp[8], flat[8];
	static const double p[] = { 0.9, 0.3, 0.6, 0.6 };
	static const char *const names[] = { "auc_ovr", "auc_ovr_weighted", "auc_ovo", "auc_ovo_weighted" };

	for (size_t i = 0; i < 4; i++) {
		logp[2 * i] = log(p[i]);
		logp[2 * i + 1] = log(1 - p[i]);
		flat[2 * i] = flat[2 * i + 1] = log(0.5);
	}
	for (size_t m = 0; m < 4; m++) {
		struct lb_metric_inputs o = { .kind = LB_MULTICLASS, .n_classes = 2, .n = 4, .label = label, .log_probability = logp };
		ck_assert_double_eq(eval(names[m], &o, NULL, 0), 0.875);
		o.log_probability = flat;
		ck_assert_double_eq(eval(names[m], &o, NULL, 0), 0.5);
		o.label = one;
		ck_assert_msg(isnan(eval(names[m], &o, NULL, 0)), "%s of one class", names[m]);
		o.n = 1;
		ck_assert_msg(isnan(eval(names[m], &o, NULL, 0)), "%s of one row", names[m]);
	}
}
END_TEST

/* Three classes of 1, 1 and 2 rows, and a fourth without any. Class 0 is told from all; class 1
 * from class 0 and one row of class 2; class 2 loses one of four pairs to class 1. */
START_TEST(areas_of_three_classes)
{
	static const double p[] = { 0.7, 0.1, 0.1, 0.1, 0.1, 0.5, 0.3, 0.1, 0.1, 0.6, 0.2, 0.1, 0.1, 0.2, 0.6, 0.1 };
	double logp[16];
	const struct lb_metric_inputs o = { .kind = LB_MULTICLASS, .n_classes = 4, .n = 4, .label = (const int32_t[]){ 0, 1, 2, 2 }, .log_probability = logp };
	/* class 1 (0.5) beats 0.1 and 0.2, loses to 0.6; class 2 (0.2, 0.6) against 0.1 and 0.3:
	 * 3 of 4 */
	const double a1 = 2.0 / 3, a2 = 0.75, pair12 = (0.5 + 0.5) / 2;

	for (size_t i = 0; i < 16; i++)
		logp[i] = log(p[i]);
	ck_assert_double_eq_tol(eval("auc_ovr", &o, NULL, 0), (1 + a1 + a2) / 3, 1e-15);
	ck_assert_double_eq_tol(eval("auc_ovr_weighted", &o, NULL, 0), (1 + a1 + 2 * a2) / 4, 1e-15);
	ck_assert_double_eq_tol(eval("auc_ovo", &o, NULL, 0), (1 + 1 + pair12) / 3, 1e-15);
	ck_assert_double_eq_tol(eval("auc_ovo_weighted", &o, NULL, 0), (2 * 1 + 3 * 1 + 3 * pair12) / 8, 1e-15);
}
END_TEST

START_TEST(calibration_by_hand)
{
	/* confidences 0.6 and 0.8, both right, 0.9 wrong: sums of gaps 0.4, 0.6, -0.3 */
	const struct lb_metric_inputs o = { .kind = LB_MULTICLASS, .n_classes = 3, .n = 3, .label = (const int32_t[]){ 0, 1, 2 },
					    .pred = (const int32_t[]){ 1, 1, 2 }, .conf = (const double[]){ 0.9, 0.8, 0.6 } };
	/* two equal confidences are one step: 1 right of 2 at 0.5 */
	const struct lb_metric_inputs tied = { .kind = LB_BINARY, .n_classes = 2, .n = 2, .label = (const int32_t[]){ 0, 1 }, .pred = (const int32_t[]){ 0, 0 },
					       .conf = (const double[]){ 0.5, 0.5 }, .score = (const double[]){ 0, 0 } };
	const double logp[] = { log(0.5), log(0.25), log(0.25) };
	const struct lb_metric_inputs row = { .kind = LB_MULTICLASS, .n_classes = 3, .n = 1, .label = (const int32_t[]){ 0 }, .log_probability = logp };

	ck_assert_double_eq_tol(eval("ks_calibration", &o, NULL, 0), 0.6 / 3, 1e-15);
	ck_assert_double_eq(eval("ks_calibration", &tied, NULL, 0), 0);
	ck_assert_double_eq(eval("classwise_ece", &tied, NULL, 0), 0);
	ck_assert_double_eq_tol(eval("classwise_ece", &row, NULL, 0), (0.5 + 0.25 + 0.25) / 3, 1e-15);
}
END_TEST

/* Three labels: one that is told from the rest, one reversed with an unknown entry, one nowhere. */
START_TEST(areas_of_labels)
{
	const double score[] = { 3, 1, 5, 2, 2, 6, 1, 9, 7 }, label[] = { 1, 1, 0, 0, 0, 0, 0, -1, 0 };
	struct lb_metric_inputs o = { .kind = LB_MULTILABEL, .n = 3, .t = 3, .pred_t = score, .target_t = label };

	ck_assert_double_eq(eval("auc_labels", &o, NULL, 0), 0.5);
	/* there 3 and 1, not 5, 2, 2, 6, 1, 7: 3 beats three, 1 ties one */
	ck_assert_double_eq_tol(eval("auc_micro", &o, NULL, 0), 3.5 / 12, 1e-15);
	o.n = 1, o.t = 2;
	ck_assert(isnan(eval("auc_labels", &o, NULL, 0)) && isnan(eval("auc_micro", &o, NULL, 0)));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("classes");
	TCase *t = tcase_create("classes");

	tcase_add_test(t, averages_by_hand);
	tcase_add_test(t, ordered_classes_by_hand);
	tcase_add_test(t, kappas_of_little);
	tcase_add_test(t, areas_by_hand);
	tcase_add_test(t, areas_of_three_classes);
	tcase_add_test(t, calibration_by_hand);
	tcase_add_test(t, areas_of_labels);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("classes")
