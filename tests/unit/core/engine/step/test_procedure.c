/* Training procedures: their descriptors, plain training where they are to do nothing, the same
 * bytes in any company, the hooks in their order. Each procedure has a test file of its own. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

/* ---- descriptors ---- */

START_TEST(descriptors_are_whole)
{
	size_t n = 0;

	for (; lb_procedures_f64[n]; n++) {
		const struct lb_info *info = lb_procedures_f64[n], *single = lb_procedures_f32[n];
		const struct lb_procedure *f = (const struct lb_procedure *)info;
		ck_assert_msg(!lb_procedure_misfit_f64(f), "%s %s", info->name, lb_procedure_misfit_f64(f));
		ck_assert(info->title && info->cite && info->formula && info->notes);
		for (int i = 0; i < info->n_params; i++)
			ck_assert(info->params[i].name && info->params[i].help);
		ck_assert(single && single->tasks == info->tasks);
		ck_assert_uint_eq(lb_procedure_traits_f32(info), lb_procedure_traits_f64(info));
		ck_assert_str_eq(single->name, info->name);
	}
	ck_assert_ptr_null(lb_procedures_f32[n]);
	ck_assert_uint_ge(n, 30);
}
END_TEST

static double whole(const struct lb_hook *h, struct lb_step *s)
{
	(void)h, (void)s;
	return 0;
}

static void inputs_of(const struct lb_hook *h, struct lb_step *s, double *x)
{
	(void)h, (void)s, (void)x;
}

static void weights_of(const struct lb_hook *h, const struct lb_learner *l, int64_t step, double *w)
{
	(void)h, (void)l, (void)step, (void)w;
}

static void choose_one(const struct lb_hook *h, size_t candidate)
{
	(void)h, (void)candidate;
}

static void *open_nothing(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *e)
{
	(void)l, (void)c, (void)par, (void)e;
	return NULL;
}

START_TEST(wrong_descriptors_are_named)
{
	const struct {
		struct lb_procedure p;
		const char *what;
	} wrong[] = {
		{ { .base.tasks = 1 }, "has no hook" },
		{ { .base.tasks = 1, .step = whole, .inputs = inputs_of }, "has .step and a hook that it replaces" },
		{ { .base.tasks = 1, .inputs = inputs_of, .weighs_rows = true }, "says weighs_rows without .step; .weigh says it by itself" },
		{ { .base.tasks = 1, .inputs = inputs_of, .reads_rows = true }, "says reads_rows without .gradient" },
		{ { .base.tasks = 1, .inputs = inputs_of, .masks_features = true }, "says more of .weights without it" },
		{ { .base.tasks = 1, .weights = weights_of, .choose = choose_one }, "has one of .candidates and .choose; they go together" },
		{ { .base.tasks = 1, .step = whole, .open = open_nothing }, "has one of .open and .close; they go together" },
		{ { .step = whole }, "is for no task" },
		{ { .base = { .tasks = 1, .n_params = 9 }, .step = whole }, "has too many parameters" },
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ck_assert_str_eq(lb_procedure_misfit_f64(&wrong[i].p), wrong[i].what);
}
END_TEST

/* ---- none ---- */

/* All rows are of one subgroup. The average of swa holds the last weights alone: those of four
 * epochs from the last quarter on. */
static const char *const neutral[][2] = { { "sam", "rho=0" },	      { "asam", "rho=0" },   { "mixup", "alpha=0" }, { "coteach", "forget=0" },
					  { "coteach_plus", "forget=0 start=4" }, { "jocor", "forget=0 lambda=0" }, { "cutmix", "alpha=0" }, { "useful", "copies=0" }, { "meta_weights", "held=0" }, { "class_gaussians", "share=0" },
					  { "small_loss", "keep=1" }, { "cvar", "share=1" }, { "ema", "decay=0" },   { "swa", "start=0.75" },
					  { "lookahead", "k=1 alpha=1" }, { "gradient_noise", "eta=0" }, { "agc", "clip=1e6 least=1" },
					  { "self_paced", "lambda=1e300 growth=1" }, { "spectral_risk", "rho=1" },
					  { "spectral_risk", "spectrum=exponential rho=0" }, { "gradient_harmonising", "bins=1 momentum=0" },
					  { "curriculum", "start=1" }, { "divide_rows", "threshold=0 warmup=1" },
					  { "group_dro", "" }, { "vrex", "" }, { "irm", "lambda=0" },
					  { "label_ensemble", "momentum=1 start=0" }, { "label_ensemble", "start=4" },
					  { "joint_labels", "alpha=0 beta=0 start=10" }, { "quantise", "bits=32" }, { "bit_allocation", "bits=32" }, { "multi_dropout", "samples=1" },
					  { "nested_dropout", "mean=1e6 sd=0.001 test=all" },
					  { "prune", "rate=0 every=1" }, { "prune", "rounds=0" },
					  { "saf", "lambda=0 start=0 lag=1" }, { "mesa", "lambda=0 start=0" } };
enum { NEUTRAL = sizeof neutral / sizeof *neutral };

/* Procedures that are to do nothing give the bytes of plain training, whatever else the setup
 * has. */
START_TEST(neutral_is_plain)
{
	const char *const *const set = neutral[_i];
	static const char *const optimizers[][2] = { { "sgd", "lr=0.1 momentum=0.9 weight_decay=0.01" }, { "adam", "lr=0.01" },
						     { "adamw", "lr=0.01 weight_decay=0.1" }, { "sgd", "lr=0.1 project=perpendicular" },
						     { "normalized_gd", "lr=0.1" } };

	open_problem(LB_MULTICLASS, 3);
	problem_divide(&p, 1);
	for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
		struct lb_setup s = with(with_hidden(trial(&p, i == 1 ? "gce" : "ce", "", ""), 7, LB_TANH, 0.3), NULL, 0);
		s.optimizer = optimizer(optimizers[i][0]);
		s.optimizer_par = args(s.optimizer, optimizers[i][1]);
		s.clip_norm = i == 2 ? 0.5 : 0;
		uses[0] = use(set[0], set[1]);
		const struct lb_setup t = with(s, uses, 1);
		for (int k = 0; k < 2; k++) {
			const struct lb_cohort c = cohort_of(&p, &s, 1, 4, 7);
			struct lb_train_result a = train_alone(precision[k], c, &s), b = train_alone(precision[k], c, &t);
			ck_same_outcome(&a, &b);
			lb_train_result_free(&a);
			lb_train_result_free(&b);
		}
	}
}
END_TEST

/* ---- company, threads ---- */

/* Each procedure that does not train several times, and so is alone, gives the same bytes alone, in
 * a cohort with all others and with two threads, and other bytes than plain training. */
START_TEST(the_same_in_company)
{
	enum { K = 60, OTHERS = 6 };
	struct lb_procedure_use u[K][2];
	struct lb_setup s[K];
	struct lb_train_result alone[K], together[K];
	const struct lb_info *info;
	size_t n = OTHERS;

	open_problem(LB_MULTICLASS, 3);
	problem_divide(&p, 3);
	struct lb_setup base = with_hidden(trial(&p, "ce", "", "lr=0.1 momentum=0.9"), 9, LB_RELU, 0.2);
	u[1][0] = use("sam", "rho=0.2");
	u[2][0] = use("mixup", "");
	u[3][0] = use("coteach", "forget=0.4 ramp=2");
	u[4][0] = u[1][0];
	u[4][1] = u[2][0];
	u[5][0] = u[2][0];
	u[5][1] = u[1][0];
	for (size_t i = 0; i < OTHERS; i++)
		s[i] = with(base, u[i], i == 0 ? 0 : i < 4 ? 1 : 2);
	for (size_t i = 0; (info = lb_procedures_f64[i]); i++)
		if (info->tasks >> LB_MULTICLASS & 1 && !(lb_procedure_traits_f64(info) & LB_WHOLE_TRAINING) && strcmp(info->name, "sam") && strcmp(info->name, "mixup") && strcmp(info->name, "coteach")) {
			ck_assert_uint_lt(n, K);
			u[n][0] = use(info->name, soon(info->name));
			s[n] = with(base, u[n], 1);
			n++;
		}
	u[n][0] = use("biper", "soft=2");
	u[n][1] = use("multi_dropout", "samples=3");
	s[n] = with(base, u[n], 2);
	n++;
	for (int k = 0; k < 2; k++) {
		struct lb_cohort c = cohort_of(&p, s, n, 5, 7);
		for (size_t i = 0; i < n; i++)
			alone[i] = train_alone(precision[k], c, &s[i]);
		for (c.threads = 1; c.threads < 3; c.threads++) {
			train_all(precision[k], &c, together);
			for (size_t i = 0; i < n; i++) {
				ck_same_outcome(&alone[i], &together[i]);
				lb_train_result_free(&together[i]);
			}
		}
		for (size_t i = 1; i < n; i++)
			ck_assert(!same_parameters(&alone[0], &alone[i]));
		ck_same_outcome(&alone[4], &alone[5]); /* both orders: one changes rows, the other gradients */
		for (size_t i = 0; i < n; i++)
			lb_train_result_free(&alone[i]);
	}
}
END_TEST

/* ---- hooks ---- */

static char called[200];
static double seen_weight, seen_used, seen_loss, seen_score;

static void note(const char *what)
{
	strcat(strcat(called, called[0] ? " " : ""), what);
}

static void on_epoch(const struct lb_hook *h, struct lb_learner *l, size_t epoch)
{
	(void)h, (void)l;
	ck_assert_uint_eq(epoch, 3);
	note("epoch");
}

static void on_inputs(const struct lb_hook *h, struct lb_step *s, double *x)
{
	(void)h;
	note("inputs");
	for (size_t i = 0; i < s->batch->b * D; i++)
		x[i] *= 2;
}

static void on_labels(const struct lb_hook *h, struct lb_step *s)
{
	(void)h;
	note("labels");
	s->set[0].share = 0.5;
}

static void on_relabel(const struct lb_hook *h, struct lb_step *s, const struct lb_model *m)
{
	(void)h, (void)s;
	note("relabel");
	seen_score = m->z[0];
}

static double on_penalty(const struct lb_hook *h, const struct lb_step *s, struct lb_model *m)
{
	(void)h, (void)s, (void)m;
	note("penalty");
	return 1000;
}

/* The first row alone counts, twice. */
static void on_weigh(const struct lb_hook *h, struct lb_step *s, const double *loss, double *weight)
{
	(void)h;
	note("weigh");
	seen_loss = loss[0];
	for (size_t i = 0; i < s->batch->b; i++)
		weight[i] *= i ? 0 : 2;
}

static void on_weights(const struct lb_hook *h, const struct lb_learner *l, int64_t step, double *w)
{
	(void)h;
	note(step < 0 ? "weights(evaluation)" : "weights");
	for (size_t i = 0; i < l->model.n_params; i++)
		w[i] *= 3;
}

static void on_target(const struct lb_hook *h, const struct lb_learner *l, double *w)
{
	(void)h;
	note("target");
	for (size_t i = 0; i < l->model.n_params; i++)
		w[i] = i == D;
}

static void on_weights_back(const struct lb_hook *h, const struct lb_step *s, struct lb_model *m)
{
	(void)h, (void)s, (void)m;
	note("weights_back");
}

static void on_gradient(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	(void)h, (void)s;
	note("gradient");
	seen_weight = m->w[0];
	seen_used = m->read[0];
	for (size_t i = 0; i < m->n_params; i++)
		m->g[i] = i == 0;
}

static void on_stepped(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	(void)h, (void)s;
	note("stepped");
	m->w[0] += 100;
}

static void on_finish(const struct lb_hook *h, const struct lb_learner *l, double *w)
{
	(void)h;
	note("finish");
	for (size_t i = 0; i < l->model.n_params; i++)
		w[i] += 1;
}

START_TEST(hooks_have_their_order_and_their_place)
{
	static const struct lb_procedure all = { .base.tasks = 1, .epoch = on_epoch, .inputs = on_inputs, .labels = on_labels, .relabel = on_relabel, .weigh = on_weigh, .penalty = on_penalty,
						 .weights = on_weights, .weights_back = on_weights_back, .target = on_target, .gradient = on_gradient, .stepped = on_stepped, .finish = on_finish };
	const uint32_t rows[] = { 0, 1, 2 };
	double plain[D + 1];
	struct lb_learner l;
	struct lb_input_batch input;

	open_problem(LB_BINARY, 2);
	const struct lb_setup s = trial(&p, "logistic", "", "lr=0.5");
	const struct lb_cohort c = in_order(&s, 1, 3);
	ck_assert_int_eq(lb_learner_open_f64(&l, &c, &s, &err), 0);
	ck_assert_int_eq(lb_input_batch_open_f64(&input, c.features, false, 3, 0, &err), 0);
	lb_input_batch_load_f64(&input, rows, 3, NULL);
	l.hook = lb_alloc(1, sizeof *l.hook, &err);
	l.hook[0] = (struct lb_hook){ .procedure = &all };
	l.n_hooks = 1;
	l.traits = ~0u & ~(unsigned)LB_WHOLE_STEP;
	l.x = lb_alloc_aligned(3 * D, sizeof(double), &err);
	l.weight = lb_alloc_aligned(3, sizeof(double), &err);
	l.row_loss = lb_alloc_aligned(3, sizeof(double), &err);
	l.row_weight = lb_alloc_aligned(3, sizeof(double), &err);
	l.dz_sum = lb_alloc_aligned(3 * l.model.net->ld, sizeof(double), &err);
	l.changed = lb_alloc_aligned(l.model.n_params, sizeof(double), &err);
	l.target_w = lb_alloc_aligned(l.model.n_params, sizeof(double), &err);
	l.held = lb_alloc_aligned(3 * l.columns, sizeof(double), &err);
	initial(&s, 1, plain);
	const double before = l.model.w[0];

	lb_hooks_epoch_f64(&l, 3);
	const double value = lb_learner_step_f64(&l, &c, &(struct lb_minibatch){ .input = &input, .rows = rows, .id = rows, .b = 3 }, 0, 1);
	ck_assert_str_eq(called, "epoch inputs labels target weights relabel weigh penalty weights_back gradient stepped");
	double z = 3 * plain[D];
	for (size_t j = 0; j < D; j++)
		z += 3 * plain[j] * 2 * x_of(&p)[j];
	const double loss = 0.5 * log1p(exp(p.data.y[0] ? -z : z));
	ck_near(seen_loss, loss, 1e-14, "row loss", 0);
	ck_near(value - 1000, 2 * loss / 3, 1e-12, "value", 0);
	ck_near(seen_score, z, 1e-14, "score", 0);
	ck_assert_double_eq(seen_weight, before);
	ck_assert_double_eq(seen_used, 3 * before);
	ck_assert_double_eq(l.model.w[0], before - 0.5 + 100);

	called[0] = '\0';
	const double *w = lb_learner_eval_weights_f64(&l);
	ck_assert_str_eq(called, "finish weights(evaluation)");
	ck_assert_double_eq(w[0], 3 * (before - 0.5 + 100 + 1));
	lb_input_batch_close_f64(&input);
	lb_learner_close_f64(&l);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("procedure");
	TCase *t = tcase_create("descriptors");

	tcase_add_test(t, wrong_descriptors_are_named);
	tcase_add_test(t, descriptors_are_whole);
	suite_add_tcase(s, t);
	t = tcase_create("steps");
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, neutral_is_plain, 0, NEUTRAL);
	tcase_add_test(t, the_same_in_company);
	tcase_add_test(t, hooks_have_their_order_and_their_place);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("procedure")
