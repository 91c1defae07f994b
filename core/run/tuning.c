#include "core/run/tuning.h"

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/run/get.h"

#include <stdlib.h>

enum { LARGEST_FILE = 1 << 30 };

static char *path_of(const char *dir, struct lb_err *err)
{
	return lb_strfmt(err, "%s/tuning.json", dir);
}

static bool is_whole(const cJSON *tree)
{
	const char *schema = lb_get_text(tree, "schema");
	const cJSON *studies = lb_json_at(tree, "studies"), *study, *arm;

	if (!schema || strcmp(schema, LB_TUNING_SCHEMA) || !cJSON_IsArray(studies))
		return false;
	cJSON_ArrayForEach(study, studies) {
		if (!lb_get_text(study, "study") || !cJSON_IsArray(lb_json_at(study, "arms")))
			return false;
		cJSON_ArrayForEach(arm, lb_json_at(study, "arms"))
			if (!cJSON_IsArray(lb_json_at(arm, "choices")))
				return false;
	}
	return true;
}

cJSON *lb_tuning_read(const char *dir)
{
	struct lb_err err = { 0 };
	char *path = path_of(dir, &err), *text = NULL;
	size_t n = 0;

	if (path && lb_file_exists(path))
		text = lb_read_file(path, LARGEST_FILE, &n, LB_DATA, &err);
	cJSON *tree = text ? lb_json_parse(path, text, n, LB_DATA, &err) : NULL;
	if (tree && !is_whole(tree)) {
		lb_fail(&err, LB_DATA, "%s: not a whole file of the form %s", path, LB_TUNING_SCHEMA);
		cJSON_Delete(tree);
		tree = NULL;
	}
	if (err.code != LB_OK)
		lb_warn("%s; it is left aside, and the next sweep with tune writes it again", err.text);
	free(text);
	free(path);
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
	const char *name = lb_get_text(study, "study"), *other;
	cJSON *entry;

	cJSON_ArrayForEach(entry, lb_json_at(tree, "studies"))
		if ((other = lb_get_text(entry, "study")) && name && !strcmp(other, name))
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

int lb_tuning_save(const char *dir, const cJSON *study, struct lb_err *err)
{
	cJSON *tree = read_or_make(dir), *old = entry_of(tree, study);
	int rc = 0;

	if (!old || !lb_json_same(old, study)) {
		put_entry(tree, old, study);
		rc = write_tree(dir, tree, err);
	}
	cJSON_Delete(tree);
	return rc;
}

/* ---- merging ---- */

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

static void merge_arm(cJSON *arms, const cJSON *arm)
{
	static const char *const what[] = { "loss", "model", "corrupt" }, *const decided[] = { "trials", "chosen" };
	cJSON *ours = find_same(arms, arm, what, 3);
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
	static const char *const judged[] = { "metric", "direction", "folds" };
	cJSON *ours = entry_of(tree, study);
	const cJSON *arm;

	if (!ours) {
		put_entry(tree, NULL, study);
		return;
	}
	if (!same_at(ours, study, judged, 3)) {
		lb_warn("%s and %s: tuning.json of study %s chose by other metrics or folds; the entry of %s is kept", into, from,
			lb_get_text(study, "study"), into);
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
