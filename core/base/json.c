#include "core/base/json.h"

#include "core/base/file.h"
#include "core/base/mem.h"

#include <math.h>
#include <stdint.h>
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

/* UTF-8 bytes sort as code points; UTF-16 has what is beyond U+FFFF (first byte F0 and up) before U+E000 (EE and EF). */
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

/* Parsing */

struct text {
	const char *name, *s;
	size_t n;
	enum lb_code code;
	struct lb_err *err;
};

static int fail_at(const struct text *t, size_t at, const char *what)
{
	size_t line, column;

	lb_file_place(t->s, at, &line, &column);
	return lb_fail(t->err, t->code, "%s:%zu:%zu: %s", t->name, line, column, what);
}

/* Length of the number at s by JSON's grammar, or 0. s ends in NUL. */
static size_t number_length(const char *s)
{
	static const char digits[] = "0123456789";
	const char *p = s + (*s == '-');
	size_t n = strspn(p, digits);

	if (!n || (n > 1 && *p == '0'))
		return 0;
	p += n;
	if (*p == '.') {
		if (!(n = strspn(++p, digits)))
			return 0;
		p += n;
	}
	if (*p == 'e' || *p == 'E') {
		p += 1 + (p[1] == '+' || p[1] == '-');
		if (!(n = strspn(p, digits)))
			return 0;
		p += n;
	}
	return (size_t)(p - s);
}

/* End of the string that begins at i, past its quote; 0 with a message for what cJSON would let through. */
static size_t check_string(const struct text *t, size_t i)
{
	for (i++; i < t->n && t->s[i] != '"'; i++) {
		if ((unsigned char)t->s[i] < 0x20)
			return fail_at(t, i, "found a control character in a text; write it as \\n, \\t or \\u00XX"), 0;
		if (!strncmp(t->s + i, "\\u0000", 6))
			return fail_at(t, i, "found a NUL in a text, allowed: any other character; remove it"), 0;
		i += t->s[i] == '\\';
	}
	return i + 1;
}

static size_t check_number(const struct text *t, size_t i)
{
	const size_t n = number_length(t->s + i), shape = strspn(t->s + i, "+-.0123456789eE");
	double v;

	if (!n || n != shape)
		return fail_at(t, i,
			       "found a number that is not JSON's, allowed: such as -1.5e-3, with digits on both sides of a point"),
		       0;
	if (!lb_parse_double(t->s + i, n, &v))
		return fail_at(t, i, "found a number that is too large for a double, allowed: up to 1.7e308"), 0;
	return i + n;
}

/* cJSON takes control characters, NUL, 01, 1. and 1e999 without a word; this pass refuses them. */
static int check_tokens(const struct text *t)
{
	size_t i = 0;

	while (i < t->n) {
		const char c = t->s[i];
		if (c == '"' || c == '-' || (c >= '0' && c <= '9')) {
			i = c == '"' ? check_string(t, i) : check_number(t, i);
			if (!i)
				return -1;
		} else if ((unsigned char)c < 0x20 && !strchr("\t\n\r", c))
			return fail_at(t, i, "found a control character, allowed: blanks, tabs and line ends; remove it");
		else
			i++;
	}
	return 0;
}

/* Byte where the k-th key (from 0) of a text that parsed begins: the k-th string with a colon behind it. */
static size_t place_of_key(const struct text *t, size_t k)
{
	size_t start = 0, i = 0;

	while (i < t->n) {
		if (t->s[i++] != '"')
			continue;
		start = i - 1;
		for (; t->s[i] != '"'; i++)
			i += t->s[i] == '\\';
		i++;
		if (t->s[i + strspn(t->s + i, " \t\r\n")] == ':' && k-- == 0)
			break;
	}
	return start;
}

struct member {
	const cJSON *object;
	const char *key;
	size_t k;
};

struct members {
	struct member *v;
	size_t n, cap;
};

/* Every member of every object, in the order of the text. */
static int collect(const cJSON *tree, struct members *all, struct lb_err *err)
{
	const cJSON *item;

	cJSON_ArrayForEach (item, tree) {
		if (cJSON_IsObject(tree)) {
			if (lb_grow(&all->v, &all->cap, all->n + 1, sizeof *all->v, err))
				return -1;
			all->v[all->n] = (struct member){ .object = tree, .key = item->string, .k = all->n };
			all->n++;
		}
		if (collect(item, all, err))
			return -1;
	}
	return 0;
}

static int by_object_then_key(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->object != y->object)
		return (uintptr_t)x->object < (uintptr_t)y->object ? -1 : 1;
	const int order = strcmp(x->key, y->key);
	return order ? order : x->k < y->k ? -1 : x->k > y->k;
}

static int check_duplicates(const struct text *t, const cJSON *tree)
{
	struct members all = { 0 };
	size_t line, column;
	int rc = collect(tree, &all, t->err);

	if (!rc && all.n)
		qsort(all.v, all.n, sizeof *all.v, by_object_then_key);
	for (size_t i = 1; !rc && i < all.n; i++)
		if (all.v[i].object == all.v[i - 1].object && !strcmp(all.v[i].key, all.v[i - 1].key)) {
			lb_file_place(t->s, place_of_key(t, all.v[i].k), &line, &column);
			rc = lb_fail(t->err, t->code, "%s:%zu:%zu: the key \"%s\" stands twice in one object; keep one", t->name,
				     line, column, all.v[i].key);
		}
	free(all.v);
	return rc;
}

static cJSON *parse(const struct text *t)
{
	const char *end = t->s;
	cJSON *tree;

	if (lb_file_check_utf8(t->name, t->s, t->n, t->code, t->err) || check_tokens(t))
		return NULL;
	tree = cJSON_ParseWithLengthOpts(t->s, t->n + 1, &end, true);
	if (!tree) {
		fail_at(t, (size_t)(end - t->s),
			"not valid JSON near this place; is it cut short, or is a comma, quote or bracket missing?");
		return NULL;
	}
	if (check_duplicates(t, tree)) {
		cJSON_Delete(tree);
		return NULL;
	}
	return tree;
}

cJSON *lb_json_parse(const char *name, const char *text, size_t n, enum lb_code code, struct lb_err *err)
{
	char *copy = lb_strndup(text, n, err);
	const struct text t = { .name = name, .s = copy, .n = n, .code = code, .err = err };
	cJSON *tree = copy ? parse(&t) : NULL;

	free(copy);
	return tree;
}

const cJSON *lb_json_at(const cJSON *tree, const char *path)
{
	while (tree && *path) {
		const size_t n = strcspn(path, ".");
		const cJSON *item;
		cJSON_ArrayForEach (item, tree)
			if (item->string && !strncmp(item->string, path, n) && !item->string[n])
				break;
		tree = item;
		path += n + (path[n] == '.');
	}
	return tree;
}
