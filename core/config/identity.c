#include "core/config/options.h"

#include "core/base/json.h"

#include <stdio.h>
#include <string.h>

/* Keys that came later than the first ids: left out of an identity where they say what was always
 * so, in canonical JSON. */
static const struct {
	const char *block, *key, *neutral;
} later[] = {
	{ "data", "decimal", "\"point\"" },
	{ "data", "bags", "{\"kind\":\"none\"}" },
	{ "corrupt", "bags", "{\"kind\":\"none\"}" },
	{ "model", "dimension", "0" },
	{ "model", "head", "{\"kind\":\"linear\"}" },
	{ "model", "heads", "1" },
	{ "model", "start", "null" },
	{ "model", "start_layers", "\"all\"" },
	{ "data.preprocess", "target", "\"none\"" },
	{ "data.generator", "spectrum", "0" },
	{ "data.generator", "signal", "0" },
	{ "optimizer", "project", "\"none\"" },
	{ "optimizer", "objective_tolerance", "0" },
	{ "optimizer", "amsgrad", "false" },
	{ "train", "sampler", "\"shuffle\"" },
	{ "train", "attack", "{\"kind\":\"none\"}" },
	{ "train", "loss_lr_factor", "1" },
	{ "loss", "learn", "\"none\"" },
	{ "loss", "predictor", "0" },
	{ "loss", "directions", "\"one\"" },
	{ "evaluate", "attack", "{\"kind\":\"none\"}" },
	{ "evaluate", "threshold", "\"fixed\"" },
	{ "evaluate", "calibration", "\"none\"" },
};

/* The item at a path below the block that the path begins with; NULL where that is another
 * block. */
static cJSON *item_below(cJSON *block, const char *path)
{
	const size_t n = strcspn(path, ".");

	if (!block || strncmp(block->string, path, n) || block->string[n])
		return NULL;
	if (!path[n])
		return block;
	char key[64];
	snprintf(key, sizeof key, "%.*s", (int)strcspn(path + n + 1, "."), path + n + 1);
	return item_below(cJSON_GetObjectItemCaseSensitive(block, key), path + n + 1);
}

/* Deletes what says what was always so. Returns 1 where nothing is left of the block, -1 for want
 * of memory. */
static int leave_out_neutral(cJSON *block)
{
	struct lb_buf text = { 0 };
	bool empty = false;

	for (size_t i = 0; i < sizeof later / sizeof *later && !text.bad; i++) {
		if (*later[i].block != *block->string)
			continue;
		cJSON *within = item_below(block, later[i].block), *item = cJSON_GetObjectItemCaseSensitive(within, later[i].key);
		text.n = 0;
		if (item)
			lb_json_canonical(item, &text);
		if (item && !text.bad && !strcmp(text.s, later[i].neutral))
			cJSON_DeleteItemFromObjectCaseSensitive(within, later[i].key);
		empty |= within == block && !block->child;
	}
	const bool complete = !text.bad;
	lb_buf_free(&text);
	return !complete ? -1 : empty;
}

/* Deletes from the block what the path says, which is the block itself or below it. Returns whether
 * it is the block. */
static bool leave_out(cJSON *block, const char *path)
{
	const char *key = lb_path_last(path);
	char above[128];

	if (!strcmp(path, block->string))
		return true;
	snprintf(above, sizeof above, "%.*s", (int)(key - path) - 1, path);
	cJSON *within = item_below(block, above);
	if (within)
		cJSON_DeleteItemFromObjectCaseSensitive(within, key);
	return false;
}

int lb_config_identity(const cJSON *member, cJSON **out, struct lb_err *err)
{
	cJSON *copy = cJSON_Duplicate(member, 1);
	int empty = copy ? 0 : -1;

	*out = NULL;
	for (size_t i = 0; !empty && i < lb_option_count(); i++) {
		const struct lb_option *o = lb_option_at(i);
		empty = o->outside_id && lb_path_within(o->path, member->string) && leave_out(copy, o->path);
	}
	if (!empty)
		empty = leave_out_neutral(copy);
	if (empty) {
		cJSON_Delete(copy);
		return empty < 0 ? lb_fail_memory(err, sizeof *copy) : 0;
	}
	*out = copy;
	return 0;
}
