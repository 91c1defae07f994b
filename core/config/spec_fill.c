#include "core/config/spec_fill.h"

#include "core/config/lookup.h"
#include "core/config/param.h"

#include <math.h>
#include <string.h>

/* What one option is filled from. */
struct filling {
	const struct lb_option *option;
	enum lb_kind kind;
	const struct lb_registry *reg;
	struct lb_pool *pool;    /* of what the field refers to */
};

static double number_of(const cJSON *item)
{
	return cJSON_IsString(item) && !strcmp(item->valuestring, "inf") ? (double)INFINITY : cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static struct lb_word word_of(const struct lb_param *p, const cJSON *item)
{
	const char *text = cJSON_GetStringValue(item);

	for (int i = 0; text && p->choices[i]; i++)
		if (!strcmp(p->choices[i], text))
			return (struct lb_word){ i, p->choices[i] };
	return (struct lb_word){ 0, NULL };
}

static int fill_list(const struct filling *f, const cJSON *item, struct lb_list *out, struct lb_err *err)
{
	const size_t room = (size_t)cJSON_GetArraySize(item) + 1;
	double *number = lb_pool_alloc(f->pool, room * sizeof *number, err);
	const char **text = lb_pool_alloc(f->pool, room * sizeof *text, err), **named = lb_pool_alloc(f->pool, room * sizeof *named, err);
	const cJSON *e;

	if (!number || !text || !named)
		return -1;
	*out = (struct lb_list){ .text = text, .named = named, .one = cJSON_GetStringValue(item), .number = number, .value = number_of(item), .given = cJSON_IsArray(item) || cJSON_IsObject(item) };
	if (f->option->param.choices)
		out->word = word_of(&f->option->param, item);
	cJSON_ArrayForEach(e, item) {
		text[out->n] = e->string ? e->string : e->valuestring;
		named[out->n] = e->string ? e->valuestring : NULL;
		number[out->n++] = number_of(e);
	}
	return 0;
}

/* Returns the value of a parameter of the block itself, or what it is without one. */
static double own_value(const struct lb_option *o, const struct lb_info *info, const cJSON *item, const char *name, double without)
{
	const struct lb_param *p = lb_block_param(o, info, name);
	const cJSON *given = p && !lb_info_param(info, name) ? cJSON_GetObjectItemCaseSensitive(item, name) : NULL;

	return !given ? without : p->type == LB_CHOICE_PARAM ? word_of(p, given).at : given->valuedouble;
}

static int fill_use(const struct filling *f, const cJSON *item, struct lb_component_use *out, struct lb_err *err)
{
	const struct lb_option *o = f->option;
	const char *name = cJSON_GetStringValue(cJSON_IsString(item) ? item : cJSON_GetObjectItemCaseSensitive(item, o->key));

	*out = (struct lb_component_use){ .weight = 1, .head = 1 };
	if (!item)
		return 0;
	bool described = false;
	if (f->reg->of_item)
		out->info = f->reg->of_item(o->path, f->kind, item, &described, err);
	if (described && !out->info)
		return -1;
	if (!described && (!name || !(out->info = lb_component_find(f->reg, o->path, f->kind, name))))
		return lb_fail(err, LB_MACHINE, "%s: no component \"%s\" (a defect of lossbench)", o->path, name ? name : "");
	const size_t n = (size_t)out->info->n_params, lists = lb_args_numbers(out->info, item);
	out->par = lb_pool_alloc(f->pool, n * sizeof *out->par + lists * sizeof(double) + 1, err);
	if (!out->par || lb_args_read(out->info, item, out->par, (double *)(out->par + n), err))
		return -1;
	out->weight = own_value(o, out->info, item, "weight", 1);
	out->head = (size_t)own_value(o, out->info, item, "head", 1);
	out->rows = (int)own_value(o, out->info, item, "rows", 0);
	return 0;
}

static int fill_uses(const struct filling *f, const cJSON *list, struct lb_component_uses *out, struct lb_err *err)
{
	const size_t n = (size_t)cJSON_GetArraySize(list);
	const cJSON *item;

	*out = (struct lb_component_uses){ 0 };
	if (!n)
		return 0;
	if (!(out->use = lb_pool_alloc(f->pool, n * sizeof *out->use, err)))
		return -1;
	cJSON_ArrayForEach(item, list)
		if (fill_use(f, item, &out->use[out->n++], err))
			return -1;
	return 0;
}

/* *at, of the type that the option says, <- the item; NULL: the option is absent. */
static int fill_field(const struct filling *f, const cJSON *item, void *at, struct lb_err *err)
{
	switch (f->option->field) {
	case LB_TEXT_FIELD:
		*(const char **)at = cJSON_GetStringValue(item);
		return 0;
	case LB_REAL_FIELD:
		*(double *)at = number_of(item);
		return 0;
	case LB_COUNT_FIELD:
		*(uint64_t *)at = (uint64_t)number_of(item);
		return 0;
	case LB_TRUTH_FIELD:
		*(bool *)at = cJSON_IsTrue(item);
		return 0;
	case LB_WORD_FIELD:
		*(struct lb_word *)at = word_of(&f->option->param, item);
		return 0;
	case LB_ITEM_FIELD:
		*(const cJSON **)at = item;
		return 0;
	case LB_LIST_FIELD:
		return fill_list(f, item, at, err);
	case LB_USE_FIELD:
		return fill_use(f, item, at, err);
	case LB_USES_FIELD:
		return fill_uses(f, item, at, err);
	case LB_NO_FIELD:
		break;
	}
	return 0;
}

/* Returns true if the fields below a top-level key need not be filled again. */
static bool is_same(const struct lb_spec_top *top, const cJSON *member)
{
	return member && member->child && top->child == member->child;
}

static int fill_all(struct lb_spec *spec, const cJSON *config, struct filling *f, bool all, struct lb_err *err)
{
	const cJSON *member = NULL;
	size_t top = 0;
	bool same = false;

	for (size_t i = 0; (f->option = lb_option_at(i)); i++) {
		const char *path = f->option->path, *below = path + strcspn(path, ".");
		if (!*below) {
			struct lb_spec_top *t = &spec->top[top++];
			member = cJSON_GetObjectItemCaseSensitive(config, path);
			same = !all && is_same(t, member);
			if (!same)
				lb_pool_free(&t->pool);
			t->child = member ? member->child : NULL;
			f->pool = &t->pool;
		}
		if (!same && f->option->field != LB_NO_FIELD &&
		    fill_field(f, lb_json_at(member, below + (*below == '.')), (char *)spec + f->option->at, err))
			return -1;
	}
	return 0;
}

int lb_spec_fill(struct lb_spec *spec, const cJSON *config, const struct lb_registry *reg, struct lb_err *err)
{
	struct filling f = { .option = lb_option_find("task", 4), .reg = reg };
	const cJSON *task = cJSON_GetObjectItemCaseSensitive(config, "task");
	const struct lb_word word = word_of(&f.option->param, task);

	f.kind = (enum lb_kind)word.at;
	if (fill_all(spec, config, &f, !spec->config || word.at != spec->task.at, err)) {
		lb_spec_free(spec);
		return -1;
	}
	spec->config = config;
	return 0;
}
