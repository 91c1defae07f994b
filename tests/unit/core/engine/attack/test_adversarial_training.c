/* Training on attacked rows against the exact robust loss; robust metrics against the dual norm;
 * who keeps its bytes. */
#include "core/training/full_batch_objective.h"
#include "tests/unit/core/training.h"

enum { FEATURES = 5 };

static struct problem p;

static struct lb_setup robust_setup(const char *loss, const char *kind, const char *set)
{
	struct lb_setup s = trial(&p, loss, "", "lr=0.2");

	s.attack = kind ? lb_info_find(lb_attacks_f64, kind) : NULL;
	s.attack_par = kind ? args(s.attack, set) : NULL;
	return s;
}

/* (1/n) sum phi(s_i - eps |w|_*), phi the logistic loss or the squared hinge. */
static double exact_risk(const double *v, bool l2, double eps, bool hinge)
{
	const size_t d = p.features.d;
	double norm = 0, sum = 0;

	for (size_t k = 0; k < d; k++)
		norm += l2 ? v[k] * v[k] : fabs(v[k]);
	norm = l2 ? sqrt(norm) : norm;
	for (size_t i = 0; i < p.split.n[LB_TRAIN]; i++) {
		double z = v[d];
		for (size_t k = 0; k < d; k++)
			z += v[k] * x_of(&p)[i * d + k];
		const double s = (p.data.y[i] ? z : -z) - eps * norm;
		sum += hinge ? fmax(1 - s, 0) * fmax(1 - s, 0) : fmax(-s, 0) + log1p(exp(-fabs(s)));
	}
	return sum / (double)p.split.n[LB_TRAIN];
}

START_TEST(training_on_the_closed_form_is_the_exact_robust_loss)
{
	const bool l2 = _i % 2, hinge = _i / 2;
	double v[FEATURES + 1], g[FEATURES + 1];

	problem_open(&p, LB_BINARY, (const size_t[]){ 60, 0, 5 }, FEATURES, 2);
	problem_draw(&p, 4);
	struct lb_setup s = robust_setup(hinge ? "squared_hinge" : "logistic", "closed_form", l2 ? "norm=l2 eps=0.35" : "eps=0.35");
	s.optimizer = optimizer("lbfgs");
	s.optimizer_par = args(s.optimizer, "weight_decay=0");
	const struct lb_cohort c = cohort_of(&p, &s, 1, 1, 60);
	struct lb_objective *o = lb_objective_new_f64(&c, &s, &err);
	ck_assert(o);
	lb_objective_start_f64(o, v);
	v[FEATURES] = 0.3;
	ck_near(lb_objective_value_f64(o, v, g), exact_risk(v, l2, 0.35, hinge), 1e-13, "risk", 0);
	for (size_t k = 0; k <= FEATURES; k++) {
		const double at = v[k], h = 1e-6;
		v[k] = at + h;
		const double up = exact_risk(v, l2, 0.35, hinge);
		v[k] = at - h;
		ck_near(g[k], (up - exact_risk(v, l2, 0.35, hinge)) / (2 * h), 1e-8, "slope", k);
		v[k] = at;
	}
	lb_objective_free_f64(o);
	problem_close(&p);
	args_forget();
}
END_TEST

/* Two classes and two scores: comp-sum at tau 1 plus nu eps |w_1 - w_0|_*. */
static double adversarial_risk(const double *v, bool l2)
{
	const size_t d = p.features.d;
	double norm = 0, sum = 0;

	for (size_t k = 0; k < d; k++)
		norm += l2 ? (v[d + k] - v[k]) * (v[d + k] - v[k]) : fabs(v[d + k] - v[k]);
	for (size_t i = 0; i < p.split.n[LB_TRAIN]; i++) {
		double gap = v[2 * d + 1] - v[2 * d];
		for (size_t k = 0; k < d; k++)
			gap += (v[d + k] - v[k]) * x_of(&p)[i * d + k];
		sum += log1p(exp(p.data.y[i] ? -gap : gap));
	}
	return sum / (double)p.split.n[LB_TRAIN] + 2 * 0.35 * (l2 ? sqrt(norm) : norm);
}

START_TEST(adv_comp_sum_sees_the_rows_and_the_moved_rows)
{
	const bool l2 = _i;
	double v[2 * FEATURES + 2], g[2 * FEATURES + 2];

	problem_open(&p, LB_MULTICLASS, (const size_t[]){ 60, 0, 5 }, FEATURES, 2);
	problem_draw(&p, 4);
	struct lb_setup s = robust_setup("adv_comp_sum", "closed_form", l2 ? "norm=l2 eps=0.35" : "eps=0.35");
	s.loss_par = args(&s.loss->base, "nu=2");
	s.optimizer = optimizer("lbfgs");
	s.optimizer_par = args(s.optimizer, "weight_decay=0");
	const struct lb_cohort c = cohort_of(&p, &s, 1, 1, 60);
	struct lb_objective *o = lb_objective_new_f64(&c, &s, &err);
	ck_assert(o);
	lb_objective_start_f64(o, v);
	ck_near(lb_objective_value_f64(o, v, g), adversarial_risk(v, l2), 1e-13, "risk", 0);
	for (size_t k = 0; k < 2 * FEATURES + 2; k++) {
		const double at = v[k], h = 1e-6;
		v[k] = at + h;
		const double up = adversarial_risk(v, l2);
		v[k] = at - h;
		ck_near(g[k], (up - adversarial_risk(v, l2)) / (2 * h), 1e-8, "slope", k);
		v[k] = at;
	}
	lb_objective_free_f64(o);
	problem_close(&p);
	args_forget();
}
END_TEST

/* A trial with an attack is the same to the byte in a cohort of others, on two threads, and without
 * an attack as before; radius 0 is no attack. */
START_TEST(attacks_leave_bytes_alone)
{
	train_fn *train = precision[_i % 2];
	const enum lb_kind kind = _i / 2 ? LB_MULTICLASS : LB_BINARY;
	struct lb_train_result company[5];

	problem_open(&p, kind, (const size_t[]){ 90, 10, 30 }, FEATURES, kind == LB_BINARY ? 2 : 3);
	problem_draw(&p, 9);
	const char *loss = kind == LB_BINARY ? "logistic" : "ce";
	struct lb_setup s[5] = {
		robust_setup(loss, NULL, NULL),
		robust_setup(loss, "pgd", "eps=0.3 steps=3"),
		with_hidden(robust_setup(loss, "pgd", "norm=l2 eps=0.3 steps=3 seed=7"), 6, LB_RELU, 0.3),
		robust_setup(loss, "fgsm", "eps=0"),
		robust_setup(loss, "closed_form", "eps=0.3"),
	};
	struct lb_cohort c = cohort_of(&p, s, 5, 3, 32);
	train_all(train, &c, company);
	for (int k = 0; k < 5; k++) {
		struct lb_cohort alone = c;
		alone.threads = 1 + (size_t)(k % 2);
		struct lb_train_result o = train_alone(train, alone, &s[k]);
		ck_same_numbers(o.scores, company[k].scores, 30 * p.columns, "score");
		ck_same_numbers(o.loss_curve, company[k].loss_curve, 3, "loss");
		lb_train_result_free(&o);
	}
	ck_same_numbers(company[3].scores, company[0].scores, 30 * p.columns, "score at radius 0");
	ck_assert(!same_scores(&p, &company[1], &company[0]));
	ck_assert_double_gt(company[4].loss_curve[2], company[0].loss_curve[2]);
	for (int k = 0; k < 5; k++)
		lb_train_result_free(&company[k]);
	problem_close(&p);
	args_forget();
}
END_TEST

/* ---- biases ---- */

START_TEST(no_biases_at_all)
{
	static const char *const names[] = { "sgd", "adam" };

	problem_open(&p, LB_MULTICLASS, (const size_t[]){ 60, 0, 5 }, FEATURES, 3);
	problem_draw(&p, 4);
	for (int k = 0; k < 2; k++) {
		struct lb_setup s = with_hidden(robust_setup("ce", 0, NULL), 4, LB_TANH, 0);
		s.model.bias_init = LB_BIAS_NONE;
		s.optimizer = optimizer(names[k]);
		s.optimizer_par = args(s.optimizer, "lr=0.1 weight_decay=0.01");
		s.keep_model = true;
		const struct lb_cohort c = cohort_of(&p, &s, 1, 3, 20);
		struct lb_train_result o = train_alone(precision[k], c, &s);
		double weights = 0;
		for (size_t i = 0; i < o.n_params; i++) {
			const bool bias = (i >= 4 * FEATURES && i < 4 * FEATURES + 4) || i >= 4 * FEATURES + 4 + 12;
			ck_assert(!bias || o.w[i] == 0);
			weights += fabs(o.w[i]);
		}
		ck_assert_double_gt(weights, 1);
		lb_train_result_free(&o);
	}
	problem_close(&p);
	args_forget();
}
END_TEST

/* ---- robust metrics ---- */

/* Gap and largest loss of row i of a linear model whose parameters are v, within the closed form's
 * ball. */
static double worst_gap(const double *v, size_t i, bool l2, double eps)
{
	const size_t d = p.features.d, c = p.columns, label = (size_t)p.data.y[i];
	double most = -HUGE_VAL;

	for (size_t j = 0; j < (c > 1 ? c : 1); j++) {
		double gap = c > 1 ? v[c * d + j] - v[c * d + label] : label ? -v[d] : v[d], norm = 0;
		if (c > 1 && j == label)
			continue;
		for (size_t k = 0; k < d; k++) {
			const double u = c > 1 ? v[j * d + k] - v[label * d + k] : label ? -v[k] : v[k];
			gap += u * x_of(&p)[i * d + k];
			norm += l2 ? u * u : fabs(u);
		}
		most = fmax(most, gap + eps * (l2 ? sqrt(norm) : norm));
	}
	return most;
}

START_TEST(robust_metrics_are_those_of_the_dual_norm)
{
	const bool l2 = _i % 2;
	const size_t classes = (size_t)(_i / 2) + 2;
	const enum lb_kind kind = classes == 2 ? LB_BINARY : LB_MULTICLASS;
	static const char *const names[] = { "robust_accuracy", "robust_class_error", "accuracy", "robust_log_loss" };
	struct lb_metric_use use[4];

	problem_open(&p, kind, (const size_t[]){ 300, 0, 700 }, FEATURES, classes);
	problem_draw(&p, 12);
	for (int k = 0; k < 4; k++)
		use[k] = metric_use(names[k]);
	struct lb_setup s = with_metrics(robust_setup(kind == LB_BINARY ? "logistic" : "ce", 0, NULL), use, 4);
	s.keep_model = true;
	s.eval_attack = lb_info_find(lb_attacks_f64, "closed_form");
	s.eval_attack_par = args(s.eval_attack, l2 ? "norm=l2 eps=0.25" : "eps=0.25");
	const struct lb_cohort c = cohort_of(&p, &s, 1, 10, 32);
	struct lb_train_result o = train_alone(lb_train_f64, c, &s);
	double right = 0, first = 0, first_wrong = 0, loss = 0;
	for (size_t n = 0; n < 700; n++) {
		const size_t i = p.split.rows[LB_TEST][n];
		const double gap = worst_gap(o.w, i, l2, 0.25);
		right += gap < 0;
		first += p.data.y[i] == 0;
		first_wrong += p.data.y[i] == 0 && gap >= 0;
		loss += fmax(gap, 0) + log1p(exp(-fabs(gap)));
	}
	ck_assert_double_eq_tol(o.metric[LB_TEST][0], right / 700, 1e-12);
	ck_assert_double_eq_tol(o.metric[LB_TEST][1], first_wrong / first, 1e-12);
	ck_assert_double_lt(o.metric[LB_TEST][0], o.metric[LB_TEST][2]);
	if (kind == LB_BINARY)
		ck_near(o.metric[LB_TEST][3], loss / 700, 1e-12, "robust_log_loss", 0);
	lb_train_result_free(&o);

	/* no attack by gradients finds more */
	s.eval_attack = lb_info_find(lb_attacks_f64, "pgd");
	s.eval_attack_par = args(s.eval_attack, l2 ? "norm=l2 eps=0.25 objective=all restarts=2 steps=40" : "eps=0.25 objective=all restarts=2");
	o = train_alone(lb_train_f64, c, &s);
	ck_assert_double_ge(o.metric[LB_TEST][0], right / 700);
	ck_assert_double_le(o.metric[LB_TEST][0], right / 700 + 0.005);
	lb_train_result_free(&o);
	problem_close(&p);
	args_forget();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("adversarial_training");
	TCase *t = tcase_create("training");

	tcase_add_loop_test(t, training_on_the_closed_form_is_the_exact_robust_loss, 0, 4);
	tcase_add_loop_test(t, adv_comp_sum_sees_the_rows_and_the_moved_rows, 0, 2);
	tcase_add_loop_test(t, attacks_leave_bytes_alone, 0, 4);
	tcase_add_test(t, no_biases_at_all);
	tcase_add_loop_test(t, robust_metrics_are_those_of_the_dual_norm, 0, 4);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("adversarial_training")
