/* The choices of a plan's tuning, from the records of its folds. */
#include "core/config/spec_fill.h"
#include "core/run/plan.h"

#include "core/base/mem.h"
#include "core/run/candidate_choice.h"
#include "core/run/components.h"
#include "core/run/store.h"
#include "core/run/tuning.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t lb_plan_refits(const struct lb_plan *plan)
{
	if (plan->tuning)
		return plan->n_refits;
	return plan->tune ? lb_tune_arms(plan->tune) * lb_tune_replicates(plan->tune) : 0;
}

/* ---- the records of the folds ---- */

/* The metric of a split by its key, or by its name where a parameter is in the key ("top_k"
 * finds "top_k(k=2)"). */
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

/* True when all validation rows, as corrupted, are of one class. */
static bool validates_one_class(const cJSON *record)
{
	const cJSON *count;
	size_t classes = 0;

	cJSON_ArrayForEach(count, lb_json_at(record, "data.corrupted.class_counts.valid"))
		classes += count->valuedouble > 0;
	return classes == 1;
}

static struct lb_fold_result result_of(const cJSON *record, const char *metric)
{
	const cJSON *valid = lb_json_at(record, "result.metrics.valid"), *value = metric_of(valid, metric);
	const char *text = cJSON_GetStringValue(value);
	struct lb_fold_result r = { .end = LB_FOLD_UNDEFINED };

	if (!cJSON_IsObject(valid))
		return (struct lb_fold_result){ .end = LB_FOLD_LOST };
	if (cJSON_IsNumber(value))
		r = (struct lb_fold_result){ .end = LB_FOLD_VALUE, .value = value->valuedouble };
	else if (text && (!strcmp(text, "inf") || !strcmp(text, "-inf")))
		r = (struct lb_fold_result){ .end = LB_FOLD_VALUE, .value = *text == '-' ? (double)-INFINITY : (double)INFINITY };
	else
		r.one_class = validates_one_class(record);
	return r;
}

/* Reads the record of every trial of the plan, each once. 1 when one is missing. */
static int read_results(const struct lb_plan *plan, bool failures_too, struct lb_fold_result *out)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct lb_trial *t = &plan->trial[i];
		cJSON *record = NULL;
		const enum lb_stored s = lb_store_lookup(t->dir, t->id, &record);
		const bool ended = s == LB_STORED_OK || s == LB_STORED_DIVERGED || (failures_too && s == LB_STORED_FAILED);
		if (ended)
			out[i] = result_of(record, lb_tune_metric(plan->tune));
		cJSON_Delete(record);
		if (!ended)
			return 1;
	}
	return 0;
}

/* ---- what there is to say ---- */

/* Counts over all choices. */
struct tally {
	size_t *undefined;       /* (folds + 1) choices with so many undefined folds, of those that were made */
	size_t *unmade;          /* the same of those that could not be made */
	bool one_class;          /* every undefined fold validates on one class */
	size_t lost;             /* choices whose best candidate has folds that count against it */
};

static void count_verdict(struct tally *t, const struct lb_verdict *v)
{
	(v->chosen ? t->undefined : t->unmade)[v->undefined]++;
	t->one_class = t->one_class && (!v->undefined || v->one_class);
	t->lost += v->chosen && v->lost;
}

/* ", in 3 of 12 choices of settings", or nothing where it is all of them. */
static void put_share(struct lb_buf *b, const struct lb_plan *plan, size_t n)
{
	if (n < plan->n_choices)
		lb_buf_printf(b, ", in %zu of %zu choices of settings", n, plan->n_choices);
}

static void say_all(struct lb_plan *plan, const struct tally *t)
{
	const size_t folds = lb_tune_folds(plan->tune);
	const char *metric = lb_tune_metric(plan->tune), *reason = t->one_class ? ": one class" : "";

	for (size_t u = 1; u < folds; u++) {
		if (!t->undefined[u])
			continue;
		lb_buf_printf(&plan->said, "tune: valid.%s is undefined in %zu of %zu folds%s; the other %s", metric, u, folds, reason,
			      folds - u == 1 ? "one decides" : "folds decide");
		put_share(&plan->said, plan, t->undefined[u]);
		lb_buf_puts(&plan->said, "\n");
	}
	if (t->lost) {
		lb_buf_puts(&plan->said, "tune: every candidate has folds that diverged, failed or left the metric undefined; the one with the "
			    "fewest was chosen");
		put_share(&plan->said, plan, t->lost);
		lb_buf_puts(&plan->said, "\n");
	}
	for (size_t u = 0; u <= folds; u++) {
		if (!t->unmade[u])
			continue;
		if (u)
			lb_buf_printf(&plan->why, "tune: valid.%s is undefined in %zu of %zu folds%s", metric, u, folds, reason);
		if (u < folds)
			lb_buf_puts(&plan->why, u ? "; in the others every candidate diverged or failed" :
						    "tune: every candidate diverged or failed in every fold");
		lb_buf_puts(&plan->why, "; no settings could be chosen");
		put_share(&plan->why, plan, t->unmade[u]);
		lb_buf_printf(&plan->why, "; %s\n", u == folds ? "tune by another metric, or with fewer folds" : "give tune.space other values");
	}
}

/* ---- the entry of tuning.json ---- */

/* Takes what lies at a dotted path out of a tree; a whole block becomes empty. */
static void take_out(cJSON *tree, const char *path)
{
	const char *last = strrchr(path, '.');
	char above[128];

	if (!last) {
		if (cJSON_GetObjectItemCaseSensitive(tree, path))
			cJSON_ReplaceItemInObjectCaseSensitive(tree, path, lb_json_made(cJSON_CreateObject()));
		return;
	}
	snprintf(above, sizeof above, "%.*s", (int)(last - path), path);
	cJSON_DeleteItemFromObjectCaseSensitive((cJSON *)lb_json_at(tree, above), last + 1);
}

/* Takes seeds out of a block and the blocks in it: they tell replicates apart, not arms. */
static void take_out_seeds(cJSON *block)
{
	cJSON *item;

	cJSON_DeleteItemFromObjectCaseSensitive(block, "seed");
	cJSON_ArrayForEach(item, block)
		if (cJSON_IsObject(item))
			take_out_seeds(item);
}

/* What an arm is: its blocks without seeds and without what was tuned. */
static cJSON *add_arm(struct lb_plan *plan, cJSON *arms, size_t arm, const cJSON *settings, struct lb_err *err)
{
	static const char *const blocks[] = { "loss", "model", "corrupt", "terms" };
	cJSON *config = lb_tune_refit(plan->tune, arm, 0, 0, err), *o;
	const cJSON *path;

	if (!config)
		return NULL;
	o = lb_json_object(arms, NULL);
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
		if (lb_json_at(config, blocks[i]))
			lb_json_item(o, blocks[i], lb_json_made(cJSON_Duplicate(lb_json_at(config, blocks[i]), 1)));
	cJSON_Delete(config);
	cJSON_ArrayForEach(path, settings) {
		take_out(o, path->string);
	}
	take_out_seeds(o);
	lb_json_array(o, "choices");
	return o;
}

/* Returns the list that takes the ids of the trials that the choice decides. */
static cJSON *add_choice(cJSON *in, const struct lb_choice *choice, cJSON *const *settings, const struct lb_candidate *found, size_t n)
{
	cJSON *o = lb_json_object(in, NULL), *trials = lb_json_array(o, "trials"), *list;

	if (choice->best == LB_NO_CANDIDATE || !n)
		lb_json_object(o, "chosen");
	else
		lb_json_item(o, "chosen", lb_json_made(cJSON_Duplicate(settings[choice->best], 1)));
	list = lb_json_array(o, "candidates");
	for (size_t c = 0; c < n; c++) {
		cJSON *e = lb_json_object(list, NULL);
		lb_json_item(e, "settings", lb_json_made(cJSON_Duplicate(settings[c], 1)));
		lb_json_number(e, "mean", found[c].mean);
		lb_json_number(e, "folds", (double)found[c].folds);
		lb_json_number(e, "lost_folds", (double)found[c].lost);
		lb_json_number(e, "undefined_folds", (double)found[c].undefined);
	}
	return trials;
}

/* ---- choosing ---- */

/* What choosing needs of the whole plan. */
struct choosing {
	struct lb_plan *plan;
	const struct lb_fold_result *result; /* of each trial */
	bool higher;
	struct tally tally;
	cJSON **trials;          /* of each choice: the list in tuning.json of the ids that it decides */
};

static bool higher_is_better(const char *metric)
{
	char name[64];

	snprintf(name, sizeof name, "%.*s", (int)strcspn(metric, "("), metric);
	const struct lb_metric *m = lb_metric_find(name);
	return !m || m->higher_is_better;
}

/* The best of one choice. `of` has room for the results of all its folds, `found` for its
 * candidates. */
static int choose_one(struct choosing *ch, struct lb_choice *choice, cJSON *const *settings, struct lb_fold_result *of,
		      struct lb_candidate *found, struct lb_err *err)
{
	const size_t n = lb_tune_candidates(ch->plan->tune, choice->arm), folds = lb_tune_folds(ch->plan->tune);
	struct lb_verdict verdict;

	if (!n) { /* nothing to choose from: trained as it is given */
		choice->best = 0;
		return 0;
	}
	for (size_t i = 0; i < n * folds; i++)
		of[i] = ch->result[ch->plan->fold[choice->fold + i]];
	if (lb_choose_candidate(of, n, folds, ch->higher, (const cJSON *const *)settings, found, &verdict, err))
		return -1;
	if (verdict.chosen)
		choice->best = verdict.best;
	else
		ch->plan->unjudged++;
	count_verdict(&ch->tally, &verdict);
	return 0;
}

/* The choices of one arm, from plan->choice[*next] on, which moves after them. */
static int choose_arm(struct choosing *ch, size_t arm, size_t *next, cJSON *arms, struct lb_err *err)
{
	struct lb_plan *plan = ch->plan;
	const size_t n = lb_tune_candidates(plan->tune, arm);
	cJSON **settings = lb_alloc(n, sizeof *settings, err), *o = NULL;
	struct lb_candidate *found = lb_alloc(n, sizeof *found, err);
	struct lb_fold_result *of = lb_alloc(n * lb_tune_folds(plan->tune), sizeof *of, err);
	int rc = settings && found && of ? 0 : -1;

	for (size_t c = 0; c < n && !rc; c++)
		rc = (settings[c] = lb_tune_settings(plan->tune, arm, c, err)) ? 0 : -1;
	if (!rc && !(o = add_arm(plan, arms, arm, n ? settings[0] : NULL, err)))
		rc = -1;
	for (; !rc && *next < plan->n_choices && plan->choice[*next].arm == arm; ++*next) {
		struct lb_choice *choice = &plan->choice[*next];
		if (!(rc = choose_one(ch, choice, settings, of, found, err)))
			ch->trials[*next] = add_choice(cJSON_GetObjectItemCaseSensitive(o, "choices"), choice, settings, found, n);
	}
	for (size_t c = 0; settings && c < n; c++)
		cJSON_Delete(settings[c]);
	free(settings);
	free(found);
	free(of);
	return rc;
}

/* Appends the trials that train what was chosen, and tells each choice's own. */
static int add_refits(struct choosing *ch, struct lb_err *err)
{
	struct lb_plan *plan = ch->plan;
	const size_t replicates = lb_tune_replicates(plan->tune), n = lb_tune_arms(plan->tune) * replicates;

	if (lb_grow(&plan->refit, &plan->refit_cap, n, sizeof *plan->refit, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct lb_choice *choice = &plan->choice[plan->choice_of[i]];
		size_t place;
		if (choice->best == LB_NO_CANDIDATE)
			continue;
		cJSON *config = lb_tune_refit(plan->tune, choice->arm, choice->best, i % replicates, err);
		if (!config || lb_plan_add(plan, config, &place, err))
			return -1;
		plan->refit[plan->n_refits++] = place;
		lb_json_text(ch->trials[plan->choice_of[i]], NULL, plan->trial[place].id);
	}
	return err->code == LB_OK ? 0 : -1;
}

static int choose_all(struct choosing *ch, struct lb_err *err)
{
	struct lb_plan *plan = ch->plan;
	cJSON *entry = lb_json_object(NULL, NULL), *arms;
	size_t next = 0;
	int rc = 0;

	lb_json_text(entry, "study", lb_config_name(plan->config));
	lb_json_text(entry, "metric", lb_tune_metric(plan->tune));
	lb_json_text(entry, "direction", ch->higher ? "higher" : "lower");
	lb_json_number(entry, "folds", (double)lb_tune_folds(plan->tune));
	arms = lb_json_array(entry, "arms");
	for (size_t arm = 0; arm < lb_tune_arms(plan->tune) && !rc; arm++)
		rc = choose_arm(ch, arm, &next, arms, err);
	if (!rc)
		rc = add_refits(ch, err);
	if (!rc)
		say_all(plan, &ch->tally);
	if (!rc)
		rc = plan->said.bad || plan->why.bad ? lb_fail_memory(err, plan->said.n + plan->why.n) : lb_json_complete(err);
	if (rc)
		cJSON_Delete(entry);
	else
		plan->tuning = entry;
	return rc;
}

int lb_plan_choose(struct lb_plan *plan, bool failures_too, struct lb_err *err)
{
	if (!plan->tune || plan->tuning)
		return 0;
	const size_t folds = lb_tune_folds(plan->tune);
	struct lb_fold_result *result = lb_alloc(plan->n, sizeof *result, err);
	struct choosing ch = { .plan = plan, .result = result, .higher = higher_is_better(lb_tune_metric(plan->tune)),
			       .trials = lb_alloc(plan->n_choices, sizeof *ch.trials, err),
			       .tally = { lb_alloc(folds + 1, sizeof(size_t), err), lb_alloc(folds + 1, sizeof(size_t), err), true, 0 } };
	int rc = result && ch.trials && ch.tally.undefined && ch.tally.unmade ? 0 : -1;

	if (!rc && !read_results(plan, failures_too, result))
		rc = choose_all(&ch, err) ? -1 : 1;
	free(result);
	free(ch.trials);
	free(ch.tally.undefined);
	free(ch.tally.unmade);
	return rc;
}

/* ---- saving ---- */

static int compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The trials that would have been trained if other candidates had been chosen, sorted. */
static int list_superseded(const struct lb_plan *plan, struct lb_store_list *out, struct lb_err *err)
{
	const size_t replicates = lb_tune_replicates(plan->tune), n = lb_tune_arms(plan->tune) * replicates;

	for (size_t i = 0; i < n; i++) {
		const struct lb_choice *choice = &plan->choice[plan->choice_of[i]];
		for (size_t c = 0; c < lb_tune_candidates(plan->tune, choice->arm); c++) {
			cJSON *config = c == choice->best ? NULL : lb_tune_refit(plan->tune, choice->arm, c, i % replicates, err);
			struct lb_spec spec = { 0 };
			const struct lb_data_entry *source = config && !lb_spec_fill(&spec, config, &lb_registries, err) ?
							     lb_data_get((struct lb_data_cache *)&plan->cache, &spec, err) : NULL;
			int rc = c == choice->best ? 0 : !source || lb_grow(&out->id, &out->cap, out->n + 1, sizeof *out->id, err) ? -1 :
				 lb_trial_id(config, source, NULL, out->id[out->n++], err);
			lb_spec_free(&spec);
			cJSON_Delete(config);
			if (rc)
				return -1;
		}
	}
	if (out->n)
		qsort(out->id, out->n, sizeof *out->id, compare_ids);
	return 0;
}

int lb_plan_save_choice(const struct lb_plan *plan, struct lb_err *err)
{
	const char *dir = plan->trial[0].dir;
	struct lb_store_list superseded = { 0 };
	int rc = lb_tuning_has_more(dir, plan->tuning) ? list_superseded(plan, &superseded, err) : 0;

	if (!rc)
		rc = lb_tuning_save(dir, plan->tuning, &superseded, err);
	lb_store_list_free(&superseded);
	return rc;
}
