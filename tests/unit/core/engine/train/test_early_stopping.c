/* Early stopping by a metric that is undefined after some epochs (core/engine/train/trainer.c):
 * such an epoch is never the best one. */
#include "tests/unit/core/training.h"

enum { EPOCHS = 8 };
#define U ((double)NAN)

static struct problem p;
static double script[EPOCHS];            /* the metric after each epoch */
static size_t calls;

/* Evaluated once an epoch, on the validation rows, and for each part when the training has
 * ended. */
static int scripted(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *ignored)
{
	(void)o;
	(void)par;
	(void)ignored;
	*value = calls < EPOCHS ? script[calls] : 0;
	calls++;
	return 0;
}

static const struct lb_metric metric = { .base = { .name = "scripted", .tasks = 1 << LB_MULTICLASS }, .higher_is_better = true, .eval = scripted };

static const struct {
	double value[EPOCHS];
	size_t epochs, best, undefined;
} cases[] = {
	{ { U, U, U, U, U, U, U, U }, 8, 8, 8 },
	{ { U, U, U, U, U, 1, U, 2 }, 8, 8, 6 },
	{ { U, U, U, U, U, 3, U, 2 }, 8, 6, 6 },
	{ { U, 1, 3, U, U, U, 9, 9 }, 6, 3, 4 },
	{ { 2, U, U, U, 9, 9, 9, 9 }, 4, 1, 3 },
	{ { -INFINITY, U, 1, 0, 0, 0, 9, 9 }, 6, 3, 1 },
	{ { 1, 2, 3, 4, 5, 6, 7, 8 }, 8, 8, 0 },
};

static struct lb_train_result run(train_fn *train, const double *value)
{
	const struct lb_metric_use use = { .metric = &metric, .key = "scripted" };
	struct lb_setup s = with_metrics(trial(&p, "ce", "", "lr=0.1"), &use, 1);

	s.stop = (struct lb_early_stopping){ .on = true, .metric = 0, .patience = 3 };
	s.curve[LB_VALID] = true;
	memcpy(script, value, sizeof script);
	calls = 0;
	return train_alone(train, cohort_of(&p, &s, 1, EPOCHS, 16), &s);
}

static struct lb_train_result run_free(train_fn *train, size_t epochs)
{
	struct lb_setup s = trial(&p, "ce", "", "lr=0.1");
	struct lb_cohort c = cohort_of(&p, &s, 1, epochs, 16);

	return train_alone(train, c, &s);
}

START_TEST(undefined_is_never_the_best)
{
	train_fn *const train = precision[_i % 2];
	const size_t k = (size_t)_i / 2;

	problem_open(&p, LB_MULTICLASS, (const size_t[]){ 60, 20, 20 }, 4, 3);
	problem_draw(&p, 5);
	struct lb_train_result o = run(train, cases[k].value), until = run_free(train, cases[k].best);
	ck_assert_uint_eq(o.epochs, cases[k].epochs);
	ck_assert_uint_eq(o.best_epoch, cases[k].best);
	ck_assert_uint_eq(o.undefined_epochs, cases[k].undefined);
	ck_assert(same_scores(&p, &o, &until));
	lb_train_result_free(&o);
	lb_train_result_free(&until);
	problem_close(&p);
	args_forget();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("early stopping");
	TCase *t = tcase_create("early stopping");

	tcase_add_loop_test(t, undefined_is_never_the_best, 0, 2 * (int)(sizeof cases / sizeof *cases));
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("early_stopping")
