#include "core/base/text.h"
#include "core/config/lookup.h"
#include "core/config/resolve.h"
#include "core/config/unknown_key.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void put_range(cJSON *in, const struct lb_param *p)
{
	if (p->min == 0 && p->max == 0)
		return;
	if (isfinite(p->min))
		lb_json_number(in, p->min_open ? "exclusiveMinimum" : "minimum", p->min);
	if (isfinite(p->max))
		lb_json_number(in, p->max_open ? "exclusiveMaximum" : "maximum", p->max);
}

static void put_number(cJSON *in, const struct lb_param *p)
{
	const bool inf = p->type == LB_REAL_PARAM && isinf(p->max) && !p->max_open;
	cJSON *any = inf ? lb_json_array(in, "anyOf") : NULL;
	cJSON *number = inf ? lb_json_object(NULL, NULL) : in;

	lb_json_text(number, "type", p->type == LB_REAL_PARAM || p->type == LB_REALS_PARAM ? "number" : "integer");
	put_range(number, p);
	if (!inf)
		return;
	lb_json_item(any, NULL, number);
	cJSON *word = lb_json_object(NULL, NULL);
	lb_json_text(word, "const", "inf");
	lb_json_item(any, NULL, word);
}

static void put_words(cJSON *in, const char *const *words)
{
	cJSON *list = lb_json_array(in, "enum");

	for (size_t i = 0; words[i]; i++)
		lb_json_text(list, NULL, words[i]);
}

static void put_truth(cJSON *in, const struct lb_param *p)
{
	(void)p;
	lb_json_text(in, "type", "boolean");
}

/* The words true and false are truth values to a schema. */
static void put_choice(cJSON *in, const struct lb_param *p)
{
	put_words(in, p->choices);
	for (size_t i = 0; p->choices[i]; i++)
		if (!strcmp(p->choices[i], "true") || !strcmp(p->choices[i], "false"))
			lb_json_bool(cJSON_GetObjectItemCaseSensitive(in, "enum"), NULL, p->choices[i][0] == 't');
}

/* A column may be given by its number. */
static void put_text(cJSON *in, const struct lb_param *p)
{
	cJSON *types = lb_json_array(in, "type");

	(void)p;
	lb_json_text(types, NULL, "string");
	lb_json_text(types, NULL, "number");
}

static void put_seed(cJSON *in, const struct lb_param *p)
{
	cJSON *types = lb_json_array(in, "type");

	(void)p;
	lb_json_text(types, NULL, "integer");
	lb_json_text(types, NULL, "null");
	lb_json_number(in, "minimum", 0);
	lb_json_number(in, "maximum", 9007199254740992.0);
}

static void put_list(cJSON *in, const struct lb_param *p)
{
	lb_json_text(in, "type", "array");
	put_number(lb_json_object(in, "items"), p);
}

static void put_type(cJSON *in, const struct lb_param *p)
{
	static void (*const types[])(cJSON *, const struct lb_param *) = {
		[LB_REAL_PARAM] = put_number, [LB_INT_PARAM] = put_number, [LB_BOOL_PARAM] = put_truth,  [LB_CHOICE_PARAM] = put_choice,
		[LB_TEXT_PARAM] = put_text,   [LB_SEED_PARAM] = put_seed,  [LB_REALS_PARAM] = put_list, [LB_INTS_PARAM] = put_list,
	};

	types[p->type](in, p);
}

static void put_help(cJSON *in, const char *help)
{
	if (help)
		lb_json_text(in, "description", help);
}

static void put_default(cJSON *in, const struct lb_param *p, double seed)
{
	cJSON *item = p->required ? NULL : p->type == LB_SEED_PARAM && isnan(seed) ? cJSON_CreateNull() : lb_param_default(p, seed);

	if (item)
		lb_json_item(in, "default", item);
}

static void put_former(cJSON *in, const struct lb_param *p)
{
	if (p->former)
		lb_json_text(in, "former", p->former);
}

static cJSON *param_schema(const struct lb_param *p)
{
	cJSON *schema = lb_json_object(NULL, NULL);

	put_help(schema, p->help);
	put_former(schema, p);
	put_type(schema, p);
	put_default(schema, p, (double)NAN);
	return schema;
}

/* The help of an option, and of each component that its choices name. */
static void put_choice_help(cJSON *in, const struct lb_registry *reg, const struct lb_option *o)
{
	struct lb_buf text = { 0 };

	lb_buf_printf(&text, "%s", o->param.help);
	for (size_t i = 0; o->param.choices[i]; i++) {
		enum lb_kind any;
		const struct lb_info *info = reg->any(o->path, o->param.choices[i], &any);
		if (info)
			lb_buf_printf(&text, "; %s: %s", info->name, info->title);
	}
	if (text.bad)
		lb_json_made(NULL);
	else
		put_help(in, text.s);
	lb_buf_free(&text);
}

static cJSON *value_schema(const struct lb_registry *reg, const struct lb_option *o)
{
	cJSON *schema = lb_json_object(NULL, NULL), *any, *one;

	if (o->noun)
		put_choice_help(schema, reg, o);
	else
		put_help(schema, o->param.help);
	put_former(schema, &o->param);
	if (o->list) {
		any = lb_json_array(schema, "anyOf");
		put_type(one = lb_json_object(NULL, NULL), &o->param);
		lb_json_item(any, NULL, one);
		lb_json_item(any, NULL, param_schema(o->list));
	} else if (o->by_name) {
		any = lb_json_array(schema, "anyOf");
		put_type(one = lb_json_object(NULL, NULL), &o->param);
		lb_json_item(any, NULL, one);
		lb_json_text(one = lb_json_object(any, NULL), "type", "object");
		lb_json_number(one, "minProperties", 1);
		lb_json_item(one, "additionalProperties", param_schema(o->by_name));
		lb_json_text(one = lb_json_object(any, NULL), "type", "array");
		lb_json_number(one, "minItems", 1);
		lb_json_item(one, "items", param_schema(o->by_name));
	} else {
		put_type(schema, &o->param);
	}
	if (!o->optional)
		put_default(schema, &o->param, o->param.def > 0 ? o->param.def : (double)NAN);
	return schema;
}

static cJSON *words_schema(const struct lb_option *o)
{
	cJSON *schema = lb_json_object(NULL, NULL), *list = schema, *items;

	put_help(schema, o->param.help);
	if (o->word) {
		cJSON *any = lb_json_array(schema, "anyOf"), *word = lb_json_object(NULL, NULL);
		lb_json_text(schema, "default", o->word);
		lb_json_text(word, "const", o->word);
		lb_json_item(any, NULL, word);
		lb_json_item(any, NULL, list = lb_json_object(NULL, NULL));
	}
	lb_json_text(list, "type", "array");
	lb_json_bool(list, "uniqueItems", 1);
	items = lb_json_object(list, "items");
	if (o->words)
		put_words(items, o->words);
	else
		put_text(items, NULL);
	return schema;
}

/* Components: a name, or one of the blocks */

static bool named_before(const struct lb_registry *reg, const char *block, enum lb_kind kind, const struct lb_info *info)
{
	for (enum lb_kind k = 0; k <= kind; k++) {
		const struct lb_info *other;
		size_t at = 0;
		while ((other = reg->next(block, k, &at)) && (k < kind || other != info))
			if (!strcmp(other->name, info->name))
				return true;
	}
	return false;
}

/* The parameters of that name's components of every task. */
static void put_params(cJSON *properties, const struct lb_registry *reg, const char *block, const char *name)
{
	for (enum lb_kind kind = 0; kind < LB_N_KINDS; kind++) {
		const struct lb_info *info = lb_component_find(reg, block, kind, name);
		for (int i = 0; info && i < info->n_params; i++)
			if (!cJSON_HasObjectItem(properties, info->params[i].name))
				lb_json_item(properties, info->params[i].name, param_schema(&info->params[i]));
	}
}

static cJSON *component_schema(const struct lb_registry *reg, const struct lb_option *o);

static cJSON *block_schema(const struct lb_registry *reg, const struct lb_option *o, const struct lb_info *info)
{
	cJSON *schema = lb_json_object(NULL, NULL), *properties;
	const struct lb_option *nested;

	put_help(schema, info->title);
	lb_json_text(schema, "type", "object");
	properties = lb_json_object(schema, "properties");
	lb_json_text(lb_json_object(properties, o->key), "const", info->name);
	put_params(properties, reg, o->path, info->name);
	for (int i = 0; i < o->n_extra; i++)
		if (!cJSON_HasObjectItem(properties, o->extra[i].name))
			lb_json_item(properties, o->extra[i].name, param_schema(&o->extra[i]));
	for (size_t i = 0; (nested = lb_option_nested(o->path, &i));)
		lb_json_item(properties, lb_path_last(nested->path), component_schema(reg, nested));
	if (!o->def_name || strcmp(o->def_name, info->name))
		lb_json_text(lb_json_array(schema, "required"), NULL, o->key);
	lb_json_bool(schema, "additionalProperties", 0);
	return schema;
}

static cJSON *component_schema(const struct lb_registry *reg, const struct lb_option *o)
{
	cJSON *schema = lb_json_object(NULL, NULL), *one_of, *word, *names;

	if (o->shape == LB_COMPONENT)
		put_help(schema, o->param.help);
	one_of = lb_json_array(schema, "oneOf");
	lb_json_item(one_of, NULL, word = lb_json_object(NULL, NULL));
	names = lb_json_array(word, "enum");
	for (enum lb_kind kind = 0; kind < LB_N_KINDS; kind++) {
		const struct lb_info *info;
		size_t at = 0;
		while ((info = reg->next(o->path, kind, &at))) {
			if (named_before(reg, o->path, kind, info))
				continue;
			lb_json_text(names, NULL, info->name);
			lb_json_item(one_of, NULL, block_schema(reg, o, info));
		}
	}
	cJSON *described = reg->schema_of ? reg->schema_of(o->path) : NULL;
	if (described)
		lb_json_item(one_of, NULL, described);
	if (o->def_name && o->shape == LB_COMPONENT)
		lb_json_text(schema, "default", o->def_name);
	return schema;
}

static cJSON *components_schema(const struct lb_registry *reg, const struct lb_option *o)
{
	cJSON *schema = lb_json_object(NULL, NULL);

	put_help(schema, o->param.help);
	lb_json_text(schema, "type", "array");
	lb_json_item(schema, "items", component_schema(reg, o));
	return schema;
}

static cJSON *group_schema(const char *help)
{
	cJSON *schema = lb_json_object(NULL, NULL);

	put_help(schema, help);
	lb_json_text(schema, "type", "object");
	lb_json_object(schema, "properties");
	lb_json_bool(schema, "additionalProperties", 0);
	return schema;
}

static cJSON *space_schema(const struct lb_option *o)
{
	cJSON *schema = lb_json_object(NULL, NULL), *any = lb_json_array(schema, "anyOf");

	put_help(schema, o->param.help);
	lb_json_text(lb_json_object(any, NULL), "const", o->word);
	lb_json_text(lb_json_object(any, NULL), "type", "object");
	return schema;
}

static cJSON *option_schema(const struct lb_registry *reg, const struct lb_option *o)
{
	switch (o->shape) {
	case LB_VALUE:
		return value_schema(reg, o);
	case LB_WORDS:
		return words_schema(o);
	case LB_COMPONENT:
		return component_schema(reg, o);
	case LB_COMPONENTS:
		return components_schema(reg, o);
	case LB_SPACE:
		return space_schema(o);
	default:
		return group_schema(o->param.help);
	}
}

/* The properties of the group that holds the option; groups come before their options in the
 * table. */
static cJSON *properties_of(cJSON *root, const char *path)
{
	cJSON *properties = cJSON_GetObjectItemCaseSensitive(root, "properties");
	char key[LB_PATH_TEXT];
	const char *dot;

	for (; properties && (dot = strchr(path, '.')); path = dot + 1) {
		snprintf(key, sizeof key, "%.*s", (int)(dot - path), path);
		properties = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(properties, key), "properties");
	}
	return properties;
}

/* The keys that put a config together before its options are read. */
static void put_composition(cJSON *properties)
{
	static const char *const text[] = { "include", "a config file, or a list of some, which this config is laid over: its own keys win; paths from its folder",
					    "env", "variables of the environment that values may hold as ${ENV:NAME}: a list of names, or a block of names with defaults" };

	for (int i = 0; i < 4; i += 2) {
		cJSON *one = lb_json_object(properties, text[i]);
		cJSON *types = lb_json_array(one, "type");
		lb_json_text(types, NULL, i ? "object" : "string");
		lb_json_text(types, NULL, "array");
		lb_json_text(one, "description", text[i + 1]);
	}
}

cJSON *lb_config_schema(const struct lb_registry *reg, struct lb_err *err)
{
	cJSON *schema = lb_json_object(NULL, NULL), *sweep;

	lb_json_text(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
	lb_json_text(schema, "title", "lossbench config");
	lb_json_text(schema, "type", "object");
	lb_json_object(schema, "properties");
	for (size_t i = 0; i < lb_option_count(); i++) {
		const struct lb_option *o = lb_option_at(i);
		if (!o->nested)
			lb_json_item(properties_of(schema, o->path), lb_path_last(o->path), option_schema(reg, o));
	}
	sweep = group_schema("key paths and the values they take: lists multiply, zip moves together, {from, to, steps, scale}, default");
	cJSON_ReplaceItemInObjectCaseSensitive(sweep, "additionalProperties", cJSON_CreateBool(1));
	lb_json_item(cJSON_GetObjectItemCaseSensitive(schema, "properties"), "sweep", sweep);
	cJSON *types = lb_json_array(NULL, NULL), *data = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(schema, "properties"), "data");
	lb_json_text(types, NULL, "object");
	lb_json_text(types, NULL, "array"); /* of data sets */
	cJSON_ReplaceItemInObjectCaseSensitive(data, "type", types);
	put_composition(cJSON_GetObjectItemCaseSensitive(schema, "properties"));
	lb_json_bool(schema, "additionalProperties", 0);
	if (!lb_json_complete(err))
		return schema;
	cJSON_Delete(schema);
	return NULL;
}
