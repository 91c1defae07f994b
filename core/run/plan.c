#include "core/run/plan.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/run/get.h"
#include "core/run/registries.h"
#include "core/run/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The place of the option whose file is not there, followed by the option's name; NULL when that is not the mistake. */
static char *place_of_file(const struct lb_plan *plan, const cJSON *config, const char *text)
{
	static const char *const keys[] = { "data.train.path", "data.train.labels", "data.valid.path", "data.valid.labels", "data.test.path",
					    "data.test.labels", "data.teacher", "corrupt.labels.file" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *path = lb_get_text(config, keys[i]);
		const size_t n = path ? strlen(path) : 0;
		if (!n || strncmp(text, path, n) || text[n] != ':' || lb_file_exists(path))
			continue;
		char *place = lb_config_place(plan->config, keys[i], NULL);
		char *named = place ? lb_strfmt(NULL, "%s: %s", place, keys[i]) : NULL;
		free(place);
		return named;
	}
	return NULL;
}

/* Errors of different trials are mostly the same one: each is reported once. A config error that names an option gets its place, a
 * file that is missing that of its name. */
static void collect(const struct lb_plan *plan, const cJSON *config, const struct lb_err *one, struct lb_err *err)
{
	char option[128], *place = NULL;
	const size_t length = strcspn(one->text, ":");

	if (err->code != LB_OK && strstr(err->text, one->text))
		return;
	if (one->code == LB_CONFIG && length < sizeof option) {
		memcpy(option, one->text, length);
		option[length] = '\0';
		place = lb_config_place(plan->config, option, NULL);
	} else if (one->code == LB_DATA) {
		place = place_of_file(plan, config, one->text);
	}
	lb_fail_more(err, one->code, "%s%s%s", place ? place : "", place ? ": " : "", one->text);
	free(place);
}

/* Where an id stands in the hash table of trials, or could. */
static size_t *place_of(const struct lb_plan *plan, const char *id)
{
	size_t i = (size_t)strtoull(id, NULL, 16) & (plan->n_slots - 1);

	while (plan->slot[i] && strcmp(plan->trial[plan->slot[i] - 1].id, id))
		i = (i + 1) & (plan->n_slots - 1);
	return &plan->slot[i];
}

static void fill_slots(struct lb_plan *plan)
{
	for (size_t i = 0; i < plan->n_slots; i++)
		plan->slot[i] = 0;
	for (size_t i = 0; i < plan->n; i++)
		*place_of(plan, plan->trial[i].id) = i + 1;
}

/* Room for one more trial in the table, at least half of which stays free. */
static int grow_slots(struct lb_plan *plan, struct lb_err *err)
{
	const size_t size = plan->n_slots ? 2 * plan->n_slots : 64;

	if (2 * (plan->n + 1) <= plan->n_slots)
		return 0;
	size_t *slot = lb_alloc(size, sizeof *slot, err);
	if (!slot)
		return -1;
	free(plan->slot);
	plan->slot = slot;
	plan->n_slots = size;
	fill_slots(plan);
	return 0;
}

/* Counts in the trial that stands behind the last, unless its id is there already. */
static void count_new(struct lb_plan *plan)
{
	size_t *place = place_of(plan, plan->trial[plan->n].id);

	if (!*place)
		*place = ++plan->n;
}

/* Adds a resolved config, which the plan takes, as a trial. Mistakes go to err; -1 when memory runs out. */
static int add_trial(struct lb_plan *plan, cJSON *config, struct lb_err *err)
{
	struct lb_err *one = lb_alloc(1, sizeof *one, err);

	if (!one || lb_grow(&plan->list.config, &plan->list_cap, plan->list.n + 1, sizeof *plan->list.config, err) ||
	    lb_grow(&plan->trial, &plan->trial_cap, plan->n + 1, sizeof *plan->trial, err) || grow_slots(plan, err)) {
		free(one);
		cJSON_Delete(config);
		return -1;
	}
	if (plan->tune && plan->list.n) /* those of a sweep share already */
		lb_config_share(plan->list.config[plan->list.n - 1], config);
	plan->list.config[plan->list.n++] = config;
	if (lb_trial_open(&plan->trial[plan->n], config, &plan->cache, one))
		collect(plan, config, one, err);
	else
		count_new(plan);
	free(one);
	return 0;
}

/* Without a tune block: the trials of the sweep. */
static int add_sweep(struct lb_plan *plan, struct lb_err *err)
{
	struct lb_trial_list list = { 0 };
	int rc = lb_config_expand(plan->config, &lb_registries, &list, err);

	for (size_t i = 0; i < list.n && !rc; i++) {
		rc = add_trial(plan, list.config[i], err);
		list.config[i] = NULL;
	}
	lb_trial_list_free(&list);
	return rc;
}

/* With one: every fold of every candidate. */
static int add_folds(struct lb_plan *plan, struct lb_err *err)
{
	for (size_t arm = 0; arm < lb_tune_arms(plan->tune); arm++)
		for (size_t c = 0; c < lb_tune_candidates(plan->tune, arm); c++)
			for (size_t fold = 0; fold < lb_tune_folds(plan->tune); fold++) {
				cJSON *config = lb_tune_fold(plan->tune, arm, c, fold, err);
				if (!config || add_trial(plan, config, err))
					return -1;
			}
	return 0;
}

/* True when every fold has ended; unless failures count as an end, only ok and diverged do: the others are run again. */
static bool all_folds(const struct lb_plan *plan, bool failures_too)
{
	for (size_t i = 0; i < plan->n; i++) {
		const enum lb_stored s = lb_store_look(lb_get_text(plan->trial[i].config, "output.dir"), plan->trial[i].id, NULL);
		if (s != LB_STORED_OK && s != LB_STORED_DIVERGED && !(failures_too && s == LB_STORED_FAILED))
			return false;
	}
	return true;
}

int lb_plan_open(struct lb_plan *plan, const char *path, const char *const *sets, size_t n_sets, bool allow_sweep,
		 struct lb_err *err)
{
	int rc = -1;

	*plan = (struct lb_plan){ .config = lb_config_load(path, sets, n_sets, allow_sweep, err) };
	if (plan->config && !lb_tune_open(plan->config, &lb_registries, &plan->tune, err))
		rc = plan->tune ? add_folds(plan, err) : add_sweep(plan, err);
	if (!rc && err->code != LB_OK)
		rc = -1;
	if (!rc && all_folds(plan, false) && lb_plan_choose(plan, err) < 0)
		rc = -1;
	if (rc)
		lb_plan_close(plan);
	return rc;
}

void lb_plan_close(struct lb_plan *plan)
{
	free(plan->trial);
	free(plan->slot);
	lb_tune_free(plan->tune);
	cJSON_Delete(plan->tuning);
	lb_data_close(&plan->cache);
	lb_trial_list_free(&plan->list);
	lb_config_free(plan->config);
	*plan = (struct lb_plan){ 0 };
}

/* ---- choosing the best candidate of each arm ---- */

struct candidate {
	double mean;             /* of the metric over the folds; NAN when any of them was lost */
	size_t lost;             /* folds that diverged or failed, or where the metric is undefined */
};

/* The metric of a split by its key, or by its name where a parameter stands in the key ("top_k" finds "top_k(k=2)"). */
static const cJSON *metric_of(const cJSON *split, const char *name)
{
	const cJSON *m = cJSON_GetObjectItemCaseSensitive(split, name);
	const size_t n = strlen(name);

	if (m || !cJSON_IsObject(split))
		return m;
	cJSON_ArrayForEach(m, split)
		if (!strncmp(m->string, name, n) && m->string[n] == '(')
			break;
	return m;
}

/* 0 when the fold's record is there: its value is added, or the fold counted as lost; 1 when it is not; -1 on failure. */
static int add_fold(struct lb_plan *plan, size_t arm, size_t c, size_t fold, struct candidate *sum, struct lb_err *err)
{
	cJSON *config = lb_tune_fold(plan->tune, arm, c, fold, err), *record = NULL;
	struct lb_trial t;
	int rc = -1;

	if (config && !lb_trial_open(&t, config, &plan->cache, err)) {
		const enum lb_stored stored = lb_store_look(lb_get_text(config, "output.dir"), t.id, &record);
		const cJSON *value = metric_of(lb_json_at(record, "result.metrics.valid"), lb_tune_metric(plan->tune));
		const bool ended = stored == LB_STORED_OK || stored == LB_STORED_DIVERGED || stored == LB_STORED_FAILED;
		if (ended && value && cJSON_IsNumber(value))
			sum->mean += value->valuedouble / (double)lb_tune_folds(plan->tune);
		else
			sum->lost += ended;
		rc = ended ? 0 : 1;
	}
	cJSON_Delete(record);
	cJSON_Delete(config);
	return rc;
}

static int look_at(struct lb_plan *plan, size_t arm, size_t c, struct candidate *out, struct lb_err *err)
{
	int rc = 0;

	*out = (struct candidate){ 0 };
	for (size_t fold = 0; !rc && fold < lb_tune_folds(plan->tune); fold++)
		rc = add_fold(plan, arm, c, fold, out, err);
	if (out->lost)
		out->mean = (double)NAN;
	return rc;
}

/* Fewer lost folds are better; among candidates without lost folds the mean decides. */
static bool better(const struct candidate *a, const struct candidate *b, bool higher)
{
	if (a->lost != b->lost)
		return a->lost < b->lost;
	return higher ? a->mean > b->mean : a->mean < b->mean;
}

static bool higher_is_better(const char *metric)
{
	char name[64];

	snprintf(name, sizeof name, "%.*s", (int)strcspn(metric, "("), metric);
	const struct lb_metric *m = lb_metric_find(name);
	return !m || m->higher_is_better;
}

/* What an arm is: the varying options of its refits, apart from those that were tuned. */
static int tell_arm(struct lb_plan *plan, cJSON *arms, size_t arm, size_t best, const struct candidate *found, struct lb_err *err)
{
	cJSON *config = lb_tune_refit(plan->tune, arm, best, 0, err), *o = lb_json_object(arms, NULL);

	if (!config)
		return -1;
	lb_json_item(o, "loss", cJSON_Duplicate(lb_json_at(config, "loss"), 1));
	lb_json_item(o, "model", cJSON_Duplicate(lb_json_at(config, "model"), 1));
	lb_json_item(o, "corrupt", cJSON_Duplicate(lb_json_at(config, "corrupt"), 1));
	cJSON_Delete(config);
	cJSON *chosen = lb_tune_settings(plan->tune, arm, best, err), *list;
	if (!chosen)
		return -1;
	lb_json_item(o, "chosen", chosen);
	list = lb_json_array(o, "candidates");
	for (size_t c = 0; c < lb_tune_candidates(plan->tune, arm); c++) {
		cJSON *e = lb_json_object(list, NULL), *settings = lb_tune_settings(plan->tune, arm, c, err);
		if (!settings)
			return -1;
		lb_json_item(e, "settings", settings);
		lb_json_number(e, "mean", found[c].mean);
		lb_json_number(e, "lost_folds", (double)found[c].lost);
	}
	return 0;
}

static int append_refits(struct lb_plan *plan, size_t arm, size_t best, struct lb_err *err)
{
	for (size_t r = 0; r < lb_tune_replicates(plan->tune); r++) {
		cJSON *config = lb_tune_refit(plan->tune, arm, best, r, err);
		if (!config || add_trial(plan, config, err))
			return -1;
	}
	return err->code == LB_OK ? 0 : -1;
}

/* Finds the best of one arm, tells it and appends its refits. 1 when a record is missing. */
static int choose_arm(struct lb_plan *plan, size_t arm, cJSON *arms, struct lb_err *err)
{
	const size_t n = lb_tune_candidates(plan->tune, arm);
	const bool higher = higher_is_better(lb_tune_metric(plan->tune));
	struct candidate *found = lb_alloc(n, sizeof *found, err);
	size_t best = 0;
	int rc = found ? 0 : -1;

	for (size_t c = 0; c < n && !rc; c++) {
		rc = look_at(plan, arm, c, &found[c], err);
		if (c && better(&found[c], &found[best], higher))
			best = c;
	}
	if (!rc)
		rc = tell_arm(plan, arms, arm, best, found, err);
	if (!rc)
		rc = append_refits(plan, arm, best, err);
	free(found);
	return rc;
}

int lb_plan_choose(struct lb_plan *plan, struct lb_err *err)
{
	const size_t before = plan->n;
	cJSON *tuning, *arms;
	int rc = 0;

	if (!plan->tune || plan->tuning)
		return 0;
	if (!all_folds(plan, true))
		return 0;
	tuning = lb_json_object(NULL, NULL);
	lb_json_text(tuning, "schema", "lossbench-tuning/1");
	lb_json_text(tuning, "study", lb_config_name(plan->config));
	lb_json_text(tuning, "metric", lb_tune_metric(plan->tune));
	lb_json_number(tuning, "folds", (double)lb_tune_folds(plan->tune));
	arms = lb_json_array(tuning, "arms");
	for (size_t arm = 0; arm < lb_tune_arms(plan->tune) && !rc; arm++)
		rc = choose_arm(plan, arm, arms, err);
	if (!rc)
		rc = lb_json_complete(err);
	if (rc) {
		cJSON_Delete(tuning);
		plan->n = before;
		fill_slots(plan);
		return rc < 0 ? -1 : 0;
	}
	plan->tuning = tuning;
	return 1;
}

int lb_plan_save_choice(const struct lb_plan *plan, struct lb_err *err)
{
	char *path = lb_strfmt(err, "%s/tuning.json", lb_get_text(plan->trial[0].config, "output.dir"));
	struct lb_buf b = { 0 };
	int rc = -1;

	lb_json_pretty(plan->tuning, &b);
	lb_buf_puts(&b, "\n");
	if (path)
		rc = b.bad ? lb_fail_memory(err, b.n) : lb_write_file(path, b.s, b.n, err);
	lb_buf_free(&b);
	free(path);
	return rc;
}
