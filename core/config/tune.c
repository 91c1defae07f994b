#include "core/config/tune.h"

#include "core/base/mem.h"
#include "core/config/internal.h"
#include "core/numeric/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum method { RANDOM, HALTON, GRID };

/* Rates that `space: default` offers: six a decade from 1e-4 to 1. */
enum { RATES = 25 };

/* One arm: the values its parameters can take, and the digits (one a track) of each candidate. */
struct arm {
	struct lb_sweep space;
	size_t *pick;            /* (n, space.n) */
	size_t n;
};

struct lb_tune {
	struct lb_faults faults;
	struct lb_sweep sweep;   /* of the study */
	struct lb_pool pool;
	enum method method;
	size_t trials, folds, seed;
	char metric[80];
	size_t n_arms, n_replicates;
	struct arm *arm;
};

/* ---- the study's axes ---- */

static bool is_replicate(const struct lb_sweep *s, size_t axis)
{
	bool seeds = false;

	for (size_t i = 0; i < s->n; i++) {
		if (s->track[i].axis != axis)
			continue;
		if (strcmp(lb_path_last(s->track[i].path), "seed"))
			return false;
		seeds = true;
	}
	return seeds;
}

/* The study's tree for an arm and a replicate. */
static struct lb_node *study_tree(const struct lb_tune *t, struct lb_pool *pool, size_t arm, size_t replicate, struct lb_err *err)
{
	const struct lb_sweep *s = &t->sweep;
	size_t *digit = lb_alloc(s->n_axes, sizeof *digit, err);

	for (size_t axis = s->n_axes; digit && axis-- > 0;) {
		const size_t n = lb_sweep_axis_length(s, axis);
		size_t *index = is_replicate(s, axis) ? &replicate : &arm;
		digit[axis] = *index % n;
		*index /= n;
	}
	struct lb_node *root = digit ? lb_sweep_tree(s, pool, digit, err) : NULL;
	free(digit);
	return root;
}

/* ---- an arm's space ---- */

static int add_value(struct lb_tune *t, struct lb_track *track, const char *text, struct lb_err *err)
{
	struct lb_node *node = lb_tree_scalar(&t->pool, track->mark, text, strlen(text), err);

	if (!node || lb_grow(&track->value, &track->cap, track->n + 1, sizeof *track->value, err))
		return -1;
	track->value[track->n++] = node;
	return 0;
}

static struct lb_track *add_track(struct arm *a, const char *path, struct lb_mark mark, struct lb_node *node, struct lb_err *err)
{
	if (lb_grow(&a->space.track, &a->space.cap, a->space.n + 1, sizeof *a->space.track, err))
		return NULL;
	a->space.track[a->space.n] = (struct lb_track){ .path = path, .mark = mark, .node = node, .axis = a->space.n };
	return &a->space.track[a->space.n++];
}

/* A path that lives as long as the tune. */
static const char *keep_path(struct lb_tune *t, struct lb_mark mark, const char *block, const char *name, struct lb_err *err)
{
	char path[LB_PATH_TEXT];
	const int n = snprintf(path, sizeof path, "%s.%s", block, name);
	const struct lb_node *node = lb_tree_scalar(&t->pool, mark, path, (size_t)n, err);

	return node ? node->text : NULL;
}

static const struct lb_info *arm_component(const struct arm *a, const char *block)
{
	const struct lb_option *o = lb_option_find(block, strlen(block));
	const struct lb_node *name = lb_node_component(lb_given(&a->space.r, block), o->key);

	return lb_component_find(a->space.r.reg, block, a->space.r.kind, name ? name->text : o->def_name ? o->def_name : "");
}

/* The grid of every parameter of the loss, and the learning rate. */
static int default_space(struct lb_tune *t, struct arm *a, struct lb_mark mark, struct lb_err *err)
{
	const struct lb_info *loss = arm_component(a, "loss");
	char text[LB_DOUBLE_TEXT];

	for (int i = 0; loss && i < loss->n_params; i++) {
		const struct lb_param *p = &loss->params[i];
		if (p->type != LB_REAL_PARAM && p->type != LB_INT_PARAM)
			continue;
		const char *path = p->n_grid ? keep_path(t, mark, "loss", p->name, err) : NULL;
		struct lb_track *track = path ? add_track(a, path, mark, NULL, err) : NULL;
		if (p->n_grid && !track)
			return -1;
		for (int k = 0; k < p->n_grid; k++) {
			if (isfinite(p->grid[k]))
				lb_double_text(p->grid[k], text);
			else
				snprintf(text, sizeof text, "inf");
			if (add_value(t, track, text, err))
				return -1;
		}
	}
	if (!lb_component_param(arm_component(a, "optimizer"), "lr"))
		return 0;
	struct lb_track *rate = add_track(a, "optimizer.lr", mark, NULL, err);
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
		if (!strcmp(s->track[i].path, path) && s->track[i].n > 1)
			return true;
	return false;
}

/* Paths with values as in a sweep; a parameter that this arm's component lacks is left out. */
static int given_space(struct lb_tune *t, struct arm *a, const struct lb_node *space, struct lb_err *err)
{
	for (size_t i = 0; i < space->n; i++) {
		const char *path = space->key[i]->text;
		const struct lb_option *o = lb_option_find(path, strlen(path)), *block = lb_option_component(path);
		const struct lb_info *info = block && !o ? arm_component(a, block->path) : NULL;
		if (!o && !block) {
			lb_refuse_key(&t->sweep.r, path, space->key[i]);
			continue;
		}
		if (o && (o->outside_id || o->shape == LB_GROUP)) {
			lb_fault(&t->faults, &space->key[i]->mark, path, "cannot be tuned, allowed: an option with a value, such as optimizer.lr");
			continue;
		}
		if (is_swept(&t->sweep, path)) {
			lb_fault(&t->faults, &space->key[i]->mark, path, "is swept and tuned; keep it in one of them");
			continue;
		}
		if (info && strcmp(lb_path_last(path), block->key) && !lb_component_param(info, lb_path_last(path)))
			continue;
		struct lb_track *track = add_track(a, path, space->key[i]->mark, space->item[i], err);
		if (!track || lb_sweep_values(&a->space, track, err))
			return -1;
	}
	return 0;
}

/* ---- candidates ---- */

static double space_size(const struct arm *a)
{
	double n = 1;

	for (size_t i = 0; i < a->space.n; i++)
		n *= (double)a->space.track[i].n;
	return n;
}

static bool picked(const struct arm *a, const size_t *pick)
{
	const size_t d = a->space.n;

	for (size_t i = 0; i < a->n; i++)
		if (!memcmp(a->pick + i * d, pick, d * sizeof *pick))
			return true;
	return false;
}

static void pick_index(const struct arm *a, double index, size_t *pick)
{
	for (size_t i = a->space.n; i-- > 0;) {
		const double n = (double)a->space.track[i].n;
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

static void draw(const struct lb_tune *t, const struct arm *a, size_t attempt, size_t *pick)
{
	static const size_t prime[] = { 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37 };
	struct lb_rng rng;

	lb_rng_init(&rng, t->seed, LB_RNG_TUNE, attempt);
	for (size_t i = 0; i < a->space.n; i++) {
		const double u = t->method == HALTON ? radical_inverse(attempt + 1, prime[i % (sizeof prime / sizeof *prime)]) :
						       lb_rng_unit(&rng);
		pick[i] = (size_t)(u * (double)a->space.track[i].n);
	}
}

/* A grid larger than the budget: the longest track is thinned to equally spaced values, its ends among them. */
static int thin_grid(struct lb_tune *t, struct arm *a, struct lb_mark mark)
{
	struct lb_track *longest = a->space.track;

	for (size_t i = 1; i < a->space.n; i++)
		if (a->space.track[i].n > longest->n)
			longest = &a->space.track[i];
	const double others = space_size(a) / (double)longest->n;
	const size_t room = (size_t)((double)t->trials / others), n = longest->n;
	if (space_size(a) <= (double)t->trials)
		return 0;
	if (room < 1) {
		lb_fault(&t->faults, &mark, "tune.trials", "found %zu, but the grid without %s has %.0f settings; allowed: at least as many, or "
			 "method random", t->trials, longest->path, others);
		return -1;
	}
	for (size_t k = 0; k < room; k++)
		longest->value[k] = longest->value[room > 1 ? k * (n - 1) / (room - 1) : n / 2];
	longest->n = room;
	return 0;
}

static int choose_candidates(struct lb_tune *t, struct arm *a, struct lb_mark mark, struct lb_err *err)
{
	const size_t d = a->space.n;

	if (!d || (t->method == GRID && thin_grid(t, a, mark)))
		return 0;
	const double all = space_size(a);
	const size_t want = all < (double)t->trials ? (size_t)all : t->trials;
	if (!(a->pick = lb_alloc(want * d, sizeof *a->pick, err)))
		return -1;
	if (t->method == GRID || all <= (double)t->trials) {
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

static int open_arm(struct lb_tune *t, size_t index, const struct lb_node *space, struct lb_err *err)
{
	struct arm *a = &t->arm[index];
	const struct lb_mark mark = lb_given_mark(&t->sweep.r, "tune.space");

	a->space = (struct lb_sweep){ .config = t->sweep.config, .r = t->sweep.r };
	if (!(a->space.r.root = study_tree(t, &t->pool, index, 0, err)))
		return -1;
	if (space && space->type == LB_MAPPING ? given_space(t, a, space, err) : default_space(t, a, mark, err))
		return -1;
	return choose_candidates(t, a, mark, err);
}

/* ---- configs ---- */

static cJSON *resolve(const struct lb_tune *t, size_t arm, size_t candidate, size_t replicate, const char *fold, struct lb_err *err)
{
	const struct arm *a = &t->arm[arm];
	const struct lb_mark mark = lb_given_mark(&t->sweep.r, "tune");
	struct lb_faults *faults = (struct lb_faults *)&t->faults;
	struct lb_pool pool = { 0 };
	char folds[24];
	cJSON *config = NULL;

	struct lb_node *root = study_tree(t, &pool, arm, replicate, err);
	for (size_t i = 0; root && i < a->space.n; i++) {
		const struct lb_track *track = &a->space.track[i];
		root = lb_tree_with(&pool, root, track->path, track->mark, track->value[a->pick[candidate * a->space.n + i]], err);
	}
	snprintf(folds, sizeof folds, "%zu", t->folds);
	if (root && fold)
		root = lb_tree_with(&pool, root, "data.cv.folds", mark, lb_tree_scalar(&pool, mark, folds, strlen(folds), err), err);
	if (root && fold)
		root = lb_tree_with(&pool, root, "data.cv.fold", mark, lb_tree_scalar(&pool, mark, fold, strlen(fold), err), err);
	if (root)
		config = lb_resolve(root, t->sweep.config->file, t->sweep.config->name, t->sweep.r.reg, faults, err);
	lb_pool_free(&pool);
	return config;
}

cJSON *lb_tune_fold(const struct lb_tune *t, size_t arm, size_t candidate, size_t fold, struct lb_err *err)
{
	char text[24];

	snprintf(text, sizeof text, "%zu", fold);
	return resolve(t, arm, candidate, 0, text, err);
}

cJSON *lb_tune_refit(const struct lb_tune *t, size_t arm, size_t candidate, size_t replicate, struct lb_err *err)
{
	return resolve(t, arm, candidate, replicate, NULL, err);
}

cJSON *lb_tune_settings(const struct lb_tune *t, size_t arm, size_t candidate, struct lb_err *err)
{
	const struct arm *a = &t->arm[arm];
	cJSON *config = lb_tune_refit(t, arm, candidate, 0, err), *settings = config ? lb_json_object(NULL, NULL) : NULL;

	for (size_t i = 0; config && i < a->space.n; i++)
		lb_json_item(settings, a->space.track[i].path, cJSON_Duplicate(lb_json_at(config, a->space.track[i].path), 1));
	cJSON_Delete(config);
	if (settings && !lb_json_complete(err))
		return settings;
	cJSON_Delete(settings);
	return NULL;
}

/* ---- opening ---- */

static void read_block(struct lb_tune *t, const cJSON *config)
{
	static const char *const methods[] = { "random", "halton", "grid" };
	const char *method = cJSON_GetStringValue(lb_json_at(config, "tune.method"));
	const char *metric = cJSON_GetStringValue(lb_json_at(config, "tune.metric"));

	for (int i = 0; method && i < 3; i++)
		if (!strcmp(methods[i], method))
			t->method = (enum method)i;
	t->trials = (size_t)lb_json_at(config, "tune.trials")->valuedouble;
	t->folds = (size_t)lb_json_at(config, "tune.folds")->valuedouble;
	t->seed = (size_t)lb_json_at(config, "tune.seed")->valuedouble;
	snprintf(t->metric, sizeof t->metric, "%s", metric + strlen("valid."));
}

static void count_arms(struct lb_tune *t)
{
	t->n_arms = t->n_replicates = 1;
	for (size_t axis = 0; axis < t->sweep.n_axes; axis++)
		*(is_replicate(&t->sweep, axis) ? &t->n_replicates : &t->n_arms) *= lb_sweep_axis_length(&t->sweep, axis);
}

/* Every candidate and every replicate is resolved once, so that all mistakes are found now. */
static int check_all(struct lb_tune *t, struct lb_err *err)
{
	for (size_t arm = 0; arm < t->n_arms; arm++)
		for (size_t c = 0; c < t->arm[arm].n && !t->faults.n; c++) {
			cJSON *config = lb_tune_fold(t, arm, c, 0, err);
			if (!config)
				return -1;
			cJSON_Delete(config);
		}
	for (size_t r = 1; r < t->n_replicates && !t->faults.n; r++) {
		cJSON *config = lb_tune_refit(t, 0, 0, r, err);
		if (!config)
			return -1;
		cJSON_Delete(config);
	}
	return 0;
}

static int open_all(struct lb_tune *t, struct lb_err *err)
{
	struct lb_pool pool = { 0 };
	struct lb_node *root;
	cJSON *first = NULL;
	int rc = -1;

	count_arms(t);
	if (!(root = study_tree(t, &pool, 0, 0, err)) ||
	    !(first = lb_resolve(root, t->sweep.config->file, t->sweep.config->name, t->sweep.r.reg, &t->faults, err)) ||
	    !(t->arm = lb_alloc(t->n_arms, sizeof *t->arm, err)))
		goto out;
	rc = 0;
	if (t->faults.n)
		goto out;
	read_block(t, first);
	for (size_t i = 0; !rc && i < t->n_arms; i++)
		rc = open_arm(t, i, lb_given(&t->sweep.r, "tune.space"), err);
	if (!rc && !t->faults.n)
		rc = check_all(t, err);
out:
	cJSON_Delete(first);
	lb_pool_free(&pool);
	return rc;
}

int lb_tune_open(const struct lb_config *config, const struct lb_registry *reg, struct lb_tune **out, struct lb_err *err)
{
	struct lb_tune *t = lb_alloc(1, sizeof *t, err);

	*out = NULL;
	if (!t)
		return -1;
	t->sweep = (struct lb_sweep){ .config = config, .r = { .root = config->root, .file = config->file, .study = config->name,
							       .reg = reg, .faults = &t->faults } };
	lb_faults_of_yaml(&t->faults, config->file, config->mistakes);
	int rc = lb_sweep_read(&t->sweep, err);
	const bool tuned = !rc && lb_given(&t->sweep.r, "tune");
	if (tuned && !(rc = open_all(t, err)))
		rc = lb_faults_report(&t->faults, err);
	if (tuned && !rc)
		*out = t;
	else
		lb_tune_free(t);
	return rc;
}

void lb_tune_free(struct lb_tune *t)
{
	if (!t)
		return;
	for (size_t i = 0; t->arm && i < t->n_arms; i++) {
		free(t->arm[i].pick);
		lb_sweep_free(&t->arm[i].space);
	}
	free(t->arm);
	lb_sweep_free(&t->sweep);
	lb_pool_free(&t->pool);
	lb_faults_free(&t->faults);
	free(t);
}

size_t lb_tune_arms(const struct lb_tune *t)
{
	return t->n_arms;
}

size_t lb_tune_candidates(const struct lb_tune *t, size_t arm)
{
	return t->arm[arm].n;
}

size_t lb_tune_folds(const struct lb_tune *t)
{
	return t->folds;
}

size_t lb_tune_replicates(const struct lb_tune *t)
{
	return t->n_replicates;
}

const char *lb_tune_metric(const struct lb_tune *t)
{
	return t->metric;
}
