/* Anomaly scores of an autoencoder: it is trained as the regression whose targets are the features,
 * and a row's score is its own loss, by plain loops; after mean shift, of what the model makes of
 * the shifted row against the row itself. */
#include "core/training/anomaly_score_info.h"
#include "core/training/first_outputs.h"
#include "core/training/mean_shift.h"
#include "tests/unit/core/training.h"

enum { TRAIN = 60, TEST = 30, D = 5 };

static struct problem p, r;

static void teardown(void)
{
	problem_close(&p);
	problem_close(&r);
	args_forget();
}

/* p: rows, all of whose training rows are normal; r: the same as a regression of the features. */
static void open_both(void)
{
	const size_t rows[] = { TRAIN, 0, TEST };

	problem_open(&p, LB_ANOMALY, rows, D, 2);
	problem_draw(&p, 7);
	problem_open(&r, LB_REGRESSION, rows, D, D);
	for (size_t i = 0; i < p.data.n * D; i++)
		r.data.target[i] = x_of(&r)[i] = x_of(&p)[i];
	memset(p.data.y, 0, TRAIN * sizeof *p.data.y);
}

/* An mlp of 3 hidden units on the problem; score NULL: its outputs are predictions. */
static struct lb_setup net(const struct problem *q, const char *loss, const char *score, const struct lb_arg *shift)
{
	const struct lb_loss_info *info = lb_loss_find(LB_REGRESSION, loss);
	struct lb_setup s = { .loss = info, .loss_par = args(&info->base, ""), .optimizer = optimizer("sgd"), .optimizer_par = args(optimizer("sgd"), "lr=0.05"),
			      .loss_lr_factor = 1, .y = q->data.y, .keep_scores = true, .keep_model = true, .anomaly_par = shift,
			      .anomaly = score ? lb_info_find(lb_anomaly_scores_f64, score) : NULL };

	s.model = (struct lb_model_spec){ .n_layers = 2, .width = { D, 3, D * lb_loss_outputs(info, s.loss_par) }, .activation = LB_TANH, .seed = 1 };
	return with_schedule(s, "constant", "");
}

static const char *const losses[] = { "mse", "mae", "gaussian_nll", "huber" };
enum { LOSSES = sizeof losses / sizeof *losses };

/* The loss of a row x by the outputs of its regression, point predictions first. */
static double loss_of(const char *loss, const double *x, const double *said)
{
	double sum = 0;

	for (size_t k = 0; k < D; k++) {
		const double e = said[k] - x[k], sd = said[D + 2 * k + 1], a = fabs(e);
		sum += !strcmp(loss, "mse") ? e * e : !strcmp(loss, "mae") ? a : !strcmp(loss, "huber") ? (a <= 1 ? e * e / 2 : a - 0.5) :
										       (2 * log(sd) + e * e / (sd * sd)) / 2;
	}
	return sum / D;
}

START_TEST(an_autoencoder_is_a_regression_of_the_features)
{
	static const struct lb_arg no_shift[LB_ANOMALY_SCORE_OWN];
	const char *loss = losses[_i / 2];
	train_fn *const how = precision[_i % 2];

	open_both();
	const struct lb_setup a = net(&p, loss, "loss", no_shift), b = net(&r, loss, NULL, NULL);
	struct lb_train_result o = train_alone(how, cohort_of(&p, &a, 1, 4, 16), &a), w = train_alone(how, cohort_of(&r, &b, 1, 4, 16), &b);
	ck_assert_uint_eq(o.columns, 1);
	ck_assert_uint_eq(o.n_params, w.n_params);
	ck_same_numbers(o.w, w.w, o.n_params, "parameter");
	for (size_t i = 0; i < TEST; i++) {
		double said[3 * D] = { 0 };
		memcpy(said, w.scores + i * w.columns, w.columns * sizeof *said);
		ck_near(o.scores[i], loss_of(loss, x_of(&p) + (TRAIN + i) * D, said), _i % 2 ? 1e-5 : 1e-12, loss, i);
	}
	lb_train_result_free(&o);
	lb_train_result_free(&w);
}
END_TEST

/* Whatever the loss: of hard_feature_loss, which no row has of its own, and of the point
 * predictions of gaussian_nll. */
START_TEST(squared_errors_are_of_the_predictions)
{
	static const struct lb_arg no_shift[LB_ANOMALY_SCORE_OWN];
	static const char *const of[] = { "hard_feature_loss", "gaussian_nll", "mse" };
	const char *loss = of[_i / 2];
	train_fn *const how = precision[_i % 2];

	open_both();
	const struct lb_setup a = net(&p, loss, "squared_error", no_shift), b = net(&r, loss, NULL, NULL);
	struct lb_train_result o = train_alone(how, cohort_of(&p, &a, 1, 4, 16), &a), w = train_alone(how, cohort_of(&r, &b, 1, 4, 16), &b);
	ck_same_numbers(o.w, w.w, o.n_params, "parameter");
	for (size_t i = 0; i < TEST; i++) {
		double said[3 * D] = { 0 };
		memcpy(said, w.scores + i * w.columns, D * sizeof *said);
		ck_near(o.scores[i], loss_of("mse", x_of(&p) + (TRAIN + i) * D, said), _i % 2 ? 1e-5 : 1e-12, loss, i);
	}
	lb_train_result_free(&o);
	lb_train_result_free(&w);
}
END_TEST

/* The regression predicts the shifted test rows; its loss is of the rows as they were. */
START_TEST(shifted_rows_are_compared_with_the_rows_themselves)
{
	const struct lb_arg shift[LB_ANOMALY_SCORE_OWN] = { [LB_SHIFT_ROUNDS] = { .v = 2 }, [LB_SHIFT_NEIGHBOURS] = { .v = 4 } };
	train_fn *const how = precision[_i];

	open_both();
	ck_assert_int_eq(lb_mean_shift(TEST, D, x_of(&r) + TRAIN * D, 2, 4, &err), 0);
	const struct lb_setup a = net(&p, "mse", "loss", shift), b = net(&r, "mse", NULL, NULL);
	struct lb_train_result o = train_alone(how, cohort_of(&p, &a, 1, 4, 16), &a), w = train_alone(how, cohort_of(&r, &b, 1, 4, 16), &b);
	ck_same_numbers(o.w, w.w, o.n_params, "parameter");
	for (size_t i = 0; i < TEST; i++) {
		double said[3 * D] = { 0 };
		memcpy(said, w.scores + i * D, D * sizeof *said);
		ck_near(o.scores[i], loss_of("mse", x_of(&p) + (TRAIN + i) * D, said), _i ? 1e-5 : 1e-12, "row", i);
	}
	lb_train_result_free(&o);
	lb_train_result_free(&w);
}
END_TEST

enum { WIDE = 4 };

/* A net without biases, of WIDE outputs. */
static struct lb_setup embedding_net(const struct problem *q, const char *score, const struct lb_arg *shift, const char *sgd)
{
	struct lb_setup s = net(q, "mse", score, shift);

	s.model = (struct lb_model_spec){ .n_layers = 2, .width = { D, 3, WIDE }, .activation = LB_RELU, .bias_init = LB_BIAS_NONE, .seed = 1 };
	s.optimizer_par = args(optimizer("sgd"), sgd);
	return s;
}

/* A regression whose targets are the centre; the other has it in its last biases. */
START_TEST(with_a_centre_it_is_a_regression_of_that)
{
	static const struct lb_arg no_shift[LB_ANOMALY_SCORE_OWN];
	static const double centre[WIDE] = { 0.5, -0.25, 0.1, 2 };
	struct lb_unit unit[WIDE];
	train_fn *const how = precision[_i];

	open_both();
	problem_close(&r);
	problem_open(&r, LB_REGRESSION, (size_t[]){ TRAIN, 0, TEST }, D, WIDE);
	memcpy(x_of(&r), x_of(&p), p.data.n * D * sizeof(double));
	for (size_t i = 0; i < p.data.n * WIDE; i++)
		r.data.target[i] = (double)(float)centre[i % WIDE];
	for (size_t k = 0; k < WIDE; k++)
		unit[k] = (struct lb_unit){ .mean = -(double)(float)centre[k], .sd = 1 };
	struct lb_setup a = embedding_net(&p, "centre", no_shift, "lr=0.05"), b = embedding_net(&r, NULL, NULL, "lr=0.05");
	a.unit = unit;
	a.centred = true;
	struct lb_train_result o = train_alone(how, cohort_of(&p, &a, 1, 4, 16), &a), w = train_alone(how, cohort_of(&r, &b, 1, 4, 16), &b);
	ck_assert_uint_eq(o.n_params, w.n_params);
	ck_same_numbers(o.w, w.w, o.n_params - WIDE, "parameter");
	for (size_t k = 0; k < WIDE; k++)
		ck_near(o.w[o.n_params - WIDE + k], unit[k].mean, 1e-15, "bias", k);
	for (size_t i = 0; i < TEST; i++) {
		double sum = 0;
		for (size_t k = 0; k < WIDE; k++)
			sum += pow(w.scores[i * WIDE + k] + unit[k].mean, 2);
		ck_near(o.scores[i], sum, _i ? 1e-5 : 1e-12, "row", i);
	}
	lb_train_result_free(&o);
	lb_train_result_free(&w);
}
END_TEST

/* Of a training that moves nothing, whose test rows are the training rows. */
START_TEST(first_outputs_are_those_before_training)
{
	double mean[WIDE], sum[WIDE] = { 0 };

	open_both();
	problem_close(&r);
	problem_open(&r, LB_REGRESSION, (size_t[]){ TEST, 0, TEST }, D, WIDE);
	for (size_t i = 0; i < 2 * TEST * D; i++)
		x_of(&r)[i] = x_of(&p)[i % (TEST * D)];
	const struct lb_setup b = embedding_net(&r, NULL, NULL, "lr=1e-300");
	const struct lb_cohort c = cohort_of(&r, &b, 1, 1, 16);
	struct lb_train_result w = train_alone(precision[_i], c, &b);
	ck_assert_int_eq((_i ? lb_first_outputs_f32 : lb_first_outputs_f64)(&c, &b, mean, &err), 0);
	for (size_t i = 0; i < TEST * WIDE; i++)
		sum[i % WIDE] += w.scores[i] / TEST;
	for (size_t k = 0; k < WIDE; k++)
		ck_near(mean[k], sum[k], _i ? 1e-6 : 1e-14, "output", k);
	lb_train_result_free(&w);
}
END_TEST

START_TEST(defaults_have_room)
{
	for (size_t i = 0; lb_anomaly_scores_f64[i]; i++)
		ck_assert_int_le(lb_anomaly_scores_f64[i]->n_params, LB_MOST_ANOMALY_SCORE_PARAMS);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("anomaly_rows");
	TCase *t = tcase_create("anomaly_rows");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, an_autoencoder_is_a_regression_of_the_features, 0, 2 * LOSSES);
	tcase_add_loop_test(t, squared_errors_are_of_the_predictions, 0, 6);
	tcase_add_loop_test(t, with_a_centre_it_is_a_regression_of_that, 0, 2);
	tcase_add_loop_test(t, first_outputs_are_those_before_training, 0, 2);
	tcase_add_test(t, defaults_have_room);
	tcase_add_loop_test(t, shifted_rows_are_compared_with_the_rows_themselves, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("anomaly_rows")
