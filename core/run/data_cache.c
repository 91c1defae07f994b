#include "core/run/data_cache.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/run/data_read.h"

#include <stdlib.h>
#include <string.h>

/* A block of numbers, such as images, has no column that could be meant by "the last one". */
static int check_labels(const struct lb_data_spec *d, const struct lb_table t[LB_FILES], const char *const path[LB_FILES], struct lb_err *err)
{
	for (int i = 0; i < LB_FILES; i += 2)
		if (path[i] && !t[i].col && !path[i + 1] && !d->train.label && !d->labels.n)
			return lb_fail(err, LB_DATA, "%s: holds no labels; give their file with %s", path[i],
				       lb_data_path_key[i + 1]);
	return 0;
}

static struct lb_dataset *load(const struct lb_spec *spec, struct lb_err *err)
{
	struct lb_table table[LB_FILES] = { 0 };
	struct lb_dataset *data = NULL;
	const char *path[LB_FILES];
	const int rc = lb_data_read(spec, NULL, path, table, err) || check_labels(&spec->data, table, path, err) ||
		       lb_data_assemble(&spec->data, lb_kind_of_data(lb_spec_kind(spec)), table, path, &data, err);

	for (int i = 0; i < LB_FILES; i++)
		lb_table_free(&table[i]);
	return rc ? NULL : data;
}

/* What the dataset depends on: the task and the data section without splits and encoding. */
static char *data_key(const struct lb_spec *spec, struct lb_err *err)
{
	static const char *const later[] = { "split", "cv", "forget", "preprocess", "unseen" };
	struct lb_buf b = { 0 };
	cJSON *data = cJSON_Duplicate(lb_json_at(spec->config, "data"), 1);

	for (size_t i = 0; i < sizeof later / sizeof *later; i++)
		cJSON_DeleteItemFromObjectCaseSensitive(data, later[i]);
	lb_buf_puts(&b, spec->task.text);
	if (data)
		lb_json_canonical(data, &b);
	cJSON_Delete(data);
	if (!b.bad && data)
		return b.s;
	lb_buf_free(&b);
	lb_fail_memory(err, 0);
	return NULL;
}

static void entry_free(struct lb_data_entry *entry)
{
	if (!entry)
		return;
	free(entry->key);
	lb_teacher_free(&entry->teacher);
	lb_teacher_free(&entry->second_teacher);
	lb_teacher_free(&entry->features);
	lb_teacher_free(&entry->guide);
	free(entry->soft_labels.p);
	if (entry->data)
		lb_dataset_free(entry->data);
	free(entry);
}

static void model_free(struct lb_model_says *m)
{
	free(m->path);
	lb_teacher_free(&m->said);
	free(m);
}

/* Reads the data again into an entry that takes the key. */
static struct lb_data_entry *load_entry(const struct lb_spec *spec, char *key, struct lb_err *err)
{
	struct lb_data_entry *entry = lb_alloc(1, sizeof *entry, err);
	const double start = lb_seconds();

	if (!entry) {
		free(key);
		return NULL;
	}
	entry->key = key;
	if (!(entry->data = load(spec, err)) || lb_teacher_load(spec, entry->data, &entry->teacher, err) ||
	    lb_second_teacher_load(spec, entry->data, &entry->second_teacher, err) || lb_guide_load(spec, entry->data, &entry->guide, err) ||
	    lb_soft_labels_load(spec, entry->data, &entry->soft_labels, err)) {
		entry_free(entry);
		return NULL;
	}
	entry->seconds = lb_seconds() - start;
	return entry;
}

const struct lb_data_entry *lb_data_get(struct lb_data_cache *cache, const struct lb_spec *spec, struct lb_err *err)
{
	char *key = data_key(spec, err);

	if (!key)
		return NULL;
	for (size_t i = 0; i < cache->n; i++)
		if (!strcmp(cache->entry[i]->key, key)) {
			free(key);
			return cache->entry[i];
		}
	if (lb_grow(&cache->entry, &cache->cap, cache->n + 1, sizeof *cache->entry, err)) {
		free(key);
		return NULL;
	}
	struct lb_data_entry *entry = load_entry(spec, key, err);
	if (!entry)
		return NULL;
	entry->cache = cache;
	for (size_t i = 0; i < entry->data->n_warnings; i++)
		lb_warn("%s", entry->data->warning[i]);
	return cache->entry[cache->n++] = entry;
}

int lb_data_read_features(struct lb_data_cache *cache, const struct lb_data_entry *source, const struct lb_spec *spec, struct lb_err *err)
{
	for (size_t i = 0; i < cache->n; i++)
		if (cache->entry[i] == source && !source->features.scores)
			return lb_teacher_features_load(spec, source->data, &cache->entry[i]->features, err);
	return 0;
}

const struct lb_teacher *lb_data_ask_model(const struct lb_data_entry *source, const char *path, const char *who, const struct lb_spec *spec, struct lb_err *err)
{
	struct lb_data_cache *cache = source->cache;

	for (size_t i = 0; i < cache->n_models; i++)
		if (cache->model[i]->source == source && !strcmp(cache->model[i]->path, path))
			return &cache->model[i]->said;
	struct lb_model_says *m = lb_grow(&cache->model, &cache->cap_models, cache->n_models + 1, sizeof *cache->model, err) ? NULL : lb_alloc(1, sizeof *m, err);
	if (!m)
		return NULL;
	m->source = source;
	if (!(m->path = lb_strdup(path, err)) || lb_model_scores_load(m->path, who, spec, source->data, &m->said, err)) {
		model_free(m);
		return NULL;
	}
	cache->model[cache->n_models++] = m;
	return &m->said;
}

void lb_data_close(struct lb_data_cache *cache)
{
	for (size_t i = 0; i < cache->n_models; i++)
		model_free(cache->model[i]);
	free(cache->model);
	lb_rows_drop(cache->rows);
	for (size_t i = 0; i < cache->n; i++)
		entry_free(cache->entry[i]);
	free(cache->entry);
	lb_sentences_free(&cache->said);
	*cache = (struct lb_data_cache){ 0 };
}
