/* Regularisers against tests/golden/regularisers.json (PyTorch's automatic differentiation, SciPy;
 * see tests/reference/regularisers.py), their gradients against differences, and their proximal
 * points against all that is near. */
#include "core/numeric/rng.h"
#include "core/training/regulariser.h"
#include "losses/eval.h"
#include "tests/unit/golden.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

enum { MOST = 64, ROOM = 256, MOST_PARAMS = 8 };

static cJSON *golden;
static struct lb_err err;
static struct lb_arg par[MOST_PARAMS];
static struct lb_arg_store store;

static void load(void)
{
	golden = golden_read("tests/golden/regularisers.json");
}

static void unload(void)
{
	cJSON_Delete(golden);
	lb_args_free(&store);
	store = (struct lb_arg_store){ 0 };
}

static const cJSON *get(const cJSON *in, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(in, key);
}

static const struct lb_regulariser *regulariser(const char *name, const char *set)
{
	const struct lb_info *info = lb_info_find(lb_regularisers, name);

	ck_assert_msg(info != NULL, "%s is not registered", name);
	lb_args_free(&store);
	store = (struct lb_arg_store){ 0 };
	ck_assert_msg(!lb_args_from_text(info, set, par, &store, &err), "%s", err.text);
	return (const struct lb_regulariser *)info;
}

static size_t numbers(const cJSON *list, double *out)
{
	const cJSON *item;
	size_t n = 0;

	cJSON_ArrayForEach(item, list) {
		ck_assert_uint_lt(n, MOST);
		out[n++] = item->valuedouble;
	}
	return n;
}

static void ck_near(double got, double want, double tolerance, const char *what, size_t i)
{
	ck_assert_msg(fabs(got - want) <= tolerance * fmax(1, fabs(want)), "%s %zu: %.17g, wanted %.17g", what, i, got, want);
}

/* The value of w; g (n) <- factor times its gradient. */
static double value_of(const struct lb_regulariser *r, size_t out, size_t in, double *w, double factor, double *g)
{
	double room[ROOM], state[MOST] = { 0 };
	const struct lb_layer_matrix m = { out, in, w };

	ck_assert_uint_le(r->room ? r->room(out, in) : 0, ROOM);
	ck_assert_uint_le(r->state ? r->state(out, in) : 0, MOST);
	memset(g, 0, out * in * sizeof *g);
	return r->value(par, &m, factor, g, room, state);
}

START_TEST(matrices_are_those_of_pytorch)
{
	const cJSON *c;
	int n = 0;

	cJSON_ArrayForEach(c, get(golden, "matrices")) {
		const char *name = get(c, "regulariser")->valuestring;
		const struct lb_regulariser *r = regulariser(name, get(c, "set")->valuestring);
		double w[MOST], want[MOST], g[MOST];
		const size_t size = numbers(get(c, "w"), w), out = (size_t)get(c, "rows")->valueint;
		ck_near(value_of(r, out, size / out, w, 2, g), get(c, "value")->valuedouble, 1e-12, name, 0);
		numbers(get(c, "gradient"), want);
		for (size_t i = 0; i < size; i++)
			ck_near(g[i], 2 * want[i], 1e-11, name, i);
		n++;
	}
	ck_assert_int_eq(n, 45);
}
END_TEST

START_TEST(envelopes_are_those_of_a_solver)
{
	const cJSON *c;
	int n = 0;

	cJSON_ArrayForEach(c, get(golden, "envelopes")) {
		const struct lb_regulariser *r = regulariser("wgsef", get(c, "set")->valuestring);
		double w[MOST], g[MOST];
		const size_t size = numbers(get(c, "w"), w), out = (size_t)get(c, "rows")->valueint;
		const double value = value_of(r, out, size / out, w, 1, g), want = get(c, "value")->valuedouble;
		ck_near(value, want, 1e-6, "wgsef", 0);
		ck_assert(value <= want + 1e-12 * want);
		n++;
	}
	ck_assert_int_eq(n, 8);
}
END_TEST

START_TEST(scores_are_those_of_pytorch)
{
	const cJSON *c;
	int n = 0;

	cJSON_ArrayForEach(c, get(golden, "scores")) {
		const struct lb_regulariser *r = regulariser("entropy", get(c, "set")->valuestring);
		double z[MOST], want[MOST], dz[MOST] = { 0 };
		const size_t classes = numbers(get(c, "w"), z);
		ck_near(r->of_scores(par, classes, z, 3, dz), get(c, "value")->valuedouble, 1e-13, "entropy", 0);
		numbers(get(c, "gradient"), want);
		for (size_t i = 0; i < classes; i++)
			ck_near(dz[i], 3 * want[i], 1e-13, "entropy", i);
		n++;
	}
	ck_assert_int_eq(n, 8);
}
END_TEST

/* Scores of any size have a finite entropy, and a gradient. */
START_TEST(extreme_scores)
{
	static const double z[][3] = { { 1e4, -1e4, 0 }, { -800, -800, -800 }, { 0, 0, 745 } };
	const struct lb_regulariser *r = regulariser("entropy", "");

	for (size_t i = 0; i < 3; i++)
		for (size_t c = 1; c <= 3; c++) {
			double dz[3] = { 0 };
			const double value = r->of_scores(par, c, z[i], 1, dz);
			ck_assert(isfinite(value) && value <= 0 && value >= -log(3) - 1e-12);
			for (size_t k = 0; k < c; k++)
				ck_assert(isfinite(dz[k]));
		}
}
END_TEST

START_TEST(slopes_are_those_of_pytorch)
{
	const cJSON *c;
	int n = 0;

	cJSON_ArrayForEach(c, get(golden, "slopes")) {
		const struct lb_regulariser *r = regulariser("jacobian_norm", "");
		double x[MOST], w[MOST], a[MOST], first[MOST], second[MOST], by_w[MOST] = { 0 }, by_bias[MOST] = { 0 }, by_a[MOST] = { 0 }, want[MOST], room[ROOM];
		const struct lb_slope s = { .b = (size_t)get(c, "b")->valueint, .in = (size_t)get(c, "in")->valueint, .hidden = (size_t)get(c, "hidden")->valueint,
					    .out = (size_t)get(c, "out")->valueint, .w = w, .a = a, .x = x, .first = first, .second = second };
		const struct lb_slope_gradient g = { by_w, by_bias, by_a };
		numbers(get(c, "x"), x);
		numbers(get(c, "w"), w);
		numbers(get(c, "a"), a);
		numbers(get(c, "first"), first);
		numbers(get(c, "second"), second);
		ck_near(r->of_slope(&s, 2, &g, room), get(c, "value")->valuedouble, 1e-12, "value", 0);
		const struct { const char *key; const double *got; } parts[] = { { "by_w", by_w }, { "by_bias", by_bias }, { "by_a", by_a } };
		for (size_t k = 0; k < 3; k++) {
			const size_t size = numbers(get(c, parts[k].key), want);
			for (size_t i = 0; i < size; i++)
				ck_near(parts[k].got[i], 2 * want[i], 1e-11, parts[k].key, i);
		}
		n++;
	}
	ck_assert_int_eq(n, 6);
}
END_TEST

START_TEST(slope_of_a_linear_model)
{
	const double a[] = { 1, -2, 3, 0.5 };
	double g[4] = { 0 };
	const struct lb_slope s = { .in = 2, .out = 2, .a = a };

	ck_assert_double_eq(regulariser("jacobian_norm", "")->of_slope(&s, 0.5, &(struct lb_slope_gradient){ .a = g }, NULL), 14.25);
	for (size_t i = 0; i < 4; i++)
		ck_assert_double_eq(g[i], a[i]);
}
END_TEST

/* ---- each by itself ---- */

static const char *const settings[][2] = {
	{ "l1", "" }, { "l2", "" }, { "l2_sp", "" }, { "elastic_net", "" }, { "elastic_net", "ratio=0" }, { "group_lasso", "" }, { "group_lasso", "groups=rows" },
	{ "wgsef", "k=2" }, { "wgsef", "groups=rows" }, { "wgsef", "k=3 size_weight=true" }, { "wgsef", "k=64" }, { "kurtosis", "" }, { "skewness", "" },
	{ "spectral_norm", "rounds=1000" }, { "orthogonality", "" }, { "orthogonality", "side=columns" }, { "biper_qe", "" }, { "biper_qe", "omega=3.5" },
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static void draw(double *w, size_t n, double sd, uint64_t seed)
{
	struct lb_rng rng;

	lb_rng_init(&rng, seed, LB_RNG_TEST, n);
	for (size_t i = 0; i < n; i++)
		w[i] += sd * lb_rng_normal(&rng);
}

START_TEST(gradients_are_those_of_differences)
{
	const struct lb_regulariser *r = regulariser(settings[_i][0], settings[_i][1]);
	const double h = 1e-5;

	for (uint64_t seed = 1; seed <= 3; seed++) {
		double w[20] = { 0 }, g[20], room[20];
		draw(w, 20, 1, seed);
		value_of(r, 4, 5, w, 1, g);
		for (size_t i = 0; i < 20; i++) {
			const double at = w[i];
			w[i] = at + h;
			const double above = value_of(r, 4, 5, w, 1, room);
			w[i] = at - h;
			const double below = value_of(r, 4, 5, w, 1, room);
			w[i] = at;
			ck_near(g[i], (above - below) / (2 * h), 2e-7, settings[_i][0], i);
		}
	}
}
END_TEST

/* Weights that are all 0, or all equal, and a single one: finite, and no move from 0. */
START_TEST(edges)
{
	const struct lb_regulariser *r = regulariser(settings[_i][0], settings[_i][1]);
	double zero[20] = { 0 }, equal[20], g[20];

	value_of(r, 4, 5, zero, 1, g);
	for (size_t i = 0; i < 20; i++) {
		ck_assert(g[i] == 0);
		equal[i] = 0.1;
	}
	ck_assert(isfinite(value_of(r, 4, 5, equal, 1, g)));
	ck_assert(isfinite(value_of(r, 1, 1, equal, 1, g)));
	ck_assert(isfinite(g[0]));
}
END_TEST

/* From where it saw the weights first; those of a second layer have a state of their own. */
START_TEST(from_the_start)
{
	const struct lb_regulariser *r = regulariser("l2_sp", "");
	double w[6] = { 1, -2, 3, 0, 4, -1 }, g[6] = { 0 }, state[7] = { 0 };
	const double moved[6] = { 1.5, -2, 2, 0, 4, 0 }, want[6] = { 0.25, 0, -0.5, 0, 0, 0.5 };

	ck_assert_uint_eq(r->state(2, 3), 7);
	ck_assert_double_eq(r->value(par, &(struct lb_layer_matrix){ 2, 3, w }, 0.5, g, NULL, state), 0);
	for (size_t i = 0; i < 6; i++)
		ck_assert_double_eq(g[i], 0);
	memcpy(w, moved, sizeof w);
	ck_assert_double_eq(r->value(par, &(struct lb_layer_matrix){ 2, 3, w }, 0.5, g, NULL, state), (0.25 + 1 + 1) / 2);
	for (size_t i = 0; i < 6; i++)
		ck_assert_double_eq(g[i], want[i]);
}
END_TEST

/* Nothing near or far has less of |v - w|^2 / 2 + t times the value than the proximal point. */
START_TEST(proximal_points_are_least)
{
	const struct lb_regulariser *r = regulariser(settings[_i][0], settings[_i][1]);
	const double t = 0.4;

	for (uint64_t seed = 1; r->prox && seed <= 200; seed++) {
		double w[20] = { 0 }, v[20], other[20], g[20], room[ROOM], far = 0, further = 0;
		draw(w, 20, 1, seed % 5);
		memcpy(v, w, sizeof v);
		r->prox(par, &(struct lb_layer_matrix){ 4, 5, v }, t, room);
		memcpy(other, v, sizeof other);
		draw(other, 20, pow(10, -(double)(seed % 6)), 100 + seed);
		for (size_t i = 0; i < 20; i++) {
			if (seed % 2 && v[i] == 0)
				other[i] = 0;
			far += (v[i] - w[i]) * (v[i] - w[i]) / 2;
			further += (other[i] - w[i]) * (other[i] - w[i]) / 2;
		}
		ck_assert_msg(far + t * value_of(r, 4, 5, v, 1, g) <= further + t * value_of(r, 4, 5, other, 1, g) + 1e-12, "%s (%s), draw %d", settings[_i][0],
			      settings[_i][1], (int)seed);
	}
}
END_TEST

START_TEST(proximal_points_by_hand)
{
	static const double want[] = { 0.09089105488, -0.04544552744, 0.1817821098 };
	double w[] = { 0.2, -0.1, 0.4, 0.3, 0.5, -0.2 }, some[] = { 0.5, -0.1, -2, 0.2 };

	regulariser("group_lasso", "groups=rows size_weight=false")->prox(par, &(struct lb_layer_matrix){ 2, 3, w }, 0.25, NULL);
	for (size_t i = 0; i < 3; i++)
		ck_near(w[i], want[i], 2e-9, "group_lasso", i);
	regulariser("l1", "")->prox(par, &(struct lb_layer_matrix){ 2, 2, some }, 0.2, NULL);
	ck_near(some[0], 0.3, 1e-15, "l1", 0);
	ck_assert(some[1] == 0 && some[3] == 0);
	ck_near(some[2], -1.8, 1e-15, "l1", 2);
}
END_TEST

/* A round a step, from the last step's vectors: the norm from below, and closer each time. */
START_TEST(power_iteration_goes_on)
{
	const struct lb_regulariser *r = regulariser("spectral_norm", "power=1");
	double w[20] = { 0 }, g[20], room[5], state[4] = { 0 }, last = 0;
	const struct lb_layer_matrix m = { 4, 5, w };

	draw(w, 20, 1, 9);
	for (int i = 0; i < 50; i++) {
		memset(g, 0, sizeof g);
		const double value = r->value(par, &m, 1, g, room, state);
		ck_assert(value >= last * (1 - 1e-15));
		last = value;
	}
	ck_near(last, value_of(regulariser("spectral_norm", "power=1 rounds=1000"), 4, 5, w, 1, g), 1e-6, "norm", 0);
}
END_TEST

START_TEST(descriptors_are_whole)
{
	size_t n = 0;

	for (; lb_regularisers[n]; n++) {
		const struct lb_regulariser *r = (const struct lb_regulariser *)lb_regularisers[n];
		ck_assert(r->base.title && r->base.cite && r->base.formula && r->base.tasks);
		ck_assert_int_eq((r->value != NULL) + (r->of_scores != NULL) + (r->of_slope != NULL), 1);
		ck_assert(!r->value || !strcmp(r->base.params[LB_REG_LAYERS].name, "layers"));
		ck_assert(!r->prox || !strcmp(r->base.params[LB_REG_HOW].name, "how"));
		bool tested = !r->value;
		for (size_t i = 0; i < SETTINGS; i++)
			tested |= !strcmp(settings[i][0], r->base.name);
		ck_assert_msg(tested, "%s has no row in settings", r->base.name);
	}
	ck_assert_uint_eq(n, 13);
}
END_TEST

START_TEST(layers)
{
	const struct lb_regulariser *r = regulariser("kurtosis", "");

	ck_assert(!lb_regulariser_of_layer(r, par, 0) && lb_regulariser_of_layer(r, par, 1));
	r = regulariser("kurtosis", "layers=[1,3]");
	ck_assert(lb_regulariser_of_layer(r, par, 0) && !lb_regulariser_of_layer(r, par, 1) && lb_regulariser_of_layer(r, par, 2));
	r = regulariser("l1", "");
	ck_assert(lb_regulariser_of_layer(r, par, 0) && lb_regulariser_by_prox(r, par));
	ck_assert(!lb_regulariser_by_prox(regulariser("l1", "how=gradient"), par));
	ck_assert(!lb_regulariser_of_layer(regulariser("entropy", ""), par, 0));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("regulariser");
	TCase *t = tcase_create("regulariser");

	tcase_add_checked_fixture(t, load, unload);
	tcase_add_test(t, matrices_are_those_of_pytorch);
	tcase_add_test(t, envelopes_are_those_of_a_solver);
	tcase_add_test(t, scores_are_those_of_pytorch);
	tcase_add_test(t, extreme_scores);
	tcase_add_test(t, slopes_are_those_of_pytorch);
	tcase_add_test(t, slope_of_a_linear_model);
	tcase_add_loop_test(t, gradients_are_those_of_differences, 0, SETTINGS);
	tcase_add_test(t, from_the_start);
	tcase_add_loop_test(t, edges, 0, SETTINGS);
	tcase_add_loop_test(t, proximal_points_are_least, 0, SETTINGS);
	tcase_add_test(t, proximal_points_by_hand);
	tcase_add_test(t, power_iteration_goes_on);
	tcase_add_test(t, descriptors_are_whole);
	tcase_add_test(t, layers);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("regulariser")
