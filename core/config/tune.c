#include "core/config/tune.h"

#include "core/base/mem.h"
#include "core/config/resolve.h"
#include "core/config/spec.h"
#include "core/config/spec_fill.h"
#include "core/config/tune_arms.h"
#include "core/config/unknown_key.h"
#include "core/config/yaml_overlay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the study's axes ---- */

static bool is_fold(const char *path)
{
	return !strcmp(path, "data.split.fold") || !strcmp(path, "data.cv.fold");
}

static bool is_replicate(const struct lb_sweep *s, size_t axis)
{
	bool repeats = false;

	for (size_t i = 0; i < s->n; i++) {
		if (s->swept[i].axis != axis)
			continue;
		if (!lb_path_is_seed(s->swept[i].path) && !is_fold(s->swept[i].path))
			return false;
		repeats = true;
	}
	return repeats;
}

/* The study's tree for an arm and a replicate. */
static struct lb_node *study_tree(const struct lb_tune *t, struct lb_pool *pool, size_t arm, size_t replicate, struct lb_err *err)
{
	const struct lb_sweep *s = &t->sweep;
	size_t *value_index = lb_alloc(s->n_axes, sizeof *value_index, err);

	for (size_t axis = s->n_axes; value_index && axis-- > 0;) {
		const size_t n = lb_sweep_axis_length(s, axis);
		size_t *index = is_replicate(s, axis) ? &replicate : &arm;
		value_index[axis] = *index % n;
		*index /= n;
	}
	struct lb_node *root = value_index ? lb_sweep_tree(s, pool, value_index, err) : NULL;
	free(value_index);
	return root;
}

static int open_arm(struct lb_tune *t, size_t index, const struct lb_node *space, struct lb_err *err)
{
	struct lb_tune_arm *a = &t->arm[index];

	a->space = (struct lb_sweep){ .config = t->sweep.config, .r = t->sweep.r };
	if (!(a->space.r.root = study_tree(t, &t->pool, index, 0, err)))
		return -1;
	return lb_tune_space_open(t, a, space, err);
}

/* ---- configs ---- */

/* The tree that trains one fold of tune.folds; only refits are judged on test rows and leave files
 * next to their records. */
static struct lb_node *fold_tree(const struct lb_tune *t, struct lb_pool *pool, struct lb_node *root, size_t fold, struct lb_err *err)
{
	const struct lb_location location = lb_location_of(&t->sweep.r, "tune");
	char folds[24], text[24];
	const struct {
		const char *path, *value;
	} own[] = {
		{ "data.cv.folds", folds }, { "data.cv.fold", text }, { "data.cv.test", "false" }, { "output.model", "false" },
		{ "output.predictions", "false" },
	};

	snprintf(folds, sizeof folds, "%zu", t->folds);
	snprintf(text, sizeof text, "%zu", fold);
	for (size_t i = 0; root && i < sizeof own / sizeof *own; i++) {
		struct lb_node *value = lb_tree_scalar(pool, location, own[i].value, strlen(own[i].value), err);
		root = value ? lb_tree_with(pool, root, own[i].path, location, value, err) : NULL;
	}
	return root;
}

static cJSON *resolve(const struct lb_tune *t, size_t arm, size_t candidate, size_t replicate, const size_t *fold, struct lb_err *err)
{
	const struct lb_tune_arm *a = &t->arm[arm];
	struct lb_diagnostics *diagnostics = (struct lb_diagnostics *)&t->diagnostics;
	struct lb_pool pool = { 0 };
	cJSON *config = NULL;

	struct lb_node *root = study_tree(t, &pool, arm, replicate, err);
	for (size_t i = 0; root && i < a->space.n; i++) {
		const struct lb_swept_param *swept = &a->space.swept[i];
		root = lb_tree_with(&pool, root, swept->path, swept->location, swept->value[a->pick[candidate * a->space.n + i]], err);
	}
	if (root && fold)
		root = fold_tree(t, &pool, root, *fold, err);
	if (root)
		config = lb_resolve(root, t->sweep.config->file, t->sweep.config->name, t->sweep.r.reg, diagnostics, err);
	lb_pool_free(&pool);
	return config;
}

cJSON *lb_tune_fold(const struct lb_tune *t, size_t arm, size_t candidate, size_t replicate, size_t fold, struct lb_err *err)
{
	return resolve(t, arm, candidate, replicate, &fold, err);
}

cJSON *lb_tune_refit(const struct lb_tune *t, size_t arm, size_t candidate, size_t replicate, struct lb_err *err)
{
	return resolve(t, arm, candidate, replicate, NULL, err);
}

cJSON *lb_tune_settings(const struct lb_tune *t, size_t arm, size_t candidate, struct lb_err *err)
{
	const struct lb_tune_arm *a = &t->arm[arm];
	cJSON *config = lb_tune_refit(t, arm, candidate, 0, err), *settings = config ? lb_json_object(NULL, NULL) : NULL;

	for (size_t i = 0; config && i < a->space.n; i++)
		lb_json_item(settings, a->space.swept[i].path, cJSON_Duplicate(lb_json_at(config, a->space.swept[i].path), 1));
	cJSON_Delete(config);
	if (settings && !lb_json_complete(err))
		return settings;
	cJSON_Delete(settings);
	return NULL;
}

bool lb_tune_varies_data(const struct lb_tune *t, size_t arm)
{
	const struct lb_sweep *s = &t->arm[arm].space;

	for (size_t i = 0; i < s->n; i++)
		if (lb_path_within(s->swept[i].path, "data") && !lb_path_within(s->swept[i].path, "data.preprocess"))
			return true;
	return false;
}

/* ---- opening ---- */

static int read_block(struct lb_tune *t, const cJSON *config, const struct lb_registry *reg, struct lb_err *err)
{
	struct lb_spec spec = { 0 };

	if (lb_spec_fill(&spec, config, reg, err))
		return -1;
	t->method = (enum lb_tune_method)spec.tune.method.at;
	t->trials = spec.tune.trials;
	t->folds = spec.tune.folds;
	t->seed = spec.tune.seed;
	snprintf(t->metric, sizeof t->metric, "%s", spec.tune.metric + strlen("valid."));
	lb_spec_free(&spec);
	return 0;
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
		for (size_t c = 0; c < t->arm[arm].n && !t->diagnostics.n; c++) {
			cJSON *config = lb_tune_fold(t, arm, c, 0, 0, err);
			if (!config)
				return -1;
			cJSON_Delete(config);
		}
	for (size_t r = 1; r < t->n_replicates && !t->diagnostics.n; r++) {
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
	    !(first = lb_resolve(root, t->sweep.config->file, t->sweep.config->name, t->sweep.r.reg, &t->diagnostics, err)) ||
	    !(t->arm = lb_alloc(t->n_arms, sizeof *t->arm, err)))
		goto out;
	rc = 0;
	if (t->diagnostics.n)
		goto out;
	rc = read_block(t, first, t->sweep.r.reg, err);
	for (size_t i = 0; !rc && i < t->n_arms; i++)
		rc = open_arm(t, i, lb_option_set(&t->sweep.r, "tune.space"), err);
	if (!rc)
		lb_tune_space_check(t, lb_option_set(&t->sweep.r, "tune.space"));
	if (!rc && !t->diagnostics.n)
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
							       .reg = reg, .diagnostics = &t->diagnostics } };
	lb_diagnostics_of_yaml(&t->diagnostics, config->file, config->mistakes);
	int rc = lb_sweep_read(&t->sweep, err);
	const bool tuned = !rc && lb_option_set(&t->sweep.r, "tune");
	if (tuned && !(rc = open_all(t, err)))
		rc = lb_diagnostics_report(&t->diagnostics, err);
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
	lb_diagnostics_free(&t->diagnostics);
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
