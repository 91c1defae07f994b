/* core/engine/step: training procedures against steps by plain loops, and against plain training
 * where they are to be none; the hooks in their order. */
#include "core/engine/step/procedure.h"
#include "core/engine/step/row_ranking.h"
#include "tests/unit/training.h"

enum { ROWS = 24, D = 4, MOST = 64 };

static struct problem p;

static void open_problem(enum lb_kind kind, size_t out)
{
	const size_t rows[] = { ROWS, 10, 10 };

	problem_open(&p, kind, rows, D, out);
	problem_draw(&p, 7);
}

static void teardown(void)
{
	problem_close(&p);
	args_forget();
}

/* ---- setups ---- */

static struct lb_procedure_use uses[4];

static const struct lb_info *procedure(const char *name)
{
	return lb_info_find(lb_procedures_f64, name);
}

static struct lb_procedure_use use(const char *name, const char *set)
{
	const struct lb_info *info = procedure(name);

	return (struct lb_procedure_use){ info, args(info, set) };
}

static struct lb_setup with(struct lb_setup s, const struct lb_procedure_use *u, size_t n)
{
	s.procedure = u;
	s.n_procedures = n;
	s.keep_model = true;
	return s;
}

static void ck_same_outcome(const struct lb_outcome *a, const struct lb_outcome *b)
{
	ck_assert_int_eq(a->status, LB_TRIAL_OK);
	ck_assert_uint_eq(a->epochs, b->epochs);
	ck_same_numbers(a->loss_curve, b->loss_curve, a->epochs, "training loss");
	ck_same_numbers(a->w, b->w, a->n_params, "parameter");
	ck_same_numbers(a->scores, b->scores, p.split.n[LB_TEST] * p.columns, "score");
}

static bool same_parameters(const struct lb_outcome *a, const struct lb_outcome *b)
{
	return !memcmp(a->w, b->w, a->n_params * sizeof *a->w);
}

/* ---- plain loops: a linear model of one output, rows of the problem in their order ---- */

enum form { LOGISTIC, SQUARES };

static double row_score(const double *w, size_t i)
{
	double z = w[D];

	for (size_t j = 0; j < D; j++)
		z += w[j] * x_of(&p)[i * D + j];
	return z;
}

static double row_loss(enum form form, const double *w, size_t i)
{
	const double z = row_score(w, i);

	if (form == SQUARES)
		return (z - p.data.target[i]) * (z - p.data.target[i]);
	return log1p(exp(p.data.y[i] ? -z : z));
}

/* g (D + 1) <- the gradient of sum_i weight_i loss_i / b over rows first .. first + b; returns that
 * sum. */
static double plain_gradient(enum form form, const double *w, size_t first, size_t b, const double *weight, double *g)
{
	double value = 0;

	memset(g, 0, (D + 1) * sizeof *g);
	for (size_t i = 0; i < b; i++) {
		const double z = row_score(w, first + i), share = (weight ? weight[i] : 1) / (double)b;
		const double dz = form == SQUARES ? 2 * (z - p.data.target[first + i]) : 1 / (1 + exp(-z)) - p.data.y[first + i];
		value += share * row_loss(form, w, first + i);
		for (size_t j = 0; j < D; j++)
			g[j] += share * dz * x_of(&p)[(first + i) * D + j];
		g[D] += share * dz;
	}
	return value;
}

static double length(const double *g, size_t n)
{
	double sum = 0;

	for (size_t j = 0; j < n; j++)
		sum += g[j] * g[j];
	return sqrt(sum);
}

/* Initial parameters of the setup's model with that seed. */
static void initial(const struct lb_setup *s, uint64_t seed, double *w)
{
	struct lb_model_spec spec = s->model;

	spec.seed = seed;
	struct lb_net *net = lb_net_new_f64(&spec, 1, &err);
	double *stored = lb_alloc_aligned(net->n_params, sizeof *stored, &err);
	lb_net_init_f64(net, stored);
	lb_net_fetch_f64(net, stored, w);
	free(stored);
	lb_net_free_f64(net);
}

static struct lb_cohort in_order(const struct lb_setup *s, size_t epochs, size_t batch)
{
	struct lb_cohort c = cohort_of(&p, s, 1, epochs, batch);

	c.shuffle = false;
	return c;
}

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
	ck_assert_uint_ge(n, 9);
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
		{ { .base.tasks = 1, .step = whole, .open = open_nothing }, "has one of .open and .close; they go together" },
		{ { .step = whole }, "is for no task" },
		{ { .base = { .tasks = 1, .n_params = 9 }, .step = whole }, "has too many parameters" },
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ck_assert_str_eq(lb_procedure_misfit_f64(&wrong[i].p), wrong[i].what);
}
END_TEST

/* ---- sam ---- */

/* One step over all rows: w - lr (grad(w + rho g / |g|) + decay w). */
START_TEST(sam_is_its_formula)
{
	const enum form form = _i ? SQUARES : LOGISTIC;
	const double lr = 0.3, decay = 0.1, rho = 0.7;
	double w[D + 1], g[D + 1], moved[D + 1], at[D + 1];

	open_problem(_i ? LB_REGRESSION : LB_BINARY, _i ? 1 : 2);
	uses[0] = use("sam", "rho=0.7");
	const struct lb_setup s = with(trial(&p, _i ? "mse" : "logistic", "", "lr=0.3 weight_decay=0.1"), uses, 1);
	for (int k = 0; k < 2; k++) {
		struct lb_outcome o = train_alone(precision[k], in_order(&s, 1, ROWS), &s);
		initial(&s, 1, w);
		const double value = plain_gradient(form, w, 0, ROWS, NULL, g), long_is = length(g, D + 1);
		for (size_t j = 0; j <= D; j++)
			moved[j] = w[j] + rho * g[j] / long_is;
		plain_gradient(form, moved, 0, ROWS, NULL, at);
		ck_near(o.loss_curve[0], value, k ? 1e-6 : 1e-13, "loss", 0);
		for (size_t j = 0; j <= D; j++)
			ck_near(o.w[j], w[j] - lr * (at[j] + (j < D ? decay * w[j] : 0)), k ? 3e-6 : 1e-13, "parameter", j);
		lb_outcome_free(&o);
	}
}
END_TEST

/* On a quadratic the second gradient is A (v + rho A v / |A v|), with v from the minimum: the first
 * gradient plus rho A u, u its direction, where A = 2 X'X / n. */
START_TEST(sam_on_a_quadratic)
{
	double w[D + 1], g[D + 1], a[(D + 1) * (D + 1)] = { 0 };

	open_problem(LB_REGRESSION, 1);
	uses[0] = use("sam", "rho=2");
	const struct lb_setup s = with(trial(&p, "mse", "", "lr=1"), uses, 1);
	struct lb_outcome o = train_alone(lb_train_f64, in_order(&s, 1, ROWS), &s);
	initial(&s, 1, w);
	plain_gradient(SQUARES, w, 0, ROWS, NULL, g);
	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j < (D + 1) * (D + 1); j++) {
			const size_t r = j / (D + 1), c = j % (D + 1);
			a[j] += 2.0 / ROWS * (r < D ? x_of(&p)[i * D + r] : 1) * (c < D ? x_of(&p)[i * D + c] : 1);
		}
	for (size_t r = 0; r <= D; r++) {
		double along = 0;
		for (size_t c = 0; c <= D; c++)
			along += a[r * (D + 1) + c] * g[c] / length(g, D + 1);
		ck_near(o.w[r], w[r] - (g[r] + 2 * along), 1e-12, "parameter", r);
	}
	lb_outcome_free(&o);
}
END_TEST

/* ---- steps worked elsewhere: X[i,j] = sin(1 + 0.7 i + 1.3 j), y_i = cos(0.3 i), mean (Xw - y)^2,
 * w = (.2, -.1, .4), no bias ---- */

static const double tiny_start[] = { 0.2, -0.1, 0.4, 0 };
enum { TINY_ROWS = 6, TINY_D = 3 };

static void tiny_problem(void)
{
	const size_t rows[] = { TINY_ROWS, 1, 1 };

	problem_open(&p, LB_REGRESSION, rows, TINY_D, 1);
	for (size_t i = 0; i < TINY_ROWS; i++) {
		p.data.target[i] = cos(0.3 * (double)i);
		for (size_t j = 0; j < TINY_D; j++)
			x_of(&p)[i * TINY_D + j] = sin(1 + 0.7 * (double)i + 1.3 * (double)j);
	}
}

/* w (4) <- what an evaluation reads after so many steps of sgd at rate 0.1. */
static void tiny_steps(const char *name, const char *set, size_t steps, double *w)
{
	static const uint32_t rows[] = { 0, 1, 2, 3, 4, 5 };
	struct lb_learner l;
	struct lb_feed feed;

	uses[0] = use(name, set);
	struct lb_setup s = with(trial(&p, "mse", "", "lr=0.1"), uses, 1);
	s.model.bias_init = LB_BIAS_NONE;
	s.model.init = LB_INIT_ZERO;
	const struct lb_cohort c = in_order(&s, 5, TINY_ROWS);
	ck_assert_int_eq(lb_learner_open_f64(&l, &c, &s, &err), 0);
	lb_model_pack_f64(&l.model, tiny_start, l.model.w);
	ck_assert_int_eq(lb_feed_open_f64(&feed, c.features, false, TINY_ROWS, false, &err), 0);
	lb_feed_load_f64(&feed, rows, TINY_ROWS, NULL);
	lb_hooks_close_f64(&l); /* opened anew: averages begin with these weights */
	l.n_hooks = 0;
	ck_assert_int_eq(lb_hooks_open_f64(&l, &c, &err), 0);
	for (size_t step = 0; step < steps; step++)
		lb_learner_step_f64(&l, &c, &(struct lb_minibatch){ .feed = &feed, .rows = rows, .id = rows, .b = TINY_ROWS }, (int64_t)step, 1);
	lb_model_unpack_f64(&l.model, lb_learner_judged_f64(&l), w);
	lb_feed_close_f64(&feed);
	lb_learner_close_f64(&l);
}

/* Computed by other programs than this one. */
START_TEST(worked_steps)
{
	static const struct {
		const char *name, *set;
		size_t steps;
		double w[TINY_D];
	} worked[] = {
		{ "gsam", "rho=0.05 alpha=0.4", 1, { 0.294433089, -0.1172628967, 0.2963313018 } },
		{ "ema", "decay=0.9", 5, { 0.286053122, -0.1268568112, 0.2995785469 } },
		{ "swa", "start=0.2 every=1", 5, { 0.4278136358, -0.1716880808, 0.1338334089 } },
	};
	double w[TINY_D + 1];

	tiny_problem();
	for (size_t i = 0; i < sizeof worked / sizeof *worked; i++) {
		tiny_steps(worked[i].name, worked[i].set, worked[i].steps, w);
		for (size_t j = 0; j < TINY_D; j++)
			ck_near(w[j], worked[i].w[j], 2e-10, worked[i].name, j);
		ck_assert_double_eq(w[TINY_D], 0);
	}
}
END_TEST

/* asam's move, entry by entry; and gsam without its own part is sam to the byte. */
START_TEST(variants_of_sam)
{
	double w[D + 1], g[D + 1], at[D + 1], moved[D + 1], norm = 0;

	open_problem(LB_BINARY, 2);
	uses[0] = use("asam", "rho=0.7");
	struct lb_setup s = with(trial(&p, "logistic", "", "lr=0.3"), uses, 1);
	struct lb_outcome o = train_alone(lb_train_f64, in_order(&s, 1, ROWS), &s);
	initial(&s, 1, w);
	plain_gradient(LOGISTIC, w, 0, ROWS, NULL, g);
	for (size_t j = 0; j <= D; j++)
		norm += w[j] * g[j] * w[j] * g[j];
	for (size_t j = 0; j <= D; j++)
		moved[j] = w[j] + 0.7 * w[j] * w[j] * g[j] / sqrt(norm);
	plain_gradient(LOGISTIC, moved, 0, ROWS, NULL, at);
	for (size_t j = 0; j <= D; j++)
		ck_near(o.w[j], w[j] - 0.3 * at[j], 1e-12, "parameter", j);
	lb_outcome_free(&o);

	uses[1] = use("sam", "rho=0.3");
	uses[2] = use("gsam", "rho=0.3 alpha=0");
	const struct lb_setup sam = with(s, uses + 1, 1), gsam = with(s, uses + 2, 1);
	for (int k = 0; k < 2; k++) {
		struct lb_outcome a = train_alone(precision[k], in_order(&sam, 3, 5), &sam), b = train_alone(precision[k], in_order(&gsam, 3, 5), &gsam);
		ck_same_outcome(&a, &b);
		lb_outcome_free(&a);
		lb_outcome_free(&b);
	}
}
END_TEST

/* ---- none ---- */

/* The average of swa holds the last weights alone: those of four epochs from the last quarter
 * on. */
static const char *const neutral[][2] = { { "sam", "rho=0" },	      { "asam", "rho=0" },   { "mixup", "alpha=0" }, { "coteach", "forget=0" },
					  { "small_loss", "keep=1" }, { "cvar", "share=1" }, { "ema", "decay=0" },   { "swa", "start=0.75" } };
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
	for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
		struct lb_setup s = with(with_hidden(trial(&p, i == 1 ? "gce" : "ce", "", ""), 7, LB_TANH, 0.3), NULL, 0);
		s.optimizer = optimizer(optimizers[i][0]);
		s.optimizer_par = args(s.optimizer, optimizers[i][1]);
		s.clip_norm = i == 2 ? 0.5 : 0;
		uses[0] = use(set[0], set[1]);
		const struct lb_setup t = with(s, uses, 1);
		for (int k = 0; k < 2; k++) {
			const struct lb_cohort c = cohort_of(&p, &s, 1, 4, 7);
			struct lb_outcome a = train_alone(precision[k], c, &s), b = train_alone(precision[k], c, &t);
			ck_same_outcome(&a, &b);
			lb_outcome_free(&a);
			lb_outcome_free(&b);
		}
	}
}
END_TEST

/* ---- mixup ---- */

/* A hook of the procedure, opened for batches of b rows. */
static struct lb_hook hook_of(struct lb_learner *l, const struct lb_cohort *c, const struct lb_procedure_use *u)
{
	struct lb_hook h = { .procedure = (const struct lb_procedure *)u->info, .par = u->par };

	h.state = h.procedure->open(l, c, h.par, &err);
	ck_assert(h.state);
	return h;
}

/* What mixup makes of the first b rows in that step. */
static void mix(const struct lb_hook *h, const struct lb_cohort *c, size_t b, int64_t step, double *x, struct lb_step *s)
{
	static struct lb_minibatch batch;

	batch = (struct lb_minibatch){ .b = b };
	*s = (struct lb_step){ .c = c, .batch = &batch, .step = step, .set = { { .share = 1 } }, .n_sets = 1 };
	memcpy(x, x_of(&p), b * D * sizeof *x);
	h->procedure->inputs(h, s, x);
	h->procedure->labels(h, s);
}

START_TEST(mixtures_are_of_the_rows)
{
	struct lb_learner l = { 0 };
	struct lb_step s;
	double x[ROWS * D];

	open_problem(LB_BINARY, 2);
	uses[0] = use("mixup", "alpha=0.4");
	const struct lb_cohort c = cohort_of(&p, NULL, 0, 1, ROWS);
	const struct lb_hook h = hook_of(&l, &c, &uses[0]);
	size_t met = 0;
	for (int64_t step = 0; step < 50; step++) {
		bool seen[ROWS] = { false };
		mix(&h, &c, ROWS, step, x, &s);
		ck_assert_uint_eq(s.n_sets, 2);
		ck_assert(s.set[0].share >= 0 && s.set[0].share <= 1 && !s.set[0].of);
		ck_assert_double_eq_tol(s.set[0].share + s.set[1].share, 1, 1e-15);
		for (size_t i = 0; i < ROWS; i++) {
			const size_t j = s.set[1].of[i];
			ck_assert(j < ROWS && !seen[j]);
			seen[j] = true;
			met += j != i;
			for (size_t k = 0; k < D; k++)
				ck_near(x[i * D + k], s.set[0].share * x_of(&p)[i * D + k] + s.set[1].share * x_of(&p)[j * D + k], 1e-15, "x", i);
		}
	}
	ck_assert_uint_gt(met, 50 * ROWS * 3 / 4);
	h.procedure->close(h.state);
}
END_TEST

/* The share is Beta(a, a): mean 1/2, variance 1 / (4 (2 a + 1)), fourth central moment 3 / (16 (2 a
 * + 1) (2 a + 3)). */
START_TEST(shares_are_beta)
{
	static const char *const set[] = { "alpha=0.05", "alpha=0.4", "alpha=1", "alpha=8" };
	static const double alpha[] = { 0.05, 0.4, 1, 8 };
	const double a = alpha[_i];
	enum { N = 20000 };
	struct lb_learner l = { 0 };
	struct lb_step s;
	double x[D], mean = 0, second = 0, fourth = 0;

	open_problem(LB_BINARY, 2);
	uses[0] = use("mixup", set[_i]);
	const struct lb_cohort c = cohort_of(&p, NULL, 0, 1, 1);
	const struct lb_hook h = hook_of(&l, &c, &uses[0]);
	for (int64_t step = 0; step < N; step++) {
		mix(&h, &c, 1, step, x, &s);
		const double d = s.set[0].share - 0.5;
		mean += d / N;
		second += d * d / N;
		fourth += d * d * d * d / N;
	}
	const double var = 1 / (4 * (2 * a + 1)), m4 = 3 / (16 * (2 * a + 1) * (2 * a + 3));
	ck_assert_double_le(fabs(mean), 5 * sqrt(var / N));
	ck_assert_double_le(fabs(second - var), 5 * sqrt((m4 - var * var) / N));
	ck_assert_double_le(fabs(fourth - m4), 0.05 * m4);
	h.procedure->close(h.state);
}
END_TEST

/* One step over all rows: for mse and logistic the gradient is that of the mixed target or
 * label. */
START_TEST(mixup_is_its_formula)
{
	const enum form form = _i ? SQUARES : LOGISTIC;
	struct lb_learner l = { 0 };
	struct lb_step step;
	double x[ROWS * D], w[D + 1], want[D + 1], value = 0;

	open_problem(_i ? LB_REGRESSION : LB_BINARY, _i ? 1 : 2);
	uses[0] = use("mixup", "alpha=1");
	const struct lb_setup s = with(trial(&p, _i ? "mse" : "logistic", "", "lr=0.3"), uses, 1);
	const struct lb_cohort c = in_order(&s, 1, ROWS);
	const struct lb_hook h = hook_of(&l, &c, &uses[0]);
	mix(&h, &c, ROWS, 0, x, &step);
	const double lam = step.set[0].share;
	initial(&s, 1, w);
	memcpy(want, w, sizeof w);
	for (size_t i = 0; i < ROWS; i++) {
		const size_t j = step.set[1].of[i];
		double z = w[D];
		for (size_t k = 0; k < D; k++)
			z += w[k] * x[i * D + k];
		const double mine = form == SQUARES ? p.data.target[i] : p.data.y[i], other = form == SQUARES ? p.data.target[j] : p.data.y[j];
		const double t = lam * mine + (1 - lam) * other, dz = form == SQUARES ? 2 * (z - t) : 1 / (1 + exp(-z)) - t;
		for (size_t k = 0; k < D; k++)
			want[k] -= 0.3 * dz * x[i * D + k] / ROWS;
		want[D] -= 0.3 * dz / ROWS;
		value += form == SQUARES ? (lam * (z - mine) * (z - mine) + (1 - lam) * (z - other) * (z - other)) / ROWS :
			 (lam * log1p(exp(mine > 0 ? -z : z)) + (1 - lam) * log1p(exp(other > 0 ? -z : z))) / ROWS;
	}
	for (int k = 0; k < 2; k++) {
		struct lb_outcome o = train_alone(precision[k], c, &s);
		ck_near(o.loss_curve[0], value, k ? 1e-6 : 1e-13, "loss", 0);
		for (size_t j = 0; j <= D; j++)
			ck_near(o.w[j], want[j], k ? 3e-6 : 1e-13, "parameter", j);
		lb_outcome_free(&o);
	}
	h.procedure->close(h.state);
}
END_TEST

/* ---- coteach ---- */

/* weight (b) <- b / n for the n rows of least loss. */
static void least(const double *loss, size_t b, size_t n, double *weight)
{
	for (size_t i = 0; i < b; i++) {
		size_t before = 0;
		for (size_t j = 0; j < b; j++)
			before += loss[j] < loss[i] || (loss[j] == loss[i] && j < i);
		weight[i] = before < n ? (double)b / (double)n : 0;
	}
}

/* Two linear models by plain loops over three epochs, whose share of forgotten rows rises: 0, 1/4,
 * 1/2 of 8 rows. */
START_TEST(coteach_is_its_algorithm)
{
	const enum form form = _i ? SQUARES : LOGISTIC;
	const size_t b = 8, kept[] = { 8, 6, 4, 4 };
	double w[2][D + 1], curve[4] = { 0 };
	struct lb_rng rng;

	open_problem(_i ? LB_REGRESSION : LB_BINARY, _i ? 1 : 2);
	uses[0] = use("coteach", "forget=0.5 ramp=2");
	const struct lb_setup s = with(trial(&p, _i ? "mse" : "logistic", "", "lr=0.2"), uses, 1);
	lb_rng_init(&rng, 1, LB_RNG_SECOND_MODEL, 0);
	const uint64_t high = lb_rng_u32(&rng), low = lb_rng_u32(&rng);
	initial(&s, 1, w[0]);
	initial(&s, high << 32 | low, w[1]);
	ck_assert(memcmp(w[0], w[1], sizeof w[0]));
	for (size_t e = 0; e < 4; e++)
		for (size_t first = 0; first < ROWS; first += b) {
			double loss[2][8], weight[2][8], g[2][D + 1];
			for (size_t m = 0; m < 2; m++) {
				for (size_t i = 0; i < b; i++)
					loss[m][i] = row_loss(form, w[m], first + i);
				least(loss[m], b, kept[e], weight[m]);
			}
			for (size_t m = 0; m < 2; m++) {
				const double value = plain_gradient(form, w[m], first, b, weight[1 - m], g[m]);
				curve[e] += m ? 0 : value * (double)b / ROWS;
			}
			for (size_t m = 0; m < 2; m++)
				for (size_t j = 0; j <= D; j++)
					w[m][j] -= 0.2 * g[m][j];
		}
	for (int k = 0; k < 2; k++) {
		struct lb_outcome o = train_alone(precision[k], in_order(&s, 4, b), &s);
		for (size_t e = 0; e < 4; e++)
			ck_near(o.loss_curve[e], curve[e], k ? 1e-5 : 1e-12, "loss", e);
		for (size_t j = 0; j <= D; j++)
			ck_near(o.w[j], w[0][j], k ? 1e-5 : 1e-12, "parameter", j);
		lb_outcome_free(&o);
	}
}
END_TEST

/* At least one row of a batch is kept: the last batch here has one. */
START_TEST(coteach_keeps_a_row)
{
	open_problem(LB_BINARY, 2);
	uses[0] = use("coteach", "forget=0.99 ramp=0");
	const struct lb_setup s = with(trial(&p, "logistic", "", "lr=0.2"), uses, 1);
	struct lb_outcome o = train_alone(lb_train_f64, in_order(&s, 2, ROWS - 1), &s);

	ck_assert_int_eq(o.status, LB_TRIAL_OK);
	for (size_t j = 0; j <= D; j++)
		ck_assert(isfinite(o.w[j]));
	lb_outcome_free(&o);
}
END_TEST

/* ---- rows by their losses ---- */

/* The smallest value over t of t + mean [l_i - t]+ / a, which is at one of the losses. */
static double value_at_risk(const double *w, double a)
{
	double best = HUGE_VAL;

	for (size_t k = 0; k < ROWS; k++) {
		const double t = row_loss(LOGISTIC, w, k);
		double value = t;
		for (size_t i = 0; i < ROWS; i++)
			value += fmax(row_loss(LOGISTIC, w, i) - t, 0) / a / ROWS;
		best = fmin(best, value);
	}
	return best;
}

/* Value and step are those of the minimum over t, by differences; a B whole, in part, less than a
 * row. */
START_TEST(cvar_is_its_minimum)
{
	static const char *const set[] = { "share=0.5", "share=0.3", "share=0.01", "share=1" };
	static const double share[] = { 0.5, 0.3, 0.01, 1 };
	double w[D + 1];

	open_problem(LB_BINARY, 2);
	uses[0] = use("cvar", set[_i]);
	const struct lb_setup s = with(trial(&p, "logistic", "", "lr=0.3"), uses, 1);
	struct lb_outcome o = train_alone(lb_train_f64, in_order(&s, 1, ROWS), &s);
	initial(&s, 1, w);
	const double a = fmax(share[_i], 1.0 / ROWS);
	ck_near(o.loss_curve[0], value_at_risk(w, a), 1e-12, "loss", 0);
	for (size_t j = 0; j <= D; j++) {
		const double at = w[j], h = 1e-6;
		w[j] = at + h;
		const double up = value_at_risk(w, a);
		w[j] = at - h;
		const double slope = (up - value_at_risk(w, a)) / (2 * h);
		w[j] = at;
		ck_near(o.w[j], at - 0.3 * slope, 1e-8, "parameter", j);
	}
	lb_outcome_free(&o);
}
END_TEST

START_TEST(small_losses_are_kept)
{
	double w[D + 1], g[D + 1], loss[ROWS], weight[ROWS];

	open_problem(LB_BINARY, 2);
	uses[0] = use("small_loss", "keep=0.6");
	const struct lb_setup s = with(trial(&p, "logistic", "", "lr=0.3"), uses, 1);
	struct lb_outcome o = train_alone(lb_train_f64, in_order(&s, 1, ROWS), &s);
	initial(&s, 1, w);
	for (size_t i = 0; i < ROWS; i++)
		loss[i] = row_loss(LOGISTIC, w, i);
	least(loss, ROWS, 14, weight); /* int(14.4) */
	ck_near(o.loss_curve[0], plain_gradient(LOGISTIC, w, 0, ROWS, weight, g), 1e-12, "loss", 0);
	for (size_t j = 0; j <= D; j++)
		ck_near(o.w[j], w[j] - 0.3 * g[j], 1e-12, "parameter", j);
	lb_outcome_free(&o);
}
END_TEST

/* Ties go to the first row, NaN to the end. */
START_TEST(rows_are_ranked)
{
	const double loss[] = { 2, (double)NAN, 1, 2, -1, 1 };
	const uint32_t want[] = { 4, 2, 5, 0, 3, 1 };
	struct lb_ranked ranked[6];
	double weight[] = { 1, 1, 1, 1, 2, 1 };

	lb_rank_rows_f64(loss, 6, ranked);
	for (size_t i = 0; i < 6; i++)
		ck_assert_uint_eq(ranked[i].row, want[i]);
	lb_keep_smallest_f64(ranked, 6, 2, weight);
	for (size_t i = 0; i < 6; i++)
		ck_assert_double_eq(weight[i], i == 4 ? 6 : i == 2 ? 3 : 0);
	ck_assert_uint_eq(lb_rows_of_share_f64(1 - 0.9, 10), 1);
	ck_assert_uint_eq(lb_rows_of_share_f64(0.29, 10), 2);
	ck_assert_uint_eq(lb_rows_of_share_f64(0, 10), 1);
}
END_TEST

/* ---- company, threads ---- */

/* Each procedure gives the same bytes alone, in a cohort with all others and with two threads, and
 * other bytes than plain training. */
START_TEST(the_same_in_company)
{
	enum { K = 14, OTHERS = 6 };
	struct lb_procedure_use u[K][2];
	struct lb_setup s[K];
	struct lb_outcome alone[K], together[K];
	const struct lb_info *info;
	size_t n = OTHERS;

	open_problem(LB_MULTICLASS, 3);
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
		if (strcmp(info->name, "sam") && strcmp(info->name, "mixup") && strcmp(info->name, "coteach")) {
			ck_assert_uint_lt(n, K);
			u[n][0] = use(info->name, "");
			s[n] = with(base, u[n], 1);
			n++;
		}
	for (int k = 0; k < 2; k++) {
		struct lb_cohort c = cohort_of(&p, s, n, 5, 7);
		for (size_t i = 0; i < n; i++)
			alone[i] = train_alone(precision[k], c, &s[i]);
		for (c.threads = 1; c.threads < 3; c.threads++) {
			train_all(precision[k], &c, together);
			for (size_t i = 0; i < n; i++) {
				ck_same_outcome(&alone[i], &together[i]);
				lb_outcome_free(&together[i]);
			}
		}
		for (size_t i = 1; i < n; i++)
			ck_assert(!same_parameters(&alone[0], &alone[i]));
		ck_same_outcome(&alone[4], &alone[5]); /* both orders: one changes rows, the other gradients */
		for (size_t i = 0; i < n; i++)
			lb_outcome_free(&alone[i]);
	}
}
END_TEST

/* ---- hooks ---- */

static char called[200];
static double seen_weight, seen_used, seen_loss;

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

/* The first row alone counts, twice. */
static void on_weigh(const struct lb_hook *h, struct lb_step *s, const double *loss, double *weight)
{
	(void)h;
	note("weigh");
	seen_loss = loss[0];
	for (size_t i = 0; i < s->batch->b; i++)
		weight[i] *= i ? 0 : 2;
}

static void on_weights(const struct lb_hook *h, const struct lb_learner *l, double *w)
{
	(void)h;
	note("weights");
	for (size_t i = 0; i < l->model.n_params; i++)
		w[i] *= 3;
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
	static const struct lb_procedure all = { .base.tasks = 1, .epoch = on_epoch, .inputs = on_inputs, .labels = on_labels, .weigh = on_weigh,
						 .weights = on_weights, .gradient = on_gradient, .stepped = on_stepped, .finish = on_finish };
	const uint32_t rows[] = { 0, 1, 2 };
	double plain[D + 1];
	struct lb_learner l;
	struct lb_feed feed;

	open_problem(LB_BINARY, 2);
	const struct lb_setup s = trial(&p, "logistic", "", "lr=0.5");
	const struct lb_cohort c = in_order(&s, 1, 3);
	ck_assert_int_eq(lb_learner_open_f64(&l, &c, &s, &err), 0);
	ck_assert_int_eq(lb_feed_open_f64(&feed, c.features, false, 3, false, &err), 0);
	lb_feed_load_f64(&feed, rows, 3, NULL);
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
	initial(&s, 1, plain);
	const double before = l.model.w[0];

	lb_hooks_epoch_f64(&l, 3);
	const double value = lb_learner_step_f64(&l, &c, &(struct lb_minibatch){ .feed = &feed, .rows = rows, .id = rows, .b = 3 }, 0, 1);
	ck_assert_str_eq(called, "epoch inputs labels weights weigh gradient stepped");
	double z = 3 * plain[D];
	for (size_t j = 0; j < D; j++)
		z += 3 * plain[j] * 2 * x_of(&p)[j];
	const double loss = 0.5 * log1p(exp(p.data.y[0] ? -z : z));
	ck_near(seen_loss, loss, 1e-14, "row loss", 0);
	ck_near(value, 2 * loss / 3, 1e-14, "value", 0);
	ck_assert_double_eq(seen_weight, before);
	ck_assert_double_eq(seen_used, 3 * before);
	ck_assert_double_eq(l.model.w[0], before - 0.5 + 100);

	called[0] = '\0';
	const double *w = lb_learner_judged_f64(&l);
	ck_assert_str_eq(called, "finish weights");
	ck_assert_double_eq(w[0], 3 * (before - 0.5 + 100 + 1));
	lb_feed_close_f64(&feed);
	lb_learner_close_f64(&l);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("procedures");
	TCase *t = tcase_create("descriptors");

	tcase_add_test(t, wrong_descriptors_are_named);
	tcase_add_test(t, descriptors_are_whole);
	suite_add_tcase(s, t);
	t = tcase_create("steps");
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, sam_is_its_formula, 0, 2);
	tcase_add_test(t, sam_on_a_quadratic);
	tcase_add_loop_test(t, neutral_is_plain, 0, NEUTRAL);
	tcase_add_test(t, mixtures_are_of_the_rows);
	tcase_add_loop_test(t, shares_are_beta, 0, 4);
	tcase_add_loop_test(t, mixup_is_its_formula, 0, 2);
	tcase_add_loop_test(t, coteach_is_its_algorithm, 0, 2);
	tcase_add_test(t, coteach_keeps_a_row);
	tcase_add_test(t, worked_steps);
	tcase_add_test(t, variants_of_sam);
	tcase_add_loop_test(t, cvar_is_its_minimum, 0, 4);
	tcase_add_test(t, small_losses_are_kept);
	tcase_add_test(t, rows_are_ranked);
	tcase_add_test(t, the_same_in_company);
	tcase_add_test(t, hooks_have_their_order_and_their_place);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("procedures")
