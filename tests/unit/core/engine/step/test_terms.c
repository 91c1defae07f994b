/* A weighted sum of losses: its step is the sum of the steps of each loss, for losses of every form
 * and need; one loss of weight 1 is plain training to the byte; in a cohort and with a memory of
 * rows, too. Each head of a model is moved by the terms that read it. */
#include "tests/unit/core/training.h"

enum { ROWS = 24, D = 4, CLASSES = 3, WIDTH = 5 };

static struct problem p;
static double teacher[(ROWS + 20) * CLASSES];

static void open_problem(enum lb_kind kind, size_t out)
{
	problem_open(&p, kind, (const size_t[]){ ROWS, 10, 10 }, D, out);
	problem_draw(&p, 11);
	for (size_t i = 0; i < p.data.n * CLASSES; i++)
		teacher[i] = 2 * x_of(&p)[i / CLASSES * D + i % CLASSES];
}

static void teardown(void)
{
	problem_close(&p);
	args_forget();
}

/* Two losses of one task; kinds may differ in distillation. */
struct pair {
	enum lb_kind kind[2];
	const char *loss[2], *set[2];
	size_t classes;
	const char *view;        /* its parameters, or NULL */
};

static const struct pair pairs[] = {
	{ { LB_DISTILLATION, LB_MULTICLASS }, { "kd", "ce" }, { "", "" }, 3, NULL },
	{ { LB_DISTILLATION, LB_MULTICLASS }, { "kl_top", "focal" }, { "k=2", "" }, 3, NULL },
	{ { LB_DISTILLATION, LB_MULTICLASS }, { "kd", "elr" }, { "temperature=2", "lambda=2" }, 3, NULL },
	{ { LB_MULTICLASS, LB_MULTICLASS }, { "ce", "bias" }, { "", "" }, 3, NULL },
	{ { LB_MULTICLASS, LB_MULTICLASS }, { "elr", "aldr_kl" }, { "", "" }, 3, NULL },
	{ { LB_MULTICLASS, LB_MULTICLASS }, { "gjs", "ce" }, { "", "" }, 3, "count=3" },
	{ { LB_MULTICLASS, LB_MULTICLASS }, { "mae", "gjs" }, { "", "" }, 3, "count=2" },
	{ { LB_BINARY, LB_BINARY }, { "logistic", "pairwise_squared" }, { "", "" }, 2, NULL },
	{ { LB_REGRESSION, LB_REGRESSION }, { "mse", "huber" }, { "", "" }, 2, NULL },
	{ { LB_EMBEDDING, LB_EMBEDDING }, { "normalized_softmax", "normalized_softmax" }, { "", "temperature=0.5" }, 3, NULL },
	{ { LB_EMBEDDING, LB_EMBEDDING }, { "tri_bce", "normalized_softmax" }, { "", "temperature=0.5" }, 2, NULL },
};
enum { PAIRS = sizeof pairs / sizeof *pairs };

static struct lb_setup setup_of(const struct pair *q)
{
	const enum lb_kind kind = lb_kind_of_data(q->kind[0]);
	struct lb_setup s;

	open_problem(kind, q->classes);
	s = with_hidden(trial(&p, kind == LB_BINARY ? "logistic" : kind == LB_REGRESSION ? "mse" : "ce", "", "lr=1"), WIDTH, LB_TANH, 0);
	s.loss = lb_loss_find(q->kind[0], q->loss[0]);
	s.loss_par = args(&s.loss->base, q->set[0]);
	s.teacher = q->kind[0] == LB_DISTILLATION ? teacher : NULL;
	s.keep_model = true;
	s.keep_scores = true;
	if (q->view) {
		s.view = lb_info_find(lb_augmentations_f64, "gaussian_noise");
		s.view_par = args(s.view, q->view);
	}
	return s;
}

static struct lb_term term_of(const struct pair *q, int i, double weight)
{
	const struct lb_loss_info *info = lb_loss_find(q->kind[i], q->loss[i]);

	return (struct lb_term){ .loss = info, .par = args(&info->base, q->set[i]), .weight = weight };
}

static struct lb_setup with_terms(struct lb_setup s, const struct lb_term *term, size_t n)
{
	s.term = term;
	s.n_terms = n;
	return s;
}

/* One step over all training rows. */
static struct lb_train_result one_step(const struct lb_setup *s)
{
	struct lb_cohort c = cohort_of(&p, s, 1, 1, ROWS);

	c.shuffle = false;
	return train_alone(lb_train_f64, c, s);
}

/* With lr 1 the parameters after a step are the initial ones less the gradient, which is linear in
 * the weights. A term that owns parameters moves them alone: those of the first stand before those
 * of the second. */
START_TEST(steps_add_up)
{
	const struct pair *q = &pairs[_i];
	struct lb_setup s = setup_of(q);
	const double weight[2] = { 0.75, 1.5 };
	const struct lb_term term[2] = { term_of(q, 0, weight[0]), term_of(q, 1, weight[1]) }, unit[2] = { term_of(q, 0, 1), term_of(q, 1, 1) };
	const struct lb_term tiny[2] = { term_of(q, 0, 1e-300), term_of(q, 1, 1e-300) };
	const struct lb_loss_shape shape = lb_setup_loss_shape(&s, p.data.n_classes);
	const size_t net = lb_model_spec_size(&s.model);
	const size_t first = lb_loss_n_params(term[0].loss, term[0].par, &shape);
	struct lb_setup setup[] = { with_terms(s, term, 2), with_terms(s, unit, 1), with_terms(s, unit + 1, 1), with_terms(s, tiny, 2) };
	struct lb_train_result o[4];

	if (first && lb_loss_n_params(term[1].loss, term[1].par, &shape))
		setup[2].loss = unit[1].loss;
	for (int k = 0; k < 4; k++) {
		o[k] = one_step(&setup[k]);
		ck_assert_msg(o[k].status == LB_TRIAL_OK, "%s", o[k].cause);
	}
	ck_assert_uint_eq(o[0].n_params, o[3].n_params);
	ck_near(o[0].loss_curve[0], weight[0] * o[1].loss_curve[0] + weight[1] * o[2].loss_curve[0], 1e-12, "loss", 0);
	double moved = 0;
	for (size_t i = 0; i < o[0].n_params; i++) {
		const bool of_first = i >= net && i < net + first, of_second = i >= net + first;
		const double at = o[3].w[i], one = of_second ? 0 : o[1].w[i] - at;
		const double two = of_first ? 0 : (of_second ? o[2].w[i - first] : o[2].w[i]) - at;
		ck_near(o[0].w[i], at + weight[0] * one + weight[1] * two, 1e-12, "parameter", i);
		moved = fmax(moved, fabs(weight[0] * one) > 1e-3 && fabs(two) > 1e-3);
	}
	ck_assert_msg(moved > 0, "%s and %s: no parameter is moved by both", q->loss[0], q->loss[1]);
	for (int k = 0; k < 4; k++)
		lb_train_result_free(&o[k]);
}
END_TEST

/* A list of the one loss with weight 1 is the loss alone, with its memory and parameters, over
 * several epochs. */
START_TEST(one_term_is_plain)
{
	const struct pair *q = &pairs[_i];
	const struct lb_setup s = setup_of(q);
	const struct lb_term term = { .loss = s.loss, .par = s.loss_par, .weight = 1 };
	const struct lb_setup listed = with_terms(s, &term, 1);
	const struct lb_cohort c = cohort_of(&p, &s, 1, 3, 10);

	for (int f = 0; f < 2; f++) {
		struct lb_train_result a = train_alone(precision[f], c, &s), b = train_alone(precision[f], c, &listed);
		ck_same_numbers(a.w, b.w, a.n_params, "parameter");
		ck_same_numbers(a.loss_curve, b.loss_curve, 3, "training loss");
		lb_train_result_free(&a);
		lb_train_result_free(&b);
	}
}
END_TEST

/* The first term reads head 1, the second head 2: a step moves each head as its term alone would,
 * and the hidden layer by both. */
START_TEST(heads_are_apart)
{
	const struct pair *q = &pairs[_i];
	struct lb_setup s = setup_of(q);
	struct lb_term term[2] = { term_of(q, 0, 0.75), term_of(q, 1, 1.5) }, tiny[2] = { term_of(q, 0, 1e-300), term_of(q, 1, 1e-300) };
	const size_t columns = s.model.width[2], hidden = (D + 1) * WIDTH;
	struct lb_train_result o[4];

	if (q->kind[0] == LB_EMBEDDING)
		return;
	s.model.heads = 2;
	s.model.width[2] = 2 * columns;
	term[1].head = tiny[1].head = 1;
	const size_t net = lb_model_spec_size(&s.model);
	const struct lb_setup setup[] = { with_terms(s, term, 2), with_terms(s, term, 1), with_terms(s, term + 1, 1), with_terms(s, tiny, 2) };
	for (int k = 0; k < 4; k++) {
		o[k] = one_step(&setup[k]);
		ck_assert_msg(o[k].status == LB_TRIAL_OK, "%s", o[k].cause);
	}
	ck_near(o[0].loss_curve[0], o[1].loss_curve[0] + o[2].loss_curve[0], 1e-12, "loss", 0);
	bool moved[3] = { false };
	for (size_t i = 0; i < net; i++) {
		const size_t out = i < hidden ? 0 : i - hidden < 2 * columns * WIDTH ? (i - hidden) / WIDTH : i - hidden - 2 * columns * WIDTH;
		const double at = o[3].w[i], one = o[1].w[i] - at, two = o[2].w[i] - at;
		ck_near(o[0].w[i], at + one + two, 1e-12, "parameter", i);
		if (i >= hidden && out < columns)
			ck_near(two, 0, 1e-280, "head 1 by the term of head 2, parameter", i);
		if (i >= hidden && out >= columns)
			ck_near(one, 0, 1e-280, "head 2 by the term of head 1, parameter", i);
		moved[i < hidden ? 0 : out < columns ? 1 : 2] |= fabs(i < hidden ? one * two : one + two) > 1e-6;
	}
	for (int k = 0; k < 3; k++)
		ck_assert_msg(moved[k], "%s and %s: part %d does not move", q->loss[0], q->loss[1], k);
	for (int k = 0; k < 4; k++)
		lb_train_result_free(&o[k]);
}
END_TEST

/* Sums in a cohort of others, and on two threads. */
START_TEST(the_same_in_company)
{
	const struct pair *q = &pairs[2];
	const struct lb_setup s = setup_of(q);
	const struct lb_term term[2] = { term_of(q, 0, 0.3), term_of(q, 1, 0.7) };
	const struct lb_setup all[] = { s, with_terms(s, term, 2), with_terms(s, term + 1, 1) };
	struct lb_cohort c = cohort_of(&p, all, 3, 3, 10);

	for (int f = 0; f < 2; f++) {
		struct lb_train_result together[3];
		c.threads = 2;
		train_all(precision[f], &c, together);
		c.threads = 1;
		for (int k = 0; k < 3; k++) {
			struct lb_train_result alone = train_alone(precision[f], c, &all[k]);
			ck_same_numbers(alone.w, together[k].w, alone.n_params, "parameter");
			ck_same_numbers(alone.loss_curve, together[k].loss_curve, 3, "training loss");
			ck_assert(k == 0 || memcmp(together[k].w, together[k - 1].w, alone.n_params * sizeof(double)));
			lb_train_result_free(&alone);
		}
		for (int k = 0; k < 3; k++)
			lb_train_result_free(&together[k]);
	}
}
END_TEST

/* Twice the weights: the same optimum, and twice the objective. */
START_TEST(full_batch_minimises_the_sum)
{
	const struct pair *q = &pairs[0];
	struct lb_setup s = setup_of(q);
	const struct lb_term once[2] = { term_of(q, 0, 0.5), term_of(q, 1, 0.5) }, twice[2] = { term_of(q, 0, 1), term_of(q, 1, 1) };

	s.model = (struct lb_model_spec){ .n_layers = 1, .width = { D, CLASSES }, .seed = 1 };
	s.optimizer = optimizer("lbfgs");
	s.optimizer_par = args(s.optimizer, "tolerance=1e-10");
	const struct lb_setup both[] = { with_terms(s, once, 2), with_terms(s, twice, 2) };
	struct lb_train_result o[2];
	for (int k = 0; k < 2; k++) {
		const struct lb_cohort c = cohort_of(&p, &both[k], 1, 1, ROWS);
		ck_assert_msg(!lb_fit_f64(&c, &o[k], &err), "%s", err.text);
		ck_assert(o[k].gradient < 1e-8);
	}
	ck_near(o[1].objective, 2 * o[0].objective, 1e-10, "objective", 0);
	for (size_t i = 0; i < 10 * CLASSES; i++)
		ck_near(o[1].scores[i], o[0].scores[i], 1e-6, "score", i);
	lb_train_result_free(&o[0]);
	lb_train_result_free(&o[1]);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("terms");
	TCase *t = tcase_create("sums");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, steps_add_up, 0, PAIRS);
	tcase_add_loop_test(t, one_term_is_plain, 0, PAIRS);
	tcase_add_loop_test(t, heads_are_apart, 0, PAIRS);
	tcase_add_test(t, the_same_in_company);
	tcase_add_test(t, full_batch_minimises_the_sum);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("terms")
