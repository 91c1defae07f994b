#include "core/config/yaml.h"

#include "core/base/file.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { MAX_DEPTH = 32, MAX_BYTES = 1 << 20 };

struct builder {
	yaml_parser_t parser;
	const char *name, *text;
	const struct lb_node *root; /* owns the copy of the name that all marks share */
	bool failed;  /* a mistake was found */
	bool unusable; /* and the tree is not whole */
	struct lb_err *err;
};

#define complain(b, place, fmt, ...)                                                                                             \
	((b)->failed = true,                                                                                                     \
	 lb_fail_more((b)->err, LB_CONFIG, "%s:%zu:%zu: " fmt, (b)->name, (place).line + 1, (place).column + 1, __VA_ARGS__))

/* The file's name lies after a root node, in the same piece of memory. */
static struct lb_node *new_root(enum lb_node_type type, struct lb_location location, struct lb_err *err)
{
	const size_t length = location.file ? strlen(location.file) + 1 : 0;
	struct lb_node *root = lb_alloc(sizeof *root + length, 1, err);

	if (!root)
		return NULL;
	*root = (struct lb_node){ .type = type, .location = location };
	if (length)
		root->location.file = memcpy(root + 1, location.file, length);
	return root;
}

static struct lb_node *new_child(enum lb_node_type type, struct lb_location location, struct lb_err *err)
{
	struct lb_node *node = lb_alloc(1, sizeof *node, err);

	if (node)
		*node = (struct lb_node){ .type = type, .location = location };
	return node;
}

static struct lb_node *new_node(struct builder *b, enum lb_node_type type, yaml_mark_t at)
{
	struct lb_location location = { .file = b->root ? b->root->location.file : b->name, .line = at.line + 1, .column = at.column + 1 };
	struct lb_node *node = b->root ? new_child(type, location, b->err) : new_root(type, location, b->err);

	if (!b->root)
		b->root = node;
	return node;
}

void lb_node_free(struct lb_node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->n; i++) {
		lb_node_free(node->item[i]);
		if (node->key)
			lb_node_free(node->key[i]);
	}
	free(node->item);
	free(node->key);
	free(node->text);
	free(node);
}

static const struct {
	const char *problem, *advice;
} advices[] = {
	{ "mapping values are not allowed", "check the indent, and put a text that holds \": \" in quotes" },
	{ "could not find expected ':'", "write `key: value`, with a blank after the colon" },
	{ "did not find expected key", "indent the keys of one block alike" },
	{ "block sequence entries are not allowed", "start the list on a line of its own" },
	{ "cannot start any token", "indent with blanks, not tabs, and put a text that begins with this character in quotes" },
	{ "found a tab character", "indent with blanks, not tabs" },
	{ "expected '-' indicator", "a block holds either list entries or keys; indent one of them" },
	{ "unknown escape", "double the backslash, or use single quotes" },
	{ "found undefined tag handle", "remove the tag" },
};

/* What began and was never closed is named where it began, for libyaml notices it only far
 * below. */
static int complain_unclosed(struct builder *b)
{
	static const struct {
		const char *context, *what;
	} kinds[] = {
		{ "flow sequence", "the list in [ ]" },
		{ "flow mapping", "the block in { }" },
		{ "quoted scalar", "the text in quotes" },
	};
	const yaml_parser_t *p = &b->parser;

	if (!strstr(p->problem, "did not find expected") && !strstr(p->problem, "found unexpected"))
		return 0;
	for (size_t i = 0; p->context && i < sizeof kinds / sizeof *kinds; i++)
		if (strstr(p->context, kinds[i].context))
			return complain(b, p->context_mark,
					"%s that begins here is not closed: %s at line %zu, column %zu; close it", kinds[i].what,
					p->problem, p->problem_mark.line + 1, p->problem_mark.column + 1);
	return 0;
}

static int complain_syntax(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	const char *advice = "correct the YAML";
	yaml_mark_t at = p->problem_mark;

	b->failed = true;
	if (p->error == YAML_MEMORY_ERROR)
		return lb_fail_memory(b->err, MAX_BYTES);
	if (p->error == YAML_READER_ERROR) {
		lb_file_place(b->text, p->problem_offset, &at.line, &at.column);
		at.line--;
		at.column--;
		advice = "remove the character";
	} else if (complain_unclosed(b))
		return -1;
	for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
		if (strstr(p->problem, advices[i].problem))
			advice = advices[i].advice;
	return complain(b, at, "%s%s%s; %s", p->problem, p->context ? " " : "", p->context ? p->context : "", advice);
}

static int next(struct builder *b, yaml_event_t *ev)
{
	return yaml_parser_parse(&b->parser, ev) ? 0 : complain_syntax(b);
}

static struct lb_node *build(struct builder *b, yaml_event_t *ev, int depth);

static int fill_sequence(struct builder *b, struct lb_node *node, int depth)
{
	yaml_event_t ev;
	size_t cap = 0;

	for (;;) {
		if (next(b, &ev))
			return -1;
		if (ev.type == YAML_SEQUENCE_END_EVENT)
			return yaml_event_delete(&ev), 0;
		struct lb_node *item = build(b, &ev, depth + 1);
		if (!item || lb_grow(&node->item, &cap, node->n + 1, sizeof *node->item, b->err))
			return lb_node_free(item), -1;
		node->item[node->n++] = item;
	}
}

static int by_text_then_place(const void *a, const void *b)
{
	const struct lb_node *x = *(struct lb_node *const *)a, *y = *(struct lb_node *const *)b;
	const int order = strcmp(x->text, y->text);

	if (order || x == y)
		return order;
	if (x->location.line != y->location.line)
		return x->location.line < y->location.line ? -1 : 1;
	return x->location.column < y->location.column ? -1 : 1;
}

static int check_keys(struct builder *b, const struct lb_node *map)
{
	struct lb_node **key = lb_alloc(map->n, sizeof *key, b->err);
	size_t n = 0;

	if (!key)
		return -1;
	for (size_t i = 0; i < map->n; i++) {
		const yaml_mark_t at = { .line = map->key[i]->location.line - 1, .column = map->key[i]->location.column - 1 };
		if (map->key[i]->type == LB_SCALAR)
			key[n++] = map->key[i];
		else {
			complain(b, at, "a key is %s, allowed: a word; put the text in quotes",
				 map->key[i]->type == LB_MAPPING ? "a block" : "a list");
			b->unusable = true;
		}
	}
	qsort(key, n, sizeof *key, by_text_then_place);
	for (size_t i = 1; i < n; i++) {
		const yaml_mark_t at = { .line = key[i]->location.line - 1, .column = key[i]->location.column - 1 };
		if (!strcmp(key[i - 1]->text, key[i]->text))
			complain(b, at, "the key \"%s\" stands twice, here and on line %zu; keep one", key[i]->text,
				 key[i - 1]->location.line);
	}
	free(key);
	return 0;
}

static int fill_mapping(struct builder *b, struct lb_node *node, int depth)
{
	size_t key_cap = 0, item_cap = 0;
	struct lb_node *key, *item = NULL;
	yaml_event_t ev;

	for (;;) {
		if (next(b, &ev))
			return -1;
		if (ev.type == YAML_MAPPING_END_EVENT)
			return yaml_event_delete(&ev), check_keys(b, node);
		key = build(b, &ev, depth + 1);
		item = key && !next(b, &ev) ? build(b, &ev, depth + 1) : NULL;
		if (!item || lb_grow(&node->key, &key_cap, node->n + 1, sizeof *node->key, b->err) ||
		    lb_grow(&node->item, &item_cap, node->n + 1, sizeof *node->item, b->err))
			return lb_node_free(key), lb_node_free(item), -1;
		node->key[node->n] = key;
		node->item[node->n++] = item;
	}
}

static void refuse_marks(struct builder *b, const yaml_event_t *ev, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		complain(b, ev->start_mark, "found the anchor \"&%s\"; anchors are not allowed, write the value out",
			 (const char *)anchor);
	if (tag)
		complain(b, ev->start_mark, "found the tag \"%s\"; tags are not allowed, remove it", (const char *)tag);
}

static struct lb_node *build_scalar(struct builder *b, const yaml_event_t *ev)
{
	struct lb_node *node = new_node(b, LB_SCALAR, ev->start_mark);

	refuse_marks(b, ev, ev->data.scalar.anchor, ev->data.scalar.tag);
	if (!node)
		return NULL;
	const size_t length = ev->data.scalar.length;
	const char *value = (const char *)ev->data.scalar.value;
	node->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = lb_strndup(value, length, b->err);
	if (memchr(value, '\0', length))
		complain(b, ev->start_mark, "%s", "found a NUL in a text, allowed: any other character; remove it");
	return node;
}

static struct lb_node *build_block(struct builder *b, const yaml_event_t *ev, int depth)
{
	const bool map = ev->type == YAML_MAPPING_START_EVENT;
	struct lb_node *node;

	refuse_marks(b, ev, map ? ev->data.mapping_start.anchor : ev->data.sequence_start.anchor,
		     map ? ev->data.mapping_start.tag : ev->data.sequence_start.tag);
	if (depth > MAX_DEPTH) {
		complain(b, ev->start_mark, "nested more than %d deep; flatten it", MAX_DEPTH);
		return NULL;
	}
	node = new_node(b, map ? LB_MAPPING : LB_SEQUENCE, ev->start_mark);
	if (node && (map ? fill_mapping(b, node, depth) : fill_sequence(b, node, depth))) {
		lb_node_free(node);
		return NULL;
	}
	return node;
}

/* The node that begins with this event, which is used up; NULL when the parse cannot go on. */
static struct lb_node *build(struct builder *b, yaml_event_t *ev, int depth)
{
	struct lb_node *node;

	if (ev->type == YAML_ALIAS_EVENT) {
		complain(b, ev->start_mark, "found the alias \"*%s\"; aliases are not allowed, write the value out",
			 (const char *)ev->data.alias.anchor);
		node = new_node(b, LB_SCALAR, ev->start_mark);
		if (node)
			node->text = lb_strdup("", b->err);
	} else if (ev->type == YAML_SCALAR_EVENT)
		node = build_scalar(b, ev);
	else
		node = build_block(b, ev, depth);
	yaml_event_delete(ev);
	if (node && node->type == LB_SCALAR && !node->text) {
		lb_node_free(node);
		return NULL;
	}
	return node;
}

/* Events up to the first node: stream start, document start; an empty stream gives an empty
 * mapping. */
static struct lb_node *build_document(struct builder *b)
{
	yaml_event_t ev = { .type = YAML_NO_EVENT };
	struct lb_node *root;

	do {
		yaml_event_delete(&ev);
		if (next(b, &ev))
			return NULL;
	} while (ev.type == YAML_STREAM_START_EVENT || ev.type == YAML_DOCUMENT_START_EVENT);
	if (ev.type == YAML_STREAM_END_EVENT) {
		yaml_event_delete(&ev);
		return new_node(b, LB_MAPPING, (yaml_mark_t){ 0 });
	}
	root = build(b, &ev, 1);
	while (root) {
		if (next(b, &ev))
			break;
		const yaml_event_type_t type = ev.type;
		if (type == YAML_DOCUMENT_START_EVENT)
			complain(b, ev.start_mark, "%s",
				 "a second document begins here, allowed: one; put it in a file of its own");
		yaml_event_delete(&ev);
		if (type == YAML_STREAM_END_EVENT || type == YAML_DOCUMENT_START_EVENT)
			break;
	}
	return root;
}

/* NULL when there is no whole tree; b->failed tells whether there were mistakes. */
static struct lb_node *parse(struct builder *b, size_t n)
{
	static const char bom[] = "\xEF\xBB\xBF";
	struct lb_node *root;

	if (n > MAX_BYTES) {
		lb_fail_more(b->err, LB_CONFIG, "%s: is larger than the %d KiB allowed; check that it is the file you mean", b->name,
			     MAX_BYTES / 1024);
		return NULL;
	}
	if (n >= 3 && !memcmp(b->text, bom, 3)) {
		b->text += 3;
		n -= 3;
	}
	if (lb_file_check_utf8(b->name, b->text, n, LB_CONFIG, b->err))
		return NULL;
	if (!yaml_parser_initialize(&b->parser)) {
		lb_fail_memory(b->err, sizeof b->parser);
		return NULL;
	}
	yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b->parser, (const unsigned char *)b->text, n);
	root = build_document(b);
	const bool syntax = b->parser.error != YAML_NO_ERROR;
	yaml_parser_delete(&b->parser);
	if (!b->unusable && !syntax)
		return root;
	lb_node_free(root);
	return NULL;
}

struct lb_node *lb_yaml_parse(const char *name, const char *text, size_t n, struct lb_err *err)
{
	struct builder b = { .name = name, .text = text, .err = err };
	struct lb_node *root = parse(&b, n);

	if (!b.failed)
		return root;
	lb_node_free(root);
	return NULL;
}

struct lb_node *lb_yaml_read(const char *path, struct lb_err *err)
{
	size_t n;
	char *text = lb_read_file(path, MAX_BYTES, &n, LB_CONFIG, err);
	struct builder b = { .name = path, .text = text, .err = err };
	struct lb_node *root = text ? parse(&b, n) : NULL;

	free(text);
	return root;
}

struct lb_node *lb_node_get(const struct lb_node *map, const char *key)
{
	if (!map || map->type != LB_MAPPING)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (!strcmp(map->key[i]->text, key))
			return map->item[i];
	return NULL;
}
