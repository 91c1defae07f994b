/* Procedures that choose rows by their losses: cvar and small_loss against their definitions. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

/* The smallest value over t of t + mean [l_i - t]+ / a, which is at one of the losses. */
static double value_at_risk(const double *w, double a)
{
	double best = HUGE_VAL;

	for (size_t k = 0; k < ROWS; k++) {
		const double t = row_loss(LOGISTIC, w, k);
		double value = t;
		for (size_t i = 0; i < ROWS; i++)
			value += fmax(row_loss(LOGISTIC, w, i) - t, 0) / a / ROWS;
		best = fmin(best, value);
	}
	return best;
}

/* Value and step are those of the minimum over t, by differences; a B whole, in part, less than a
 * row. */
START_TEST(cvar_is_its_minimum)
{
	static const char *const set[] = { "share=0.5", "share=0.3", "share=0.01", "share=1" };
	static const double share[] = { 0.5, 0.3, 0.01, 1 };
	double w[D + 1];

	open_problem(LB_BINARY, 2);
	uses[0] = use("cvar", set[_i]);
	const struct lb_setup s = with(trial(&p, "logistic", "", "lr=0.3"), uses, 1);
	struct lb_train_result o = train_alone(lb_train_f64, in_order(&s, 1, ROWS), &s);
	initial(&s, 1, w);
	const double a = fmax(share[_i], 1.0 / ROWS);
	ck_near(o.loss_curve[0], value_at_risk(w, a), 1e-12, "loss", 0);
	for (size_t j = 0; j <= D; j++) {
		const double at = w[j], h = 1e-6;
		w[j] = at + h;
		const double up = value_at_risk(w, a);
		w[j] = at - h;
		const double slope = (up - value_at_risk(w, a)) / (2 * h);
		w[j] = at;
		ck_near(o.w[j], at - 0.3 * slope, 1e-8, "parameter", j);
	}
	lb_train_result_free(&o);
}
END_TEST

START_TEST(small_losses_are_kept)
{
	double w[D + 1], g[D + 1], loss[ROWS], weight[ROWS];

	open_problem(LB_BINARY, 2);
	uses[0] = use("small_loss", "keep=0.6");
	const struct lb_setup s = with(trial(&p, "logistic", "", "lr=0.3"), uses, 1);
	struct lb_train_result o = train_alone(lb_train_f64, in_order(&s, 1, ROWS), &s);
	initial(&s, 1, w);
	for (size_t i = 0; i < ROWS; i++)
		loss[i] = row_loss(LOGISTIC, w, i);
	least(loss, ROWS, 14, weight); /* int(14.4) */
	ck_near(o.loss_curve[0], plain_gradient(LOGISTIC, w, 0, ROWS, weight, g), 1e-12, "loss", 0);
	for (size_t j = 0; j <= D; j++)
		ck_near(o.w[j], w[j] - 0.3 * g[j], 1e-12, "parameter", j);
	lb_train_result_free(&o);
}
END_TEST

/* Of the rows that are kept, so many have their true label. */
START_TEST(selected_labels_are_counted)
{
	static int32_t given[ROWS + 20];
	double w[D + 1], loss[ROWS], weight[ROWS], clean = 0;

	open_problem(LB_BINARY, 2);
	for (size_t i = 0; i < p.data.n; i++)
		given[i] = p.data.y[i] ^ (i % 3 == 0);
	uses[0] = use("small_loss", "keep=0.6");
	struct lb_setup s = with(trial(&p, "logistic", "", "lr=0.3"), uses, 1);
	const struct lb_metric_use metric = { .metric = lb_metric_find("selected_clean"), .key = "selected_clean" };
	s.y = given;
	s.metric = &metric;
	s.n_metrics = 1;
	struct lb_train_result o = train_alone(lb_train_f64, in_order(&s, 1, ROWS), &s);
	initial(&s, 1, w);
	for (size_t i = 0; i < ROWS; i++) {
		const double z = row_score(w, i);
		loss[i] = log1p(exp(given[i] ? -z : z));
	}
	least(loss, ROWS, 14, weight);
	for (size_t i = 0; i < ROWS; i++)
		clean += weight[i] > 0 && i % 3;
	for (int part = 0; part < 3; part++)
		ck_assert_double_eq_tol(o.metric[part][0], clean / 14, 1e-15);
	ck_assert(clean > 0 && clean < 14);
	lb_train_result_free(&o);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("row_selection");
	TCase *t = tcase_create("row_selection");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, cvar_is_its_minimum, 0, 4);
	tcase_add_test(t, small_losses_are_kept);
	tcase_add_test(t, selected_labels_are_counted);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("row_selection")
