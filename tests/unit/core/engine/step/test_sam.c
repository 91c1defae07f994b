/* sam and its variants against their formulas by plain loops. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

/* One step over all rows: w - lr (grad(w + rho g / |g|) + decay w). */
START_TEST(sam_is_its_formula)
{
	const enum form form = _i ? SQUARES : LOGISTIC;
	const double lr = 0.3, decay = 0.1, rho = 0.7;
	double w[D + 1], g[D + 1], moved[D + 1], at[D + 1];

	open_problem(_i ? LB_REGRESSION : LB_BINARY, _i ? 1 : 2);
	uses[0] = use("sam", "rho=0.7");
	const struct lb_setup s = with(trial(&p, _i ? "mse" : "logistic", "", "lr=0.3 weight_decay=0.1"), uses, 1);
	for (int k = 0; k < 2; k++) {
		struct lb_train_result o = train_alone(precision[k], in_order(&s, 1, ROWS), &s);
		initial(&s, 1, w);
		const double value = plain_gradient(form, w, 0, ROWS, NULL, g), long_is = length(g, D + 1);
		for (size_t j = 0; j <= D; j++)
			moved[j] = w[j] + rho * g[j] / long_is;
		plain_gradient(form, moved, 0, ROWS, NULL, at);
		ck_near(o.loss_curve[0], value, k ? 1e-6 : 1e-13, "loss", 0);
		for (size_t j = 0; j <= D; j++)
			ck_near(o.w[j], w[j] - lr * (at[j] + (j < D ? decay * w[j] : 0)), k ? 3e-6 : 1e-13, "parameter", j);
		lb_train_result_free(&o);
	}
}
END_TEST

/* On a quadratic the second gradient is A (v + rho A v / |A v|), with v from the minimum: the first
 * gradient plus rho A u, u its direction, where A = 2 X'X / n. */
START_TEST(sam_on_a_quadratic)
{
	double w[D + 1], g[D + 1], a[(D + 1) * (D + 1)] = { 0 };

	open_problem(LB_REGRESSION, 1);
	uses[0] = use("sam", "rho=2");
	const struct lb_setup s = with(trial(&p, "mse", "", "lr=1"), uses, 1);
	struct lb_train_result o = train_alone(lb_train_f64, in_order(&s, 1, ROWS), &s);
	initial(&s, 1, w);
	plain_gradient(SQUARES, w, 0, ROWS, NULL, g);
	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j < (D + 1) * (D + 1); j++) {
			const size_t r = j / (D + 1), c = j % (D + 1);
			a[j] += 2.0 / ROWS * (r < D ? x_of(&p)[i * D + r] : 1) * (c < D ? x_of(&p)[i * D + c] : 1);
		}
	for (size_t r = 0; r <= D; r++) {
		double along = 0;
		for (size_t c = 0; c <= D; c++)
			along += a[r * (D + 1) + c] * g[c] / length(g, D + 1);
		ck_near(o.w[r], w[r] - (g[r] + 2 * along), 1e-12, "parameter", r);
	}
	lb_train_result_free(&o);
}
END_TEST

/* asam's move, entry by entry; and gsam without its own part is sam to the byte. */
START_TEST(variants_of_sam)
{
	double w[D + 1], g[D + 1], at[D + 1], moved[D + 1], norm = 0;

	open_problem(LB_BINARY, 2);
	uses[0] = use("asam", "rho=0.7");
	struct lb_setup s = with(trial(&p, "logistic", "", "lr=0.3"), uses, 1);
	struct lb_train_result o = train_alone(lb_train_f64, in_order(&s, 1, ROWS), &s);
	initial(&s, 1, w);
	plain_gradient(LOGISTIC, w, 0, ROWS, NULL, g);
	for (size_t j = 0; j <= D; j++)
		norm += w[j] * g[j] * w[j] * g[j];
	for (size_t j = 0; j <= D; j++)
		moved[j] = w[j] + 0.7 * w[j] * w[j] * g[j] / sqrt(norm);
	plain_gradient(LOGISTIC, moved, 0, ROWS, NULL, at);
	for (size_t j = 0; j <= D; j++)
		ck_near(o.w[j], w[j] - 0.3 * at[j], 1e-12, "parameter", j);
	lb_train_result_free(&o);

	uses[1] = use("sam", "rho=0.3");
	uses[2] = use("gsam", "rho=0.3 alpha=0");
	const struct lb_setup sam = with(s, uses + 1, 1), gsam = with(s, uses + 2, 1);
	for (int k = 0; k < 2; k++) {
		struct lb_train_result a = train_alone(precision[k], in_order(&sam, 3, 5), &sam), b = train_alone(precision[k], in_order(&gsam, 3, 5), &gsam);
		ck_same_outcome(&a, &b);
		lb_train_result_free(&a);
		lb_train_result_free(&b);
	}
}
END_TEST

START_TEST(gsam_as_worked_elsewhere)
{
	ck_worked(&(struct worked){ "gsam", "rho=0.05 alpha=0.4", 1, { 0.294433089, -0.1172628967, 0.2963313018 } });
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sam");
	TCase *t = tcase_create("sam");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, sam_is_its_formula, 0, 2);
	tcase_add_test(t, sam_on_a_quadratic);
	tcase_add_test(t, variants_of_sam);
	tcase_add_test(t, gsam_as_worked_elsewhere);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("sam")
