/* Training from compressed rows against training from the same rows written out: the same bytes,
 * but where decay is caught up with. */
#include "core/engine/data/batch.h"
#include "tests/unit/core/training.h"

enum { FEATURES = 60, CLASSES = 3 };

static const size_t rows[3] = { 90, 20, 40 };
static struct problem dense, sparse;

/* The dense problem with about one entry in nine, and the same in compressed form. */
static void open_both(void)
{
	const size_t n = rows[0] + rows[1] + rows[2];
	struct lb_rng rng;

	problem_open(&dense, LB_MULTICLASS, rows, FEATURES, CLASSES);
	problem_draw(&dense, 8);
	problem_open(&sparse, LB_MULTICLASS, rows, FEATURES, CLASSES);
	memcpy(sparse.data.y, dense.data.y, n * sizeof *sparse.data.y);
	double *value = x_of(&sparse), *x = x_of(&dense);
	struct lb_matrix *m = &sparse.data.x;
	m->start = lb_alloc(n + 1, sizeof *m->start, &err);
	m->column = lb_alloc(n * FEATURES, sizeof *m->column, &err);
	lb_rng_init(&rng, 4, LB_RNG_TEST, 0);
	for (size_t i = 0, k = 0; i < n; i++) {
		for (size_t j = 0; j < FEATURES; j++) {
			if (lb_rng_below(&rng, 9) || j == 5)
				x[i * FEATURES + j] = 0;
			else {
				m->column[k] = (uint32_t)j;
				value[k++] = x[i * FEATURES + j];
			}
		}
		m->start[i + 1] = k;
	}
	for (size_t j = 0; j < FEATURES; j++)
		sparse.features.scale[j] = dense.features.scale[j] = 0.5 + (double)(j % 4);
}

static void close_both(void)
{
	free(sparse.data.x.start);
	free(sparse.data.x.column);
	problem_close(&sparse);
	problem_close(&dense);
}

static const struct {
	const char *optimizer, *set;
	bool mlp, exact;
} cases[] = {
	{ "sgd", "lr=0.3", false, true },
	{ "sgd", "lr=0.3", true, true },
	{ "sgd", "lr=0.2 momentum=0.9", false, true },
	{ "sgd", "lr=0.2 momentum=0.9 weight_decay=0.01", true, true },
	{ "adam", "lr=0.01", true, true },
	{ "sgd", "lr=0.3 weight_decay=0.05", false, false },
	{ "sgd", "lr=0.3 weight_decay=0.05", true, false },
	{ "sgd", "lr=2 weight_decay=0.5", false, false },
	{ "sgd", "lr=2 weight_decay=0.6", false, false },
	{ "sgd", "lr=0.3 project=perpendicular", false, true },
};

START_TEST(compressed_rows_are_as_good_as_dense)
{
	struct lb_train_result o[2];

	open_both();
	const struct lb_metric_use metric = metric_use("log_loss");
	struct lb_setup s = with_metrics(trial(&dense, "ce", "", ""), &metric, 1);
	s.optimizer = optimizer(cases[_i].optimizer);
	s.optimizer_par = args(s.optimizer, cases[_i].set);
	s = with_schedule(s, "cosine", "");
	s.clip_norm = _i % 2 ? 0.5 : 0;
	s.curve[LB_VALID] = true;
	if (cases[_i].mlp)
		s = with_hidden(s, 20, LB_RELU, 0);
	for (int k = 0; k < 2; k++) {
		o[0] = train_alone(precision[k], cohort_of(&dense, &s, 1, 5, 8), &s);
		o[1] = train_alone(precision[k], cohort_of(&sparse, &s, 1, 5, 8), &s);
		ck_assert_int_eq(o[1].status, LB_TRIAL_OK);
		if (cases[_i].exact) {
			ck_same_numbers(o[0].loss_curve, o[1].loss_curve, 5, "training loss");
			ck_same_numbers(o[0].curve[LB_VALID], o[1].curve[LB_VALID], 5, "validation loss");
			ck_assert(same_scores(&dense, &o[0], &o[1]));
		}
		for (size_t e = 0; e < 5; e++)
			ck_near(o[1].curve[LB_VALID][e], o[0].curve[LB_VALID][e], k ? 2e-5 : 1e-12, "validation loss", e);
		for (size_t i = 0; i < rows[2] * CLASSES; i++)
			ck_near(o[1].scores[i], o[0].scores[i], k ? 1e-4 : 1e-11, "score", i);
		lb_train_result_free(&o[0]);
		lb_train_result_free(&o[1]);
	}
	close_both();
}
END_TEST

START_TEST(what_needs_rows_written_out_gets_them)
{
	open_both();
	const struct lb_setup s[2] = { trial(&sparse, "ce", "", ""), trial(&sparse, "bias", "", "") };
	const struct lb_cohort plain = cohort_of(&sparse, s, 1, 1, 8), mixed = cohort_of(&sparse, s, 2, 1, 8);

	ck_assert(lb_input_batch_compressed_f64(&plain) && !lb_input_batch_compressed_f64(&mixed));
	struct lb_train_result o[2], alone = train_alone(lb_train_f64, plain, s);
	train_all(lb_train_f64, &mixed, o);
	ck_assert(same_scores(&sparse, &o[0], &alone));
	for (int k = 0; k < 2; k++)
		lb_train_result_free(&o[k]);
	lb_train_result_free(&alone);
	close_both();
}
END_TEST

/* But for what is added to all scores of a row, of which the objective says nothing. */
START_TEST(full_batch_minimum_is_the_same)
{
	open_both();
	struct lb_setup s = trial(&dense, "ce", "", "");
	s.optimizer = optimizer("lbfgs");
	s.optimizer_par = args(s.optimizer, "weight_decay=0.01 tolerance=1e-8");
	struct lb_train_result a = train_alone(lb_fit_f64, cohort_of(&dense, &s, 1, 1, 8), &s),
			  b = train_alone(lb_fit_f64, cohort_of(&sparse, &s, 1, 1, 8), &s);

	ck_assert_double_le(b.gradient, 1e-8);
	ck_near(b.objective, a.objective, 1e-12, "objective", 0);
	for (size_t i = 0; i < rows[2] * CLASSES; i++)
		ck_near(b.scores[i] - b.scores[i / CLASSES * CLASSES], a.scores[i] - a.scores[i / CLASSES * CLASSES], 1e-5, "score less the first", i);
	lb_train_result_free(&a);
	lb_train_result_free(&b);
	close_both();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("row_sparse");
	TCase *t = tcase_create("compressed");

	tcase_add_loop_test(t, compressed_rows_are_as_good_as_dense, 0, sizeof cases / sizeof *cases);
	tcase_add_test(t, what_needs_rows_written_out_gets_them);
	tcase_add_test(t, full_batch_minimum_is_the_same);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("row_sparse")
