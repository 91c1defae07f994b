/* Tests core/metrics/operating_point.c and gini by hand; random splits stand in
 * tests/golden/metrics_everyday.json. */
#include "tests/unit/core/metrics/eval_metric.h"

static struct lb_metric_inputs scored(size_t n, const double *score, const int32_t *label)
{
	return (struct lb_metric_inputs){ .kind = LB_BINARY, .n_classes = 2, .n = n, .score = score, .label = label };
}

static double at(const char *name, const struct lb_metric_inputs *o, double rate)
{
	return eval(name, o, &rate, 1);
}

/* Falling: + - + + - -, whose points are (TP, FP) = 0 0, 1 0, 1 1, 2 1, 3 1, 3 2, 3 3. */
START_TEST(points_by_hand)
{
	const struct lb_metric_inputs o = scored(6, (const double[]){ 6, 5, 4, 3, 2, 1 }, (const int32_t[]){ 1, 0, 1, 1, 0, 0 });

	ck_assert_double_eq(at("precision_at_recall", &o, 0.3), 1);
	ck_assert_double_eq(at("precision_at_recall", &o, 1.0 / 3), 1);
	ck_assert_double_eq(at("precision_at_recall", &o, 0.34), 0.75);
	ck_assert_double_eq(at("precision_at_recall", &o, 1), 0.75);
	ck_assert_double_eq(at("recall_at_precision", &o, 0.75), 1);
	ck_assert_double_eq(at("recall_at_precision", &o, 0.76), 1.0 / 3);
	ck_assert_double_eq(at("sensitivity_at_specificity", &o, 1), 1.0 / 3);
	ck_assert_double_eq(at("sensitivity_at_specificity", &o, 0.6), 1);
	ck_assert_double_eq(at("fpr_at_tpr", &o, 1.0 / 3), 0);
	ck_assert_double_eq(at("fpr_at_tpr", &o, 0.95), 1.0 / 3);
	ck_assert_double_eq_tol(eval("eer", &o, NULL, 0), 1.0 / 3, 1e-15);
	ck_assert_double_eq_tol(eval("ks", &o, NULL, 0), 2.0 / 3, 1e-15);
	ck_assert_double_eq_tol(eval("gini", &o, NULL, 0), 2 * 7.0 / 9 - 1, 1e-15);
	ck_assert_double_eq_tol(at("lift", &o, 0.5), 2.0 / 3 / 0.5, 1e-15);
	/* 1.5 rows: a positive and half a negative */
	ck_assert_double_eq_tol(at("lift", &o, 0.25), 1.0 / 3 / 0.25, 1e-15);
	ck_assert_double_eq_tol(at("lift", &o, 1), 1, 1e-15);
}
END_TEST

/* Rows of equal score pass the threshold together, in whatever order they stand. */
START_TEST(ties_are_one_point)
{
	const double score[] = { 2, 1, 1, 1, 0 };
	static const int32_t orders[][5] = { { 1, 1, 0, 0, 0 }, { 1, 0, 1, 0, 0 }, { 1, 0, 0, 1, 0 } };

	for (size_t k = 0; k < 3; k++) {
		const struct lb_metric_inputs o = scored(5, score, orders[k]);
		ck_assert_double_eq(at("precision_at_recall", &o, 0.9), 0.5);
		ck_assert_double_eq(at("recall_at_precision", &o, 0.9), 0.5);
		ck_assert_double_eq(at("sensitivity_at_specificity", &o, 0.9), 0.5);
		ck_assert_double_eq_tol(at("fpr_at_tpr", &o, 0.9), 2.0 / 3, 1e-15);
		/* from (0, 1/2) to (2/3, 1): FPR t 2/3 meets 1 - TPR = 1/2 - t/2 at t = 3/7 */
		ck_assert_double_eq_tol(eval("eer", &o, NULL, 0), 2.0 / 7, 1e-15);
		ck_assert_double_eq_tol(at("lift", &o, 0.4), (1 + 1.0 / 3) / 2 / 0.4, 1e-15);
	}
}
END_TEST

START_TEST(flat_perfect_and_reversed)
{
	const int32_t label[] = { 1, 0, 1, 0 };
	const struct lb_metric_inputs flat = scored(4, (const double[]){ 0, 0, 0, 0 }, label), right = scored(4, (const double[]){ 2, 0, 1, -1 }, label),
				      wrong = scored(4, (const double[]){ -2, 1, -1, 2 }, label);
	const struct lb_metric_inputs *all[] = { &flat, &right, &wrong };
	static const struct {
		const char *name;
		double value[3];
	} expected[] = {
		{ "precision_at_recall", { 0.5, 1, 0.5 } }, { "recall_at_precision", { 0, 1, 0 } }, { "sensitivity_at_specificity", { 0, 1, 0 } },
		{ "fpr_at_tpr", { 1, 0, 1 } }, { "eer", { 0.5, 0, 1 } }, { "ks", { 0, 1, 0 } }, { "gini", { 0, 1, -1 } }, { "lift", { 1, 2, 0 } },
	};

	for (size_t m = 0; m < sizeof expected / sizeof *expected; m++)
		for (size_t k = 0; k < 3; k++)
			ck_assert_msg(fabs(eval(expected[m].name, all[k], NULL, 0) - expected[m].value[k]) < 1e-15, "%s of %zu: %g", expected[m].name, k,
				      eval(expected[m].name, all[k], NULL, 0));
}
END_TEST

START_TEST(one_class)
{
	const double score[] = { 1, 2 };
	const struct lb_metric_inputs pos = scored(2, score, (const int32_t[]){ 1, 1 }), neg = scored(2, score, (const int32_t[]){ 0, 0 });
	static const char *const names[] = { "precision_at_recall", "recall_at_precision", "lift", "sensitivity_at_specificity", "fpr_at_tpr", "eer", "ks",
					     "gini" };

	for (size_t m = 0; m < sizeof names / sizeof *names; m++) {
		ck_assert_msg(isnan(eval(names[m], &neg, NULL, 0)), "%s without a positive row", names[m]);
		const double value = eval(names[m], &pos, NULL, 0);
		ck_assert_msg(m < 3 ? fabs(value - 1) < 1e-15 : isnan(value), "%s without a negative row: %g", names[m], value);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("operating_point");
	TCase *t = tcase_create("operating_point");

	tcase_add_test(t, points_by_hand);
	tcase_add_test(t, ties_are_one_point);
	tcase_add_test(t, flat_perfect_and_reversed);
	tcase_add_test(t, one_class);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("operating_point")
