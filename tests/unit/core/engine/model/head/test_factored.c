/* The factored output layer against plain SGD on the weights themselves, with the loss as it is
 * registered: loss, derivative by the features and weights, over many steps. */
#include "core/base/mem.h"
#include "core/engine/model/head/factored.h"
#include "losses/loss.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 43, FEATURES = 6, MOST = 7 };

static struct lb_err err;
static const char *const names[] = { "mse_scores", "log_spherical", "log_taylor", "z_loss" };
static const double rates[] = { 0.002, 0.003, 0.5, 0.05 };

/* The same layer twice: dense weights, one row a class with its bias last, and factored. */
static struct {
	const struct lb_loss *loss;
	struct lb_arg par[4];
	struct lb_net *net;
	struct lb_persisted state;
	struct lb_factored factored;
	double *w;               /* as the net stores them */
	double dense[CLASSES][FEATURES + 1];
	bool biased;
	double lr, decay, bias_decay;
} both;

static void open_both(const char *loss, double lr, bool biased)
{
	const struct lb_model_spec spec = { .n_layers = 2, .width = { 2, FEATURES, CLASSES }, .seed = 3, .bias_init = biased ? LB_BIAS_UNIFORM : LB_BIAS_NONE };

	both.loss = lb_loss_of_f64(lb_loss_find(LB_MULTICLASS, loss));
	for (int i = 0; i < both.loss->info.base.n_params; i++)
		both.par[i].v = both.loss->info.base.params[i].def;
	both.net = lb_net_new_f64(&spec, MOST, &err);
	both.w = lb_alloc_aligned(both.net->n_params, sizeof *both.w, &err);
	ck_assert(both.net && both.w);
	lb_net_init_f64(both.net, both.w);
	both.biased = biased;
	both.lr = lr;
	ck_assert_int_eq(lb_factored_open_f64(&both.factored, both.net, MOST, &both.state, &err), 0);
	lb_factored_begin_f64(&both.factored, both.w);
	for (size_t k = 0; k < CLASSES; k++) {
		for (size_t j = 0; j < FEATURES; j++)
			both.dense[k][j] = both.w[lb_weight_at(&both.net->layer[1], k, j)];
		both.dense[k][FEATURES] = biased ? both.w[both.net->layer[1].b + k] : 0;
	}
}

static void close_both(void)
{
	lb_factored_close_f64(&both.factored);
	lb_persisted_free(&both.state);
	lb_net_free_f64(both.net);
	free(both.w);
	memset(&both, 0, sizeof both);
}

/* Rows of features, labels and weights of one step. */
struct drawn {
	size_t b;
	double h[MOST][8], weight[MOST];
	int32_t y[MOST];
};

static struct drawn draw(uint64_t step, size_t rank)
{
	struct drawn r = { .b = 1 + step % MOST };
	struct lb_rng rng;

	lb_rng_init(&rng, 17, LB_RNG_TEST, step);
	for (size_t i = 0; i < r.b; i++) {
		for (size_t j = 0; j < FEATURES; j++)
			r.h[i][j] = j < rank ? lb_rng_normal(&rng) : r.h[i][j % rank] / (double)(j + 1);
		r.y[i] = (int32_t)lb_rng_below(&rng, step % 3 ? CLASSES : 3);
		r.weight[i] = 0.5 + lb_rng_unit(&rng);
	}
	return r;
}

static double score(const double *w, const double *h)
{
	double z = both.biased ? w[FEATURES] : 0;

	for (size_t j = 0; j < FEATURES; j++)
		z += w[j] * h[j];
	return z;
}

/* One step on the dense weights; returns the loss, dh (b, FEATURES) <- its derivative. */
static double dense_step(const struct drawn *r, double (*dh)[FEATURES])
{
	static double z[MOST * CLASSES], g[MOST * CLASSES];
	const struct lb_loss_stats stats = { .n_classes = CLASSES };
	struct lb_batch in = { .b = r->b, .c = CLASSES, .views = 1, .y = r->y, .row_weight = r->weight, .par = both.par, .stats = &stats, .scale = 1,
			       .output = { .value = z, .grad = g, .rows = r->b, .cols = CLASSES, .stride = CLASSES } };
	const struct lb_loss_shape shape = { .b = r->b, .c = CLASSES, .views = 1, .n_classes = CLASSES };

	for (size_t i = 0; i < r->b; i++)
		for (size_t k = 0; k < CLASSES; k++)
			z[i * CLASSES + k] = score(both.dense[k], r->h[i]);
	in.workspace = lb_alloc_aligned(lb_loss_workspace_f64(both.loss, both.par, &shape), 1, &err);
	const double value = lb_loss_apply_f64(both.loss, &in);
	free(in.workspace);
	for (size_t i = 0; i < r->b; i++)
		for (size_t j = 0; j < FEATURES; j++) {
			dh[i][j] = 0;
			for (size_t k = 0; k < CLASSES; k++)
				dh[i][j] += g[i * CLASSES + k] * both.dense[k][j];
		}
	for (size_t k = 0; k < CLASSES; k++)
		for (size_t j = 0; j < FEATURES + (size_t)both.biased; j++) {
			double slope = (j < FEATURES ? both.decay : both.bias_decay) * both.dense[k][j];
			for (size_t i = 0; i < r->b; i++)
				slope += g[i * CLASSES + k] * (j < FEATURES ? r->h[i][j] : 1);
			both.dense[k][j] -= both.lr * slope;
		}
	return value;
}

/* One step of both; compares the loss and the derivative by the features. */
static void step_both(const struct drawn *r, double tolerance)
{
	double want[MOST][FEATURES], got[MOST][8];
	const struct lb_factored_batch in = { .b = r->b, .h = r->h[0], .stride = 8, .y = r->y, .weight = r->weight, .loss = &both.loss->info, .par = both.par };
	const double factored = lb_factored_loss_f64(&both.factored, both.w, &in, got[0]), dense = dense_step(r, want);

	ck_assert_double_eq_tol(factored, dense, tolerance * (1 + fabs(dense)));
	for (size_t i = 0; i < r->b; i++)
		for (size_t j = 0; j < FEATURES; j++)
			ck_assert_double_eq_tol(got[i][j], want[i][j], tolerance * (1 + fabs(want[i][j])));
	lb_factored_update_f64(&both.factored, both.w, both.lr, both.decay, both.bias_decay);
}

static void compare_weights(double tolerance)
{
	lb_factored_settle_f64(&both.factored, both.w);
	for (size_t k = 0; k < CLASSES; k++) {
		for (size_t j = 0; j < FEATURES; j++)
			ck_assert_double_eq_tol(both.w[lb_weight_at(&both.net->layer[1], k, j)], both.dense[k][j], tolerance);
		if (both.biased)
			ck_assert_double_eq_tol(both.w[both.net->layer[1].b + k], both.dense[k][FEATURES], tolerance);
		else
			ck_assert_double_eq(both.w[both.net->layer[1].b + k], 0);
	}
	for (size_t k = CLASSES; k < both.net->layer[1].ld; k++)
		ck_assert_double_eq(both.w[lb_weight_at(&both.net->layer[1], k, 0)], 0);
}

/* 60 steps of 1 to 7 rows, many of the same classes; some settled on the way. */
START_TEST(steps_are_those_of_sgd)
{
	open_both(names[_i % 4], rates[_i % 4], _i / 4 % 2);
	both.decay = _i / 8 % 2 ? 0.3 : 0;
	both.bias_decay = _i / 16 ? 0.2 : 0;
	for (uint64_t step = 0; step < 60; step++) {
		const struct drawn r = draw(step, FEATURES);
		step_both(&r, 1e-11);
		if (step % 20 == 19)
			compare_weights(1e-11);
	}
	close_both();
}
END_TEST

/* Without a correction U would have no inverse left after so many steps, and features of rank 3
 * hasten it. */
START_TEST(many_steps_stay_exact)
{
	const uint64_t steps = 3000;

	open_both(names[_i % 4], rates[_i % 4], true);
	for (uint64_t step = 0; step < steps; step++) {
		const struct drawn r = draw(step, _i / 4 ? 3 : FEATURES);
		step_both(&r, 1e-9);
	}
	compare_weights(1e-9);
	close_both();
}
END_TEST

/* Steps so large that U is far from 1 after a few, on weights that decay: what the sums tell of the
 * scores stays what they are. */
START_TEST(large_steps_on_decaying_weights)
{
	open_both("z_loss", 1, _i % 2);
	both.decay = 0.01;
	for (uint64_t step = 0; step < 1000; step++) {
		const struct drawn r = draw(step, FEATURES);
		step_both(&r, 1e-7);
	}
	compare_weights(1e-7);
	close_both();
}
END_TEST

/* A rate for which the step's factor of U is 0 in one direction: 1 = 2 lr |h|^2. */
START_TEST(a_step_without_an_inverse)
{
	struct drawn r = { .b = 1, .h = { { 1, 2, 0, 0, 0, 0 } }, .weight = { 1 }, .y = { 5 } };

	open_both("mse_scores", 0.1, false);
	step_both(&r, 1e-12);
	compare_weights(1e-12);
	r.y[0] = 7;
	step_both(&r, 1e-12);
	compare_weights(1e-12);
	close_both();
	open_both("mse_scores", 0.5, true);     /* weight decay leaves nothing */
	both.decay = 2;
	step_both(&r, 1e-12);
	compare_weights(1e-12);
	close_both();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("factored");
	TCase *t = tcase_create("factored");

	tcase_at_least(t, 60);
	tcase_add_loop_test(t, steps_are_those_of_sgd, 0, 32);
	tcase_add_loop_test(t, many_steps_stay_exact, 0, 8);
	tcase_add_loop_test(t, large_steps_on_decaying_weights, 0, 2);
	tcase_add_test(t, a_step_without_an_inverse);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("factored")
