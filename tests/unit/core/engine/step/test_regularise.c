/* Regularisers in a training: what a step adds to the parameters is the gradient by differences of
 * a value in plain loops, and the proximal points are exact; the same bytes in company, and plain
 * training at weight 0. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

enum { HIDDEN = 5, CLASSES = 3, N_W = (D + 1) * HIDDEN, N = N_W + (HIDDEN + 1) * CLASSES };

static struct lb_regulariser_use regularisers[4];

static struct lb_regulariser_use regulariser(const char *name, const char *set, double weight)
{
	const struct lb_info *info = lb_info_find(lb_regularisers, name);

	return (struct lb_regulariser_use){ info, args(info, set), weight };
}

static struct lb_setup with_regularisers(struct lb_setup s, size_t n)
{
	s.regulariser = regularisers;
	s.n_regularisers = n;
	s.keep_model = true;
	return s;
}

/* ---- values in plain loops of a network of one hidden layer, w in the plain order ---- */

static double activated(enum lb_activation act, double a)
{
	return act == LB_RELU ? (a > 0 ? a : 0) : act == LB_TANH ? tanh(a) : act == LB_IDENTITY ? a : act == LB_COS ? cos(a) : a * 0.5 * erfc(-a * sqrt(0.5));
}

static void scores_at(enum lb_activation act, const double *w, const double *x, double *z)
{
	double h[HIDDEN];

	for (size_t k = 0; k < HIDDEN; k++) {
		double a = w[HIDDEN * D + k];
		for (size_t j = 0; j < D; j++)
			a += w[k * D + j] * x[j];
		h[k] = activated(act, a);
	}
	for (size_t o = 0; o < CLASSES; o++) {
		z[o] = w[N_W + CLASSES * HIDDEN + o];
		for (size_t k = 0; k < HIDDEN; k++)
			z[o] += w[N_W + o * HIDDEN + k] * h[k];
	}
}

/* Mean over the rows of the squared slope of the scores, by differences in the features. */
static double squared_slope(enum lb_activation act, const double *w)
{
	const double step = 1e-4;
	double sum = 0;

	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j < D; j++) {
			double x[D], above[CLASSES], below[CLASSES];
			memcpy(x, x_of(&p) + i * D, sizeof x);
			x[j] += step;
			scores_at(act, w, x, above);
			x[j] -= 2 * step;
			scores_at(act, w, x, below);
			for (size_t o = 0; o < CLASSES; o++)
				sum += (above[o] - below[o]) / (2 * step) * (above[o] - below[o]) / (2 * step);
		}
	return sum / ROWS;
}

/* Mean negative entropy of the softmax. */
static double negative_entropy(enum lb_activation act, const double *w)
{
	double sum = 0;

	for (size_t i = 0; i < ROWS; i++) {
		double z[CLASSES], total = 0;
		scores_at(act, w, x_of(&p) + i * D, z);
		for (size_t o = 0; o < CLASSES; o++)
			total += exp(z[o]);
		for (size_t o = 0; o < CLASSES; o++)
			sum += exp(z[o]) / total * log(exp(z[o]) / total);
	}
	return sum / ROWS;
}

/* Half the squares of the weights of the second layer. */
static double second_squares(enum lb_activation act, const double *w)
{
	double sum = 0;

	(void)act;
	for (size_t i = 0; i < CLASSES * HIDDEN; i++)
		sum += w[N_W + i] * w[N_W + i] / 2;
	return sum;
}

static const struct {
	const char *name, *set;
	double (*value)(enum lb_activation act, const double *w);
} plain[] = { { "jacobian_norm", "", squared_slope }, { "entropy", "", negative_entropy }, { "l2", "layers=[2]", second_squares } };

/* One step over all rows with and without the regulariser, in which the procedures sam (whose
 * gradient is of the losses) and none take part. */
START_TEST(a_step_is_the_gradient_of_differences)
{
	const enum lb_activation act = (const enum lb_activation[]){ LB_RELU, LB_TANH, LB_GELU, LB_IDENTITY, LB_COS }[_i / 2];
	const double weight = 0.7, h = 1e-5;
	double w[N];

	open_problem(LB_MULTICLASS, CLASSES);
	for (size_t k = 0; k < sizeof plain / sizeof *plain; k++) {
		if (_i % 2 && plain[k].value == negative_entropy)
			continue;      /* sam moves it with the loss */
		uses[0] = use("sam", "rho=0.3");
		const struct lb_setup s = with(with_hidden(trial(&p, "ce", "", "lr=1"), HIDDEN, act, 0), uses, _i % 2);
		regularisers[0] = regulariser(plain[k].name, plain[k].set, weight);
		const struct lb_setup t = with_regularisers(s, 1);
		for (int precise = 1; precise >= 0; precise--) {
			struct lb_train_result a = train_alone(precision[!precise], in_order(&s, 1, ROWS), &s), b = train_alone(precision[!precise], in_order(&t, 1, ROWS), &t);
			initial(&s, 1, w);
			for (size_t i = 0; i < N; i++) {
				const double at = w[i];
				w[i] = at + h;
				const double above = plain[k].value(act, w);
				w[i] = at - h;
				const double below = plain[k].value(act, w);
				w[i] = at;
				ck_near(b.w[i] - a.w[i], -weight * (above - below) / (2 * h), precise ? 2e-6 : 2e-5, plain[k].name, i);
			}
			ck_assert_double_eq(a.loss_curve[0], b.loss_curve[0]);
			lb_train_result_free(&a);
			lb_train_result_free(&b);
		}
	}
}
END_TEST

/* lr times weight is the size of the threshold, layer by layer; biases stay. */
START_TEST(proximal_points_follow_the_step)
{
	open_problem(LB_MULTICLASS, CLASSES);
	const struct lb_setup s = with(with_hidden(trial(&p, "ce", "", "lr=0.5"), HIDDEN, LB_TANH, 0), NULL, 0);
	regularisers[0] = regulariser("l1", "layers=[1]", 0.3);
	const struct lb_setup t = with_regularisers(s, 1);
	struct lb_train_result a = train_alone(lb_train_f64, in_order(&s, 1, ROWS), &s), b = train_alone(lb_train_f64, in_order(&t, 1, ROWS), &t);
	size_t zeros = 0;

	for (size_t i = 0; i < N; i++) {
		const bool weight = i < HIDDEN * D;
		const double left = fabs(a.w[i]) - 0.15, want = !weight ? a.w[i] : left > 0 ? copysign(left, a.w[i]) : 0;
		ck_near(b.w[i], want, 1e-15, "parameter", i);
		zeros += weight && b.w[i] == 0;
	}
	ck_assert_uint_gt(zeros, 0);
	ck_assert_uint_lt(zeros, HIDDEN * D);
	lb_train_result_free(&a);
	lb_train_result_free(&b);
}
END_TEST

/* Every regulariser: at weight 0 plain training, else other bytes, which are the same alone, in a
 * cohort and with two threads. */
START_TEST(the_same_in_company)
{
	enum { K = 16 };
	static struct lb_regulariser_use one[K];
	struct lb_setup s[K];
	struct lb_train_result alone[K], together[K];
	size_t n = 1;

	open_problem(LB_MULTICLASS, CLASSES);
	s[0] = with(with_hidden(trial(&p, "ce", "", "lr=0.1 momentum=0.9"), HIDDEN, LB_TANH, 0.2), NULL, 0);
	for (const struct lb_info *const *info = lb_regularisers; *info; info++, n++) {
		ck_assert_uint_lt(n, K);
		s[n] = s[0];
		one[n] = (struct lb_regulariser_use){ *info, args(*info, ""), 0 };
		s[n].regulariser = &one[n];
		s[n].n_regularisers = 1;
	}
	for (int k = 0; k < 2; k++)
		for (int weight = 0; weight < 2; weight++) {
			struct lb_cohort c = cohort_of(&p, s, n, 4, 7);
			for (size_t i = 0; i < n; i++) {
				one[i].weight = 0.01 * weight;
				alone[i] = train_alone(precision[k], c, &s[i]);
				ck_assert_msg(same_parameters(&alone[0], &alone[i]) == (i == 0 || !weight), "%s", i ? one[i].info->name : "plain");
			}
			for (c.threads = 1; c.threads < 3; c.threads++) {
				train_all(precision[k], &c, together);
				for (size_t i = 0; i < n; i++) {
					ck_same_outcome(&alone[i], &together[i]);
					lb_train_result_free(&together[i]);
				}
			}
			for (size_t i = 0; i < n; i++)
				lb_train_result_free(&alone[i]);
		}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("regularise");
	TCase *t = tcase_create("regularise");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, a_step_is_the_gradient_of_differences, 0, 10);
	tcase_add_test(t, proximal_points_follow_the_step);
	tcase_add_test(t, the_same_in_company);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("regularise")
