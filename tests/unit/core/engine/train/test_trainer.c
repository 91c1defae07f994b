/* core/train: what a training promises whatever its loss: company changes nothing, the order of an
 * epoch, early stopping, divergence, a request to stop. The arithmetic is
 * in tests/unit/core/engine/step/test_step.c. */
#include "core/base/interrupt.h"
#include "tests/unit/core/training.h"

static struct problem p;
static struct lb_metric_use uses[2];

static void open_classes(void)
{
	const size_t rows[] = { 47, 20, 15 };

	problem_open(&p, LB_MULTICLASS, rows, 6, 3);
	problem_draw(&p, 3);
	uses[0] = metric_use("log_loss");
	uses[1] = metric_use("accuracy");
}

static void open_targets(void)
{
	const size_t rows[] = { 40, 12, 11 };

	problem_open(&p, LB_REGRESSION, rows, 4, 2);
	problem_draw(&p, 4);
	uses[0] = metric_use("rmse");
	uses[1] = metric_use("mae");
}

static void teardown(void)
{
	problem_close(&p);
	args_forget();
	lb_stop_requested = 0;
}

static void ck_same_outcome(const struct lb_train_result *a, const struct lb_train_result *b, size_t n_metrics)
{
	ck_assert_int_eq(a->status, b->status);
	ck_assert_uint_eq(a->epochs, b->epochs);
	ck_assert_uint_eq(a->best_epoch, b->best_epoch);
	ck_assert_int_eq(a->steps, b->steps);
	ck_assert_uint_eq(a->n_params, b->n_params);
	ck_assert_uint_eq(a->bad_epoch, b->bad_epoch);
	ck_assert_int_eq(a->bad_step, b->bad_step);
	ck_assert_str_eq(a->cause, b->cause);
	ck_same_numbers(a->loss_curve, b->loss_curve, a->epochs, "training loss");
	for (int part = 0; part < 3; part++) {
		ck_same_numbers(a->metric[part], b->metric[part], n_metrics, "metric");
		ck_same_numbers(a->curve[part], b->curve[part], a->epochs * n_metrics, "curve");
	}
	if (a->status == LB_TRIAL_OK)
		ck_same_numbers(a->scores, b->scores, p.split.n[LB_TEST] * p.columns, "score");
}

/* ---- company ---- */

static int32_t noisy[128];

/* Trials of every sort that fit one cohort; width: of the hidden layer, 0: linear. */
static void company(struct lb_setup t[5], size_t width)
{
	const char *const loss[] = { "ce", "elr", "mae", "gce", "label_smoothing" };
	const char *const sgd[] = { "lr=0.1", "lr=0.5 momentum=0.9", "lr=1", "lr=0.05 weight_decay=0.01", "lr=0.2 momentum=0.5 nesterov=true" };

	for (size_t i = 0; i < p.data.n; i++)
		noisy[i] = i % 4 ? p.data.y[i] : (int32_t)((i / 4) % 3);
	for (size_t i = 0; i < 5; i++) {
		t[i] = trial(&p, loss[i], "", sgd[i]);
		if (width)
			t[i] = with_hidden(t[i], width, (enum lb_activation)(i % 3), i == 1 ? 0.3 : 0);
		t[i] = with_metrics(t[i], uses, 2);
		t[i].model.seed = i / 2;
		t[i].y = i % 2 ? noisy : p.data.y;
		t[i].curve[LB_VALID] = i != 2;
	}
	t[1] = with_schedule(t[1], "cosine", "warmup=0.2");
	t[3].stop = (struct lb_early_stopping){ .on = true, .metric = 0, .patience = 1, .min_delta = 0.02 };
	t[4].optimizer = optimizer("adam");
	t[4].optimizer_par = args(t[4].optimizer, "lr=0.01");
	t[4].clip_norm = 0.5;
}

static void ck_company(train_fn *train, const struct lb_setup *t, size_t k, size_t threads)
{
	struct lb_cohort c = cohort_of(&p, t, k, 6, 10);
	struct lb_train_result out[5];

	c.threads = threads;
	train_all(train, &c, out);
	c.threads = 1;
	for (size_t i = 0; i < k; i++) {
		struct lb_train_result alone = train_alone(train, c, &t[i]);
		ck_same_outcome(&out[i], &alone, 2);
		lb_train_result_free(&alone);
		lb_train_result_free(&out[i]);
	}
}

START_TEST(company_changes_nothing)
{
	struct lb_setup t[5];

	open_classes();
	company(t, _i / 4 ? 0 : 8);
	ck_company(precision[_i % 2], t, _i / 2 % 2 ? 5 : 3, _i / 2 % 2 ? 2 : 1);
}
END_TEST

/* With k = 0 no row is left out, so that twelve epochs, of which the tenth rests, are eleven of
 * gce; the rows are in one order always. */
START_TEST(an_epoch_may_rest)
{
	struct lb_setup t[2];
	struct lb_train_result out[2];

	open_classes();
	for (size_t i = 0; i < 2; i++)
		t[i] = with_metrics(with_hidden(trial(&p, i ? "gce" : "tgce_pruned", i ? "" : "k=0", "lr=0.3 momentum=0.9"), 4, LB_TANH, 0), uses, 2);
	for (size_t i = 0; i < 2; i++) {
		struct lb_cohort c = cohort_of(&p, &t[i], 1, 12 - i, 47);
		c.shuffle = false;
		train_all(precision[_i], &c, &out[i]);
	}
	for (size_t i = 0; i < p.split.n[LB_TEST] * p.columns; i++)
		ck_near(out[0].scores[i], out[1].scores[i], _i ? 1e-5 : 1e-12, "score", i);
	for (size_t i = 0; i < 11; i++)
		ck_near(out[0].loss_curve[i + (i > 9)], out[1].loss_curve[i], _i ? 1e-6 : 1e-13, "training loss", i);
	for (size_t i = 0; i < 2; i++)
		lb_train_result_free(&out[i]);
}
END_TEST

START_TEST(divergence_leaves_the_others_alone)
{
	struct lb_setup t[5];

	open_targets();
	for (size_t i = 0; i < 5; i++) {
		t[i] = with_metrics(trial(&p, i == 3 ? "huber" : "mse", "", i == 2 ? "lr=1000000" : "lr=0.05"), uses, 2);
		t[i].model.seed = i;
	}
	const struct lb_cohort c = cohort_of(&p, t, 5, 60, 8);
	struct lb_train_result out[5];

	train_all(precision[_i], &c, out);
	for (size_t i = 0; i < 5; i++) {
		struct lb_train_result alone = train_alone(precision[_i], c, &t[i]);
		ck_assert_int_eq(out[i].status, i == 2 ? LB_TRIAL_DIVERGED : LB_TRIAL_OK);
		ck_same_outcome(&out[i], &alone, 2);
		lb_train_result_free(&alone);
		lb_train_result_free(&out[i]);
	}
}
END_TEST

START_TEST(trials_differ)
{
	struct lb_setup t[5];
	struct lb_train_result out[5];

	open_classes();
	company(t, 8);
	const struct lb_cohort c = cohort_of(&p, t, 5, 6, 10);
	train_all(lb_train_f64, &c, out);
	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < i; k++)
			ck_assert(!same_scores(&p, &out[i], &out[k]));
	for (size_t i = 0; i < 5; i++)
		lb_train_result_free(&out[i]);
}
END_TEST

/* ---- the order of an epoch ---- */

struct passes {
	double loss[4][8];
};

static void note_loss(void *arg, size_t i, size_t epoch, double train_loss, const double *valid)
{
	(void)valid;
	((struct passes *)arg)->loss[i][epoch - 1] = train_loss;
}

/* Where the order of the rows is visible: steps so large that they do not commute. */
static struct lb_train_result ordered(uint64_t seed, size_t epochs, bool shuffle, uint64_t model_seed, double *loss)
{
	struct passes passes;
	struct lb_setup t = trial(&p, "ce", "", "lr=0.5");
	struct lb_cohort c = cohort_of(&p, &t, 1, epochs, 5);

	t.model.seed = model_seed;
	c.order_seed = seed;
	c.shuffle = shuffle;
	c.progress = note_loss;
	c.progress_arg = &passes;
	struct lb_train_result o = train_alone(lb_train_f64, c, &t);
	memcpy(loss, passes.loss[0], epochs * sizeof *loss);
	return o;
}

START_TEST(order_depends_on_seed_and_epoch)
{
	double a[8], b[16];

	open_classes();
	struct lb_train_result first = ordered(1, 3, true, 1, a), again = ordered(1, 3, true, 1, b);
	ck_same_numbers(a, b, 3, "training loss");
	ck_assert(same_scores(&p, &first, &again));
	struct lb_train_result longer = ordered(1, 6, true, 1, b), other = ordered(2, 3, true, 1, b + 6);
	ck_same_numbers(a, b, 3, "training loss of a shorter run");
	ck_assert(!same_scores(&p, &first, &other));
	struct lb_train_result fixed = ordered(1, 3, false, 1, a), fixed2 = ordered(2, 3, false, 1, b);
	ck_assert(same_scores(&p, &fixed, &fixed2));
	ck_assert(!same_scores(&p, &first, &fixed));
	struct lb_train_result *all[] = { &first, &again, &longer, &other, &fixed, &fixed2 };
	for (size_t i = 0; i < 6; i++)
		lb_train_result_free(all[i]);
}
END_TEST

/* ---- the count of steps ---- */

/* Adam's first step is lr in every direction; the first test rows are the origin and the unit
 * vectors. */
START_TEST(steps_count_from_one)
{
	open_classes();
	struct lb_setup t = trial(&p, "ce", "", "");
	double *x = x_of(&p) + p.split.rows[LB_TEST][0] * 6;

	memset(x, 0, 7 * 6 * sizeof *x);
	for (size_t j = 0; j < 6; j++)
		x[(j + 1) * 6 + j] = 1;
	t.model.init = LB_INIT_ZERO;
	t.optimizer = optimizer(_i ? "adamw" : "adam");
	t.optimizer_par = args(t.optimizer, "lr=0.01");
	struct lb_train_result o = train_alone(lb_train_f64, cohort_of(&p, &t, 1, 1, 47), &t);
	for (size_t i = 0; i < 7 * 3; i++)
		ck_assert_double_eq_tol(fabs(o.scores[i] - (i < 3 ? 0 : o.scores[i % 3])), 0.01, 1e-7);
	lb_train_result_free(&o);
}
END_TEST

/* ---- early stopping ---- */

static struct lb_setup stopping(const char *loss, size_t metric, int64_t patience, double min_delta)
{
	struct lb_setup t = with_metrics(with_hidden(trial(&p, loss, "", "lr=0.05 momentum=0.9"), 16, LB_TANH, 0), uses, 2);

	t.stop = (struct lb_early_stopping){ .on = true, .metric = metric, .patience = patience, .min_delta = min_delta };
	t.curve[LB_VALID] = true;
	return t;
}

/* What the rule gives on a curve: the best epoch and the last one. */
static void by_rule(const double *v, size_t n, bool higher, int64_t patience, double min_delta, size_t *best, size_t *last)
{
	*best = 1;
	for (*last = 1; *last <= n; ++*last) {
		const double gain = higher ? v[*last - 1] - v[*best - 1] : v[*best - 1] - v[*last - 1];
		if (gain > min_delta)
			*best = *last;
		if ((int64_t)(*last - *best) >= patience)
			return;
	}
	*last = n;
}

static const struct {
	size_t metric;
	int64_t patience;
	double min_delta;
} rules[] = { { 0, 1, 0 }, { 0, 3, 0 }, { 0, 3, 0.05 }, { 0, 100, 0 }, { 1, 1, 0 }, { 1, 4, 0 }, { 1, 2, 0.1 }, { 0, 2, 1e9 } };

START_TEST(early_stopping_follows_its_rule)
{
	const size_t m = rules[_i / 2].metric, epochs = 25;
	size_t best, last;
	double curve[64];

	open_classes();
	struct lb_setup free_run = stopping("ce", m, 1000, 0), t = stopping("ce", m, rules[_i / 2].patience, rules[_i / 2].min_delta);
	free_run.stop.on = false;
	const struct lb_cohort c = cohort_of(&p, &t, 1, epochs, 10);
	struct lb_train_result all = train_alone(precision[_i % 2], c, &free_run), o = train_alone(precision[_i % 2], c, &t);
	for (size_t e = 0; e < epochs; e++)
		curve[e] = all.curve[LB_VALID][e * 2 + m];
	by_rule(curve, epochs, m == 1, rules[_i / 2].patience, rules[_i / 2].min_delta, &best, &last);
	ck_assert_uint_eq(o.epochs, last);
	ck_assert_uint_eq(o.best_epoch, best);
	ck_assert_int_eq(o.steps, (int64_t)last * 5);
	ck_assert_uint_eq(all.epochs, epochs);
	ck_assert_uint_eq(all.best_epoch, epochs);
	ck_same_numbers(o.curve[LB_VALID], all.curve[LB_VALID], last * 2, "curve");
	ck_same_numbers(o.metric[LB_VALID], all.curve[LB_VALID] + (best - 1) * 2, 2, "restored metric");

	const struct lb_cohort until = cohort_of(&p, &t, 1, best, 10);
	struct lb_train_result stopped = train_alone(precision[_i % 2], until, &free_run);
	ck_assert(same_scores(&p, &o, &stopped));
	lb_train_result_free(&all);
	lb_train_result_free(&o);
	lb_train_result_free(&stopped);
}
END_TEST

START_TEST(stopping_cases_are_not_all_alike)
{
	size_t best, last, later = 0, early = 0;

	open_classes();
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		struct lb_setup t = stopping("ce", rules[i].metric, rules[i].patience, rules[i].min_delta);
		const struct lb_cohort c = cohort_of(&p, &t, 1, 25, 10);
		struct lb_train_result o = train_alone(lb_train_f64, c, &t);
		best = o.best_epoch;
		last = o.epochs;
		later += best > 1 && best < last;
		early += last < 25;
		lb_train_result_free(&o);
	}
	ck_assert_uint_ge(later, 3);
	ck_assert_uint_ge(early, 5);
}
END_TEST

/* ---- divergence ---- */

/* The rate is far beyond what a config allows; the arguments are made by hand. */
static struct lb_setup exploding(double lr)
{
	static struct lb_arg par[16];
	struct lb_setup t = with_metrics(trial(&p, "mse", "", ""), uses, 2);

	memcpy(par, t.optimizer_par, (size_t)t.optimizer->n_params * sizeof *par);
	par[LB_OPT_LR].v = lr;
	t.optimizer_par = par;
	return t;
}

static void ck_diverged(const struct lb_train_result *o, size_t epoch, int64_t step, const char *cause)
{
	ck_assert_int_eq(o->status, LB_TRIAL_DIVERGED);
	ck_assert_uint_eq(o->bad_epoch, epoch);
	ck_assert_int_eq(o->bad_step, step);
	ck_assert_msg(!strncmp(o->cause, cause, strlen(cause)), "%s", o->cause);
	for (int part = 0; part < 3; part++)
		ck_assert_ptr_null(o->metric[part]);
}

/* In float32 the scores are about 1e30 after a step, so that the second loss is 1e60. */
START_TEST(divergence_names_its_step)
{
	open_targets();
	const struct lb_setup t = exploding(1e30);
	const struct lb_cohort c = cohort_of(&p, &t, 1, 5, 40), small = cohort_of(&p, &t, 1, 5, 8);
	struct lb_train_result o = train_alone(lb_train_f32, c, &t);

	ck_diverged(&o, 2, 2, "the training loss is infinite");
	ck_assert_uint_eq(o.epochs, 1);
	ck_assert_int_eq(o.steps, 2);
	lb_train_result_free(&o);
	o = train_alone(lb_train_f32, small, &t);
	ck_diverged(&o, 1, 2, "the training loss is infinite");
	ck_assert_uint_eq(o.epochs, 0);
	lb_train_result_free(&o);
}
END_TEST

START_TEST(divergence_in_double)
{
	open_targets();
	const struct lb_setup t = exploding(1e30);
	struct lb_train_result o = train_alone(lb_train_f64, cohort_of(&p, &t, 1, 50, 8), &t);

	ck_assert_int_eq(o.status, LB_TRIAL_DIVERGED);
	ck_assert_uint_eq(o.bad_epoch, (size_t)(o.bad_step + 4) / 5);
	ck_assert_int_gt(o.bad_step, 5);
	ck_assert_int_eq(o.bad_step, o.steps);
	ck_assert_uint_eq(o.epochs, o.bad_epoch - 1);
	lb_train_result_free(&o);
}
END_TEST

/* The only step overflows: no loss is seen after it, the scores tell. */
START_TEST(divergence_seen_in_the_scores)
{
	open_targets();
	struct lb_setup t = exploding(1e300);
	x_of(&p)[0] = 1e20;
	struct lb_train_result o = train_alone(lb_train_f64, cohort_of(&p, &t, 1, 1, 40), &t);

	ck_diverged(&o, 1, 1, "a score of row 0 (training) is not finite");
	ck_assert_uint_eq(o.epochs, 1);
	lb_train_result_free(&o);
	t.curve[LB_VALID] = true;
	x_of(&p)[40 * 4] = (double)INFINITY;
	o = train_alone(lb_train_f64, cohort_of(&p, &t, 1, 3, 40), &t);
	ck_diverged(&o, 1, 1, "a score of row 40 (validation) is not finite");
	lb_train_result_free(&o);
}
END_TEST

START_TEST(divergence_at_the_first_step)
{
	open_targets();
	struct lb_setup t = exploding(0.1);
	x_of(&p)[3] = 1e300;
	struct lb_train_result o = train_alone(lb_train_f64, cohort_of(&p, &t, 1, 3, 40), &t);

	ck_diverged(&o, 1, 1, "the training loss is infinite");
	ck_assert_int_eq(o.steps, 1);
	lb_train_result_free(&o);
}
END_TEST

/* ---- a request to stop ---- */

static void stop_after_two(void *arg, size_t i, size_t epoch, double train_loss, const double *valid)
{
	(void)i, (void)train_loss, (void)valid;
	++*(int *)arg;
	if (epoch == 2)
		lb_stop_requested = SIGINT;
}

START_TEST(a_stop_request_interrupts_all)
{
	int calls = 0;
	struct lb_setup t[3];
	struct lb_train_result out[3];

	open_classes();
	for (size_t i = 0; i < 3; i++)
		t[i] = with_metrics(trial(&p, "ce", "", "lr=0.1"), uses, 2);
	t[2].stop = (struct lb_early_stopping){ .on = true, .patience = 1, .min_delta = 1e9 };
	t[2].curve[LB_VALID] = true;
	struct lb_cohort c = cohort_of(&p, t, 3, 50, 10);
	c.progress = stop_after_two;
	c.progress_arg = &calls;
	train_all(lb_train_f64, &c, out);
	ck_assert_int_eq(calls, 4);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(out[i].status, LB_TRIAL_INTERRUPTED);
		ck_assert_ptr_null(out[i].metric[LB_TEST]);
		lb_train_result_free(&out[i]);
	}
}
END_TEST

START_TEST(statuses_have_names)
{
	ck_assert_str_eq(lb_status_name(LB_TRIAL_OK), "ok");
	ck_assert_str_eq(lb_status_name(LB_TRIAL_DIVERGED), "diverged");
	ck_assert_str_eq(lb_status_name(LB_TRIAL_FAILED), "failed");
	ck_assert_str_eq(lb_status_name(LB_TRIAL_INTERRUPTED), "interrupted");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("trainer");
	TCase *t = tcase_create("train"), *plain = tcase_create("plain");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, company_changes_nothing, 0, 8);
	tcase_add_loop_test(t, an_epoch_may_rest, 0, 2);
	tcase_add_loop_test(t, divergence_leaves_the_others_alone, 0, 2);
	tcase_add_test(t, trials_differ);
	tcase_add_test(t, order_depends_on_seed_and_epoch);
	tcase_add_loop_test(t, steps_count_from_one, 0, 2);
	tcase_add_loop_test(t, early_stopping_follows_its_rule, 0, 2 * (int)(sizeof rules / sizeof *rules));
	tcase_add_test(t, stopping_cases_are_not_all_alike);
	tcase_add_test(t, divergence_names_its_step);
	tcase_add_test(t, divergence_in_double);
	tcase_add_test(t, divergence_seen_in_the_scores);
	tcase_add_test(t, divergence_at_the_first_step);
	tcase_add_test(t, a_stop_request_interrupts_all);
	tcase_add_test(plain, statuses_have_names);
	suite_add_tcase(s, t);
	suite_add_tcase(s, plain);
	return s;
}

LB_SUITE_MAIN("trainer")
