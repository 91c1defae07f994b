#include "core/base/mem.h"
#include "core/config/loaded_config.h"
#include "core/config/series.h"
#include "core/config/sweep.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Trials are looked at until so many mistakes are found, or the same ones so often. */
enum { MAX_FAULTS = 100, MAX_REPEATED = 3000 };

/* Which configs are there already: an open hash table. */
struct seen {
	struct {
		uint64_t hash;
		size_t trial;    /* + 1; 0 is free */
	} *slot;
	size_t size;
};

/* The key, and the value where it is a text, become those of an item that says the same. */
static void share_texts(const cJSON *other, cJSON *item)
{
	if (other->string && !(item->type & cJSON_StringIsConst)) {
		free(item->string);
		item->string = other->string;
		item->type |= cJSON_StringIsConst;
	}
	if (cJSON_IsString(item) && cJSON_IsString(other) && !(item->type & cJSON_IsReference) && !strcmp(item->valuestring, other->valuestring)) {
		free(item->valuestring);
		item->valuestring = other->valuestring;
		item->type |= cJSON_IsReference;
	}
}

void lb_config_share(const cJSON *before, cJSON *config)
{
	const cJSON *expected = before->child;
	cJSON *next;

	for (cJSON *item = config->child; item; item = next) {
		const cJSON *other = lb_json_member(before, item->string, expected);
		next = item->next;
		expected = other ? other->next : expected;
		if (!other)
			continue;
		share_texts(other, item);
		if (!item->child || item->child == other->child)
			continue;
		if (!lb_json_same(other, item)) {
			if (cJSON_IsObject(item) && cJSON_IsObject(other))
				lb_config_share(other, item);
			continue;
		}
		cJSON_Delete(item->child);
		item->child = other->child;
		item->type |= cJSON_IsReference;
	}
}

/* Appends the config to the list unless an equal one is there. */
static void keep(struct seen *seen, struct lb_trial_list *out, const cJSON *config, uint64_t hash)
{
	size_t i = hash & (seen->size - 1);

	for (; seen->slot[i].trial; i = (i + 1) & (seen->size - 1))
		if (seen->slot[i].hash == hash && lb_json_same(out->config[seen->slot[i].trial - 1], config))
			return;
	seen->slot[i].hash = hash;
	out->config[out->n++] = (cJSON *)config;
	seen->slot[i].trial = out->n;
}

/* The number of trials; 1 when they are too many, so that the rest of the file is still checked. */
static size_t count_trials(const struct lb_sweep *s, const struct lb_location *location)
{
	const size_t most = s->r.reg->most_trials;
	double n = 1;

	for (size_t axis = 0; axis < s->n_axes; axis++)
		n *= (double)lb_sweep_axis_length(s, axis);
	if (n > (double)most)
		lb_diagnostic(s->r.diagnostics, location, "sweep", "%.0f trials, allowed: at most %zu; sweep less at once", n, most);
	return n > (double)most ? 1 : (size_t)n;
}

/* What all trials of a sweep are made with. */
struct expanding {
	const struct lb_sweep *sweep;
	size_t *length, *value_index; /* of each axis */
	uint64_t *keys;
	struct lb_series *series;
	struct seen seen;
};

static void expanding_free(struct expanding *x)
{
	free(x->length);
	free(x->value_index);
	free(x->keys);
	free(x->seen.slot);
}

static int expanding_open(struct expanding *x, size_t n, struct lb_err *err)
{
	const struct lb_sweep *s = x->sweep;

	x->seen.size = 16;
	while (x->seen.size < 2 * n)
		x->seen.size *= 2;
	x->seen.slot = lb_alloc(x->seen.size, sizeof *x->seen.slot, err);
	x->length = lb_alloc(s->n_axes, sizeof *x->length, err);
	x->value_index = lb_alloc(s->n_axes, sizeof *x->value_index, err);
	x->keys = lb_alloc(s->n_axes, sizeof *x->keys, err);
	if (!x->seen.slot || !x->length || !x->value_index || !x->keys)
		return -1;
	for (size_t axis = 0; axis < s->n_axes; axis++)
		x->length[axis] = lb_sweep_axis_length(s, axis);
	for (size_t i = 0; i < s->n; i++)
		x->keys[s->swept[i].axis] |= lb_option_top(s->swept[i].path);
	const struct lb_axes axes = { s->n_axes, x->length, x->value_index, x->keys };
	return (x->series = lb_series_open(&s->r, &axes, err)) ? 0 : -1;
}

/* The last axis varies fastest. */
static struct lb_node *trial_tree(const struct expanding *x, struct lb_pool *pool, size_t t, struct lb_err *err)
{
	for (size_t axis = x->sweep->n_axes; axis-- > 0;) {
		x->value_index[axis] = t % x->length[axis];
		t /= x->length[axis];
	}
	return lb_sweep_tree(x->sweep, pool, x->value_index, err);
}

static int expand_trial(struct expanding *x, size_t t, struct lb_trial_list *out, struct lb_err *err)
{
	struct lb_node *root = trial_tree(x, lb_series_pool(x->series), t, err);
	uint64_t hash;
	const cJSON *config = root ? lb_series_next(x->series, root, &hash, err) : NULL;

	if (config && !x->sweep->r.diagnostics->n)
		keep(&x->seen, out, config, hash);
	return config ? 0 : -1;
}

static int expand_all(const struct lb_sweep *s, struct lb_trial_list *out, struct lb_err *err)
{
	const struct lb_node *sweep = lb_node_get(s->config->root, "sweep");
	const struct lb_location file = { .file = s->config->file };
	const size_t n = count_trials(s, sweep ? &sweep->location : &file);
	struct expanding x = { .sweep = s };
	size_t repeated = 0;

	out->config = lb_alloc(n, sizeof *out->config, err);
	int rc = out->config ? expanding_open(&x, n, err) : -1;
	for (size_t t = 0; !rc && t < n && s->r.diagnostics->n < MAX_FAULTS && repeated < MAX_REPEATED; t++) {
		rc = expand_trial(&x, t, out, err);
		repeated += s->r.diagnostics->n;
	}
	out->nodes = lb_series_close(x.series);
	expanding_free(&x);
	return rc;
}

int lb_config_expand(const struct lb_config *config, const struct lb_registry *reg, struct lb_trial_list *out, struct lb_err *err)
{
	struct lb_diagnostics diagnostics = { 0 };
	struct lb_sweep sweep = {
		.config = config,
		.r = { .root = config->root, .file = config->file, .study = config->name, .reg = reg, .diagnostics = &diagnostics },
	};
	int rc = -1;

	*out = (struct lb_trial_list){ 0 };
	lb_diagnostics_of_yaml(&diagnostics, config->file, config->mistakes);
	if (!lb_sweep_read(&sweep, err) && !expand_all(&sweep, out, err))
		rc = lb_diagnostics_report(&diagnostics, err);
	if (!rc)
		lb_sweep_tell_partial(&sweep);
	if (rc)
		lb_trial_list_free(out);
	lb_sweep_free(&sweep);
	lb_diagnostics_free(&diagnostics);
	return rc;
}

void lb_trial_list_free(struct lb_trial_list *list)
{
	for (size_t i = 0; !list->nodes && i < list->n; i++)
		cJSON_Delete(list->config[i]);
	lb_config_nodes_free(list->nodes);
	free(list->config);
	*list = (struct lb_trial_list){ 0 };
}
