/* core/engine/step: training procedures against steps by plain loops, and against plain training where they are to be none; the hooks in
 * their order. */
#include "core/engine/step/procedure.h"
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
	unsigned kinds, traits;
	size_t i = 0;

	while (strcmp(lb_procedure_info_f64(i, &kinds, &traits)->name, name))
		i++;
	return lb_procedure_info_f64(i, &kinds, &traits);
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

/* g (D + 1) <- the gradient of sum_i weight_i loss_i / b over rows first .. first + b; returns that sum. */
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
	const struct lb_procedure *f;
	unsigned kinds, traits, kinds32, traits32;
	size_t n = 0;

	for (; (f = lb_procedure_at_f64(n)); n++) {
		const struct lb_info *info = lb_procedure_info_f64(n, &kinds, &traits), *single = lb_procedure_info_f32(n, &kinds32, &traits32);
		ck_assert_msg(!lb_procedure_misfit_f64(f), "%s %s", info->name, lb_procedure_misfit_f64(f));
		ck_assert(info->title && info->cite && info->formula && info->notes);
		for (int i = 0; i < info->n_params; i++)
			ck_assert(info->params[i].name && info->params[i].help);
		ck_assert(single && kinds32 == kinds && traits32 == traits);
		ck_assert_str_eq(single->name, info->name);
	}
	ck_assert_ptr_null(lb_procedure_info_f32(n, &kinds32, &traits32));
	ck_assert_uint_ge(n, 3);
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
		{ { .kinds = 1 }, "has no hook" },
		{ { .kinds = 1, .step = whole, .inputs = inputs_of }, "has .step and a hook that it replaces" },
		{ { .kinds = 1, .inputs = inputs_of, .weighs_rows = true }, "says weighs_rows without .step; .weigh says it by itself" },
		{ { .kinds = 1, .step = whole, .open = open_nothing }, "has one of .open and .close; they go together" },
		{ { .step = whole }, "is for no task" },
		{ { .kinds = 1, .step = whole, .base = { .n_params = 9 } }, "has too many parameters" },
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

/* On a quadratic the second gradient is A (v + rho A v / |A v|), with v from the minimum: the first gradient plus rho A u, u its direction,
 * where A = 2 X'X / n. */
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

/* ---- none ---- */

/* Procedures that are to do nothing give the bytes of plain training, whatever else the setup has. */
START_TEST(neutral_is_plain)
{
	static const char *const neutral[][2] = { { "sam", "rho=0" }, { "mixup", "alpha=0" }, { "coteach", "forget=0" } };
	static const char *const optimizers[][2] = { { "sgd", "lr=0.1 momentum=0.9 weight_decay=0.01" }, { "adam", "lr=0.01" },
						     { "adamw", "lr=0.01 weight_decay=0.1" }, { "sgd", "lr=0.1 project=perpendicular" },
						     { "normalized_gd", "lr=0.1" } };

	open_problem(LB_MULTICLASS, 3);
	for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
		struct lb_setup s = with(with_hidden(trial(&p, i == 1 ? "gce" : "ce", "", ""), 7, LB_TANH, 0.3), NULL, 0);
		s.optimizer = optimizer(optimizers[i][0]);
		s.optimizer_par = args(s.optimizer, optimizers[i][1]);
		s.clip_norm = i == 2 ? 0.5 : 0;
		uses[0] = use(neutral[_i][0], neutral[_i][1]);
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
	size_t i = 0;

	while (strcmp(lb_procedure_at_f64(i)->base.name, u->info->name))
		i++;
	struct lb_hook h = { .procedure = lb_procedure_at_f64(i), .par = u->par };
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

/* The share is Beta(a, a): mean 1/2, variance 1 / (4 (2 a + 1)), fourth central moment 3 / (16 (2 a + 1) (2 a + 3)). */
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

/* One step over all rows: for mse and logistic the gradient is that of the mixed target or label. */
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

/* Two linear models by plain loops over three epochs, whose share of forgotten rows rises: 0, 1/4, 1/2 of 8 rows. */
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

/* ---- company, threads ---- */

/* Each procedure gives the same bytes alone, in a cohort with all others and with two threads, and other bytes than plain training. */
START_TEST(the_same_in_company)
{
	enum { K = 6 };
	struct lb_procedure_use u[K][2];
	struct lb_setup s[K];
	struct lb_outcome alone[K], together[K];

	open_problem(LB_MULTICLASS, 3);
	struct lb_setup base = with_hidden(trial(&p, "ce", "", "lr=0.1 momentum=0.9"), 9, LB_RELU, 0.2);
	u[1][0] = use("sam", "rho=0.2");
	u[2][0] = use("mixup", "");
	u[3][0] = use("coteach", "forget=0.4 ramp=2");
	u[4][0] = u[1][0];
	u[4][1] = u[2][0];
	u[5][0] = u[2][0];
	u[5][1] = u[1][0];
	for (size_t i = 0; i < K; i++)
		s[i] = with(base, u[i], i == 0 ? 0 : i < 4 ? 1 : 2);
	for (int k = 0; k < 2; k++) {
		struct lb_cohort c = cohort_of(&p, s, K, 5, 7);
		for (size_t i = 0; i < K; i++)
			alone[i] = train_alone(precision[k], c, &s[i]);
		for (c.threads = 1; c.threads < 3; c.threads++) {
			train_all(precision[k], &c, together);
			for (size_t i = 0; i < K; i++) {
				ck_same_outcome(&alone[i], &together[i]);
				lb_outcome_free(&together[i]);
			}
		}
		for (size_t i = 1; i < K; i++)
			ck_assert(!same_parameters(&alone[0], &alone[i]));
		ck_same_outcome(&alone[4], &alone[5]); /* both orders: one changes rows, the other gradients */
		for (size_t i = 0; i < K; i++)
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
	static const struct lb_procedure all = { .kinds = 1, .epoch = on_epoch, .inputs = on_inputs, .labels = on_labels, .weigh = on_weigh,
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
	tcase_add_loop_test(t, neutral_is_plain, 0, 3);
	tcase_add_test(t, mixtures_are_of_the_rows);
	tcase_add_loop_test(t, shares_are_beta, 0, 4);
	tcase_add_loop_test(t, mixup_is_its_formula, 0, 2);
	tcase_add_loop_test(t, coteach_is_its_algorithm, 0, 2);
	tcase_add_test(t, coteach_keeps_a_row);
	tcase_add_test(t, the_same_in_company);
	tcase_add_test(t, hooks_have_their_order_and_their_place);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("procedures")
