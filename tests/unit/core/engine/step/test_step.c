/* The arithmetic of core/train against trainings of a linear model written out in plain loops from
 * the definitions. */
#include "core/engine/model/net.h"
#include "tests/unit/core/training.h"

enum { D = 4, C = 3, MOST_ROWS = 64, PARAMS = (D + 1) * C };

static struct problem p;
static double row_weight[MOST_ROWS];

static void open_problem(enum lb_kind kind, size_t train_rows)
{
	const size_t rows[] = { train_rows, 0, 12 };

	problem_open(&p, kind, rows, D, kind == LB_BINARY ? 2 : C);
	problem_draw(&p, 9);
}

static void teardown(void)
{
	problem_close(&p);
	args_forget();
}

/* ---- the plain training ---- */

typedef double loss_fn(size_t b, const uint32_t *id, const double *z, double *dz);

struct plain {
	loss_fn *loss;           /* mean loss of the rows `id` and its derivative by their scores */
	double lr, momentum, decay, clip;
	bool decay_bias;
	size_t epochs, batch, columns;
	uint64_t order_seed;     /* 0: not shuffled */
	const struct lb_setup *setup;
	double w[PARAMS], v[PARAMS], curve[32];
	size_t clipped;
};

static void plain_scores(const struct plain *t, const double *x, double *z)
{
	for (size_t k = 0; k < t->columns; k++) {
		z[k] = t->w[t->columns * D + k];
		for (size_t j = 0; j < D; j++)
			z[k] += t->w[k * D + j] * x[j];
	}
}

static void plain_gradient(const struct plain *t, size_t b, const uint32_t *id, const double *dz, double *g)
{
	const size_t c = t->columns;

	memset(g, 0, PARAMS * sizeof *g);
	for (size_t i = 0; i < b; i++)
		for (size_t k = 0; k < c; k++) {
			g[c * D + k] += dz[i * c + k];
			for (size_t j = 0; j < D; j++)
				g[k * D + j] += dz[i * c + k] * x_of(&p)[id[i] * D + j];
		}
}

static void plain_clip(struct plain *t, double *g)
{
	double norm = 0;

	for (size_t i = 0; i < PARAMS; i++)
		norm += g[i] * g[i];
	norm = sqrt(norm);
	if (t->clip == 0 || norm <= t->clip)
		return;
	t->clipped++;
	for (size_t i = 0; i < PARAMS; i++)
		g[i] *= t->clip / norm;
}

static double plain_step(struct plain *t, size_t b, const uint32_t *id, double factor)
{
	double z[MOST_ROWS * C], dz[MOST_ROWS * C], g[PARAMS];

	for (size_t i = 0; i < b; i++)
		plain_scores(t, x_of(&p) + id[i] * D, z + i * t->columns);
	const double value = t->loss(b, id, z, dz);
	plain_gradient(t, b, id, dz, g);
	plain_clip(t, g);
	for (size_t i = 0; i < t->columns * (D + 1); i++) {
		if (i < t->columns * D || t->decay_bias)
			g[i] += t->decay * t->w[i];
		t->v[i] = t->momentum * t->v[i] + g[i];
		t->w[i] -= t->lr * factor * t->v[i];
	}
	return value;
}

static void plain_train(struct plain *t)
{
	const size_t n = p.split.n[LB_TRAIN];
	const int64_t total = (int64_t)(t->epochs * ((n + t->batch - 1) / t->batch));
	uint32_t order[MOST_ROWS];
	int64_t step = 0;

	for (size_t epoch = 0; epoch < t->epochs; epoch++) {
		struct lb_rng rng;
		for (size_t i = 0; i < n; i++)
			order[i] = (uint32_t)i;
		lb_rng_init(&rng, t->order_seed, LB_RNG_ORDER, epoch);
		if (t->order_seed)
			lb_rng_shuffle(&rng, order, n);
		for (size_t start = 0; start < n; start += t->batch, step++) {
			const size_t b = start + t->batch > n ? n - start : t->batch;
			const struct lb_schedule_time at = { step, total, (int64_t)epoch, (int64_t)t->epochs };
			const double factor = lb_schedule_factor(t->setup->schedule, t->setup->schedule_par, at);
			t->curve[epoch] += plain_step(t, b, order + start, factor) * (double)b / (double)n;
		}
	}
}

/* ---- losses by definition; a row's id is its row in the dataset ---- */

static double weight_of(uint32_t row)
{
	return row_weight[row] > 0 ? row_weight[row] : 1;
}

static double softmax_of(const double *z, double *prob)
{
	double sum = 0;

	for (size_t k = 0; k < C; k++)
		sum += exp(z[k]);
	for (size_t k = 0; k < C; k++)
		prob[k] = exp(z[k]) / sum;
	return log(sum);
}

static double plain_ce(size_t b, const uint32_t *id, const double *z, double *dz)
{
	double value = 0;

	for (size_t i = 0; i < b; i++) {
		const size_t y = (size_t)p.data.y[id[i]];
		const double share = weight_of(id[i]) / (double)b;
		double prob[C];
		value += share * (softmax_of(z + i * C, prob) - z[i * C + y]);
		for (size_t k = 0; k < C; k++)
			dz[i * C + k] = share * (prob[k] - (k == y));
	}
	return value;
}

static double plain_logistic(size_t b, const uint32_t *id, const double *z, double *dz)
{
	double value = 0;

	for (size_t i = 0; i < b; i++) {
		const double y = p.data.y[id[i]];
		value += (log(1 + exp(z[i])) - y * z[i]) / (double)b;
		dz[i] = (1 / (1 + exp(-z[i])) - y) / (double)b;
	}
	return value;
}

static double plain_mse(size_t b, const uint32_t *id, const double *z, double *dz)
{
	double value = 0;

	for (size_t i = 0; i < b * C; i++) {
		const double e = z[i] - p.data.target[id[i / C] * C + i % C];
		value += e * e / (double)(b * C);
		dz[i] = 2 * e / (double)(b * C);
	}
	return value;
}

static double plain_mw(size_t b, const uint32_t *id, const double *z, double *dz)
{
	double value = 0, pairs = 0;

	memset(dz, 0, b * sizeof *dz);
	for (size_t i = 0; i < b * b; i++)
		pairs += p.data.y[id[i / b]] > p.data.y[id[i % b]];
	for (size_t i = 0; i < b * b; i++) {
		if (p.data.y[id[i / b]] <= p.data.y[id[i % b]])
			continue;
		const double x = z[i % b] - z[i / b], s = 1 / (1 + exp(-x)) / pairs;
		value += log(1 + exp(x)) / pairs;
		dz[i / b] -= s;
		dz[i % b] += s;
	}
	return value;
}

static double targets[MOST_ROWS][C];

/* lambda = 3, beta = 0.7; probabilities stay within the clamp on these data. */
static double plain_elr(size_t b, const uint32_t *id, const double *z, double *dz)
{
	double value = plain_ce(b, id, z, dz);

	for (size_t i = 0; i < b; i++) {
		double prob[C], s = 0;
		softmax_of(z + i * C, prob);
		for (size_t k = 0; k < C; k++) {
			ck_assert(prob[k] > 1e-4 && prob[k] < 1 - 1e-4);
			targets[id[i]][k] = 0.7 * targets[id[i]][k] + (1 - 0.7) * prob[k];
			s += prob[k] * targets[id[i]][k];
		}
		value += 3 * log(1 - s) / (double)b;
		for (size_t k = 0; k < C; k++)
			dz[i * C + k] += 3 / (1 - s) * prob[k] * (s - targets[id[i]][k]) / (double)b;
	}
	return value;
}

/* ---- comparing ---- */

static struct lb_cohort alike(const struct plain *t)
{
	struct lb_cohort c = cohort_of(&p, t->setup, 1, t->epochs, t->batch);

	c.order_seed = t->order_seed;
	c.shuffle = t->order_seed != 0;
	return c;
}

/* In the plain order. */
static void initial(const struct lb_net *net, double *w)
{
	double *stored = lb_alloc_aligned(net->n_params, sizeof *stored, &err);

	lb_net_init_f64(net, stored);
	lb_net_unpack_f64(net, stored, w);
	free(stored);
}

static void ck_plain(struct plain *t, train_fn *train, double tolerance)
{
	struct lb_net *net = lb_net_new_f64(&t->setup->model, 1, &err);
	const struct lb_cohort c = alike(t);

	t->columns = p.columns;
	memset(targets, 0, sizeof targets);
	initial(net, t->w);
	lb_net_free_f64(net);
	plain_train(t);
	struct lb_train_result o = train_alone(train, c, t->setup);
	ck_assert_int_eq(o.status, LB_TRIAL_OK);
	ck_assert_uint_eq(o.epochs, t->epochs);
	for (size_t e = 0; e < t->epochs; e++)
		ck_near(o.loss_curve[e], t->curve[e], tolerance, "training loss", e);
	for (size_t i = 0; i < p.split.n[LB_TEST]; i++) {
		double z[C];
		plain_scores(t, x_of(&p) + p.split.rows[LB_TEST][i] * D, z);
		for (size_t k = 0; k < p.columns; k++)
			ck_near(o.scores[i * p.columns + k], z[k], tolerance, "score", i * p.columns + k);
	}
	lb_train_result_free(&o);
}

static void ck_both(const struct plain *t)
{
	struct plain a = *t, b = *t;

	ck_plain(&a, lb_train_f64, 1e-12);
	ck_plain(&b, lb_train_f32, 2e-5);
	ck_assert_int_eq(t->clip == 0, a.clipped == 0);
}

static const struct {
	enum lb_kind kind;
	const char *loss;
	loss_fn *plain;
} losses[] = {
	{ LB_MULTICLASS, "ce", plain_ce }, { LB_BINARY, "logistic", plain_logistic }, { LB_REGRESSION, "mse", plain_mse },
	{ LB_BINARY, "mw", plain_mw },	   { LB_MULTICLASS, "elr", plain_elr },
};
enum { N_LOSSES = sizeof losses / sizeof *losses };

static const size_t batches[] = { 5, 23, 1, 22, 7 };

/* 23 rows: the last batch has 3, 23, 1, 1, 2. */
START_TEST(the_last_batch_is_exact)
{
	open_problem(losses[_i / 5].kind, 23);
	const struct lb_setup s = trial(&p, losses[_i / 5].loss, "", "lr=0.1");

	for (uint64_t seed = 0; seed < 3; seed++)
		ck_both(&(struct plain){ .loss = losses[_i / 5].plain, .lr = 0.1, .epochs = seed ? 4 : 1, .batch = batches[_i % 5],
					 .order_seed = seed, .setup = &s });
}
END_TEST

START_TEST(decay_spares_biases_unless_asked)
{
	open_problem(LB_MULTICLASS, 23);
	const struct lb_setup s = trial(&p, "ce", "", "lr=0.1 momentum=0.9 weight_decay=0.2");
	const struct lb_setup all = trial(&p, "ce", "", "lr=0.1 momentum=0.9 weight_decay=0.2 decay_bias=true");
	struct plain t = { .loss = plain_ce, .lr = 0.1, .momentum = 0.9, .decay = 0.2, .epochs = 3, .batch = 5, .order_seed = 1,
			   .setup = &s };

	ck_both(&t);
	t.decay_bias = true;
	t.setup = &all;
	ck_both(&t);
}
END_TEST

START_TEST(schedules_see_steps_and_epochs)
{
	const char *const name[] = { "step", "cosine", "constant" };
	const char *const set[] = { "every=2 gamma=0.5", "warmup=0.3 final=0.1", "warmup=0.5" };

	open_problem(LB_MULTICLASS, 23);
	const struct lb_setup s = with_schedule(trial(&p, "ce", "", "lr=0.3"), name[_i], set[_i]);
	ck_both(&(struct plain){ .loss = plain_ce, .lr = 0.3, .epochs = 5, .batch = 5, .order_seed = 4, .setup = &s });
}
END_TEST

START_TEST(clipping_is_by_the_whole_length)
{
	open_problem(LB_REGRESSION, 23);
	struct lb_setup s = trial(&p, "mse", "", "lr=0.1 weight_decay=0.3");

	s.clip_norm = 0.7;
	ck_both(&(struct plain){ .loss = plain_mse, .lr = 0.1, .decay = 0.3, .clip = 0.7, .epochs = 3, .batch = 5, .setup = &s });
}
END_TEST

/* The squared length overflows; the gradient is neither scaled nor lost. */
START_TEST(an_infinite_length_is_left)
{
	open_problem(LB_REGRESSION, 1);
	struct lb_setup s = trial(&p, "mse", "", "lr=1e-300");

	s.model.init = LB_INIT_ZERO;
	s.clip_norm = 1;
	x_of(&p)[0] = 1e200;
	struct lb_train_result o = train_alone(lb_train_f64, cohort_of(&p, &s, 1, 1, 1), &s);
	for (size_t k = 0; k < C; k++) {
		const double w = 1e-300 * 2.0 / C * p.data.target[k] * 1e200, x = x_of(&p)[D];
		ck_assert_double_le(fabs(o.scores[k] - w * x), 1e-12 * fabs(w * x));
	}
	lb_train_result_free(&o);
}
END_TEST

/* ---- weights ---- */

static void weigh(size_t n, double (*weight)(size_t i))
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += weight(i);
	for (size_t i = 0; i < p.data.n; i++)
		row_weight[i] = (i < n ? weight(i) : 1) * (double)n / sum;
}

static double various(size_t i)
{
	return 0.3 + (double)(i % 5);
}

START_TEST(weights_multiply_rows)
{
	open_problem(LB_MULTICLASS, 23);
	struct lb_setup s = trial(&p, "ce", "", "lr=0.1");

	weigh(23, various);
	s.row_weight = row_weight;
	ck_both(&(struct plain){ .loss = plain_ce, .lr = 0.1, .epochs = 3, .batch = 5, .order_seed = 2, .setup = &s });
}
END_TEST

static double last_twice(size_t i)
{
	return i == 19 ? 2 : 1;
}

static double last_not(size_t i)
{
	return i == 20 ? 0 : 1;
}

/* 21 rows, the last one a copy of the one before. Full batches. */
static struct lb_train_result trained(size_t rows, double (*weight)(size_t i))
{
	struct lb_setup s = trial(&p, "ce", "", "lr=0.5 momentum=0.5");

	p.split.n[LB_TRAIN] = rows;
	if (weight) {
		weigh(rows, weight);
		s.row_weight = row_weight;
	}
	return train_alone(lb_train_f64, cohort_of(&p, &s, 1, 40, rows), &s);
}

static void ck_close(const struct lb_train_result *a, const struct lb_train_result *b)
{
	for (size_t e = 0; e < 40; e++)
		ck_near(a->loss_curve[e], b->loss_curve[e], 1e-12, "training loss", e);
	for (size_t i = 0; i < 12 * C; i++)
		ck_near(a->scores[i], b->scores[i], 1e-12, "score", i);
}

START_TEST(weight_two_is_the_row_twice)
{
	open_problem(LB_MULTICLASS, 21);
	memcpy(x_of(&p) + 20 * D, x_of(&p) + 19 * D, D * sizeof(double));
	p.data.y[20] = p.data.y[19];
	struct lb_train_result twice = trained(21, NULL), two = trained(20, last_twice), once = trained(20, NULL);

	ck_close(&two, &twice);
	ck_assert_double_ge(fabs(once.scores[0] - two.scores[0]), 1e-6);
	lb_train_result_free(&twice);
	lb_train_result_free(&two);
	lb_train_result_free(&once);
}
END_TEST

START_TEST(weight_zero_is_no_row)
{
	open_problem(LB_MULTICLASS, 21);
	struct lb_train_result zero = trained(21, last_not), without = trained(20, NULL);

	ck_close(&zero, &without);
	x_of(&p)[20 * D + 1] = 77;
	p.data.y[20] = (p.data.y[20] + 1) % C;
	struct lb_train_result changed = trained(21, last_not);
	ck_same_numbers(changed.loss_curve, zero.loss_curve, 40, "training loss");
	ck_same_numbers(changed.scores, zero.scores, 12 * C, "score");
	lb_train_result_free(&zero);
	lb_train_result_free(&without);
	lb_train_result_free(&changed);
}
END_TEST

/* ---- losses with a memory, losses over pairs ---- */

START_TEST(elr_remembers_by_row)
{
	open_problem(LB_MULTICLASS, 23);
	const struct lb_setup s = trial(&p, "elr", "", "lr=0.3");
	struct lb_setup ce = trial(&p, "ce", "", "lr=0.3");
	const struct lb_cohort c = cohort_of(&p, &s, 1, 6, 5);

	ck_both(&(struct plain){ .loss = plain_elr, .lr = 0.3, .epochs = 6, .batch = 5, .order_seed = 3, .setup = &s });
	struct lb_train_result a = train_alone(lb_train_f64, c, &s), b = train_alone(lb_train_f64, c, &ce);
	ck_assert(!same_scores(&p, &a, &b));
	lb_train_result_free(&a);
	lb_train_result_free(&b);
}
END_TEST

/* Sorted labels and no shuffling: every batch has one class, so nothing moves. */
START_TEST(mw_without_pairs_stays)
{
	double start[1];

	open_problem(LB_BINARY, 20);
	for (size_t i = 0; i < 20; i++)
		p.data.y[i] = i >= 10;
	const struct lb_setup s = trial(&p, "mw", "", "lr=0.5");
	struct plain t = { .columns = 1 };
	struct lb_net *net = lb_net_new_f64(&s.model, 1, &err);
	struct lb_cohort c = cohort_of(&p, &s, 1, 3, 5);

	initial(net, t.w);
	lb_net_free_f64(net);
	c.shuffle = false;
	struct lb_train_result o = train_alone(lb_train_f64, c, &s);
	ck_assert_int_eq(o.status, LB_TRIAL_OK);
	for (size_t i = 0; i < 12; i++) {
		plain_scores(&t, x_of(&p) + p.split.rows[LB_TEST][i] * D, start);
		ck_near(o.scores[i], start[0], 1e-14, "score", i);
	}
	ck_assert_double_eq(o.loss_curve[2], 0);
	lb_train_result_free(&o);
	ck_both(&(struct plain){ .loss = plain_mw, .lr = 0.5, .epochs = 3, .batch = 7, .setup = &s });
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("step");
	TCase *t = tcase_create("steps");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, the_last_batch_is_exact, 0, 5 * N_LOSSES);
	tcase_add_test(t, decay_spares_biases_unless_asked);
	tcase_add_loop_test(t, schedules_see_steps_and_epochs, 0, 3);
	tcase_add_test(t, clipping_is_by_the_whole_length);
	tcase_add_test(t, an_infinite_length_is_left);
	tcase_add_test(t, weights_multiply_rows);
	tcase_add_test(t, weight_two_is_the_row_twice);
	tcase_add_test(t, weight_zero_is_no_row);
	tcase_add_test(t, elr_remembers_by_row);
	tcase_add_test(t, mw_without_pairs_stays);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("step")
