/* Optimisers that make a direction of their own: iteration counts of Tyurin's worst case (published
 * with n = 1000), the two-column form, weights, unit length. */
#include "core/engine/optim/optim.h"
#include "tests/unit/core/training.h"

/* One positive row (0.5, -1), n - 1 negative rows (-0.5, -1); the second coordinate is the bias
 * with its sign turned. */
static void worst_case(struct problem *p, enum lb_kind kind, size_t n)
{
	problem_open(p, kind, (const size_t[]){ n, 0, n }, 1, 2);
	for (size_t i = 0; i < 2 * n; i++) {
		x_of(p)[i] = i % n ? -0.5 : 0.5;
		p->data.y[i] = i % n == 0;
	}
}

static struct lb_setup by_rule(const struct problem *p, const char *loss, const char *name, const char *set)
{
	struct lb_setup s = trial(p, loss, "", "");

	s.model.init = LB_INIT_ZERO;
	s.optimizer = optimizer(name);
	s.optimizer_par = args(s.optimizer, set);
	s.curve[LB_TRAIN] = true;
	return s;
}

/* The first epoch, of one step each, after which all rows are right; 0: none of them. */
static size_t steps_needed(train_fn *train, const struct problem *p, struct lb_setup s, size_t epochs)
{
	const struct lb_metric_use use[] = { metric_use("accuracy") };
	const struct lb_cohort c = cohort_of(p, &s, 1, epochs, p->split.n[LB_TRAIN]);
	size_t found = 0;

	s = with_metrics(s, use, 1);
	struct lb_train_result o = train_alone(train, c, &s);
	ck_assert_int_eq(o.status, LB_TRIAL_OK);
	for (size_t e = o.epochs; e-- > 0;)
		found = o.curve[LB_TRAIN][e] == 1 ? e + 1 : found;
	lb_train_result_free(&o);
	return found;
}

static const struct {
	const char *loss, *optimizer, *set;
	size_t n, epochs, steps;
} counts[] = {
	{ "logistic", "normalized_gd", "lr=100", 1000, 20, 2 },
	{ "logistic", "normalized_gd", "lr=10", 1000, 20, 2 },
	{ "logistic", "normalized_gd", "lr=1", 1000, 20, 16 },
	{ "logistic", "normalized_gd", "lr=0.1", 1000, 160, 157 },
	{ "logistic", "sgd", "lr=100", 1000, 320, 308 },
	{ "logistic", "batch_perceptron", "", 1000, 310, 301 },
	{ "hinge", "batch_perceptron", "", 1000, 310, 301 },
	{ "logistic", "batch_perceptron", "normalize=true", 1000, 5, 2 },
	{ "perceptron", "normalized_gd", "", 1000, 5, 2 },
	{ "logistic", "normalized_gd", "lr=1", 100, 20, 11 },
	{ "logistic", "normalized_gd", "lr=0.1", 100, 120, 110 },
	{ "logistic", "batch_perceptron", "", 100, 40, 31 },
	{ "logistic", "normalized_gd", "lr=1", 10, 20, 7 },
	{ "logistic", "normalized_gd", "lr=0.1", 10, 70, 60 },
	{ "logistic", "batch_perceptron", "", 10, 20, 4 },
};

START_TEST(published_counts_come_out)
{
	struct problem p;

	worst_case(&p, LB_BINARY, counts[_i].n);
	const size_t got = steps_needed(lb_train_f64, &p, by_rule(&p, counts[_i].loss, counts[_i].optimizer, counts[_i].set), counts[_i].epochs);
	ck_assert_msg(got == counts[_i].steps, "%s, %s (%s), n = %zu: %zu steps, expected %zu", counts[_i].loss, counts[_i].optimizer,
		      counts[_i].set, counts[_i].n, got, counts[_i].steps);
	problem_close(&p);
}
END_TEST

/* Softmax over two columns moves both columns by half of what the one score moves; so half the sum
 * is the same divisor, and at twice the step the weights of the second column less the first are
 * those of the binary model. */
START_TEST(two_columns_agree_with_one_score)
{
	static const char *const rule[][3] = { { "normalized_gd", "lr=1", "lr=0.5" }, { "batch_perceptron", "", "lr=0.5" },
					       { "batch_perceptron", "normalize=true", "normalize=true lr=0.5" } };
	struct problem one, two;

	worst_case(&one, LB_BINARY, 50);
	worst_case(&two, LB_MULTICLASS, 50);
	for (size_t r = 0; r < 3; r++) {
		const struct lb_setup a = by_rule(&one, "logistic", rule[r][0], rule[r][1]), b = by_rule(&two, "ce", rule[r][0], rule[r][2]);
		const size_t steps = steps_needed(precision[_i], &one, a, 60);
		ck_assert_uint_gt(steps, 0);
		ck_assert_uint_eq(steps_needed(precision[_i], &two, b, 60), steps);
	}
	problem_close(&one);
	problem_close(&two);
}
END_TEST

/* From weights 0 and a rate of 1 without momentum, the parameters after one step are the direction:
 * of length 1. */
START_TEST(length_is_one)
{
	struct problem p;

	problem_open(&p, LB_REGRESSION, (const size_t[]){ 40, 0, 40 }, 3, 1);
	problem_draw(&p, 5);
	memset(x_of(&p) + 40 * 3, 0, 40 * 3 * sizeof(double));
	for (size_t j = 0; j < 3; j++)
		x_of(&p)[(41 + j) * 3 + j] = 1;
	const struct lb_setup s = by_rule(&p, "mse", "normalized_gd", "by=length");
	const struct lb_cohort c = cohort_of(&p, &s, 1, 1, 40);
	struct lb_train_result o = train_alone(precision[_i], c, &s);
	double sum = o.scores[0] * o.scores[0];

	for (size_t j = 1; j <= 3; j++)
		sum += (o.scores[j] - o.scores[0]) * (o.scores[j] - o.scores[0]);
	ck_near(sum, 1, 1e-5, "squared length", 0);
	lb_train_result_free(&o);
	problem_close(&p);
}
END_TEST

START_TEST(directions_of_a_batch)
{
	const double z[] = { 2, -1, 0, 0.5 }, weight[] = { 1, 2, 0.5, 0.5 };
	const int32_t y[] = { 1, 1, 0, 0 };
	double dz[] = { -0.1, -0.4, 0.2, 0.3 }, none[] = { 0, 0, 0, 0 };
	struct lb_scored_batch s = { .b = 4, .views = 1, .c = 1, .ld = 1, .z = z, .y = y, .dz = dz };

	ck_assert_double_eq_tol(lb_by_derivative_f64(&s), 1, 1e-15);
	dz[0] = -1.1;
	ck_assert_double_eq_tol(lb_by_derivative_f64(&s), 2, 1e-15);
	ck_assert_double_eq_tol(dz[0], -0.55, 1e-15);
	ck_assert_double_eq_tol(dz[3], 0.15, 1e-15);
	ck_assert(lb_by_mistakes_f64(1, false, &s) == 1);
	ck_assert(dz[0] == 0 && dz[1] == -0.25 && dz[2] == 0.125 && dz[3] == 0.25);
	s.weight = weight;
	lb_by_mistakes_f64(2, false, &s);
	ck_assert(dz[0] == 0 && dz[1] == -0.5 && dz[2] == 0.125 && dz[3] == 0.125);
	lb_by_mistakes_f64(2, true, &s);
	ck_assert_double_eq_tol(dz[1], -0.5 / 0.75, 1e-15);
	s.dz = none;
	ck_assert(lb_by_derivative_f64(&s) == 1 && none[0] == 0);
}
END_TEST

START_TEST(rival_is_the_largest_other)
{
	const double z[] = { 1, 1, 3, 2, 0, 2 };
	const int32_t y[] = { 0, 0 };
	double dz[6];
	const struct lb_scored_batch s = { .b = 2, .views = 1, .c = 3, .ld = 3, .z = z, .y = y, .dz = dz };

	lb_by_mistakes_f64(2, false, &s);
	ck_assert(dz[0] == -0.5 && dz[1] == 0 && dz[2] == 0.5);
	ck_assert_msg(dz[3] == -0.5 && dz[4] == 0 && dz[5] == 0.5, "a tie with the label is a mistake");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("normalized_gradient");
	TCase *tc = tcase_create("direction");

	tcase_at_least(tc, 60);
	tcase_add_checked_fixture(tc, NULL, args_forget);
	tcase_add_loop_test(tc, published_counts_come_out, 0, (int)(sizeof counts / sizeof *counts));
	tcase_add_loop_test(tc, two_columns_agree_with_one_score, 0, 2);
	tcase_add_loop_test(tc, length_is_one, 0, 2);
	tcase_add_test(tc, directions_of_a_batch);
	tcase_add_test(tc, rival_is_the_largest_other);
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("normalized_gradient")
