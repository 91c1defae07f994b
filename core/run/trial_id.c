#include "core/run/data_read.h"
#include "core/run/trial.h"

#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "core/config/options.h"
#include "datasets/sampling/forget_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Replaces "path": "..." by "path_sha256", the checksum of the next source; at is where it stands,
 * such as data.train.path. */
static void replace_path(cJSON *data_block, const char *at, const struct lb_dataset *data, size_t *next)
{
	const char *key = lb_path_last(at);
	const size_t before = strlen("data.");
	char group[32], name[32];

	snprintf(group, sizeof group, "%.*s", (int)((size_t)(key - at) - before - 1), at + before);
	cJSON *block = cJSON_GetObjectItemCaseSensitive(data_block, group);
	if (!block || !cJSON_GetObjectItemCaseSensitive(block, key) || *next >= data->n_sources)
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(block, key);
	snprintf(name, sizeof name, "%s_sha256", key);
	lb_json_text(block, name, data->source[(*next)++].sha256);
}

/* The same for what is known of the rows beside features and labels, where there is any. */
static void replace_side(cJSON *in, const char *key, const struct lb_teacher *said)
{
	char name[32];

	if (!said->scores)
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(in, key);
	snprintf(name, sizeof name, "%s_sha256", key);
	lb_json_text(in, name, said->sha256);
}

static void replace_paths(cJSON *block, const struct lb_data_entry *source)
{
	size_t next = 0;

	for (size_t i = 0; i < LB_FILES; i++)
		replace_path(block, lb_data_path_key[i], source->data, &next);
	cJSON *side = cJSON_GetObjectItemCaseSensitive(block, "side");
	if (source->soft_labels.p) {
		cJSON_DeleteItemFromObjectCaseSensitive(side, "soft_labels");
		lb_json_text(side, "soft_labels_sha256", source->soft_labels.sha256);
	}
	replace_side(side, "guide", &source->guide);
	replace_side(side ? side : block, "teacher", &source->teacher);
	replace_side(side, "second_teacher", &source->second_teacher);
	if (cJSON_HasObjectItem(side, "teacher_features"))
		replace_side(side, "teacher_features", &source->features);
}

/* A transition matrix from a file: its checksum in the place of its path. */
static int replace_matrix_file(cJSON *block, struct lb_err *err)
{
	cJSON *labels = cJSON_GetObjectItemCaseSensitive(block, "labels");
	const char *path = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(labels, "file"));
	const struct lb_read_options opt = { .format = "csv", .header = -1 };
	struct lb_table table = { 0 };

	if (!path || !*path)
		return 0;
	if (lb_table_read(path, &opt, &table, err))
		return -1;
	cJSON_DeleteItemFromObjectCaseSensitive(labels, "file");
	lb_json_text(labels, "file_sha256", table.sha256);
	lb_table_free(&table);
	return 0;
}

/* A file of the rows to be forgotten: its checksum in the place of its path. */
static int replace_forgotten(cJSON *block, struct lb_err *err)
{
	cJSON *forget = cJSON_GetObjectItemCaseSensitive(block, "forget");
	const char *path = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(forget, "rows"));
	char sha256[65];

	if (!path)
		return 0;
	if (lb_forget_checksum(path, sha256, err))
		return -1;
	cJSON_DeleteItemFromObjectCaseSensitive(forget, "rows");
	lb_json_text(forget, "rows_sha256", sha256);
	return 0;
}

/* A saved model, that the training begins with or that it is compared with: its file's checksum in
 * the place of its path. */
static int replace_model(cJSON *block, const char *key, struct lb_err *err)
{
	const char *path = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(block, key));
	char sha256[65], name[32];

	if (!path)
		return 0;
	if (lb_sha256_file(path, sha256, err))
		return -1;
	cJSON_DeleteItemFromObjectCaseSensitive(block, key);
	snprintf(name, sizeof name, "%s_sha256", key);
	lb_json_text(block, name, sha256);
	return 0;
}

/* The canonical text of a member's part in the id; a NULL text where it has none. */
static int write_member(const cJSON *member, const struct lb_data_entry *source, struct lb_buf *out, struct lb_err *err)
{
	cJSON *part;
	int rc = lb_config_identity(member, &part, err);

	if (rc || !part)
		return rc;
	if (!strcmp(member->string, "data")) {
		replace_paths(part, source);
		rc = replace_forgotten(part, err);
	}
	else if (!strcmp(member->string, "corrupt"))
		rc = replace_matrix_file(part, err);
	else if (!strcmp(member->string, "model"))
		rc = replace_model(part, "start", err);
	else if (!strcmp(member->string, "evaluate"))
		rc = replace_model(part, "reference", err);
	if (!rc && !(rc = lb_json_complete(err)))
		lb_json_canonical(part, out);
	cJSON_Delete(part);
	return rc ? rc : out->bad ? lb_fail_memory(err, out->n) : 0;
}

/* ---- texts that are known ---- */

enum { LARGEST_TEXTS = 64 << 20, FIRST_SLOTS = 256 };

/* What a member is known by: blocks and texts that configs share have one address. NULL: it is not
 * known. */
static const void *address_of(const cJSON *member)
{
	return member->child ? (const void *)member->child : member->valuestring;
}

/* Where the member's text is among the slots, or could. */
static struct lb_id_text *slot_of(const struct lb_id_texts *texts, const char *name, const void *address, const struct lb_data_entry *source)
{
	uint64_t h = (((uintptr_t)address >> 4) ^ ((uintptr_t)source << 7) ^ (unsigned char)*name) * 0x9E3779B97F4A7C15U;
	size_t i = (size_t)(h >> 32) & (texts->size - 1);

	while (texts->slot[i].name &&
	       (texts->slot[i].address != address || texts->slot[i].source != source || strcmp(texts->slot[i].name, name)))
		i = (i + 1) & (texts->size - 1);
	return &texts->slot[i];
}

/* Room for one more, at least half of the slots stays free. */
static int grow(struct lb_id_texts *texts, struct lb_err *err)
{
	const struct lb_id_texts old = *texts;

	if (2 * (texts->n + 1) <= texts->size)
		return 0;
	texts->size = old.size ? 2 * old.size : FIRST_SLOTS;
	if (!(texts->slot = lb_alloc(texts->size, sizeof *texts->slot, err))) {
		*texts = old;
		return -1;
	}
	for (size_t i = 0; i < old.size; i++)
		if (old.slot[i].name)
			*slot_of(texts, old.slot[i].name, old.slot[i].address, old.slot[i].source) = old.slot[i];
	free(old.slot);
	return 0;
}

void lb_id_texts_free(struct lb_id_texts *texts)
{
	for (size_t i = 0; i < texts->size; i++)
		lb_buf_free(&texts->slot[i].text);
	free(texts->slot);
	*texts = (struct lb_id_texts){ 0 };
}

/* *out <- the member with its text, which is made unless it is known, and owned by the table. */
static int find_text(struct lb_id_texts *texts, const cJSON *member, const struct lb_data_entry *source, struct lb_id_text *out, struct lb_err *err)
{
	struct lb_id_text made = { .name = member->string, .address = address_of(member), .source = source };

	if (grow(texts, err))
		return -1;
	struct lb_id_text *slot = slot_of(texts, made.name, made.address, source);
	if (!slot->name || !made.address) {
		if (write_member(member, source, &made.text, err)) {
			lb_buf_free(&made.text);
			return -1;
		}
		texts->n += !slot->name;
		texts->bytes += made.text.n;
		lb_buf_free(&slot->text);
		*slot = made;
	}
	*out = *slot;
	return 0;
}

/* ---- the id ---- */

static int by_name(const void *a, const void *b)
{
	const struct lb_id_text *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The texts of all members, in the order of their names; returns their number, -1 on failure. */
static int find_texts(const cJSON *config, const struct lb_data_entry *source, struct lb_id_texts *texts, struct lb_id_text found[LB_ID_MEMBERS],
		      struct lb_err *err)
{
	const cJSON *member;
	size_t n = 0;

	if (texts->bytes > LARGEST_TEXTS)
		lb_id_texts_free(texts);
	cJSON_ArrayForEach(member, config) {
		if (n == LB_ID_MEMBERS)
			return lb_fail(err, LB_MACHINE, "more than %d top-level keys (a defect of lossbench)", LB_ID_MEMBERS);
		if (find_text(texts, member, source, &found[n++], err))
			return -1;
	}
	qsort(found, n, sizeof *found, by_name);
	return (int)n;
}

int lb_trial_id(const cJSON *config, const struct lb_data_entry *source, struct lb_id_texts *known, char id[17], struct lb_err *err)
{
	struct lb_id_texts own = { 0 };
	struct lb_id_text text[LB_ID_MEMBERS];
	const int n = find_texts(config, source, known ? known : &own, text, err);
	struct lb_buf all = { 0 };
	const char *comma = "";
	char hex[65];
	int rc = n < 0 ? -1 : 0;

	lb_buf_puts(&all, "{\"config\":{");
	for (int i = 0; i < n; i++) {
		if (!text[i].text.s)
			continue;
		lb_buf_puts(&all, comma);
		lb_buf_puts(&all, "\"");
		lb_buf_puts(&all, text[i].name);
		lb_buf_puts(&all, "\":");
		lb_buf_add(&all, text[i].text.s, text[i].text.n);
		comma = ",";
	}
	lb_buf_puts(&all, "},\"schema\":\"" LB_RECORD_SCHEMA "\"}");
	if (!rc && all.bad)
		rc = lb_fail_memory(err, all.n);
	if (!rc) {
		lb_sha256_hex(all.s, all.n, hex);
		snprintf(id, 17, "%.16s", hex);
	}
	lb_buf_free(&all);
	lb_id_texts_free(&own);
	return rc;
}
