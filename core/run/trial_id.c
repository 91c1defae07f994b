#include "core/run/data_read.h"
#include "core/run/trial.h"

#include "core/base/sha256.h"
#include "core/config/options.h"

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

static void replace_paths(cJSON *block, const struct lb_data_entry *source)
{
	size_t next = 0;

	for (size_t i = 0; i < LB_FILES; i++)
		replace_path(block, lb_data_path_key[i], source->data, &next);
	cJSON *side = cJSON_GetObjectItemCaseSensitive(block, "side"), *in = side ? side : block;
	if (source->soft_labels.p) {
		cJSON_DeleteItemFromObjectCaseSensitive(side, "soft_labels");
		lb_json_text(side, "soft_labels_sha256", source->soft_labels.sha256);
	}
	if (!source->teacher.scores)
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(in, "teacher");
	lb_json_text(in, "teacher_sha256", source->teacher.sha256);
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

/* The canonical text of a member's part in the id; a NULL text where it has none. */
static int write_member(const cJSON *member, const struct lb_data_entry *source, struct lb_buf *out, struct lb_err *err)
{
	cJSON *part;
	int rc = lb_config_identity(member, &part, err);

	if (rc || !part)
		return rc;
	if (!strcmp(member->string, "data"))
		replace_paths(part, source);
	else if (!strcmp(member->string, "corrupt"))
		rc = replace_matrix_file(part, err);
	if (!rc && !(rc = lb_json_complete(err)))
		lb_json_canonical(part, out);
	cJSON_Delete(part);
	return rc ? rc : out->bad ? lb_fail_memory(err, out->n) : 0;
}

/* Whether the member's text is known: blocks that configs share are known by their address. */
static bool is_known(const struct lb_id_text *text, const cJSON *member, const struct lb_data_entry *source)
{
	return text->name && !strcmp(text->name, member->string) && text->child == member->child && member->child && text->source == source;
}

static int by_name(const void *a, const void *b)
{
	const struct lb_id_text *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The texts of all members, in the order of their names; returns their number, -1 on failure. */
static int write_members(const cJSON *config, const struct lb_data_entry *source, struct lb_id_text text[LB_ID_MEMBERS], struct lb_err *err)
{
	struct lb_id_text made[LB_ID_MEMBERS] = { 0 };
	const cJSON *member;
	size_t n = 0;
	int rc = 0;

	cJSON_ArrayForEach(member, config) {
		struct lb_id_text *known = NULL;
		for (size_t i = 0; i < LB_ID_MEMBERS && !known; i++)
			if (is_known(&text[i], member, source))
				known = &text[i];
		if (n == LB_ID_MEMBERS)
			rc = lb_fail(err, LB_MACHINE, "more than %d top-level keys (a defect of lossbench)", LB_ID_MEMBERS);
		if (rc)
			break;
		made[n] = (struct lb_id_text){ .name = member->string, .child = member->child, .source = source };
		if (known) {
			made[n].text = known->text;
			known->text = (struct lb_buf){ 0 };
		} else {
			rc = write_member(member, source, &made[n].text, err);
		}
		n++;
	}
	for (size_t i = 0; i < LB_ID_MEMBERS; i++)
		lb_buf_free(&text[i].text);
	if (!rc)
		qsort(made, n, sizeof *made, by_name);
	memcpy(text, made, sizeof made);
	return rc ? -1 : (int)n;
}

void lb_id_texts_free(struct lb_id_text text[LB_ID_MEMBERS])
{
	for (size_t i = 0; i < LB_ID_MEMBERS; i++) {
		lb_buf_free(&text[i].text);
		text[i] = (struct lb_id_text){ 0 };
	}
}

int lb_trial_id(const cJSON *config, const struct lb_data_entry *source, struct lb_id_text known[LB_ID_MEMBERS], char id[17], struct lb_err *err)
{
	struct lb_id_text own[LB_ID_MEMBERS] = { 0 }, *text = known ? known : own;
	const int n = write_members(config, source, text, err);
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
	if (!rc && !(rc = lb_sha256_hex(all.s, all.n, hex, err)))
		snprintf(id, 17, "%.16s", hex);
	lb_buf_free(&all);
	lb_id_texts_free(own);
	return rc;
}
