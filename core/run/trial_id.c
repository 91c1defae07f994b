#include "core/run/trial.h"

#include "core/base/sha256.h"
#include "core/config/options.h"

#include <stdio.h>
#include <string.h>

/* Replaces "path": "..." by "path_sha256", the checksum of the next source; at is where it stands,
 * such as data.train.path. */
static void replace_path(cJSON *identity, const char *at, const struct lb_dataset *data, size_t *next)
{
	const char *key = lb_path_last(at);
	const size_t before = strlen("data.");
	char group[32], name[32];

	snprintf(group, sizeof group, "%.*s", (int)((size_t)(key - at) - before - 1), at + before);
	cJSON *block = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(identity, "data"), group);
	if (!block || !cJSON_GetObjectItemCaseSensitive(block, key) || *next >= data->n_sources)
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(block, key);
	snprintf(name, sizeof name, "%s_sha256", key);
	lb_json_text(block, name, data->source[(*next)++].sha256);
}

static void replace_teacher(cJSON *identity, const struct lb_data_entry *source)
{
	cJSON *block = cJSON_GetObjectItemCaseSensitive(identity, "data");

	if (!source->teacher)
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(block, "teacher");
	lb_json_text(block, "teacher_sha256", source->teacher_sha256);
}

/* A transition matrix from a file: its checksum in the place of its path. */
static int replace_matrix_file(cJSON *identity, struct lb_err *err)
{
	cJSON *labels = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(identity, "corrupt"), "labels");
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

int lb_trial_id(const cJSON *config, const struct lb_data_entry *source, char id[17], struct lb_err *err)
{
	cJSON *identity = lb_config_identity(config, err), *root = NULL;
	struct lb_buf text = { 0 };
	char hex[65];
	size_t next = 0;
	int rc = -1;

	if (!identity)
		return -1;
	for (size_t i = 0; i < LB_FILES; i++)
		replace_path(identity, lb_data_path_key[i], source->data, &next);
	replace_teacher(identity, source);
	if (replace_matrix_file(identity, err)) {
		cJSON_Delete(identity);
		return -1;
	}
	root = lb_json_object(NULL, NULL);
	lb_json_text(root, "schema", LB_RECORD_SCHEMA);
	lb_json_item(root, "config", identity);
	if (lb_json_complete(err))
		goto out;
	lb_json_canonical(root, &text);
	if (text.bad) {
		lb_fail_memory(err, text.n);
		goto out;
	}
	if (lb_sha256_hex(text.s, text.n, hex, err))
		goto out;
	memcpy(id, hex, 16);
	id[16] = '\0';
	rc = 0;
out:
	lb_buf_free(&text);
	cJSON_Delete(root);
	return rc;
}
