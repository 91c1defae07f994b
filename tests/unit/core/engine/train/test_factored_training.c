/* Trainings with a factored head: those of a linear head but for rounding, the same bytes alone, in
 * company, with threads, and when they go on from a checkpoint within an epoch. */
#include "core/base/interrupt.h"
#include "core/training/head_info.h"
#include "tests/unit/core/training.h"

#include <unistd.h>

enum { CLASSES = 40, EPOCHS = 6 };

static struct problem p;
static struct lb_metric_use uses[2];
static char path[64];

static void setup(void)
{
	problem_open(&p, LB_MULTICLASS, (size_t[]){ 150, 20, 30 }, 5, CLASSES);
	problem_draw(&p, 4);
	uses[0] = metric_use("log_loss");
	uses[1] = metric_use("accuracy");
	snprintf(path, sizeof path, "/tmp/lossbench-factored-%ld", (long)getpid());
}

static void teardown(void)
{
	unlink(path);
	problem_close(&p);
	args_forget();
	lb_stop_requested = 0;
}

static const char *const losses[] = { "mse_scores", "log_taylor", "z_loss" };

/* Loss i % 3; weight decay, of biases too, in every second. */
static struct lb_setup head_trial(int i, const char *head)
{
	struct lb_setup s = with_metrics(with_hidden(trial(&p, losses[i % 3], "", i % 2 ? "lr=0.02 weight_decay=0.1 decay_bias=true" : "lr=0.02"), 9, LB_RELU, 0.2), uses, 2);

	lb_model_spec_head(&s.model, lb_info_find(lb_heads_f64, head), NULL);
	s.keep_model = true;
	s.curve[LB_VALID] = true;
	return with_schedule(s, "cosine", "");
}

static struct lb_train_result trained(train_fn *how, const struct lb_setup *s, size_t threads)
{
	struct lb_cohort c = cohort_of(&p, s, 1, EPOCHS, 16);

	c.threads = threads;
	return train_alone(how, c, s);
}

static void ck_close(const struct lb_setup *s, const struct lb_train_result *a, const struct lb_train_result *b, double tolerance)
{
	ck_assert_int_eq(a->status, LB_TRIAL_OK);
	for (size_t k = 0; k < lb_model_spec_size(&s->model); k++)
		ck_near(a->w[k], b->w[k], tolerance, "parameter", k);
	for (size_t e = 0; e < EPOCHS; e++) {
		ck_near(a->loss_curve[e], b->loss_curve[e], tolerance * (1 + fabs(b->loss_curve[e])), "loss", e);
		ck_near(a->curve[LB_VALID][2 * e], b->curve[LB_VALID][2 * e], tolerance * 10, "log-loss", e);
	}
}

static void ck_same(const struct lb_setup *s, const struct lb_train_result *a, const struct lb_train_result *b)
{
	ck_same_numbers(a->w, b->w, lb_model_spec_size(&s->model), "parameter");
	ck_same_numbers(a->loss_curve, b->loss_curve, EPOCHS, "loss");
	ck_same_numbers(a->curve[LB_VALID], b->curve[LB_VALID], (size_t)2 * EPOCHS, "curve");
}

START_TEST(as_a_linear_head)
{
	for (int precise = 1; precise >= 0; precise--) {
		const struct lb_setup dense = head_trial(_i, "linear"), factored = head_trial(_i, "factored");
		struct lb_train_result a = trained(precision[!precise], &factored, 1), b = trained(precision[!precise], &dense, 1);
		ck_close(&dense, &a, &b, precise ? 1e-11 : 1e-4);
		lb_train_result_free(&a);
		lb_train_result_free(&b);
	}
}
END_TEST

/* Rows count as often as their weights say. */
START_TEST(weights_of_rows)
{
	double weight[200];
	struct lb_setup dense = head_trial(_i, "linear"), factored = head_trial(_i, "factored");

	for (size_t i = 0; i < 200; i++)
		weight[i] = (double)(i % 3);
	dense.row_weight = factored.row_weight = weight;
	struct lb_train_result a = trained(lb_train_f64, &factored, 1), b = trained(lb_train_f64, &dense, 1);
	ck_close(&dense, &a, &b, 1e-11);
	lb_train_result_free(&a);
	lb_train_result_free(&b);
}
END_TEST

START_TEST(alone_and_in_company)
{
	const struct lb_setup three[] = { head_trial(0, "linear"), head_trial(1, "factored"), head_trial(2, "factored") };

	for (int k = 0; k < 2; k++) {
		struct lb_train_result together[3];
		const struct lb_cohort c = cohort_of(&p, three, 3, EPOCHS, 16);
		train_all(precision[k], &c, together);
		for (int i = 0; i < 3; i++) {
			struct lb_train_result alone = trained(precision[k], &three[i], 2);
			ck_same(&three[i], &alone, &together[i]);
			lb_train_result_free(&alone);
			lb_train_result_free(&together[i]);
		}
	}
}
END_TEST

static void stop_in_the_fourth(void *arg, size_t i, size_t epoch, double train_loss, const double *valid)
{
	(void)arg, (void)i, (void)train_loss, (void)valid;
	lb_stop_requested = epoch == 4;
}

/* The state that is kept is one within an epoch, between two settlings. */
START_TEST(goes_on_within_an_epoch)
{
	for (int k = 0; k < 2; k++) {
		struct lb_setup s = head_trial(_i, "factored");
		s.model.dropout = 0;
		struct lb_train_result whole = trained(precision[k], &s, 1), part, rest;
		s.checkpoint = s.checkpoint_tag = path;
		struct lb_cohort c = cohort_of(&p, &s, 1, EPOCHS, 16);
		c.keep_seconds = 1e-12;
		c.progress = stop_in_the_fourth;
		part = train_alone(precision[k], c, &s);
		ck_assert_int_eq(part.status, LB_TRIAL_INTERRUPTED);
		lb_stop_requested = 0;
		ck_assert(!access(path, R_OK));
		c.keep_seconds = 0;
		c.progress = NULL;
		struct lb_setup other = s;     /* whose first weights are others: those of the state count */
		other.model.seed++;
		rest = train_alone(precision[k], c, &other);
		ck_same(&s, &whole, &rest);
		lb_train_result_free(&whole);
		lb_train_result_free(&part);
		lb_train_result_free(&rest);
		unlink(path);
	}
}
END_TEST

START_TEST(the_best_epoch_is_taken)
{
	struct lb_setup dense = head_trial(_i, "linear"), factored = head_trial(_i, "factored");

	dense.stop = factored.stop = (struct lb_early_stopping){ .on = true, .metric = 0, .patience = 2 };
	struct lb_train_result a = trained(lb_train_f64, &factored, 1), b = trained(lb_train_f64, &dense, 1);
	ck_assert_uint_eq(a.best_epoch, b.best_epoch);
	for (size_t k = 0; k < lb_model_spec_size(&dense.model); k++)
		ck_near(a.w[k], b.w[k], 1e-11, "parameter", k);
	lb_train_result_free(&a);
	lb_train_result_free(&b);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("factored_training");
	TCase *t = tcase_create("factored_training");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, as_a_linear_head, 0, 6);
	tcase_add_loop_test(t, weights_of_rows, 0, 3);
	tcase_add_test(t, alone_and_in_company);
	tcase_add_loop_test(t, goes_on_within_an_epoch, 0, 3);
	tcase_add_loop_test(t, the_best_epoch_is_taken, 0, 3);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("factored_training")
