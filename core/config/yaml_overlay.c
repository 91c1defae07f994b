#include "core/config/yaml_overlay.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lb_node *lb_tree_scalar(struct lb_pool *pool, struct lb_location location, const char *text, size_t n, struct lb_err *err)
{
	struct lb_node *node = lb_pool_alloc(pool, sizeof *node + n + 1, err);

	if (!node)
		return NULL;
	*node = (struct lb_node){ .type = LB_SCALAR, .location = location, .text = (char *)(node + 1) };
	memcpy(node->text, text, n);
	return node;
}

/* A mapping with room for n entries; the entries of `from` are in it. */
static struct lb_node *new_mapping(struct lb_pool *pool, const struct lb_node *from, size_t n, struct lb_location location, struct lb_err *err)
{
	struct lb_node *map = lb_pool_alloc(pool, sizeof *map + 2 * n * sizeof map, err);

	if (!map)
		return NULL;
	*map = (struct lb_node){ .type = LB_MAPPING, .location = location, .item = (struct lb_node **)(map + 1) };
	map->key = map->item + n;
	if (from && from->n) {
		map->n = from->n;
		memcpy(map->item, from->item, from->n * sizeof map);
		memcpy(map->key, from->key, from->n * sizeof map);
	}
	return map;
}

/* `node` as a mapping that can take one more entry: a copy, or {name: word}, or an empty one. */
static struct lb_node *open_mapping(struct lb_pool *pool, const struct lb_node *node, const char *path, size_t n,
				    struct lb_location location, struct lb_err *err)
{
	const struct lb_option *option = lb_option_find(path, n);
	struct lb_node *map;

	if (node && node->type == LB_MAPPING)
		return new_mapping(pool, node, node->n + 1, node->location, err);
	if (!node || lb_node_absent(node) || node->type != LB_SCALAR || !option || option->shape != LB_COMPONENT)
		return new_mapping(pool, NULL, 1, location, err);
	map = new_mapping(pool, NULL, 2, node->location, err);
	if (!map || !(map->key[0] = lb_tree_scalar(pool, node->location, option->key, strlen(option->key), err)) ||
	    !(map->item[0] = lb_tree_scalar(pool, node->location, node->text, strlen(node->text), err)))
		return NULL;
	map->item[0]->quoted = node->quoted;
	map->n = 1;
	return map;
}

static size_t key_index(const struct lb_node *map, const char *key, size_t n)
{
	size_t i = 0;

	while (i < map->n && (*map->key[i]->text != *key || strncmp(map->key[i]->text, key, n) || map->key[i]->text[n]))
		i++;
	return i;
}

static struct lb_node *put(struct lb_pool *pool, struct lb_node *node, const char *path, size_t at, struct lb_location location,
			   struct lb_node *value, struct lb_err *err)
{
	const char *key = path + at;
	const size_t n = strcspn(key, "."), next = at + n + (key[n] == '.');
	struct lb_node *map = open_mapping(pool, node, path, at ? at - 1 : 0, location, err);

	if (!map)
		return NULL;
	const size_t i = key_index(map, key, n);
	if (i == map->n && !(map->key[i] = lb_tree_scalar(pool, location, key, n, err)))
		return NULL;
	struct lb_node *child = path[next] ? put(pool, i < map->n ? map->item[i] : NULL, path, next, location, value, err) : value;
	map->item[i] = child;
	map->n += i == map->n;
	return child ? map : NULL;
}

struct lb_node *lb_tree_with(struct lb_pool *pool, struct lb_node *root, const char *path, struct lb_location location, struct lb_node *value,
			     struct lb_err *err)
{
	return put(pool, root, path, 0, location, value, err);
}

struct lb_node *lb_map_with(struct lb_pool *pool, const struct lb_node *map, struct lb_node *key, struct lb_node *value, struct lb_err *err)
{
	struct lb_node *out = new_mapping(pool, map, map->n + 1, map->location, err);

	if (!out)
		return NULL;
	const size_t i = key_index(out, key->text, strlen(key->text));
	out->key[i] = key;
	out->item[i] = value;
	out->n += i == out->n;
	return out;
}

/* ---- one block over another ---- */

struct overlay {
	struct lb_pool *pool;
	struct lb_buf *replaced; /* paths that lose their value, or NULL */
	struct lb_err *err;
};

static struct lb_node *merge(const struct overlay *m, struct lb_node *under, struct lb_node *over, const char *path);

/* A block of another component, or a bare name, replaces the whole block below it. */
static bool other_component(const struct lb_option *o, const struct lb_node *under, const struct lb_node *over)
{
	const struct lb_node *a = lb_node_component(under, o->key), *b = lb_node_component(over, o->key);

	return a && b && strcmp(a->text, b->text) != 0;
}

static struct lb_node *merge_maps(const struct overlay *m, struct lb_node *under, const struct lb_node *over, const char *path)
{
	struct lb_node *out = under;

	for (size_t i = 0; out && i < over->n; i++) {
		const char *key = over->key[i]->text;
		char inner[LB_PATH_TEXT];
		struct lb_node *below = lb_node_get(under, key), *value = over->item[i];
		if (snprintf(inner, sizeof inner, "%s%s%s", path, *path ? "." : "", key) >= (int)sizeof inner)
			inner[0] = '\0';
		if (below && !(value = merge(m, below, value, inner)))
			return NULL;
		out = lb_map_with(m->pool, out, over->key[i], value, m->err);
	}
	return out;
}

static struct lb_node *merge(const struct overlay *m, struct lb_node *under, struct lb_node *over, const char *path)
{
	const struct lb_option *o = lb_option_find(path, strlen(path));
	const bool component = o && o->shape == LB_COMPONENT;

	if (component && under->type == LB_SCALAR && over->type == LB_MAPPING && !lb_node_absent(under) && !lb_node_get(over, o->key))
		return lb_tree_with(m->pool, over, o->key, under->location, under, m->err);
	if (under->type == LB_MAPPING && over->type == LB_MAPPING && !(component && other_component(o, under, over)))
		return merge_maps(m, under, over, path);
	if (m->replaced)
		lb_buf_printf(m->replaced, "%s%s", m->replaced->n ? ", " : "", path);
	return over;
}

struct lb_node *lb_tree_over(struct lb_pool *pool, struct lb_node *under, struct lb_node *over, const char *path, struct lb_buf *replaced, struct lb_err *err)
{
	return merge(&(struct overlay){ pool, replaced, err }, under, over, path);
}

struct lb_node *lb_tree_at(struct lb_node *root, const char *path, const struct lb_node **above)
{
	struct lb_node *node = root;

	for (const char *key = path; node && *key;) {
		const size_t n = strcspn(key, ".");
		if (node->type != LB_MAPPING)
			return NULL;
		if (above)
			*above = node;
		const size_t i = key_index(node, key, n);
		node = i < node->n ? node->item[i] : NULL;
		key += n + (key[n] == '.');
	}
	return node;
}

bool lb_node_absent(const struct lb_node *node)
{
	return !node || (node->type == LB_SCALAR && !node->quoted &&
			 (!*node->text || !strcmp(node->text, "~") || !strcmp(node->text, "null")));
}

const struct lb_node *lb_node_component(const struct lb_node *block, const char *key)
{
	const struct lb_node *name = block && block->type == LB_MAPPING ? lb_node_get(block, key) : block;

	return lb_node_absent(name) || name->type != LB_SCALAR ? NULL : name;
}

const char *lb_node_found(const struct lb_node *node, char buf[LB_FOUND_TEXT])
{
	static const char *const blocks[] = { [LB_SEQUENCE] = "a list", [LB_MAPPING] = "a block" };
	const size_t n = node->type == LB_SCALAR ? strlen(node->text) : 0;
	size_t shown = n < 60 ? n : 60;
	double v;

	while (shown < n && shown > 0 && (node->text[shown] & 0xC0) == 0x80)
		shown--;
	if (node->type != LB_SCALAR)
		snprintf(buf, LB_FOUND_TEXT, "%s", blocks[node->type]);
	else if (!n && !node->quoted)
		snprintf(buf, LB_FOUND_TEXT, "nothing");
	else if (!node->quoted && lb_parse_double(node->text, n, &v))
		snprintf(buf, LB_FOUND_TEXT, "%.60s", node->text);
	else
		snprintf(buf, LB_FOUND_TEXT, "\"%.*s\"%s", (int)shown, node->text, shown < n ? "..." : "");
	return buf;
}

void lb_node_path(const struct lb_node *node, char out[LB_NODE_PATH])
{
	const char *file = node->location.line ? node->location.file : NULL, *slash = file ? strrchr(file, '/') : NULL;

	if (slash && *node->text != '/')
		snprintf(out, LB_NODE_PATH, "%.*s%s", (int)(slash - file) + 1, file, node->text);
	else
		snprintf(out, LB_NODE_PATH, "%s", node->text);
}
