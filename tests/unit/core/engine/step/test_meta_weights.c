/* meta_weights: whose labels the held rows have, and that a step does not count them. Its formula
 * is tested in test_procedures_worked.c. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

/* held (ROWS) <- 1 for the first n rows drawn by train.seed 1. */
static void draw_held(size_t n, int *held)
{
	uint32_t id[ROWS];
	struct lb_rng rng;

	for (uint32_t i = 0; i < ROWS; i++)
		id[i] = i;
	lb_rng_init(&rng, 1, LB_RNG_META, 0);
	lb_rng_shuffle(&rng, id, ROWS);
	for (size_t i = 0; i < n; i++)
		held[id[i]] = 1;
}

/* Where the labels of held rows are wrong too, labels: right gives what labels: given does where
 * those of held rows are right; given itself does not. */
START_TEST(held_rows_have_right_labels)
{
	int held[ROWS] = { 0 };
	int32_t some[ROWS + 20], all[ROWS + 20];
	struct lb_train_result o[3];

	open_problem(LB_MULTICLASS, 3);
	draw_held(6, held);
	for (size_t i = 0; i < p.data.n; i++) {
		all[i] = (p.data.y[i] + (i % 2 == 0)) % 3;
		some[i] = i < ROWS && held[i] ? p.data.y[i] : all[i];
	}
	struct lb_setup s = with(with_hidden(trial(&p, "ce", "", "lr=0.5"), 5, LB_TANH, 0.2), uses, 1);
	for (int k = 0; k < 3; k++) {
		uses[0] = use("meta_weights", k == 1 ? "held=0.25 labels=right" : "held=0.25");
		s.y = k ? all : some;
		o[k] = train_alone(lb_train_f64, cohort_of(&p, &s, 1, 6, 7), &s);
	}
	ck_same_outcome(&o[0], &o[1]);
	ck_assert(!same_parameters(&o[0], &o[2]));
	for (int k = 0; k < 3; k++)
		lb_train_result_free(&o[k]);
}
END_TEST

/* A step on held rows alone moves nothing. */
START_TEST(held_rows_do_not_count)
{
	double plain[D + 1];

	open_problem(LB_BINARY, 2);
	uses[0] = use("meta_weights", "held=0.99");
	const struct lb_setup s = with(trial(&p, "logistic", "", "lr=0.5"), uses, 1);
	struct lb_cohort c = in_order(&s, 1, 1);
	int held[ROWS] = { 0 };
	draw_held(23, held);
	initial(&s, 1, plain);
	size_t moved = 0;
	for (uint32_t i = 0; i < ROWS; i++) {
		struct lb_input_batch input;
		struct lb_learner l;
		double w[D + 1];
		ck_assert_int_eq(lb_learner_open_f64(&l, &c, &s, &err), 0);
		ck_assert_int_eq(lb_input_batch_open_f64(&input, c.features, false, 1, 0, &err), 0);
		lb_input_batch_load_f64(&input, &i, 1, NULL);
		for (int64_t step = 0; step < 23; step++) /* each held row has its turn */
			lb_learner_step_f64(&l, &c, &(struct lb_minibatch){ .input = &input, .rows = &i, .id = &i, .b = 1 }, step, 1);
		lb_model_unpack_f64(&l.model, l.model.w, w);
		const bool same = !memcmp(w, plain, sizeof w);
		ck_assert(!held[i] || same);
		moved += !same;
		lb_input_batch_close_f64(&input);
		lb_learner_close_f64(&l);
	}
	ck_assert_uint_eq(moved, 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("meta_weights");
	TCase *t = tcase_create("meta_weights");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, held_rows_have_right_labels);
	tcase_add_test(t, held_rows_do_not_count);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("meta_weights")
