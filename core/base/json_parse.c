#include "core/base/json.h"

#include "core/base/file.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

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

/* End of the string that begins at i, past its quote; 0 with a message for what cJSON would let
 * through. */
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

/* Byte where the k-th key (from 0) of a text that parsed begins: the k-th string with a colon
 * after it. */
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
