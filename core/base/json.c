#include "core/base/json.h"

#include "core/base/mem.h"
#include "core/base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Printing */

static void put_text(const char *s, struct lb_buf *out)
{
	static const char escapes[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
	const char *plain = s;

	lb_buf_puts(out, "\"");
	for (; *s; s++) {
		const char *escape = strchr(escapes, *s);
		if (!escape && (unsigned char)*s >= 0x20)
			continue;
		lb_buf_add(out, plain, (size_t)(s - plain));
		plain = s + 1;
		if (escape)
			lb_buf_printf(out, "\\%c", letters[escape - escapes]);
		else
			lb_buf_printf(out, "\\u%04x", (unsigned)*s);
	}
	lb_buf_add(out, plain, (size_t)(s - plain));
	lb_buf_puts(out, "\"");
}

static void put_number(double v, struct lb_buf *out)
{
	char text[LB_DOUBLE_TEXT];

	if (isfinite(v))
		lb_buf_add(out, text, lb_double_text(v, text));
	else
		lb_buf_puts(out, isnan(v) ? "null" : v > 0 ? "\"inf\"" : "\"-inf\"");
}

static bool is_block(const cJSON *item)
{
	return cJSON_IsObject(item) || cJSON_IsArray(item);
}

static void put_scalar(const cJSON *item, struct lb_buf *out)
{
	if (cJSON_IsNumber(item))
		put_number(item->valuedouble, out);
	else if (cJSON_IsString(item))
		put_text(item->valuestring, out);
	else if (cJSON_IsRaw(item))
		lb_buf_puts(out, item->valuestring);
	else
		lb_buf_puts(out, cJSON_IsTrue(item) ? "true" : cJSON_IsFalse(item) ? "false" : "null");
}

/* UTF-8 bytes sort as code points; UTF-16 has what is beyond U+FFFF (first byte F0 and up) before
 * U+E000 (EE and EF). */
static int utf16_rank(char c)
{
	const int byte = (unsigned char)c;

	return byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte;
}

static int by_key(const void *a, const void *b)
{
	const char *x = (*(cJSON *const *)a)->string, *y = (*(cJSON *const *)b)->string;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	return utf16_rank(*x) - utf16_rank(*y);
}

/* The members of an object in the order of their keys; free() it. NULL when memory ran out. */
static const cJSON **sorted_members(const cJSON *object, size_t *n)
{
	const cJSON *item, **member = lb_alloc((size_t)cJSON_GetArraySize(object), sizeof *member, NULL);

	*n = 0;
	if (!member)
		return NULL;
	cJSON_ArrayForEach (item, object)
		member[(*n)++] = item;
	qsort(member, *n, sizeof *member, by_key);
	return member;
}

static void put_sorted(const cJSON *object, struct lb_buf *out)
{
	size_t n;
	const cJSON **member = sorted_members(object, &n);

	if (!member)
		out->bad = true;
	lb_buf_puts(out, "{");
	for (size_t i = 0; member && i < n; i++) {
		if (i)
			lb_buf_puts(out, ",");
		put_text(member[i]->string, out);
		lb_buf_puts(out, ":");
		lb_json_canonical(member[i], out);
	}
	lb_buf_puts(out, "}");
	free(member);
}

void lb_json_canonical(const cJSON *tree, struct lb_buf *out)
{
	const cJSON *item;

	if (cJSON_IsObject(tree)) {
		put_sorted(tree, out);
		return;
	}
	if (!cJSON_IsArray(tree)) {
		put_scalar(tree, out);
		return;
	}
	lb_buf_puts(out, "[");
	cJSON_ArrayForEach (item, tree) {
		if (item != tree->child)
			lb_buf_puts(out, ",");
		lb_json_canonical(item, out);
	}
	lb_buf_puts(out, "]");
}

static bool fits_one_line(const cJSON *block)
{
	const cJSON *item;

	cJSON_ArrayForEach (item, block)
		if (cJSON_IsObject(block) || is_block(item))
			return false;
	return true;
}

static void new_line(int depth, struct lb_buf *out)
{
	lb_buf_puts(out, "\n");
	for (int i = 0; i < depth; i++)
		lb_buf_puts(out, "  ");
}

static void put_pretty(const cJSON *tree, int depth, struct lb_buf *out)
{
	const bool object = cJSON_IsObject(tree), short_one = fits_one_line(tree);
	const cJSON *item;

	if (!is_block(tree)) {
		put_scalar(tree, out);
		return;
	}
	lb_buf_puts(out, object ? "{" : "[");
	cJSON_ArrayForEach (item, tree) {
		if (item != tree->child)
			lb_buf_puts(out, short_one ? ", " : ",");
		if (!short_one)
			new_line(depth + 1, out);
		if (object) {
			put_text(item->string, out);
			lb_buf_puts(out, ": ");
		}
		put_pretty(item, depth + 1, out);
	}
	if (!short_one)
		new_line(depth, out);
	lb_buf_puts(out, object ? "}" : "]");
}

void lb_json_pretty(const cJSON *tree, struct lb_buf *out)
{
	put_pretty(tree, 0, out);
}

/* Building */

static _Thread_local bool failed;

void lb_json_named(cJSON *in, const char *key, cJSON *item)
{
	failed |= !item;
	if (failed || !cJSON_AddItemToObjectCS(in, key, item)) {
		failed = true;
		cJSON_Delete(item);
	}
}

static bool add(cJSON *in, const char *key, cJSON *item)
{
	if (!item)
		failed = true;
	else if (!failed && in && (key ? cJSON_AddItemToObject(in, key, item) : cJSON_AddItemToArray(in, item)))
		return true;
	else if (in)
		failed = true;
	cJSON_Delete(item);
	return false;
}

static cJSON *add_block(cJSON *in, const char *key, cJSON *(*create)(void))
{
	if (failed)
		return NULL;
	cJSON *block = create();
	if (!in && block)
		return block;
	return add(in, key, block) ? block : NULL;
}

cJSON *lb_json_object(cJSON *in, const char *key)
{
	return add_block(in, key, cJSON_CreateObject);
}

cJSON *lb_json_array(cJSON *in, const char *key)
{
	return add_block(in, key, cJSON_CreateArray);
}

void lb_json_number(cJSON *in, const char *key, double v)
{
	if (isinf(v))
		lb_json_text(in, key, v > 0 ? "inf" : "-inf");
	else if (in)
		add(in, key, isnan(v) ? cJSON_CreateNull() : cJSON_CreateNumber(v));
}

/* Text that is not UTF-8, such as an old CSV's header, is taken as Latin-1. */
static cJSON *latin1_text(const char *v)
{
	struct lb_buf b = { 0 };

	for (; *v; v++) {
		const unsigned c = (unsigned char)*v;
		const char two[] = { (char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F)) };
		lb_buf_add(&b, c < 0x80 ? v : two, c < 0x80 ? 1 : 2);
	}
	cJSON *item = b.bad ? NULL : cJSON_CreateString(b.s);
	lb_buf_free(&b);
	return item;
}

void lb_json_text(cJSON *in, const char *key, const char *v)
{
	if (in)
		add(in, key, !v ? cJSON_CreateNull() : lb_utf8_valid(v, strlen(v)) ? cJSON_CreateString(v) : latin1_text(v));
}

void lb_json_bool(cJSON *in, const char *key, int v)
{
	if (in)
		add(in, key, cJSON_CreateBool(v != 0));
}

void lb_json_item(cJSON *in, const char *key, cJSON *item)
{
	if (in || item)
		add(in, key, item);
}

cJSON *lb_json_made(cJSON *item)
{
	failed |= !item;
	return item;
}

int lb_json_complete(struct lb_err *err)
{
	const bool bad = failed;

	failed = false;
	return bad ? lb_fail(err, LB_MACHINE, "out of memory while writing JSON; use fewer rows, classes or metrics, or --jobs 1")
		   : 0;
}

/* Looking */

const cJSON *lb_json_at(const cJSON *tree, const char *path)
{
	while (tree && *path) {
		const size_t n = strcspn(path, ".");
		const cJSON *item;
		cJSON_ArrayForEach (item, tree)
			if (item->string && *item->string == *path && !strncmp(item->string, path, n) && !item->string[n])
				break;
		tree = item;
		path += n + (path[n] == '.');
	}
	return tree;
}

const char *lb_json_text_at(const cJSON *tree, const char *path)
{
	return cJSON_GetStringValue(lb_json_at(tree, path));
}

double lb_json_number_at(const cJSON *tree, const char *path, double otherwise)
{
	const cJSON *item = lb_json_at(tree, path);

	if (cJSON_IsNumber(item))
		return item->valuedouble;
	return cJSON_IsString(item) && !strcmp(item->valuestring, "inf") ? (double)INFINITY : otherwise;
}

static bool same_lists(const cJSON *a, const cJSON *b)
{
	for (a = a->child, b = b->child; a && b && lb_json_same(a, b); a = a->next, b = b->next)
		;
	return !a && !b;
}

const cJSON *lb_json_member(const cJSON *object, const char *key, const cJSON *expected)
{
	if (expected && (expected->string == key || !strcmp(expected->string, key)))
		return expected;
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static bool same_objects(const cJSON *a, const cJSON *b)
{
	const cJSON *item, *expected = b->child;
	size_t n = 0, m = 0;

	cJSON_ArrayForEach(item, a) {
		const cJSON *other = lb_json_member(b, item->string, expected);
		if (!other || !lb_json_same(item, other))
			return false;
		expected = other->next;
		n++;
	}
	cJSON_ArrayForEach(item, b)
		m++;
	return n == m;
}

bool lb_json_same(const cJSON *a, const cJSON *b)
{
	if (!a || !b)
		return a == b;
	if ((a->type & 0xff) != (b->type & 0xff))
		return false;
	if (cJSON_IsNumber(a))
		return a->valuedouble == b->valuedouble;
	if (cJSON_IsString(a))
		return a->valuestring == b->valuestring || !strcmp(a->valuestring, b->valuestring);
	if (a->child == b->child)
		return true;
	return cJSON_IsObject(a) ? same_objects(a, b) : same_lists(a, b);
}
