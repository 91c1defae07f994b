#include "core/run/journal.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/run/get.h"
#include "core/run/run.h"
#include "core/run/store.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static const char schema[] = "lossbench-plan/1";
enum { LARGEST_PLAN = 64 << 20 };

int lb_journal_write(const char *dir, const struct lb_plan *plan, const char *path, const char *const *sets, size_t n_sets, int jobs,
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

cJSON *lb_journal_read(const char *dir, struct lb_err *err)
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

static void count(const char *dir, const char *id, struct lb_standing *s)
{
	cJSON *record = NULL;
	const enum lb_stored stored = lb_store_look(dir, id, &record);
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

int lb_standing_take(const char *dir, const cJSON *journal, struct lb_standing *s, struct lb_err *err)
{
	const cJSON *list = lb_json_at(journal, "trials"), *item;
	struct lb_store_list records;

	*s = (struct lb_standing){ 0 };
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

struct measured {
	const struct lb_trial *trial;
	double seconds;          /* an epoch */
};

static bool same_item(const struct lb_trial *a, const struct lb_trial *b, const char *path)
{
	return lb_json_same(lb_json_at(a->config, path), lb_json_at(b->config, path));
}

static double epochs(const struct lb_trial *t)
{
	const double n = lb_get_number(t->config, "train.epochs", 1);

	return n > 0 ? n : 1;
}

/* The mean over the trials that are alike at this level: 0 loss and model, 1 model, 2 all; negative when there are none. */
static double mean_of(const struct measured *m, size_t n, const struct lb_trial *t, int level)
{
	double sum = 0;
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		if (level < 2 && !same_item(m[i].trial, t, "model.kind"))
			continue;
		if (level < 2 && !same_item(m[i].trial, t, "model.hidden"))
			continue;
		if (level < 1 && !same_item(m[i].trial, t, "loss.name"))
			continue;
		sum += m[i].seconds;
		found++;
	}
	return found ? sum / (double)found : -1;
}

void lb_estimate_time(const struct lb_trial *trials, size_t n, struct lb_estimate *out)
{
	struct measured *m = lb_alloc(n ? n : 1, sizeof *m, NULL);

	*out = (struct lb_estimate){ 0 };
	for (size_t i = 0; m && i < n; i++) {
		cJSON *record = NULL;
		const enum lb_stored s = lb_store_look(lb_get_text(trials[i].config, "output.dir"), trials[i].id, &record);
		const cJSON *seconds = lb_json_at(record, "run.seconds.total");
		if ((s == LB_STORED_OK || s == LB_STORED_DIVERGED) && cJSON_IsNumber(seconds))
			m[out->measured++] = (struct measured){ &trials[i], seconds->valuedouble / epochs(&trials[i]) };
		cJSON_Delete(record);
	}
	for (size_t i = 0; m && out->measured && i < n; i++) {
		double each = -1;
		if (lb_trial_done(&trials[i]))
			continue;
		for (int level = 0; level < 3 && each < 0; level++)
			each = mean_of(m, out->measured, &trials[i], level);
		out->seconds += each * epochs(&trials[i]);
		out->guessed++;
	}
	free(m);
}
