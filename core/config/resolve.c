#include "core/config/resolve.h"

#include "core/base/text.h"
#include "core/config/constraint.h"
#include "core/config/defaults.h"
#include "core/config/unknown_key.h"
#include "core/config/yaml_overlay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Places */

/* The first n bytes of an option's path, or as many as there is room for. */
static void first_bytes(const char *path, size_t n, char out[LB_PATH_TEXT])
{
	n = n < LB_PATH_TEXT ? n : LB_PATH_TEXT - 1;
	memcpy(out, path, n);
	out[n] = '\0';
}

static bool group_given(const struct lb_resolving *r, const char *path)
{
	char group[LB_PATH_TEXT];

	first_bytes(path, (size_t)(lb_path_last(path) - path - 1), group);
	const struct lb_node *node = lb_option_set(r, group);
	return node && node->type == LB_MAPPING;
}

/* Writes an item at its path; the objects on the way are made. Takes the item. */
static void write_item(const struct lb_resolving *r, const char *path, cJSON *item)
{
	cJSON *in = r->out;
	char key[LB_PATH_TEXT];
	const char *dot;

	for (; (dot = strchr(path, '.')); path = dot + 1) {
		first_bytes(path, (size_t)(dot - path), key);
		cJSON *next = cJSON_GetObjectItemCaseSensitive(in, key);
		in = next ? next : lb_json_object(in, key);
	}
	lb_json_named(in, path, item);
}

/* Components */

cJSON *lb_param_default(const struct lb_param *p, double seed)
{
	switch (p->type) {
	case LB_BOOL_PARAM:
		return lb_json_made(cJSON_CreateBool(p->def != 0));
	case LB_CHOICE_PARAM:
		return lb_json_made(cJSON_CreateString(p->choices[(size_t)p->def]));
	case LB_TEXT_PARAM:
		return NULL;
	case LB_SEED_PARAM:
		return lb_json_made(cJSON_CreateNumber(seed));
	case LB_REALS_PARAM:
	case LB_INTS_PARAM:
		return p->n_def_list ? lb_json_made(cJSON_CreateDoubleArray(p->def_list, p->n_def_list)) : NULL;
	default:
		return lb_json_made(p->def > 1.7976931348623157e308 ? cJSON_CreateString("inf") : cJSON_CreateNumber(p->def));
	}
}

static cJSON *default_of(const struct lb_resolving *r, const struct lb_param *p)
{
	return lb_param_default(p, p->type == LB_SEED_PARAM ? lb_rule_seed(r) : 0);
}

/* The value as JSON, or NULL after a diagnostic; memory that ran out is no mistake of the file. */
static cJSON *parse_param(const struct lb_resolving *r, const char *path, const struct lb_param *p, const struct lb_node *value)
{
	struct lb_err err = { 0 };
	cJSON *item = lb_param_parse(p, value, &err);
	char hint[LB_HINT_TEXT];

	if (!item && err.code == LB_MACHINE)
		lb_json_made(NULL);
	else if (!item)
		lb_diagnostic(r->diagnostics, &value->location, path, "%s%s", err.text, lb_hint(lb_elsewhere_as(path, value), hint));
	return item;
}

static bool has_keyword(const char *keywords, const char *word)
{
	const size_t n = strlen(word);

	for (const char *at = keywords; at && *word && (at = strstr(at, word)); at++)
		if ((at == keywords || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

static void refuse_component(const struct lb_resolving *r, const struct lb_option *o, const char *path, const struct lb_node *name)
{
	enum lb_kind kind = LB_N_KINDS;
	const struct lb_info *info = r->reg->any(o->path, name->text, &kind), *other;
	const char *meant = NULL;
	const struct lb_option *task = lb_option_find("task", 4);
	struct lb_words names = { 0 };
	struct lb_component_iterator iterator = { 0 };
	char what[LB_FOUND_TEXT + 64], found[LB_FOUND_TEXT], where[LB_PATH_TEXT];

	while ((other = lb_component_next(r->reg, o->path, r->kind, &iterator))) {
		lb_words_add(&names, other->name);
		if (!meant && has_keyword(other->keywords, name->text))
			meant = other->name;
	}
	if (!meant)
		meant = lb_nearest(name->text, names.v, names.n);
	if (info && kind < LB_N_KINDS)
		snprintf(what, sizeof what, "%s is %s %s %s; the task is %s", info->name, kind == LB_EMBEDDING || kind == LB_ANOMALY ? "an" : "a",
			 task->param.choices[kind], o->noun, task->param.choices[r->kind]);
	else
		snprintf(what, sizeof what, "unknown %s %s", o->noun, lb_node_found(name, found));
	snprintf(where, sizeof where, "%s.%s", path, o->key);
	lb_reject(r, name->location, where, what, &names, info ? NULL : meant);
}

static void refuse_component_key(const struct lb_resolving *r, const struct lb_option *o, const char *path, const struct lb_info *info,
				 const struct lb_node *key)
{
	struct lb_words keys = { .v = { o->key }, .n = 1 }, owners = { 0 };
	const struct lb_option *nested;
	const struct lb_param *renamed = lb_info_renamed(info, key->text);
	const struct lb_info *other;
	struct lb_component_iterator iterator = { 0 };
	struct lb_buf what = { 0 };
	char where[LB_PATH_TEXT];

	for (int i = 0; i < info->n_params; i++)
		lb_words_add(&keys, info->params[i].name);
	for (int i = 0; i < o->n_extra; i++)
		lb_words_add(&keys, o->extra[i].name);
	for (size_t i = 0; (nested = lb_option_nested(o->path, &i));)
		lb_words_add(&keys, lb_path_last(nested->path));
	while ((other = lb_component_next(r->reg, o->path, r->kind, &iterator)))
		if (lb_info_param(other, key->text))
			lb_words_add(&owners, other->name);
	snprintf(where, sizeof where, "%s.%.80s", path, key->text);
	if (renamed) {
		lb_buf_printf(&what, "%s was renamed to %s", renamed->former, renamed->name);
	} else if (owners.n) {
		lb_buf_puts(&what, "a parameter of ");
		lb_words_join(&owners, &what);
		lb_buf_printf(&what, ", not of %s", info->name);
	} else {
		lb_buf_printf(&what, "unknown key of %s", info->name);
	}
	lb_reject(r, key->location, where, what.bad ? "unknown key" : what.s, &keys,
		  owners.n || renamed ? NULL : lb_nearest(key->text, keys.v + 1, keys.n - 1));
	lb_buf_free(&what);
}

static void resolve_param(const struct lb_resolving *r, const char *path, const struct lb_param *p, const struct lb_node *block, cJSON *out)
{
	const struct lb_node *node = lb_node_get(block, p->name);
	char where[LB_PATH_TEXT];
	cJSON *item;

	if (p->fixed) {
		item = lb_json_made(cJSON_CreateString(p->fixed));
	} else if (!lb_node_absent(node)) {
		snprintf(where, sizeof where, "%s.%s", path, p->name);
		item = parse_param(r, where, p, node);
	} else if (p->required) {
		const struct lb_location location = block ? block->location : (struct lb_location){ .file = r->file };
		snprintf(where, sizeof where, "%s.%s", path, p->name);
		lb_diagnostic(r->diagnostics, &location, where, "is missing and has no default: %s", p->help);
		return;
	} else {
		item = default_of(r, p);
	}
	if (item)
		lb_json_named(out, p->name, item);
}

static cJSON *resolve_component(const struct lb_resolving *r, const struct lb_option *o, const char *path, const struct lb_node *node);

/* Returns whether the item says what the parameter is by default. */
static bool is_default(const struct lb_param *p, const cJSON *item)
{
	if (p->type == LB_CHOICE_PARAM)
		return cJSON_IsString(item) && !strcmp(item->valuestring, p->choices[(int)p->def]);
	return !(item->valuedouble < p->def || item->valuedouble > p->def);
}

/* A parameter of the block itself. Where it is left out at its default, as if it had not been
 * given, ids stay. */
static void resolve_extra(const struct lb_resolving *r, const struct lb_option *o, const char *path, const struct lb_param *p, const struct lb_node *block, cJSON *out)
{
	const bool written = o->shape != LB_COMPONENT && p == o->extra;

	if (!written && lb_node_absent(lb_node_get(block, p->name)))
		return;
	resolve_param(r, path, p, block, out);
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(out, p->name);
	if (!written && item && is_default(p, item))
		cJSON_DeleteItemFromObjectCaseSensitive(out, p->name);
}

/* What a block says to describe its component itself. */
static bool is_further_key(const struct lb_info *info, const char *key)
{
	for (const char *const *further = info->further_keys; further && *further; further++)
		if (!strcmp(*further, key))
			return true;
	return false;
}

static cJSON *write_component(const struct lb_resolving *r, const struct lb_option *o, const char *path, const struct lb_info *info,
			      const struct lb_node *block)
{
	const struct lb_option *nested;
	cJSON *out = lb_json_object(NULL, NULL);

	lb_json_text(out, o->key, info->name);
	for (int i = 0; i < info->n_params; i++)
		resolve_param(r, path, &info->params[i], block, out);
	for (int i = 0; i < o->n_extra; i++)
		if (!lb_info_param(info, o->extra[i].name))
			resolve_extra(r, o, path, &o->extra[i], block, out);
	for (size_t i = 0; (nested = lb_option_nested(o->path, &i));) {
		const struct lb_node *node = block ? lb_node_get(block, lb_path_last(nested->path)) : NULL;
		cJSON *item = resolve_component(r, nested, nested->path, lb_node_absent(node) ? NULL : node);
		if (item)
			lb_json_named(out, lb_path_last(nested->path), item);
	}
	for (size_t i = 0; block && block->type == LB_MAPPING && i < block->n; i++)
		if (strcmp(block->key[i]->text, o->key) && !lb_block_param(o, info, block->key[i]->text) && !is_further_key(info, block->key[i]->text) &&
		    !lb_option_nests(o->path, block->key[i]->text))
			refuse_component_key(r, o, path, info, block->key[i]);
	return out;
}

/* Of what stands alone: its name, where that says all. */
static cJSON *write_alone(const struct lb_resolving *r, const struct lb_option *o, const char *path, const struct lb_info *info, const struct lb_node *node)
{
	cJSON *block = write_component(r, o, path, info, node);

	if (!o->bare || info->n_params)
		return block;
	cJSON_Delete(block);
	return lb_json_made(cJSON_CreateString(info->name));
}

/* A block or a bare word; NULL after a diagnostic, or where nothing is given and there is no
 * default. */
static cJSON *resolve_component(const struct lb_resolving *r, const struct lb_option *o, const char *path, const struct lb_node *node)
{
	bool described;
	const struct lb_info *info = lb_component_of(r->reg, o, r->kind, node, r->diagnostics, &described);
	const struct lb_node *name = lb_node_component(node, o->key);
	const struct lb_node *wrong = node && node->type == LB_MAPPING ? lb_node_get(node, o->key) : node;
	char where[LB_PATH_TEXT], allowed[LB_PATH_TEXT];

	if (described)
		return info ? write_component(r, o, path, info, node) : NULL;
	snprintf(where, sizeof where, "%s.%s", path, o->key);
	if (!name && !lb_node_absent(wrong)) {
		snprintf(allowed, sizeof allowed, "the name of a %s, or a block with the key \"%s\"", o->noun, o->key);
		lb_reject_type(r, wrong, wrong == node ? path : where, allowed);
		return NULL;
	}
	if (!name && (node || o->param.required) && !o->def_name) {
		const struct lb_location location = node ? node->location : lb_location_of(r, path);
		lb_diagnostic(r->diagnostics, &location, node ? where : path, "is missing, allowed: the name of a %s", o->noun);
	}
	if (info)
		return write_alone(r, o, path, info, node);
	if (name)
		refuse_component(r, o, path, name);
	return NULL;
}

static bool has_component(const cJSON *list, const cJSON *block)
{
	const cJSON *other;

	cJSON_ArrayForEach(other, list)
		if (lb_json_same(other, block))
			return true;
	return false;
}

static cJSON *every_component(const struct lb_resolving *r, const struct lb_option *o)
{
	cJSON *list = lb_json_array(NULL, NULL);
	const struct lb_info *info;
	size_t at = 0;

	while (r->kind < LB_N_KINDS && (info = r->reg->next(o->path, r->kind, &at)))
		if (lb_rule_listed(r, o->path, info))
			lb_json_item(list, NULL, write_component(r, o, o->path, info, NULL));
	return list;
}

static cJSON *resolve_components(const struct lb_resolving *r, const struct lb_option *o, const struct lb_node *node)
{
	if (!node)
		return o->optional ? NULL : every_component(r, o);
	if (node->type != LB_SEQUENCE) {
		lb_reject_type(r, node, o->path, "a list such as [accuracy]");
		return NULL;
	}
	cJSON *list = lb_json_array(NULL, NULL);
	for (size_t i = 0; i < node->n; i++) {
		cJSON *block = resolve_component(r, o, o->path, node->item[i]);
		if (!block)
			continue;
		if (has_component(list, block)) {
			lb_diagnostic(r->diagnostics, &node->item[i]->location, o->path, "%s stands twice; keep one",
				 cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(block, o->key)));
			cJSON_Delete(block);
		} else {
			lb_json_item(list, NULL, block);
		}
	}
	if (!o->optional || cJSON_GetArraySize(list))
		return list;
	cJSON_Delete(list); /* as if it had not been given */
	return NULL;
}

/* The other shapes */

/* What the values are is for tune.c to read. */
static cJSON *resolve_space(const struct lb_resolving *r, const struct lb_option *o, const struct lb_node *node)
{
	if (!node || (node->type == LB_SCALAR && !strcmp(node->text, o->word)))
		return lb_json_made(cJSON_CreateString(o->word));
	if (node->type != LB_MAPPING || !node->n) {
		lb_reject_type(r, node, o->path, "default, or a block of paths with values as in sweep");
		return NULL;
	}
	cJSON *paths = lb_json_array(NULL, NULL);
	for (size_t i = 0; i < node->n; i++)
		lb_json_text(paths, NULL, node->key[i]->text);
	return paths;
}

/* {name: number or text, ...} */
static cJSON *resolve_by_name(const struct lb_resolving *r, const struct lb_option *o, const struct lb_node *node)
{
	cJSON *block = lb_json_object(NULL, NULL);
	char path[LB_PATH_TEXT];

	for (size_t i = 0; i < node->n; i++) {
		snprintf(path, sizeof path, "%s.%.80s", o->path, node->key[i]->text);
		cJSON *value = parse_param(r, path, o->by_name, node->item[i]);
		if (value)
			lb_json_item(block, node->key[i]->text, value);
	}
	return block;
}

/* [number or text, ...] */
static cJSON *resolve_in_order(const struct lb_resolving *r, const struct lb_option *o, const struct lb_node *node)
{
	cJSON *list = lb_json_array(NULL, NULL);
	char path[LB_PATH_TEXT];

	for (size_t i = 0; i < node->n; i++) {
		snprintf(path, sizeof path, "%s[%zu]", o->path, i + 1);
		cJSON *value = parse_param(r, path, o->by_name, node->item[i]);
		if (value)
			lb_json_item(list, NULL, value);
	}
	return list;
}

/* Refuses an empty block or list. */
static void refuse_by_name(const struct lb_resolving *r, const struct lb_option *o, const struct lb_node *node)
{
	char words[LB_PATH_TEXT], wanted[2 * LB_PATH_TEXT];

	if (o->by_name->type == LB_TEXT_PARAM && o->param.type != LB_INT_PARAM) {
		lb_reject_type(r, node, o->path, "a file, or a column for each class, by name or in order, as in {NAME: COLUMN, OTHER: COLUMN} or [COLUMN, COLUMN]");
		return;
	}
	if (o->param.type == LB_INT_PARAM) {
		lb_reject_type(r, node, o->path, "a number of classes, or a list of their names, such as [cat, dog]");
		return;
	}
	lb_param_allowed(&o->param, words, sizeof words);
	snprintf(wanted, sizeof wanted, "%s, or a number for each class, by name or in order, as in {NAME: 1, OTHER: 2.5} or [1, 2.5]",
		 words + strlen("one of: "));
	lb_reject_type(r, node, o->path, wanted);
}

/* A text without a point, with what the option puts in front of it. Takes the item. */
static cJSON *with_prefix(const struct lb_option *o, cJSON *item)
{
	const char *text = o->prefix ? cJSON_GetStringValue(item) : NULL;
	char whole[LB_PATH_TEXT];

	if (!text || strchr(text, '.') || snprintf(whole, sizeof whole, "%s%s", o->prefix, text) >= (int)sizeof whole)
		return item;
	cJSON_Delete(item);
	return lb_json_made(cJSON_CreateString(whole));
}

static cJSON *resolve_value(const struct lb_resolving *r, const struct lb_option *o, const struct lb_node *node)
{
	cJSON *item = NULL;

	if (node && o->by_name && node->type == LB_MAPPING && node->n) {
		item = resolve_by_name(r, o, node);
	} else if (node && o->by_name && node->type == LB_SEQUENCE && node->n) {
		item = resolve_in_order(r, o, node);
	} else if (node && o->by_name && node->type != LB_SCALAR) {
		refuse_by_name(r, o, node);
	} else if (node) {
		item = with_prefix(o, parse_param(r, o->path, lb_rule_takes_list(r, o, node) ? o->list : &o->param, node));
	} else if (o->param.required) {
		const struct lb_location location = lb_location_of(r, o->path);
		lb_diagnostic(r->diagnostics, &location, o->path, "is missing, allowed: %s", o->param.help);
	} else if (!lb_rule_default(r, o->path, &item) && !o->optional) {
		item = default_of(r, &o->param);
	}
	return item;
}

cJSON *lb_resolve_option(const struct lb_resolving *r, const struct lb_option *o)
{
	const struct lb_node *node = lb_option_set(r, o->path);
	cJSON *item = NULL;

	if (o->shape == LB_GROUP || o->nested || (o->with_group && !group_given(r, o->path)))
		return NULL;
	if (o->shape == LB_VALUE)
		item = resolve_value(r, o, node);
	else if (o->shape == LB_WORDS)
		item = lb_resolve_words(r, o, node);
	else if (o->shape == LB_SPACE)
		item = resolve_space(r, o, node);
	else if (o->shape == LB_COMPONENT)
		item = resolve_component(r, o, o->path, node);
	else
		item = resolve_components(r, o, node);
	if (!o->shorthand)
		return item;
	cJSON_Delete(item);
	return NULL;
}

enum lb_kind lb_task_of(const struct lb_resolving *r)
{
	const struct lb_param *p = &lb_option_find("task", 4)->param;
	const struct lb_node *node = lb_option_set(r, "task");
	int kind = (int)p->def;

	if (node)
		for (kind = 0; p->choices[kind] && (node->type != LB_SCALAR || strcmp(p->choices[kind], node->text));)
			kind++;
	return p->choices[kind] ? (enum lb_kind)kind : LB_N_KINDS;
}

static cJSON *resolve_all(struct lb_resolving *r, bool rules, struct lb_err *err)
{
	uint64_t reads[LB_MOST_CONFIG_CONSTRAINTS] = { 0 };

	r->out = lb_json_object(NULL, NULL);
	r->kind = lb_task_of(r);
	lb_check_keys(r, r->root, "");
	for (size_t i = 0; i < lb_option_count(); i++) {
		cJSON *item = lb_resolve_option(r, lb_option_at(i));
		if (item)
			write_item(r, lb_option_at(i)->path, item);
	}
	if (rules)
		lb_config_check(r, reads, 0);
	if (lb_json_complete(err) || !r->out) {
		cJSON_Delete(r->out);
		return NULL;
	}
	return r->out;
}

cJSON *lb_resolve(struct lb_node *root, const char *file, const char *study, const struct lb_registry *reg,
		  struct lb_diagnostics *diagnostics, struct lb_err *err)
{
	struct lb_resolving r = { .root = root, .file = file, .study = study, .reg = reg, .diagnostics = diagnostics };

	return resolve_all(&r, true, err);
}

int lb_check_values(const struct lb_resolving *like, struct lb_diagnostics *diagnostics, struct lb_err *err)
{
	struct lb_resolving r = *like;

	r.diagnostics = diagnostics;
	cJSON *out = resolve_all(&r, false, err);
	cJSON_Delete(out);
	return out ? 0 : -1;
}
