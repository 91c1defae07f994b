/* Losses of ordered classes with fewer scores than classes: what .predict gives are log
 * probabilities, whose likelihood two of the losses are, and with two classes all are logistic. */
#include "tests/unit/losses/loss_fixture.h"

#include "losses/loss.h"

enum { MOST = 7 };

static const char *const names[] = { "cumulative_logit", "coral", "corn" };

struct ordered {
	const struct lb_loss *loss;
	size_t classes, columns;
	double z[MOST], own[MOST], counts[MOST];
	struct lb_arg par[2];
	struct lb_loss_stats stats;
	void *state;
	_Alignas(64) double workspace[16 * MOST];
	struct lb_batch in;
};

/* One row of a loss with so many classes at random scores and parameters; corn by rows. */
static void open_ordered(struct ordered *o, const char *name, size_t classes, double scale, struct lb_rng *rng)
{
	const struct lb_loss *loss = lb_loss_of(lb_loss_find(LB_MULTICLASS, name));
	const size_t columns = lb_how_many(loss->info.scores_for, classes);

	*o = (struct ordered){ .loss = loss, .classes = classes, .columns = columns, .par = { { .v = 1, .text = "rows" } } };
	for (size_t k = 0; k < MOST; k++) {
		o->z[k] = scale * lb_rng_normal(rng);
		o->own[k] = lb_rng_normal(rng);
		o->counts[k] = 1;
	}
	for (size_t k = 1; !strcmp(name, "coral") && k < MOST; k++) /* as at the optimum */
		o->own[k] = o->own[k - 1] - fabs(o->own[k]);
	o->stats = (struct lb_loss_stats){ .n_rows = 1, .n_classes = classes, .counts = o->counts, .scale = 1 };
	o->state = loss->init ? loss->init(o->par, &o->stats, NULL) : NULL;
	const struct lb_loss_shape shape = { .b = 1, .c = columns, .views = 1, .n_classes = classes };
	o->in = (struct lb_batch){ .b = 1, .c = columns, .views = 1, .output = { .value = o->z, .rows = 1, .cols = columns, .stride = columns },
				   .params = lb_loss_params_io(loss, o->par, &shape, o->own, NULL), .par = o->par, .stats = &o->stats,
				   .state = o->state, .workspace = o->workspace, .scale = 1 };
	ck_assert_uint_le(lb_loss_workspace(loss, o->par, &shape), sizeof o->workspace);
}

static void close_ordered(struct ordered *o)
{
	if (o->loss->free)
		o->loss->free(o->state);
}

static double loss_at(struct ordered *o, int32_t y)
{
	o->in.y = &y;
	return lb_loss_apply(o->loss, &o->in);
}

START_TEST(predictions_are_log_probabilities)
{
	const bool likelihood = strcmp(names[_i], "coral") != 0;
	struct ordered o;
	struct lb_rng rng;

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 40);
	for (int n = 0; n < 200; n++) {
		double out[MOST], sum = 0;
		open_ordered(&o, names[_i], 2 + (size_t)n % 6, n % 3 ? 2 : 10, &rng);
		o.loss->predict(&o.in, out);
		for (size_t k = 0; k < o.classes; k++) {
			sum += exp(out[k]);
			if (likelihood)
				ck_assert_double_eq_tol(-out[k], loss_at(&o, (int32_t)k), 1e-13 * fmax(1, fabs(out[k])));
		}
		ck_assert_double_eq_tol(sum, 1, 1e-13);
		close_ordered(&o);
	}
}
END_TEST

START_TEST(two_classes_are_logistic)
{
	struct ordered o;
	struct lb_rng rng;

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 41);
	for (int n = 0; n < 50; n++) {
		open_ordered(&o, names[_i], 2, 3, &rng);
		const double own = o.in.params.value ? o.own[0] : 0, z = o.z[0] + (_i == 0 ? -own : own);
		ck_assert_double_eq_tol(loss_at(&o, 1), log1p(exp(-z)), 1e-13);
		ck_assert_double_eq_tol(loss_at(&o, 0), log1p(exp(z)), 1e-13 * fmax(1, z));
		close_ordered(&o);
	}
}
END_TEST

/* Biases of CORAL that do not descend leave no negative probability, and a sum of 1. */
START_TEST(biases_out_of_order)
{
	const double biases[] = { 0.5, 1.5, -1 };
	struct ordered o;
	struct lb_rng rng;
	double out[MOST], sum = 0;

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 42);
	open_ordered(&o, "coral", 4, 1, &rng);
	memcpy(o.own, biases, sizeof biases);
	o.loss->predict(&o.in, out);
	for (size_t k = 0; k < 4; k++)
		sum += exp(out[k]);
	ck_assert_double_eq_tol(sum, 1, 1e-14);
	ck_assert(exp(out[1]) == 0 && isfinite(out[1]));
	ck_assert_double_eq_tol(exp(out[0]), 1 / (1 + exp(o.z[0] + 0.5)), 1e-14);
	close_ordered(&o);
}
END_TEST

/* A class hardly wider than nothing, scores far out: finite, and no digit is lost of the slope. */
START_TEST(extremes_are_finite)
{
	struct ordered o;
	struct lb_rng rng;
	double g[1], by_own[MOST];

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 43);
	open_ordered(&o, "cumulative_logit", 4, 1, &rng);
	o.in.output.grad = g;
	o.in.params.grad = by_own;
	o.own[0] = 0, o.own[1] = -40, o.own[2] = 800;
	o.z[0] = 0;
	ck_assert_double_eq_tol(loss_at(&o, 1), 2 * log(2) + 40, 1e-12);
	ck_assert_double_eq_tol(by_own[1], -1, 1e-12);
	for (int32_t y = 0; y < 2; y++)
		for (int side = -1; side < 2; side += 2) {
			o.z[0] = side * 1e4;
			ck_assert(isfinite(loss_at(&o, y)) && isfinite(g[0]) && isfinite(by_own[0]) && isfinite(by_own[1]) && isfinite(by_own[2]));
		}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("ordered_classes");
	TCase *t = tcase_create("ordered");

	tcase_add_loop_test(t, predictions_are_log_probabilities, 0, 3);
	tcase_add_loop_test(t, two_classes_are_logistic, 0, 3);
	tcase_add_test(t, biases_out_of_order);
	tcase_add_test(t, extremes_are_finite);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("ordered_classes")
