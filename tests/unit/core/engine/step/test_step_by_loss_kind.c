/* What losses of embeddings, of distillation and of features ask of the trainer: one step by hand
 * from the loss's own gradient, parameters of the loss among the model's, and the projection of
 * gradients. */
#include "core/engine/step/learner_open.h"
#include "core/engine/step/step.h"
#include "tests/unit/core/engine/step/by_hand.h"

#include "core/engine/optim/optim.h"
#include "core/engine/step/procedure.h"
#include "core/numeric/thread_team.h"

/* Scores of the test rows: the model's, or cosines over the temperature. */
static void expect_scores(struct hand *h, const double *got, double temperature)
{
	const double *z = outputs(h, x_of(&p) + ROWS * FEATURES, TEST), *own = h->w + h->net->n_params;

	for (size_t i = 0; i < TEST; i++)
		for (size_t k = 0; k < CLASSES; k++) {
			const double *e = z + i * h->columns, *v = own + k * DIMENSION;
			const bool embeds = h->setup.loss->kind == LB_EMBEDDING;
			const double cosine = embeds ? dot(e, v, DIMENSION) / sqrt(dot(e, e, DIMENSION) * dot(v, v, DIMENSION)) : 0;
			ck_near(got[i * CLASSES + k], embeds ? cosine / temperature : e[k], 1e-11, "score", i * CLASSES + k);
		}
}

static const struct {
	enum lb_kind kind;
	const char *loss, *set, *sgd;
	bool mlp;
	double lr, decay;
	bool perpendicular;
	double temperature;
	const char *view;        /* an augmentation, or NULL */
	const char *view_set;
} steps[] = {
	{ LB_EMBEDDING, "normalized_softmax", "temperature=0.2", "lr=0.5", false, 0.5, 0, false, 0.2, NULL, NULL },
	{ LB_EMBEDDING, "normalized_softmax", "", "lr=0.1 weight_decay=0.3", true, 0.1, 0.3, false, 0.05, NULL, NULL },
	{ LB_EMBEDDING, "normalized_softmax", "temperature=1", "lr=0.3 project=perpendicular", true, 0.3, 0, true, 1, NULL, NULL },
	{ LB_DISTILLATION, "kd", "", "lr=0.5", true, 0.5, 0, false, 0, NULL, NULL },
	{ LB_DISTILLATION, "kl_top", "k=2", "lr=0.5", false, 0.5, 0, false, 0, NULL, NULL },
	{ LB_DISTILLATION, "kl_top", "temperature=3", "lr=0.5", true, 0.5, 0, false, 0, NULL, NULL },
	{ LB_MULTICLASS, "bias", "", "lr=0.5", false, 0.5, 0, false, 0, NULL, NULL },
	{ LB_MULTICLASS, "bias", "beta=3", "lr=0.5 weight_decay=0.1", true, 0.5, 0.1, false, 0, NULL, NULL },
	{ LB_MULTICLASS, "center_loss", "lambda=0.5", "lr=0.5", false, 0.5, 0, false, 0, NULL, NULL },
	{ LB_MULTICLASS, "center_loss", "lambda=0.5", "lr=0.5 weight_decay=0.1", true, 0.5, 0.1, false, 0, NULL, NULL },
	{ LB_MULTICLASS, "gjs", "", "lr=0.5", false, 0.5, 0, false, 0, "gaussian_noise", "count=2 sd=0.5 seed=4" },
	{ LB_MULTICLASS, "gjs", "pi=0.2", "lr=0.5", true, 0.5, 0, false, 0, "feature_dropout", "count=4 rate=0.3 seed=9" },
	{ LB_MULTICLASS, "ce", "", "lr=0.5 weight_decay=0.1 project=perpendicular", true, 0.5, 0.1, true, 0, NULL, NULL },
};

START_TEST(two_steps_by_hand)
{
	struct lb_setup s;
	struct hand h;

	open_problem();
	s = setup_of(steps[_i].kind, steps[_i].loss, steps[_i].set, steps[_i].sgd);
	if (steps[_i].mlp)
		s = with_hidden(s, WIDTH, LB_TANH, 0);
	if (steps[_i].view) {
		s.view = lb_info_find(lb_augmentations_f64, steps[_i].view);
		s.view_par = args(s.view, steps[_i].view_set);
	}
	begin(&h, s);
	struct lb_cohort c = cohort_of(&p, &s, 1, 2, ROWS);
	c.shuffle = steps[_i].view == 0;
	struct lb_train_result o = train_alone(lb_train_f64, c, &s);
	ck_assert_int_eq(o.status, LB_TRIAL_OK);
	ck_assert_uint_eq(o.n_params, lb_model_spec_size(&s.model) + h.n_loss_params);
	ck_assert_uint_eq(o.columns, CLASSES);
	for (int k = 0; k < 2; k++)
		step(&h, (uint64_t)k, steps[_i].lr, steps[_i].decay, steps[_i].perpendicular);
	expect_scores(&h, o.scores, steps[_i].temperature);
	lb_train_result_free(&o);
	lb_net_free(h.net);
	close_problem();
}
END_TEST

/* ---- the loss's own parameters are parameters ---- */

/* They have a learning rate of their own: with factor 0 they stay. */
START_TEST(own_parameters_have_a_rate)
{
	open_problem();
	struct lb_setup s = setup_of(LB_EMBEDDING, "normalized_softmax", "temperature=0.2", "lr=0.5"), still = s, fast = s;
	struct lb_train_result o[3];
	const struct lb_cohort c = cohort_of(&p, &s, 1, 1, ROWS);
	const size_t n = lb_model_spec_size(&s.model);
	double first[CLASSES * DIMENSION];

	s.keep_model = still.keep_model = fast.keep_model = true;
	still.loss_lr_factor = 0;
	fast.loss_lr_factor = 3;
	o[0] = train_alone(lb_train_f64, c, &s);
	o[1] = train_alone(lb_train_f64, c, &still);
	o[2] = train_alone(lb_train_f64, c, &fast);
	lb_loss_of(s.loss)->init_params(s.loss_par, &(struct lb_loss_shape){ .c = DIMENSION, .n_classes = CLASSES }, s.model.seed, first);
	for (size_t j = 0; j < n; j++)
		ck_assert(o[0].w[j] == o[1].w[j] && o[0].w[j] == o[2].w[j]);
	for (size_t j = 0; j < CLASSES * DIMENSION; j++) {
		ck_assert_double_eq(o[1].w[n + j], first[j]);
		ck_near(o[2].w[n + j] - first[j], 3 * (o[0].w[n + j] - first[j]), 1e-12, "prototype", j);
	}
	for (size_t k = 0; k < 3; k++)
		lb_train_result_free(&o[k]);
	close_problem();
}
END_TEST


START_TEST(best_epoch_brings_back_the_prototypes)
{
	problem_open(&p, LB_MULTICLASS, (const size_t[]){ ROWS, 20, TEST }, FEATURES, CLASSES);
	problem_draw(&p, 6);
	const struct lb_metric_use metric = metric_use("log_loss");
	struct lb_setup s = with_metrics(setup_of(LB_EMBEDDING, "normalized_softmax", "temperature=0.1", "lr=2"), &metric, 1);
	s.stop = (struct lb_early_stopping){ .on = true, .metric = 0, .patience = 3 };
	s.curve[LB_VALID] = true;
	const struct lb_cohort c = cohort_of(&p, &s, 1, 60, 4);

	for (int k = 0; k < 2; k++) {
		struct lb_train_result o = train_alone(precision[k], c, &s);
		ck_assert_int_eq(o.status, LB_TRIAL_OK);
		ck_assert_uint_lt(o.best_epoch, o.epochs);
		ck_assert_double_eq(o.metric[LB_VALID][0], o.curve[LB_VALID][o.best_epoch - 1]);
		ck_assert_double_ne(o.metric[LB_VALID][0], o.curve[LB_VALID][o.epochs - 1]);
		lb_train_result_free(&o);
	}
	close_problem();
}
END_TEST

/* With lr 1 a step of whole batches moves the parameters by the gradient, which is the slope of the
 * loss that the trainer states, in every layer and in the centers: of center loss by itself, as one
 * of two losses, with mixed rows and labels (two label sets), and by two threads. */
static const struct {
	double weight, other;    /* of center_loss, of brier beside it */
	bool mixup;
	size_t threads;
} moving[] = {
	{ 1, 0, false, 1 }, { 1, 0, false, 2 }, { 0.7, 1.3, false, 1 }, { 1, 0, true, 1 }, { 0.7, 1.3, true, 2 },
};

static struct lb_learner learner;

static double loss_and_gradient(const struct lb_cohort *c, const struct lb_minibatch *m, double *g)
{
	const double value = lb_learner_gradient(&learner, c, m);

	if (g)
		memcpy(g, learner.model.g, learner.model.n_params * sizeof *g);
	return value;
}

START_TEST(features_are_moved)
{
	struct lb_setup s;
	struct lb_input_batch input;
	struct lb_team *team = NULL;
	uint32_t id[ROWS];

	open_problem();
	s = with_hidden(with_hidden(setup_of(LB_MULTICLASS, "center_loss", "lambda=0.8", "lr=1"), WIDTH, LB_TANH, 0), WIDTH + 13, LB_TANH, 0);
	const struct lb_loss_info *other = lb_loss_find(LB_MULTICLASS, "brier");
	const struct lb_term terms[2] = { { .loss = s.loss, .par = s.loss_par, .weight = moving[_i].weight },
					  { .loss = other, .par = args(&other->base, ""), .weight = moving[_i].other } };
	if (moving[_i].other > 0) {
		s.term = terms;
		s.n_terms = 2;
	}
	const struct lb_info *mixup = lb_info_find(lb_procedures, "mixup");
	const struct lb_procedure_use mixing = { mixup, args(mixup, "alpha=1") };
	s.procedure = &mixing;
	s.n_procedures = moving[_i].mixup;
	const struct lb_cohort c = cohort_of(&p, &s, 1, 1, ROWS);
	ck_assert(!lb_learner_open(&learner, &c, &s, &err));
	ck_assert(!lb_input_batch_open(&input, c.features, false, ROWS, 0, &err));
	ck_assert(!lb_team_new(moving[_i].threads, &team, &err));
	for (uint32_t i = 0; i < ROWS; i++)
		id[i] = i;
	lb_input_batch_load(&input, c.split->rows[LB_TRAIN], ROWS, team);
	const struct lb_minibatch m = { .input = &input, .rows = c.split->rows[LB_TRAIN], .id = id, .b = ROWS, .team = team };
	struct lb_model *model = &learner.model;
	double g[MOST * 4], largest = 0;
	ck_assert_uint_le(model->n_params, MOST * 4);
	loss_and_gradient(&c, &m, g);
	for (size_t i = 0; i < model->n_params; i++)
		largest = fmax(largest, fabs(g[i]));
	double centers = 0;
	for (size_t i = 0; i < model->n_params; i++) {
		const double w = model->w[i], h = 1e-5;
		if (!(fabs(g[i]) > 0))
			continue;
		model->w[i] = w + h;
		const double up = loss_and_gradient(&c, &m, NULL);
		model->w[i] = w - h;
		ck_near(g[i], (up - loss_and_gradient(&c, &m, NULL)) / (2 * h), 1e-7 * fmax(largest, 1), "slope", i);
		model->w[i] = w;
		centers = i >= model->net->n_params ? fmax(centers, fabs(g[i])) : centers;
	}
	ck_assert_double_gt(centers, 1e-3 * largest);
	lb_learner_close(&learner);
	lb_input_batch_close(&input);
	lb_team_free(team);
	close_problem();
}
END_TEST

START_TEST(clipping_counts_the_prototypes)
{
	struct lb_setup s;
	struct hand h;
	double sum = 0;

	open_problem();
	s = setup_of(LB_EMBEDDING, "normalized_softmax", "", "lr=1");
	s.clip_norm = 0.01;
	begin(&h, s);
	const struct lb_cohort c = cohort_of(&p, &s, 1, 1, ROWS);
	struct lb_train_result o = train_alone(lb_train_f64, c, &s);
	gradient(&h, 0);
	for (size_t j = 0; j < h.n_params; j++)
		sum += h.g[j] * h.g[j];
	ck_assert_double_gt(sqrt(sum), 0.01);
	for (size_t j = 0; j < h.n_params; j++)
		h.w[j] -= 0.01 / sqrt(sum) * h.g[j];
	expect_scores(&h, o.scores, 0.05);
	lb_train_result_free(&o);
	lb_net_free(h.net);
	close_problem();
}
END_TEST

/* The rows, the order and the first weights are those of every other loss at the seed; a zero
 * embedding has no direction. */
START_TEST(zero_embeddings_diverge)
{
	struct lb_setup s;

	open_problem();
	s = setup_of(LB_EMBEDDING, "normalized_softmax", "", "lr=1");
	s.model.init = LB_INIT_ZERO;
	const struct lb_cohort c = cohort_of(&p, &s, 1, 3, ROWS);
	for (int k = 0; k < 2; k++) {
		struct lb_train_result o = train_alone(precision[k], c, &s);
		ck_assert_int_eq(o.status, LB_TRIAL_DIVERGED);
		ck_assert_str_eq(o.cause, "the training loss is not a number");
		ck_assert_int_eq(o.bad_step, 1);
		lb_train_result_free(&o);
	}
	close_problem();
}
END_TEST

/* The optimum of a student that can say what its teacher says is the teacher. In company of
 * embeddings, the same bytes. */
START_TEST(full_batch_reaches_the_teacher)
{
	struct lb_setup s;

	open_problem();
	s = setup_of(LB_DISTILLATION, "kl_top", "", "");
	s.optimizer = optimizer("lbfgs");
	s.optimizer_par = args(s.optimizer, "tolerance=1e-10");
	const struct lb_cohort c = cohort_of(&p, &s, 1, 1, ROWS);
	struct lb_train_result o = train_alone(lb_fit_f64, c, &s);
	ck_assert_int_eq(o.status, LB_TRIAL_OK);
	ck_assert_double_lt(o.objective, 1e-12);
	for (size_t i = 0; i < TEST; i++)
		for (size_t k = 1; k < CLASSES; k++) {
			const double *t = teacher + (ROWS + i) * CLASSES, *z = o.scores + i * CLASSES;
			ck_near(z[k] - z[0], t[k] - t[0], 1e-3, "score", i * CLASSES + k);
		}
	lb_train_result_free(&o);

	s = setup_of(LB_EMBEDDING, "normalized_softmax", "temperature=0.5", "");
	s.optimizer = optimizer("lbfgs");
	s.optimizer_par = args(s.optimizer, "max_iterations=40");
	o = train_alone(lb_fit_f64, c, &s);
	ck_assert_int_eq(o.status, LB_TRIAL_OK);
	ck_assert_uint_eq(o.n_params, (FEATURES + 1) * DIMENSION + CLASSES * DIMENSION);
	ck_assert_double_lt(o.objective, 0.9);
	lb_train_result_free(&o);
	close_problem();
}
END_TEST

START_TEST(trials_of_several_kinds_share_a_cohort)
{
	struct lb_train_result together[3];

	open_problem();
	const struct lb_setup s[] = { setup_of(LB_MULTICLASS, "bias", "", "lr=0.1"), setup_of(LB_DISTILLATION, "kl_top", "", "lr=0.1"),
				      setup_of(LB_MULTICLASS, "ce", "", "lr=0.1") };
	const struct lb_cohort c = cohort_of(&p, s, 3, 4, 7);
	train_all(lb_train_f32, &c, together);
	for (int k = 0; k < 3; k++) {
		struct lb_train_result alone = train_alone(lb_train_f32, c, &s[k]);
		ck_assert(same_scores(&p, &together[k], &alone));
		lb_train_result_free(&alone);
		lb_train_result_free(&together[k]);
	}
	close_problem();
}
END_TEST

/* ---- the projection ---- */

START_TEST(projection_is_perpendicular_and_keeps_the_length)
{
	double w[40], g[40], before[40];
	struct lb_rng rng;

	lb_rng_init(&rng, 3, LB_RNG_TEST, 0);
	for (int n = 0; n < 200; n++) {
		const double scale = pow(10, n % 7 - 3);
		for (int i = 0; i < 40; i++) {
			w[i] = scale * lb_rng_normal(&rng);
			before[i] = g[i] = lb_rng_normal(&rng) + (n % 3 ? w[i] : 0);
		}
		lb_optim_project_f64(40, w, g);
		const double length = sqrt(dot(before, before, 40));
		ck_near(sqrt(dot(g, g, 40)), length, 1e-12, "length", (size_t)n);
		ck_assert_double_lt(fabs(dot(w, g, 40)), 1e-9 * length * sqrt(dot(w, w, 40)));
		ck_assert_double_gt(dot(before, g, 40), 0);
		turn(w, before, 40);
		for (int i = 0; i < 40; i++)
			ck_assert_double_eq_tol(g[i], before[i], 1e-8 * length);
	}
}
END_TEST

START_TEST(projection_at_its_edges)
{
	double zero[3] = { 0 }, g[3] = { 1, -2, 2 }, w[3] = { 0.1, -0.2, 0.2 };

	lb_optim_project_f64(3, zero, g);
	ck_assert_double_eq_tol(g[1], -2, 1e-12);
	lb_optim_project_f64(3, w, g);
	for (int i = 0; i < 3; i++)
		ck_assert_double_eq(g[i], 0);
	lb_optim_project_f64(3, w, g);
	ck_assert_double_eq(g[0], 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("step_by_loss_kind");
	TCase *t = tcase_create("kinds");

	tcase_add_loop_test(t, two_steps_by_hand, 0, (int)(sizeof steps / sizeof *steps));
	tcase_add_test(t, own_parameters_have_a_rate);
	tcase_add_test(t, best_epoch_brings_back_the_prototypes);
	tcase_add_loop_test(t, features_are_moved, 0, (int)(sizeof moving / sizeof *moving));
	tcase_add_test(t, clipping_counts_the_prototypes);
	tcase_add_test(t, zero_embeddings_diverge);
	tcase_add_test(t, full_batch_reaches_the_teacher);
	tcase_add_test(t, trials_of_several_kinds_share_a_cohort);
	tcase_add_test(t, projection_is_perpendicular_and_keeps_the_length);
	tcase_add_test(t, projection_at_its_edges);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("step_by_loss_kind")
