#include "core/base/mem.h"
#include "core/config/tune_arms.h"
#include "core/config/unknown_key.h"
#include "core/config/yaml_overlay.h"
#include "core/numeric/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rates that `space: default` offers: six a decade from 1e-4 to 1. */
enum { RATES = 25 };

bool lb_path_is_seed(const char *path)
{
	return !strcmp(lb_path_last(path), "seed");
}

static int add_value(struct lb_tune *t, struct lb_swept_param *swept, const char *text, struct lb_err *err)
{
	struct lb_node *node = lb_tree_scalar(&t->pool, swept->location, text, strlen(text), err);

	if (!node || lb_grow(&swept->value, &swept->cap, swept->n + 1, sizeof *swept->value, err))
		return -1;
	swept->value[swept->n++] = node;
	return 0;
}

static struct lb_swept_param *add_swept(struct lb_tune_arm *a, const char *path, struct lb_location location, struct lb_node *node, struct lb_err *err)
{
	if (lb_grow(&a->space.swept, &a->space.cap, a->space.n + 1, sizeof *a->space.swept, err))
		return NULL;
	a->space.swept[a->space.n] = (struct lb_swept_param){ .path = path, .location = location, .node = node, .axis = a->space.n };
	return &a->space.swept[a->space.n++];
}

/* A path that lives as long as the tune. */
static const char *keep_path(struct lb_tune *t, struct lb_location location, const char *block, const char *name, struct lb_err *err)
{
	char path[LB_PATH_TEXT];
	const int n = snprintf(path, sizeof path, "%s.%s", block, name);
	const struct lb_node *node = lb_tree_scalar(&t->pool, location, path, (size_t)n, err);

	return node ? node->text : NULL;
}

static const struct lb_info *arm_component(const struct lb_tune_arm *a, const char *block)
{
	const struct lb_option *o = lb_option_find(block, strlen(block));
	bool described;

	return lb_component_of(a->space.r.reg, o, a->space.r.kind, lb_option_set(&a->space.r, block), NULL, &described);
}

/* The grid of every parameter of the loss, and the learning rate. */
static int default_space(struct lb_tune *t, struct lb_tune_arm *a, struct lb_location location, struct lb_err *err)
{
	const struct lb_info *loss = arm_component(a, "loss");
	char text[LB_DOUBLE_TEXT];

	for (int i = 0; loss && i < loss->n_params; i++) {
		const struct lb_param *p = &loss->params[i];
		if (p->type != LB_REAL_PARAM && p->type != LB_INT_PARAM)
			continue;
		const char *path = p->n_grid ? keep_path(t, location, "loss", p->name, err) : NULL;
		struct lb_swept_param *swept = path ? add_swept(a, path, location, NULL, err) : NULL;
		if (p->n_grid && !swept)
			return -1;
		for (int k = 0; k < p->n_grid; k++) {
			if (isfinite(p->grid[k]))
				lb_double_text(p->grid[k], text);
			else
				snprintf(text, sizeof text, "inf");
			if (add_value(t, swept, text, err))
				return -1;
		}
	}
	if (!lb_info_param(arm_component(a, "optimizer"), "lr"))
		return 0;
	struct lb_swept_param *rate = add_swept(a, "optimizer.lr", location, NULL, err);
	for (int k = 0; rate && k < RATES; k++) {
		snprintf(text, sizeof text, "%.4g", pow(10, -4 + 4.0 * k / (RATES - 1)));
		if (add_value(t, rate, text, err))
			return -1;
	}
	return rate ? 0 : -1;
}

static bool is_swept(const struct lb_sweep *s, const char *path)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->swept[i].path, path) && s->swept[i].n > 1)
			return true;
	return false;
}

/* Options of data that a tuning may choose: none of them decides which rows there are and which of
 * them test. */
static const char *const tunable_data[] = { "data.preprocess", "data.categorical", "data.drop", "data.unseen", "data.weight", "data.offset",
						"data.exposure" };

static bool decides_rows(const char *path)
{
	if (!lb_path_within(path, "data"))
		return lb_path_is_seed(path) || !strcmp(path, "task");
	for (size_t i = 0; i < sizeof tunable_data / sizeof *tunable_data; i++)
		if (lb_path_within(path, tunable_data[i]))
			return false;
	return true;
}

/* Paths with values as in a sweep; a parameter that this arm's component lacks is left out. */
static int given_space(struct lb_tune *t, struct lb_tune_arm *a, const struct lb_node *space, struct lb_err *err)
{
	for (size_t i = 0; i < space->n; i++) {
		const char *path = space->key[i]->text;
		const struct lb_option *o = lb_option_find(path, strlen(path)), *block = lb_option_component(path);
		const struct lb_info *info = block && !o ? arm_component(a, block->path) : NULL;
		if (!o && !block) {
			lb_reject_key(&t->sweep.r, path, space->key[i]);
			continue;
		}
		if (o && (o->outside_id || o->shape == LB_GROUP)) {
			lb_diagnostic(&t->diagnostics, &space->key[i]->location, path, "cannot be tuned, allowed: an option with a value, such as optimizer.lr");
			continue;
		}
		if (is_swept(&t->sweep, path)) {
			lb_diagnostic(&t->diagnostics, &space->key[i]->location, path, "is swept and tuned; keep it in one of them");
			continue;
		}
		if (decides_rows(path)) {
			lb_diagnostic(&t->diagnostics, &space->key[i]->location, path, "cannot be tuned: it decides which rows train and which test; allowed: "
				 "options of the loss, the model and the training");
			continue;
		}
		if (info && strcmp(lb_path_last(path), block->key) && !lb_block_param(block, info, lb_path_last(path)))
			continue;
		struct lb_swept_param *swept = add_swept(a, path, space->key[i]->location, space->item[i], err);
		if (!swept || lb_sweep_values(&a->space, swept, err))
			return -1;
	}
	return 0;
}

static bool has_parameter(const struct lb_tune_arm *a, const struct lb_option *block, const char *name)
{
	const struct lb_info *info = arm_component(a, block->path);

	return !info || !strcmp(name, block->key) || lb_block_param(block, info, name);
}

static void refuse_parameter(const struct lb_tune *t, const struct lb_option *block, const struct lb_node *key)
{
	struct lb_words known = { 0 };
	char what[LB_HINT_TEXT];

	for (size_t i = 0; i < t->n_arms; i++) {
		const struct lb_info *info = arm_component(&t->arm[i], block->path);
		for (int k = 0; k < info->n_params; k++)
			lb_words_add(&known, info->params[k].name);
		for (int k = 0; k < block->n_extra; k++)
			lb_words_add(&known, block->extra[k].name);
	}
	snprintf(what, sizeof what, "no %s of this study has such a parameter", block->noun);
	lb_reject(&t->sweep.r, key->location, key->text, what, &known, lb_nearest(lb_path_last(key->text), known.v, known.n));
}

void lb_tune_space_check(const struct lb_tune *t, const struct lb_node *space)
{
	for (size_t i = 0; space && space->type == LB_MAPPING && i < space->n; i++) {
		const char *path = space->key[i]->text;
		const struct lb_option *block = lb_option_find(path, strlen(path)) ? NULL : lb_option_component(path);
		bool known = !block;
		for (size_t arm = 0; arm < t->n_arms && !known; arm++)
			known = has_parameter(&t->arm[arm], block, lb_path_last(path));
		if (!known)
			refuse_parameter(t, block, space->key[i]);
	}
}

/* ---- candidates ---- */

static double space_size(const struct lb_tune_arm *a)
{
	double n = 1;

	for (size_t i = 0; i < a->space.n; i++)
		n *= (double)a->space.swept[i].n;
	return n;
}

static bool picked(const struct lb_tune_arm *a, const size_t *pick)
{
	const size_t d = a->space.n;

	for (size_t i = 0; i < a->n; i++)
		if (!memcmp(a->pick + i * d, pick, d * sizeof *pick))
			return true;
	return false;
}

static void pick_index(const struct lb_tune_arm *a, double index, size_t *pick)
{
	for (size_t i = a->space.n; i-- > 0;) {
		const double n = (double)a->space.swept[i].n;
		pick[i] = (size_t)fmod(index, n);
		index = floor(index / n);
	}
}

/* The radical inverse of i in a prime base: the coordinate of a Halton sequence. */
static double radical_inverse(size_t i, size_t base)
{
	double f = 1, v = 0;

	for (; i; i /= base) {
		f /= (double)base;
		v += f * (double)(i % base);
	}
	return v;
}

static void draw(const struct lb_tune *t, const struct lb_tune_arm *a, size_t attempt, size_t *pick)
{
	static const size_t prime[] = { 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37 };
	struct lb_rng rng;

	lb_rng_init(&rng, t->seed, LB_RNG_TUNE, attempt);
	for (size_t i = 0; i < a->space.n; i++) {
		const double u = t->method == LB_TUNE_HALTON ? radical_inverse(attempt + 1, prime[i % (sizeof prime / sizeof *prime)]) :
						       lb_rng_unit(&rng);
		pick[i] = (size_t)(u * (double)a->space.swept[i].n);
	}
}

/* A grid larger than the budget: the longest swept parameter is thinned to equally spaced values,
 * its ends among them. */
static int thin_grid(struct lb_tune *t, struct lb_tune_arm *a, struct lb_location location)
{
	struct lb_swept_param *longest = a->space.swept;

	for (size_t i = 1; i < a->space.n; i++)
		if (a->space.swept[i].n > longest->n)
			longest = &a->space.swept[i];
	const double others = space_size(a) / (double)longest->n;
	const size_t room = (size_t)((double)t->trials / others), n = longest->n;
	if (space_size(a) <= (double)t->trials)
		return 0;
	if (room < 1) {
		lb_diagnostic(&t->diagnostics, &location, "tune.trials", "found %zu, but the grid without %s has %.0f settings; allowed: at least as many, or "
			 "method random", t->trials, longest->path, others);
		return -1;
	}
	for (size_t k = 0; k < room; k++)
		longest->value[k] = longest->value[room > 1 ? k * (n - 1) / (room - 1) : n / 2];
	longest->n = room;
	return 0;
}

static int choose_candidates(struct lb_tune *t, struct lb_tune_arm *a, struct lb_location location, struct lb_err *err)
{
	const size_t d = a->space.n;

	if (!d || (t->method == LB_TUNE_GRID && thin_grid(t, a, location)))
		return 0;
	const double all = space_size(a);
	const size_t want = all < (double)t->trials ? (size_t)all : t->trials;
	if (!(a->pick = lb_alloc(want * d, sizeof *a->pick, err)))
		return -1;
	if (t->method == LB_TUNE_GRID || all <= (double)t->trials) {
		for (; a->n < want; a->n++)
			pick_index(a, (double)a->n, a->pick + a->n * d);
		return 0;
	}
	for (size_t attempt = 0; a->n < want && attempt < 1000 * want; attempt++) {
		size_t *pick = a->pick + a->n * d;
		draw(t, a, attempt, pick);
		a->n += !picked(a, pick);
	}
	return 0;
}

int lb_tune_space_open(struct lb_tune *t, struct lb_tune_arm *a, const struct lb_node *space, struct lb_err *err)
{
	const struct lb_location location = lb_location_of(&t->sweep.r, "tune.space");

	if (space && space->type == LB_MAPPING ? given_space(t, a, space, err) : default_space(t, a, location, err))
		return -1;
	return choose_candidates(t, a, location, err);
}
