/* Metrics of rows that are to be forgotten, against SciPy (tests/reference/unlearning.py) and by
 * hand. */
#include "tests/unit/core/metrics/eval_metric.h"

enum { FORGET = 5, SPLIT = 7 };
static const int32_t forget_label[FORGET] = { 0, 0, 1, 1, 0 }, forget_pred[FORGET] = { 0, 1, 1, 0, 0 };
static const int32_t split_label[SPLIT] = { 0, 1, 0, 1, 2, 2, 0 };
static const double forget_logp[FORGET] = { -0.1, -0.4, -0.4, -2.5, -0.05 }, split_logp[SPLIT] = { -0.3, -0.9, -0.4, -1.2, -0.2, -4.0, -0.1 };
static const struct lb_metric_inputs forget = { .kind = LB_MULTICLASS, .n = FORGET, .n_classes = 3, .label = forget_label, .pred = forget_pred, .logp = forget_logp };
static const struct lb_metric_inputs retain = { .kind = LB_MULTICLASS, .n = 4, .n_classes = 3, .label = forget_label, .pred = forget_label };
static const struct lb_metric_inputs split = { .kind = LB_MULTICLASS, .n = SPLIT, .n_classes = 3, .label = split_label, .logp = split_logp,
						.forget = &forget, .retain = &retain };

START_TEST(accuracy_is_of_the_rows_that_it_names)
{
	ck_assert_double_eq_tol(eval("forget_accuracy", &split, NULL, 0), 0.6, 1e-15);
	ck_assert_double_eq(eval("retain_accuracy", &split, NULL, 0), 1);
}
END_TEST

START_TEST(gap_is_that_of_kolmogorov_and_smirnov)
{
	struct lb_metric_inputs own = forget, far = split;
	double logp[SPLIT];

	ck_assert_double_eq_tol(eval("membership_gap", &split, NULL, 0), 0.2, 1e-15);
	own.forget = &forget;
	ck_assert_double_eq(eval("membership_gap", &own, NULL, 0), 0);
	for (int i = 0; i < SPLIT; i++)
		logp[i] = -9 - i;
	far.logp = logp;
	ck_assert_double_eq(eval("membership_gap", &far, NULL, 0), 1); /* losses far above */
	for (int i = 0; i < SPLIT; i++)
		logp[i] = -1e-3 * i;
	ck_assert_double_eq(eval("membership_gap", &far, NULL, 0), 1); /* and far below */
}
END_TEST

/* KL of (3/4, 1/4) from (1/2, 1/2), and of a model from itself. */
START_TEST(divergence_is_of_the_rows_that_it_names)
{
	const double reference[] = { log(3), 0, 1, 1 }, log_p[] = { log(0.5), log(0.5), log(0.5), log(0.5) };
	const double kl = 0.75 * log(1.5) + 0.25 * log(0.5);
	struct lb_metric_inputs of = { .kind = LB_MULTICLASS, .n = 1, .n_classes = 2, .reference = reference, .log_probability = log_p };
	struct lb_metric_inputs o = of;

	o.n = 2;
	o.forget = &of;
	ck_assert_double_eq_tol(eval("kl_to_reference", &o, NULL, 0), kl / 2, 1e-15);
	ck_assert_double_eq_tol(eval("kl_to_reference", &o, (const double[]){ 1 }, 1), kl, 1e-15);
	ck_assert(isnan(eval("kl_to_reference", &o, (const double[]){ 2 }, 1)));
}
END_TEST

START_TEST(without_such_rows_they_are_undefined)
{
	static const char *const names[] = { "forget_accuracy", "retain_accuracy", "membership_gap", "kl_to_reference" };
	const struct lb_metric_inputs none = { .kind = LB_MULTICLASS, .n_classes = 3 };
	struct lb_metric_inputs empty = split, alone = split;

	empty.forget = empty.retain = &none;
	alone.forget = alone.retain = NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ck_assert(isnan(eval(names[i], &empty, NULL, 0)) && isnan(eval(names[i], &alone, NULL, 0)));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("unlearning");
	TCase *t = tcase_create("unlearning");

	tcase_add_test(t, accuracy_is_of_the_rows_that_it_names);
	tcase_add_test(t, gap_is_that_of_kolmogorov_and_smirnov);
	tcase_add_test(t, divergence_is_of_the_rows_that_it_names);
	tcase_add_test(t, without_such_rows_they_are_undefined);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("unlearning")
