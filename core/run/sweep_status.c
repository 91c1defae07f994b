#include "core/run/sweep_status.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/config/spec_fill.h"
#include "core/run/cohort_run.h"
#include "core/run/components.h"
#include "core/run/store.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char schema[] = "lossbench-plan/1";
enum { LARGEST_PLAN = 64 << 20 };

int lb_sweep_plan_write(const char *dir, const struct lb_plan *plan, const char *path, const char *const *sets, size_t n_sets, int jobs,
		     struct lb_err *err)
{
	cJSON *tree = lb_json_object(NULL, NULL), *list;
	char *file = lb_strfmt(err, "%s/.plan", dir);
	struct lb_buf text = { 0 };
	int rc = -1;

	lb_json_text(tree, "schema", schema);
	lb_json_text(tree, "config", path);
	list = lb_json_array(tree, "sets");
	for (size_t i = 0; i < n_sets; i++)
		lb_json_text(list, NULL, sets[i]);
	lb_json_number(tree, "jobs", jobs);
	lb_json_bool(tree, "more", plan->tune && !plan->tuning);
	if (plan->tune && !plan->tuning)
		lb_json_number(tree, "trainings_after", (double)lb_plan_refits(plan));
	list = lb_json_array(tree, "trials");
	for (size_t i = 0; i < plan->n; i++)
		lb_json_text(list, NULL, plan->trial[i].id);
	if (!lb_json_complete(err) && file) {
		lb_json_pretty(tree, &text);
		lb_buf_puts(&text, "\n");
		rc = text.bad ? lb_fail_memory(err, text.n) : lb_write_file(file, text.s, text.n, err);
	}
	lb_buf_free(&text);
	cJSON_Delete(tree);
	free(file);
	return rc;
}

cJSON *lb_sweep_plan_read(const char *dir, struct lb_err *err)
{
	char *path = lb_strfmt(err, "%s/.plan", dir), *text = NULL;
	cJSON *tree = NULL;
	size_t n;

	if (path && lb_file_exists(path) && (text = lb_read_file(path, LARGEST_PLAN, &n, LB_DATA, err)))
		tree = lb_json_parse(path, text, n, LB_DATA, err);
	const char *found = cJSON_GetStringValue(lb_json_at(tree, "schema"));
	if (tree && (!found || strcmp(found, schema) || !cJSON_IsArray(lb_json_at(tree, "trials")))) {
		lb_fail(err, LB_DATA, "%s: its schema is \"%s\", allowed: %s; the next sweep writes it anew, or remove the file", path,
			found ? found : "", schema);
		cJSON_Delete(tree);
		tree = NULL;
	}
	free(text);
	free(path);
	return tree;
}

static void count(const char *dir, const char *id, struct lb_sweep_status *s)
{
	cJSON *record = NULL;
	const enum lb_stored stored = lb_store_lookup(dir, id, &record);
	const cJSON *seconds = lb_json_at(record, "run.seconds.total");

	if (lb_store_running(dir, id))
		s->running++;
	else if (stored == LB_STORED_NONE)
		s->to_do++;
	s->ok += stored == LB_STORED_OK;
	s->diverged += stored == LB_STORED_DIVERGED;
	s->failed += stored == LB_STORED_FAILED;
	s->interrupted += stored == LB_STORED_INTERRUPTED;
	if ((stored == LB_STORED_OK || stored == LB_STORED_DIVERGED) && cJSON_IsNumber(seconds)) {
		s->measured++;
		s->seconds += (seconds->valuedouble - s->seconds) / (double)s->measured;
	}
	cJSON_Delete(record);
}

int lb_sweep_status_read(const char *dir, const cJSON *sweep_plan, struct lb_sweep_status *s, struct lb_err *err)
{
	const cJSON *list = lb_json_at(sweep_plan, "trials"), *item;
	struct lb_store_list records;

	*s = (struct lb_sweep_status){ 0 };
	if (lb_store_list(dir, &records, err))
		return -1;
	bool *planned = lb_alloc(records.n + 1, sizeof *planned, err);
	cJSON_ArrayForEach(item, list) {
		if (!planned || !cJSON_IsString(item) || !lb_store_is_id(item->valuestring))
			continue;
		s->planned++;
		planned[lb_store_list_find(&records, item->valuestring)] = true;
		count(dir, item->valuestring, s);
	}
	for (size_t i = 0; planned && i < records.n; i++) {
		if (!list)
			count(dir, records.id[i], s);
		else
			s->others += !planned[i];
	}
	const int rc = planned ? 0 : -1;
	free(planned);
	lb_store_list_free(&records);
	return rc;
}

/* ---- time ---- */

/* Trainings that are alike, and how long an epoch of them took: an open hash table by what they are
 * alike in. */
struct alike {
	struct group {
		char *key;
		double sum;      /* seconds an epoch */
		size_t n;
	} *group;
	size_t size, used;       /* size is a power of two, at least twice used */
	struct lb_spec spec;     /* of the trial that was looked at last */
};

/* What trainings of a level are alike in: 0 model and loss, 1 model, 2 nothing. */
static char *key_of(struct alike *a, const struct lb_trial *t, int level)
{
	struct lb_buf key = { 0 };

	if (lb_spec_fill(&a->spec, t->config, &lb_registries, NULL))
		return NULL;
	const struct lb_arg *hidden = lb_use_arg(&a->spec.model, "hidden");
	lb_buf_printf(&key, "%d", level);
	if (level < 2)
		lb_buf_printf(&key, " %s", a->spec.model.info->name);
	for (size_t i = 0; level < 2 && hidden && i < hidden->n; i++)
		lb_buf_printf(&key, " %.0f", hidden->list[i]);
	if (level == 0)
		lb_buf_printf(&key, " %s", a->spec.loss.info->name);
	if (key.bad)
		lb_buf_free(&key);
	return key.s;
}

static struct group *find_group(const struct alike *a, const char *key)
{
	uint64_t h = 14695981039346656037U;

	for (const char *c = key; *c; c++)
		h = (h ^ (unsigned char)*c) * 1099511628211U;
	while (a->group[h & (a->size - 1)].key && strcmp(a->group[h & (a->size - 1)].key, key))
		h++;
	return &a->group[h & (a->size - 1)];
}

static bool make_room(struct alike *a)
{
	const struct alike old = *a;

	if (2 * (a->used + 1) <= a->size)
		return true;
	a->size = old.size ? 2 * old.size : 16;
	if (!(a->group = lb_alloc(a->size, sizeof *a->group, NULL))) {
		*a = old;
		return false;
	}
	for (size_t i = 0; i < old.size; i++)
		if (old.group[i].key)
			*find_group(a, old.group[i].key) = old.group[i];
	free(old.group);
	return true;
}

static void add_time(struct alike *a, const struct lb_trial *t, double seconds)
{
	for (int level = 0; level < 3; level++) {
		char *key = key_of(a, t, level);
		struct group *g = key && make_room(a) ? find_group(a, key) : NULL;
		if (g && !g->key) {
			g->key = key;
			key = NULL;
			a->used++;
		}
		if (g) {
			g->sum += seconds;
			g->n++;
		}
		free(key);
	}
}

/* Seconds an epoch, by the trainings that are most alike. */
static double guess_time(struct alike *a, const struct lb_trial *t)
{
	double each = 0;
	bool known = !a->used;

	for (int level = 0; level < 3 && !known; level++) {
		char *key = key_of(a, t, level);
		const struct group *g = key ? find_group(a, key) : NULL;
		known = g && g->n;
		if (known)
			each = g->sum / (double)g->n;
		free(key);
	}
	return each;
}

static double epochs(const struct lb_trial *t)
{
	return t->epochs ? t->epochs : 1;
}

void lb_estimate_time(const struct lb_trial *trials, size_t n, struct lb_estimate *out)
{
	struct alike alike = { 0 };
	bool *done = lb_alloc(n, sizeof *done, NULL);

	*out = (struct lb_estimate){ 0 };
	for (size_t i = 0; done && i < n; i++) {
		cJSON *record = NULL;
		const enum lb_stored s = lb_store_lookup(trials[i].dir, trials[i].id, &record);
		const cJSON *seconds = lb_json_at(record, "run.seconds.total");
		done[i] = s == LB_STORED_OK || s == LB_STORED_DIVERGED;
		out->done += done[i];
		if (done[i] && cJSON_IsNumber(seconds)) {
			add_time(&alike, &trials[i], seconds->valuedouble / epochs(&trials[i]));
			out->measured++;
		}
		cJSON_Delete(record);
	}
	for (size_t i = 0; done && out->measured && i < n; i++)
		if (!done[i]) {
			out->seconds += guess_time(&alike, &trials[i]) * epochs(&trials[i]);
			out->guessed++;
		}
	for (size_t i = 0; i < alike.size; i++)
		free(alike.group[i].key);
	free(alike.group);
	lb_spec_free(&alike.spec);
	free(done);
}
