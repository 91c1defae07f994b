#include "core/run/plugin_block.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/yaml_overlay.h"
#include "core/run/loss_block.h"
#include "losses/plugin.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a plug-in has, for a message: "binary/mine, multiclass/mine". */
static void list_losses(size_t first, size_t n, struct lb_buf *out)
{
	for (size_t i = first; i < first + n; i++)
		lb_buf_printf(out, "%s%s/%s", i > first ? ", " : "", lb_kind_name(lb_loss_at(i)->kind), lb_loss_at(i)->base.name);
}

/* The loss of that name, or without a name the only one, of a kind. */
static const struct lb_loss_info *choose(size_t first, size_t n, enum lb_kind kind, const char *name)
{
	const struct lb_loss_info *found = NULL;

	for (size_t i = first; i < first + n; i++) {
		const struct lb_loss_info *info = lb_loss_at(i);
		if (info->kind != kind || (name && strcmp(info->base.name, name)))
			continue;
		if (found)
			return NULL;
		found = info;
	}
	return found;
}

static void tell(struct lb_diagnostics *d, const struct lb_node *at, const char *block, const char *key, const char *text)
{
	char path[160];

	snprintf(path, sizeof path, "%.80s.%s", block, key);
	if (d)
		lb_diagnostic(d, &at->location, path, "%s", text);
}

static void refuse_name(struct lb_diagnostics *d, const struct lb_node *at, const char *block, enum lb_kind kind, size_t first, size_t n)
{
	struct lb_buf text = { 0 };
	char found[LB_FOUND_TEXT];

	lb_buf_printf(&text, "found %s, allowed: a %s loss of the plug-in, which has ", lb_node_found(at, found), lb_kind_name(kind));
	list_losses(first, n, &text);
	tell(d, at, block, "name", text.bad ? "is no loss of the plug-in" : text.s);
	lb_buf_free(&text);
}

/* The loss of that name from the plug-in of that checksum, which a resolved config tells. */
static const struct lb_info *known_loss(const char *block, enum lb_kind kind, const char *name, const char *checksum, struct lb_err *err)
{
	const struct lb_loss_info *info = name ? lb_loss_find(lb_kind_of_block(block, kind), name) : NULL;
	const char *known = info ? lb_plugin_of(info) : NULL;

	if (known && !strcmp(known, checksum))
		return &info->base;
	lb_fail(err, LB_CONFIG, "the loss \"%.60s\" comes from a plug-in of checksum %.16s, which is not loaded; put the object into a folder that the environment "
		"variable LOSSBENCH_PLUGINS names", name ? name : "", checksum);
	return NULL;
}

static bool is_checksum(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

const struct lb_info *lb_plugin_of_node(const char *block, enum lb_kind kind, const struct lb_node *node, struct lb_diagnostics *diagnostics, bool *is)
{
	const struct lb_node *file = node && node->type == LB_MAPPING ? lb_node_get(node, "plugin") : NULL, *name;
	struct lb_err err = { 0 };
	size_t first, n;
	char path[LB_NODE_PATH];

	*is = lb_names_loss(block) && file;
	if (!*is || kind == LB_N_KINDS)
		return NULL;
	if (file->type != LB_SCALAR) {
		tell(diagnostics, file, block, "plugin", "found no text, allowed: the path of an object such as mine.so");
		return NULL;
	}
	name = lb_node_get(node, "name");
	const char *word = name && name->type == LB_SCALAR ? name->text : NULL;
	if (is_checksum(file->text)) {
		const struct lb_info *known = known_loss(block, kind, word, file->text, &err);
		if (!known)
			tell(diagnostics, file, block, "plugin", err.text);
		return known;
	}
	lb_node_path(file, path);
	if (lb_plugin_load(path, file->text, &first, &n, &err)) {
		tell(diagnostics, file, block, "plugin", err.text);
		return NULL;
	}
	const struct lb_loss_info *info = choose(first, n, lb_kind_of_block(block, kind), word);
	if (!info)
		refuse_name(diagnostics, name ? name : file, block, lb_kind_of_block(block, kind), first, n);
	return info ? &info->base : NULL;
}

const struct lb_info *lb_plugin_of_item(const char *block, enum lb_kind kind, const cJSON *item, bool *is, struct lb_err *err)
{
	const char *checksum = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "plugin"));
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));

	*is = lb_names_loss(block) && checksum;
	return *is ? known_loss(block, kind, name, checksum, err) : NULL;
}

/* ---- the environment ---- */

static void load_folder(const char *folder)
{
	char pattern[600];
	glob_t found;

	snprintf(pattern, sizeof pattern, "%.500s/*.so", folder);
	if (glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct lb_err err = { 0 };
		size_t first, n;
		if (lb_plugin_load(found.gl_pathv[i], NULL, &first, &n, &err))
			lb_warn("LOSSBENCH_PLUGINS: %s", err.text);
	}
	globfree(&found);
}

void lb_plugins_load(void)
{
	const char *folders = getenv("LOSSBENCH_PLUGINS");
	char *copy = folders ? lb_strdup(folders, NULL) : NULL, *rest = NULL;

	for (char *f = copy ? strtok_r(copy, ":", &rest) : NULL; f; f = strtok_r(NULL, ":", &rest))
		load_folder(f);
	free(copy);
}
