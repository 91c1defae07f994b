#include "core/config/param.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool unbounded(const struct lb_param *p)
{
	return p->min == 0 && p->max == 0;
}

static bool takes_infinity(const struct lb_param *p)
{
	return p->type == LB_REAL_PARAM && p->max == (double)INFINITY && !p->max_open;
}

static bool is_list(const struct lb_param *p)
{
	return p->type == LB_REALS_PARAM || p->type == LB_INTS_PARAM;
}

static bool wants_integer(const struct lb_param *p)
{
	return p->type == LB_INT_PARAM || p->type == LB_INTS_PARAM || p->type == LB_SEED_PARAM;
}

static const double largest_integer = 9007199254740992; /* 2^53 */

static bool in_range(const struct lb_param *p, double v)
{
	if (isnan(v) || (isinf(v) && !(v > 0 && takes_infinity(p))))
		return false;
	if (wants_integer(p) && (v != floor(v) || fabs(v) > largest_integer))
		return false;
	if (p->type == LB_SEED_PARAM)
		return v >= 0;
	if (unbounded(p))
		return true;
	return (p->min_open ? v > p->min : v >= p->min) && (p->max_open ? v < p->max : v <= p->max);
}

/* "", " in (0, 1]", " > 0", " >= 1, or inf" */
static void range_text(const struct lb_param *p, char *buf, size_t size)
{
	char min[LB_DOUBLE_TEXT] = "", max[LB_DOUBLE_TEXT] = "";

	buf[0] = '\0';
	if (!unbounded(p) && isfinite(p->min))
		lb_double_text(p->min, min);
	if (!unbounded(p) && isfinite(p->max))
		lb_double_text(p->max, max);
	if (*min && *max)
		snprintf(buf, size, " in %c%s, %s%c", p->min_open ? '(' : '[', min, max, p->max_open ? ')' : ']');
	else if (*min)
		snprintf(buf, size, " %s %s%s", p->min_open ? ">" : ">=", min, takes_infinity(p) ? ", or inf" : "");
	else if (*max)
		snprintf(buf, size, " %s %s", p->max_open ? "<" : "<=", max);
	else if (takes_infinity(p))
		snprintf(buf, size, ", or inf");
}

static size_t count_choices(const struct lb_param *p)
{
	size_t n = 0;

	while (p->choices && p->choices[n])
		n++;
	return n;
}

static void words_text(const struct lb_param *p, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < count_choices(p) && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "", p->choices[i]);
}

void lb_param_allowed(const struct lb_param *p, char *buf, size_t size)
{
	static const char *const nouns[] = {
		[LB_REAL_PARAM] = "a number",           [LB_INT_PARAM] = "an integer",
		[LB_BOOL_PARAM] = "true or false",      [LB_CHOICE_PARAM] = "one of: ",
		[LB_TEXT_PARAM] = "any text",           [LB_SEED_PARAM] = "an integer in [0, 9007199254740992], or null",
		[LB_REALS_PARAM] = "a list of numbers", [LB_INTS_PARAM] = "a list of integers",
	};
	char rest[512] = "";

	if (p->type == LB_CHOICE_PARAM)
		words_text(p, rest, sizeof rest);
	else if (is_list(p) || p->type == LB_REAL_PARAM || p->type == LB_INT_PARAM)
		range_text(p, rest, sizeof rest);
	snprintf(buf, size, "%s%s", nouns[p->type], rest);
}

/* What was found, as the user knows it: 11, "rellu", "1" in quotes, a list, a block, nothing. */
static void found_text(const struct lb_node *value, char *buf, size_t size)
{
	double v;

	if (value->type != LB_SCALAR)
		snprintf(buf, size, "%s", value->type == LB_MAPPING ? "a block" : "a list");
	else if (!*value->text && !value->quoted)
		snprintf(buf, size, "nothing");
	else if (!value->quoted && lb_parse_double(value->text, strlen(value->text), &v))
		snprintf(buf, size, "%.100s", value->text);
	else
		snprintf(buf, size, "\"%.100s\"%s", value->text, value->quoted ? " in quotes" : "");
}

static bool is_scalar_number(const struct lb_param *p, const struct lb_node *value, double *v)
{
	int64_t i;

	if (takes_infinity(p) && (!strcmp(value->text, "inf") || !strcmp(value->text, ".inf")))
		return *v = (double)INFINITY, true;
	if (value->quoted)
		return false;
	if (!wants_integer(p))
		return lb_parse_double(value->text, strlen(value->text), v) && in_range(p, *v);
	if (!lb_parse_int(value->text, strlen(value->text), &i))
		return false;
	*v = (double)i;
	return in_range(p, *v);
}

/* Returns true for a range as other tools write it, 1..5, and its ends. */
static bool is_range(const char *text, long *from, long *to)
{
	char end;

	return sscanf(text, "%ld..%ld%c", from, to, &end) == 2;
}

/* What to do about it, when that can be guessed; else "". */
static void hint_text(const struct lb_param *p, const struct lb_node *value, char *buf, size_t size)
{
	static const char *const truths[] = { "true", "false" };
	const bool list = is_list(p), choice = p->type == LB_CHOICE_PARAM, truth = p->type == LB_BOOL_PARAM;
	char digits[LB_DOUBLE_TEXT];
	double v;
	long from, to;

	buf[0] = '\0';
	if (value->type != LB_SCALAR || !*value->text)
		return;
	if (is_range(value->text, &from, &to)) {
		snprintf(buf, size, "; %ld..%ld is a range to be swept, in the sweep block or by --set", from, to);
	} else if (list && !value->quoted) {
		snprintf(buf, size, "; write [%.100s]", value->text);
	} else if (choice || truth) {
		const char *near = lb_nearest(value->text, choice ? p->choices : truths, choice ? count_choices(p) : 2);
		if (near && !strcmp(near, value->text))
			snprintf(buf, size, "; write it without quotes");
		else if (near)
			snprintf(buf, size, "; did you mean \"%s\"?", near);
	} else if (value->quoted && lb_parse_double(value->text, strlen(value->text), &v)) {
		snprintf(buf, size, "; write it without quotes");
	} else if (wants_integer(p) && lb_parse_double(value->text, strlen(value->text), &v)) {
		lb_double_text(fabs(v) < largest_integer ? v : largest_integer, digits);
		if (fabs(v) >= largest_integer)
			snprintf(buf, size, "; the largest integer is %s", digits);
		else if (in_range(p, v) && strpbrk(value->text, ".eE"))
			snprintf(buf, size, "; write %s", digits);
	}
}

static int refuse(const struct lb_param *p, const struct lb_node *value, size_t entry, struct lb_err *err)
{
	char found[160], allowed[560], hint[160], which[48] = "";
	const bool choice = p->type == LB_CHOICE_PARAM;

	found_text(value, found, sizeof found);
	lb_param_allowed(p, allowed, sizeof allowed);
	hint_text(p, value, hint, sizeof hint);
	if (entry)
		snprintf(which, sizeof which, " as entry %zu", entry);
	return lb_fail(err, LB_CONFIG, "found %s%s, allowed: %s%s", found, which, allowed + (choice ? strlen("one of: ") : 0),
		       entry ? "" : hint);
}

static cJSON *made(cJSON *item, struct lb_err *err)
{
	if (!item)
		lb_fail_memory(err, sizeof *item);
	return item;
}

static cJSON *number_item(double v)
{
	return isinf(v) ? cJSON_CreateString("inf") : cJSON_CreateNumber(v);
}

static cJSON *parse_list(const struct lb_param *p, const struct lb_node *value, struct lb_err *err)
{
	cJSON *list = made(cJSON_CreateArray(), err), *item;
	double v;

	for (size_t i = 0; list && i < value->n; i++) {
		const struct lb_node *entry = value->item[i];
		if (entry->type != LB_SCALAR || !is_scalar_number(p, entry, &v))
			refuse(p, entry, i + 1, err);
		else if ((item = made(cJSON_CreateNumber(v), err))) {
			cJSON_AddItemToArray(list, item);
			continue;
		}
		cJSON_Delete(list);
		return NULL;
	}
	return list;
}

static cJSON *parse_choice(const struct lb_param *p, const struct lb_node *value, struct lb_err *err)
{
	for (size_t i = 0; i < count_choices(p); i++)
		if (!strcmp(p->choices[i], value->text))
			return made(cJSON_CreateString(value->text), err);
	refuse(p, value, 0, err);
	return NULL;
}

cJSON *lb_param_parse(const struct lb_param *p, const struct lb_node *value, struct lb_err *err)
{
	const bool scalar = value->type == LB_SCALAR, plain = scalar && !value->quoted;
	const bool null = plain && (!strcmp(value->text, "null") || !strcmp(value->text, "~"));
	double v;

	if (is_list(p) && value->type == LB_SEQUENCE)
		return parse_list(p, value, err);
	if (!scalar || is_list(p) || (plain && !*value->text))
		return refuse(p, value, 0, err), NULL;
	if (null && (p->type == LB_SEED_PARAM || (p->type == LB_TEXT_PARAM && !p->required)))
		return made(cJSON_CreateNull(), err);
	if (p->type == LB_TEXT_PARAM)
		return made(cJSON_CreateString(value->text), err);
	if (p->type == LB_CHOICE_PARAM)
		return parse_choice(p, value, err);
	if (p->type == LB_BOOL_PARAM && plain && (!strcmp(value->text, "true") || !strcmp(value->text, "false")))
		return made(cJSON_CreateBool(!strcmp(value->text, "true")), err);
	if (p->type != LB_BOOL_PARAM && is_scalar_number(p, value, &v))
		return made(number_item(v), err);
	return refuse(p, value, 0, err), NULL;
}

/* Back out of a resolved block */

static bool number_of(const cJSON *item, double *v)
{
	if (cJSON_IsString(item) && !strcmp(item->valuestring, "inf"))
		return *v = (double)INFINITY, true;
	*v = cJSON_IsNumber(item) ? item->valuedouble : 0;
	return cJSON_IsNumber(item);
}

static bool list_of(const struct lb_param *p, const cJSON *item, struct lb_arg *arg, double **room)
{
	const cJSON *entry;

	if (!cJSON_IsArray(item))
		return false;
	arg->list = *room;
	cJSON_ArrayForEach (entry, item) {
		if (!number_of(entry, *room) || !in_range(p, **room))
			return false;
		++*room;
		arg->n++;
	}
	return true;
}

static bool choice_of(const struct lb_param *p, const cJSON *item, struct lb_arg *arg)
{
	for (size_t i = 0; cJSON_IsString(item) && i < count_choices(p); i++)
		if (!strcmp(p->choices[i], item->valuestring)) {
			arg->v = (double)i;
			arg->text = p->choices[i];
			return true;
		}
	return false;
}

static bool arg_of(const struct lb_param *p, const cJSON *item, struct lb_arg *arg, double **room)
{
	switch (p->type) {
	case LB_REALS_PARAM:
	case LB_INTS_PARAM:
		return list_of(p, item, arg, room);
	case LB_CHOICE_PARAM:
		return choice_of(p, item, arg);
	case LB_TEXT_PARAM:
		arg->text = cJSON_IsString(item) ? item->valuestring : NULL;
		return cJSON_IsString(item) || cJSON_IsNull(item);
	case LB_BOOL_PARAM:
		arg->v = cJSON_IsTrue(item);
		return cJSON_IsBool(item);
	case LB_SEED_PARAM:
		if (cJSON_IsNull(item))
			return arg->v = p->def, true;
		return number_of(item, &arg->v) && in_range(p, arg->v);
	default:
		return number_of(item, &arg->v) && in_range(p, arg->v);
	}
}

static struct lb_arg default_of(const struct lb_param *p)
{
	struct lb_arg arg = { .v = p->def, .text = p->fixed };

	if (p->type == LB_CHOICE_PARAM)
		arg.text = p->choices[(size_t)p->def];
	if (is_list(p)) {
		arg.list = p->def_list;
		arg.n = (size_t)p->n_def_list;
	}
	return arg;
}

static int refuse_block(const struct lb_info *info, const struct lb_param *p, const cJSON *item, struct lb_err *err)
{
	char allowed[560];
	struct lb_buf found = { 0 };

	lb_param_allowed(p, allowed, sizeof allowed);
	lb_json_canonical(item, &found);
	lb_fail(err, LB_CONFIG, "%s: %s: found %.200s, allowed: %s", info->name, p->name, found.s && item ? found.s : "nothing",
		allowed);
	lb_buf_free(&found);
	return -1;
}

/* The descriptor's own check, its message with the component's name before it. */
static int check_block(const struct lb_info *info, const struct lb_arg *par, struct lb_err *err)
{
	struct lb_err *why = lb_alloc(1, sizeof *why, err);
	int rc = why ? info->check(par, why) : -1;

	if (why && rc)
		lb_fail(err, why->code, "%s: %s", info->name, why->text);
	free(why);
	return rc;
}

size_t lb_args_numbers(const struct lb_info *info, const cJSON *block)
{
	size_t n = 0;

	for (int i = 0; i < info->n_params; i++)
		if (is_list(&info->params[i]))
			n += (size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(block, info->params[i].name));
	return n;
}

int lb_args_read(const struct lb_info *info, const cJSON *block, struct lb_arg *par, double *room, struct lb_err *err)
{
	for (int i = 0; i < info->n_params; i++) {
		const struct lb_param *p = &info->params[i];
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(block, p->name);
		par[i] = item ? (struct lb_arg){ 0 } : default_of(p);
		if ((!item && p->required) || (item && !arg_of(p, item, &par[i], &room)))
			return refuse_block(info, p, item, err);
	}
	return 0;
}

int lb_args_from_block(const struct lb_info *info, const cJSON *block, struct lb_arg *par, double **lists, struct lb_err *err)
{
	const size_t n = lb_args_numbers(info, block);
	double *all = NULL;

	if (lists)
		*lists = NULL;
	if (n && !(all = lb_alloc(n, sizeof *all, err)))
		return -1;
	if (lb_args_read(info, block, par, all, err) || (info->check && check_block(info, par, err))) {
		free(all);
		return -1;
	}
	if (lists)
		*lists = all;
	return 0;
}
