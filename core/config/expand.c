#include "core/config/internal.h"

#include "core/base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Trials are looked at until so many mistakes are found, or the same ones so often. */
enum { MAX_FAULTS = 100, MAX_REPEATED = 3000 };

/* Which configs are there already: an open hash table of canonical forms. */
struct seen {
	struct {
		uint64_t hash;
		size_t trial;    /* + 1; 0 is free */
	} *slot;
	size_t size;
};

static uint64_t hash_of(const struct lb_buf *text)
{
	uint64_t h = 14695981039346656037U;

	for (size_t i = 0; i < text->n; i++)
		h = (h ^ (unsigned char)text->s[i]) * 1099511628211U;
	return h;
}

static bool same_as(const cJSON *trial, const struct lb_buf *text)
{
	struct lb_buf other = { 0 };

	lb_json_canonical(trial, &other);
	const bool same = !other.bad && other.n == text->n && !memcmp(other.s, text->s, text->n);
	lb_buf_free(&other);
	return same;
}

void lb_config_share(const cJSON *before, cJSON *config)
{
	cJSON *next;

	for (cJSON *item = config->child; item; item = next) {
		const cJSON *other = cJSON_GetObjectItemCaseSensitive(before, item->string);
		next = item->next;
		if (!other || !item->child || item->child == other->child)
			continue;
		if (!lb_json_same(other, item)) {
			if (cJSON_IsObject(item) && cJSON_IsObject(other))
				lb_config_share(other, item);
			continue;
		}
		cJSON *same = cJSON_IsObject(other) ? cJSON_CreateObjectReference(other->child) : cJSON_CreateArrayReference(other->child);
		if (!same || !cJSON_ReplaceItemInObjectCaseSensitive(config, item->string, same))
			cJSON_Delete(same);
	}
}

/* Appends the config to the list unless an equal one is there; takes it. */
static int keep(struct seen *seen, struct lb_trial_list *out, cJSON *config, struct lb_err *err)
{
	struct lb_buf text = { 0 };
	bool known = false;

	lb_json_canonical(config, &text);
	const bool bad = text.bad;
	const uint64_t hash = bad ? 0 : hash_of(&text);
	size_t i = hash & (seen->size - 1);
	for (; !bad && !known && seen->slot[i].trial; i = (i + 1) & (seen->size - 1))
		known = seen->slot[i].hash == hash && same_as(out->config[seen->slot[i].trial - 1], &text);
	lb_buf_free(&text);
	if (bad || known) {
		cJSON_Delete(config);
		return bad ? lb_fail_memory(err, seen->size) : 0;
	}
	seen->slot[i].hash = hash;
	if (out->n)
		lb_config_share(out->config[out->n - 1], config);
	out->config[out->n++] = config;
	seen->slot[i].trial = out->n;
	return 0;
}

/* The number of trials; 1 when they are too many, so that the rest of the file is still checked. */
static size_t count_trials(const struct lb_sweep *s, const struct lb_mark *mark)
{
	const size_t most = s->r.reg->most_trials;
	double n = 1;

	for (size_t axis = 0; axis < s->n_axes; axis++)
		n *= (double)lb_sweep_axis_length(s, axis);
	if (n > (double)most)
		lb_fault(s->r.faults, mark, "sweep", "%.0f trials, allowed: at most %zu; sweep less at once", n, most);
	return n > (double)most ? 1 : (size_t)n;
}

/* The last axis varies fastest. */
static struct lb_node *trial_tree(const struct lb_sweep *s, struct lb_pool *pool, size_t t, size_t *digit, struct lb_err *err)
{
	for (size_t axis = s->n_axes; axis-- > 0;) {
		const size_t n = lb_sweep_axis_length(s, axis);
		digit[axis] = t % n;
		t /= n;
	}
	return lb_sweep_tree(s, pool, digit, err);
}

static int expand_trial(const struct lb_sweep *s, size_t t, size_t *digit, struct seen *seen, struct lb_trial_list *out, struct lb_err *err)
{
	struct lb_pool pool = { 0 };
	struct lb_node *root = trial_tree(s, &pool, t, digit, err);
	cJSON *config = root ? lb_resolve(root, s->config->file, s->config->name, s->r.reg, s->r.faults, err) : NULL;
	int rc = config ? 0 : -1;

	if (config && s->r.faults->n)
		cJSON_Delete(config);
	else if (config)
		rc = keep(seen, out, config, err);
	lb_pool_free(&pool);
	return rc;
}

static int expand_all(const struct lb_sweep *s, struct lb_trial_list *out, struct lb_err *err)
{
	const struct lb_node *sweep = lb_node_get(s->config->root, "sweep");
	const struct lb_mark file = { .file = s->config->file };
	const size_t n = count_trials(s, sweep ? &sweep->mark : &file);
	size_t repeated = 0;
	struct seen seen = { .size = 16 };
	size_t *digit = lb_alloc(s->n_axes, sizeof *digit, err);

	while (seen.size < 2 * n)
		seen.size *= 2;
	seen.slot = lb_alloc(seen.size, sizeof *seen.slot, err);
	out->config = lb_alloc(n, sizeof *out->config, err);
	int rc = digit && seen.slot && out->config ? 0 : -1;
	for (size_t t = 0; !rc && t < n && s->r.faults->n < MAX_FAULTS && repeated < MAX_REPEATED; t++) {
		rc = expand_trial(s, t, digit, &seen, out, err);
		repeated += s->r.faults->n;
	}
	free(digit);
	free(seen.slot);
	return rc;
}

int lb_config_expand(const struct lb_config *config, const struct lb_registry *reg, struct lb_trial_list *out, struct lb_err *err)
{
	struct lb_faults faults = { 0 };
	struct lb_sweep sweep = {
		.config = config,
		.r = { .root = config->root, .file = config->file, .study = config->name, .reg = reg, .faults = &faults },
	};
	int rc = -1;

	*out = (struct lb_trial_list){ 0 };
	lb_faults_of_yaml(&faults, config->file, config->mistakes);
	if (!lb_sweep_read(&sweep, err) && !expand_all(&sweep, out, err))
		rc = lb_faults_report(&faults, err);
	if (rc)
		lb_trial_list_free(out);
	lb_sweep_free(&sweep);
	lb_faults_free(&faults);
	return rc;
}

void lb_trial_list_free(struct lb_trial_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		cJSON_Delete(list->config[i]);
	free(list->config);
	*list = (struct lb_trial_list){ 0 };
}
