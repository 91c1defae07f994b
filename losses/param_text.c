#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/config.h"
#include "losses/eval.h"

#include <stdlib.h>
#include <string.h>

/* name=value, cut in two; both new strings */
struct pair {
	char *name, *value;
};

static int read_pair(struct pair *pair, const char *s, size_t n, const struct lb_info *info, struct lb_err *err)
{
	const char *equals = memchr(s, '=', n);

	if (!equals || equals == s)
		return lb_fail(err, LB_USAGE, "%s: found \"%.*s\" where name=value is wanted", info->name, (int)n, s);
	pair->name = lb_strndup(s, (size_t)(equals - s), err);
	pair->value = lb_strndup(equals + 1, n - (size_t)(equals - s) - 1, err);
	return pair->name && pair->value ? 0 : -1;
}

static int unknown(const struct lb_info *info, const char *name, struct lb_err *err)
{
	const char *names[64], *meant;
	struct lb_buf known = { 0 };
	size_t n = 0;

	for (; n < 64 && n < (size_t)info->n_params; n++) {
		names[n] = info->params[n].name;
		lb_buf_printf(&known, "%s%s", n ? ", " : "; its parameters: ", names[n]);
	}
	meant = lb_nearest(name, names, n);
	lb_fail(err, LB_USAGE, "%s: there is no parameter \"%s\"%s%s%s%s", info->name, name, meant ? "; did you mean \"" : "",
		meant ? meant : "", meant ? "\"" : "", known.s ? known.s : "; it has none");
	lb_buf_free(&known);
	return -1;
}

static cJSON *read_value(const struct lb_param *p, char *value, struct lb_err *err)
{
	struct lb_node scalar = { .type = LB_SCALAR, .text = value };
	struct lb_node *list;
	cJSON *item = NULL;

	if (*value != '[')
		return lb_param_parse(p, &scalar, err);
	if ((list = lb_yaml_parse(p->name, value, strlen(value), err)))
		item = lb_param_parse(p, list, err);
	lb_node_free(list);
	return item;
}

/* By name, else by the letter it has in the formula. */
static const struct lb_param *find_param(const struct lb_info *info, const char *name)
{
	for (int k = 0; k < info->n_params; k++)
		if (!strcmp(info->params[k].name, name))
			return &info->params[k];
	for (int k = 0; k < info->n_params; k++)
		if (info->params[k].symbol && !strcmp(info->params[k].symbol, name))
			return &info->params[k];
	return NULL;
}

static int add_pair(cJSON *block, const struct lb_info *info, const struct pair *pair, struct lb_err *err)
{
	const struct lb_param *p = find_param(info, pair->name);
	struct lb_err why = { 0 };

	if (!p)
		return unknown(info, pair->name, err);
	cJSON *item = read_value(p, pair->value, &why);
	if (!item)
		return lb_fail(err, why.code == LB_MACHINE ? LB_MACHINE : LB_USAGE, "%s: %s: %s", info->name, p->name, why.text);
	cJSON_DeleteItemFromObjectCaseSensitive(block, p->name);
	if (cJSON_AddItemToObject(block, p->name, item))
		return 0;
	cJSON_Delete(item);
	return lb_fail_memory(err, sizeof *item);
}

static int read_text(cJSON *block, const struct lb_info *info, const char *set, struct lb_err *err)
{
	static const char blanks[] = " \t\n";
	int status = 0;

	for (const char *s = set + strspn(set, blanks); *s && !status; s += strspn(s, blanks)) {
		const size_t n = strcspn(s, blanks);
		struct pair pair = { 0 };
		status = read_pair(&pair, s, n, info, err) || add_pair(block, info, &pair, err) ? -1 : 0;
		free(pair.name);
		free(pair.value);
		s += n;
	}
	return status;
}

/* What par borrows must outlive the block: texts are copied. */
static int keep(struct lb_arg_store *store, void *p, struct lb_err *err)
{
	if (!p || lb_grow(&store->owned, &store->cap, store->n + 1, sizeof *store->owned, err)) {
		free(p);
		return -1;
	}
	store->owned[store->n++] = p;
	return 0;
}

static int keep_texts(const struct lb_info *info, struct lb_arg *par, struct lb_arg_store *store, struct lb_err *err)
{
	for (int k = 0; k < info->n_params; k++) {
		if (info->params[k].type != LB_TEXT_PARAM || !par[k].text)
			continue;
		char *copy = lb_strdup(par[k].text, err);
		if (keep(store, copy, err))
			return -1;
		par[k].text = copy;
	}
	return 0;
}

int lb_args_from_text(const struct lb_info *info, const char *set, struct lb_arg *par, struct lb_arg_store *store,
		      struct lb_err *err)
{
	cJSON *block = cJSON_CreateObject();
	double *lists = NULL;
	int status = -1;

	if (!block)
		lb_fail_memory(err, sizeof *block);
	else if (!read_text(block, info, set, err) && !lb_args_from_block(info, block, par, &lists, err) &&
		 !(lists && keep(store, lists, err)))
		status = keep_texts(info, par, store, err);
	cJSON_Delete(block);
	return status;
}

void lb_args_free(struct lb_arg_store *store)
{
	for (size_t k = 0; k < store->n; k++)
		free(store->owned[k]);
	free(store->owned);
	*store = (struct lb_arg_store){ 0 };
}
