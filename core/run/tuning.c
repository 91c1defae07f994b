#include "core/run/tuning.h"

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_FILE = 1 << 30 };

static char *path_of(const char *dir, struct lb_err *err)
{
	return lb_strfmt(err, "%s/tuning.json", dir);
}

static bool is_whole(const cJSON *tree)
{
	const char *schema = lb_json_text_at(tree, "schema");
	const cJSON *studies = lb_json_at(tree, "studies"), *study, *arm;

	if (!schema || strcmp(schema, LB_TUNING_SCHEMA) || !cJSON_IsArray(studies))
		return false;
	cJSON_ArrayForEach(study, studies) {
		if (!lb_json_text_at(study, "study") || !cJSON_IsArray(lb_json_at(study, "arms")))
			return false;
		cJSON_ArrayForEach(arm, lb_json_at(study, "arms"))
			if (!cJSON_IsArray(lb_json_at(arm, "choices")))
				return false;
	}
	return true;
}

static cJSON *read_tree(const char *dir, struct lb_err *err)
{
	char *path = path_of(dir, err), *text = NULL;
	size_t n = 0;

	if (path && lb_file_exists(path))
		text = lb_read_file(path, LARGEST_FILE, &n, LB_DATA, err);
	cJSON *tree = text ? lb_json_parse(path, text, n, LB_DATA, err) : NULL;
	if (tree && !is_whole(tree)) {
		lb_fail(err, LB_DATA, "%s: not a whole file of the form %s", path, LB_TUNING_SCHEMA);
		cJSON_Delete(tree);
		tree = NULL;
	}
	free(text);
	free(path);
	return tree;
}

cJSON *lb_tuning_read(const char *dir)
{
	struct lb_err err = { 0 };
	cJSON *tree = read_tree(dir, &err);

	if (err.code != LB_OK)
		lb_warn("%s; it is left aside, and the next sweep with tune writes it again", err.text);
	return tree;
}

static int write_tree(const char *dir, const cJSON *tree, struct lb_err *err)
{
	char *path = path_of(dir, err);
	struct lb_buf text = { 0 };
	int rc = -1;

	if (path && !lb_json_complete(err)) {
		lb_json_pretty(tree, &text);
		lb_buf_puts(&text, "\n");
		rc = text.bad ? lb_fail_memory(err, text.n) : lb_make_dirs(dir, err) ? -1 : lb_write_file(path, text.s, text.n, err);
	}
	lb_buf_free(&text);
	free(path);
	return rc;
}

/* The file's tree, or a new one without studies. */
static cJSON *read_or_make(const char *dir)
{
	cJSON *tree = lb_tuning_read(dir);

	if (tree)
		return tree;
	tree = lb_json_object(NULL, NULL);
	lb_json_text(tree, "schema", LB_TUNING_SCHEMA);
	lb_json_array(tree, "studies");
	return tree;
}

/* The entry of a study in a file's tree, or NULL. */
static cJSON *entry_of(const cJSON *tree, const cJSON *study)
{
	const char *name = lb_json_text_at(study, "study"), *other;
	cJSON *entry;

	cJSON_ArrayForEach(entry, lb_json_at(tree, "studies"))
		if ((other = lb_json_text_at(entry, "study")) && name && !strcmp(other, name))
			return entry;
	return NULL;
}

/* Adds a copy of an entry, or puts it in the place of `old`. */
static void put_entry(cJSON *tree, cJSON *old, const cJSON *study)
{
	cJSON *studies = cJSON_GetObjectItemCaseSensitive(tree, "studies"), *copy = lb_json_made(cJSON_Duplicate(study, 1));

	if (!old)
		lb_json_item(studies, NULL, copy);
	else if (!copy || !cJSON_ReplaceItemViaPointer(studies, old, copy))
		cJSON_Delete(copy);
}

static bool same_at(const cJSON *a, const cJSON *b, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!lb_json_same(lb_json_at(a, keys[i]), lb_json_at(b, keys[i])))
			return false;
	return true;
}

/* The item of a list that has the same values as `item` at all keys, or NULL. */
static cJSON *find_same(cJSON *list, const cJSON *item, const char *const *keys, size_t n)
{
	cJSON *other;

	cJSON_ArrayForEach(other, list)
		if (same_at(other, item, keys, n))
			return other;
	return NULL;
}

enum { ARM_KEYS = 4 };
static const char *const arm_keys[] = { "loss", "model", "corrupt", "terms" }, *const judged_by[] = { "metric", "direction", "folds" };

/* ---- saving ---- */

static int by_id(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool listed(const struct lb_store_list *list, const char *id)
{
	return id && list->n && bsearch(id, list->id, list->n, sizeof *list->id, by_id);
}

/* The ids of all trials that an entry decided, sorted; release with lb_store_list_free. */
static int list_trials(const cJSON *study, struct lb_store_list *out, struct lb_err *err)
{
	const cJSON *arm, *choice, *id;

	*out = (struct lb_store_list){ 0 };
	cJSON_ArrayForEach(arm, lb_json_at(study, "arms")) {
		cJSON_ArrayForEach(choice, lb_json_at(arm, "choices")) {
			cJSON_ArrayForEach(id, lb_json_at(choice, "trials")) {
				if (lb_grow(&out->id, &out->cap, out->n + 1, sizeof *out->id, err))
					return -1;
				const char *text = cJSON_GetStringValue(id);
				snprintf(out->id[out->n++], sizeof *out->id, "%s", text ? text : "");
			}
		}
	}
	if (out->n)
		qsort(out->id, out->n, sizeof *out->id, by_id);
	return 0;
}

/* True when a choice decided trials, none of which is in either list. */
static bool decided_others(const cJSON *choice, const struct lb_store_list *a, const struct lb_store_list *b)
{
	const cJSON *id;

	cJSON_ArrayForEach(id, lb_json_at(choice, "trials"))
		if (listed(a, cJSON_GetStringValue(id)) || listed(b, cJSON_GetStringValue(id)))
			return false;
	return cJSON_GetArraySize(lb_json_at(choice, "trials"));
}

bool lb_tuning_has_more(const char *dir, const cJSON *study)
{
	struct lb_err ignored = { 0 };
	cJSON *tree = read_tree(dir, &ignored);
	struct lb_store_list ours, theirs = { 0 };
	bool more = false;

	if (!list_trials(study, &ours, NULL) && !list_trials(entry_of(tree, study), &theirs, NULL))
		for (size_t i = 0; i < theirs.n && !more; i++)
			more = !listed(&ours, theirs.id[i]);
	lb_store_list_free(&ours);
	lb_store_list_free(&theirs);
	cJSON_Delete(tree);
	return more;
}

static bool same_candidates(const cJSON *a, const cJSON *b)
{
	const cJSON *x = cJSON_GetArrayItem(lb_json_at(a, "candidates"), 0), *y = cJSON_GetArrayItem(lb_json_at(b, "candidates"), 0);

	for (; x && y && lb_json_same(lb_json_at(x, "settings"), lb_json_at(y, "settings")); x = x->next, y = y->next)
		;
	return !x && !y;
}

/* Adds to `arms` what an old arm decided of other trials. */
static void keep_arm(cJSON *arms, const cJSON *old, const struct lb_store_list *ours, const struct lb_store_list *superseded)
{
	cJSON *arm = find_same(arms, old, arm_keys, ARM_KEYS), *choices = cJSON_GetObjectItemCaseSensitive(arm, "choices");
	const cJSON *choice, *first = choices ? choices->child : NULL;

	cJSON_ArrayForEach(choice, lb_json_at(old, "choices")) {
		if (!decided_others(choice, ours, superseded) || (first && !same_candidates(choice, first)))
			continue;
		if (!arm) {
			arm = lb_json_object(arms, NULL);
			for (size_t i = 0; i < ARM_KEYS; i++)
				if (lb_json_at(old, arm_keys[i]))
					lb_json_item(arm, arm_keys[i], lb_json_made(cJSON_Duplicate(lb_json_at(old, arm_keys[i]), 1)));
			choices = lb_json_array(arm, "choices");
		}
		lb_json_item(choices, NULL, lb_json_made(cJSON_Duplicate(choice, 1)));
	}
}

/* A copy of the entry with what is kept of the old one; NULL for want of memory. */
static cJSON *with_old(const cJSON *study, const cJSON *old, const struct lb_store_list *superseded, struct lb_err *err)
{
	cJSON *copy = cJSON_Duplicate(study, 1);
	struct lb_store_list ours = { 0 };
	const cJSON *arm;

	if (!copy || list_trials(study, &ours, err)) {
		lb_fail_memory(err, sizeof *copy);
		cJSON_Delete(copy);
		copy = NULL;
	}
	cJSON *arms = cJSON_GetObjectItemCaseSensitive(copy, "arms");
	if (copy && old && same_at(old, study, judged_by, 3))
		cJSON_ArrayForEach(arm, lb_json_at(old, "arms")) {
			keep_arm(arms, arm, &ours, superseded);
		}
	lb_store_list_free(&ours);
	return copy;
}

int lb_tuning_save(const char *dir, const cJSON *study, const struct lb_store_list *superseded, struct lb_err *err)
{
	cJSON *tree = read_or_make(dir), *old = entry_of(tree, study), *entry = with_old(study, old, superseded, err);
	int rc = entry ? 0 : -1;

	if (!rc && (!old || !lb_json_same(old, entry))) {
		put_entry(tree, old, entry);
		rc = write_tree(dir, tree, err);
	}
	cJSON_Delete(entry);
	cJSON_Delete(tree);
	return rc;
}

/* ---- merging ---- */

static void merge_arm(cJSON *arms, const cJSON *arm)
{
	static const char *const decided[] = { "trials", "chosen" };
	cJSON *ours = find_same(arms, arm, arm_keys, ARM_KEYS);
	const cJSON *choice;

	if (!ours) {
		lb_json_item(arms, NULL, lb_json_made(cJSON_Duplicate(arm, 1)));
		return;
	}
	cJSON *choices = cJSON_GetObjectItemCaseSensitive(ours, "choices");
	cJSON_ArrayForEach(choice, lb_json_at(arm, "choices"))
		if (!find_same(choices, choice, decided, 2))
			lb_json_item(choices, NULL, lb_json_made(cJSON_Duplicate(choice, 1)));
}

static void merge_study(cJSON *tree, const cJSON *study, const char *into, const char *from)
{
	cJSON *ours = entry_of(tree, study);
	const cJSON *arm;

	if (!ours) {
		put_entry(tree, NULL, study);
		return;
	}
	if (!same_at(ours, study, judged_by, 3)) {
		lb_warn("%s and %s: tuning.json of study %s chose by other metrics or folds; the entry of %s is kept", into, from,
			lb_json_text_at(study, "study"), into);
		return;
	}
	cJSON_ArrayForEach(arm, lb_json_at(study, "arms")) {
		merge_arm(cJSON_GetObjectItemCaseSensitive(ours, "arms"), arm);
	}
}

int lb_tuning_merge(const char *into, const char *const *from, size_t n, struct lb_err *err)
{
	cJSON *tree = NULL;
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		cJSON *theirs = lb_tuning_read(from[i]);
		const cJSON *study;
		if (theirs && !tree)
			tree = read_or_make(into);
		cJSON_ArrayForEach(study, lb_json_at(theirs, "studies")) {
			merge_study(tree, study, into, from[i]);
		}
		cJSON_Delete(theirs);
	}
	if (tree)
		rc = write_tree(into, tree, err);
	cJSON_Delete(tree);
	return rc;
}
