#include "core/config/unknown_key.h"

#include "core/base/text.h"
#include "core/config/lookup.h"
#include "core/config/yaml_overlay.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN_WORDS = 24 };

void lb_words_add(struct lb_words *w, const char *word)
{
	for (size_t i = 0; i < w->n; i++)
		if (!strcmp(w->v[i], word))
			return;
	if (w->n < LB_MAX_WORDS)
		w->v[w->n++] = word;
}

void lb_words_join(const struct lb_words *w, struct lb_buf *out)
{
	for (size_t i = 0; i < w->n && i < SHOWN_WORDS; i++)
		lb_buf_printf(out, "%s%s", i ? ", " : "", w->v[i]);
	if (w->n > SHOWN_WORDS)
		lb_buf_printf(out, " and %zu more", w->n - SHOWN_WORDS);
	if (!w->n)
		lb_buf_puts(out, "none");
}

const char *lb_hint(const char *meant, char buf[LB_HINT_TEXT])
{
	buf[0] = '\0';
	if (meant)
		snprintf(buf, LB_HINT_TEXT, "; did you mean \"%s\"?", meant);
	return buf;
}

/* "..., allowed: a, b, c; did you mean "b"?" */
void lb_reject(const struct lb_resolving *r, struct lb_location location, const char *path, const char *what, const struct lb_words *allowed,
		   const char *meant)
{
	struct lb_buf list = { 0 };
	char hint[LB_HINT_TEXT];

	lb_words_join(allowed, &list);
	lb_diagnostic(r->diagnostics, &location, path, "%s, allowed: %s%s", what, list.bad ? "" : list.s, lb_hint(meant, hint));
	r->diagnostics->bad |= list.bad;
	lb_buf_free(&list);
}

static bool takes(const struct lb_option *o, const struct lb_node *node)
{
	if (node->type == LB_SEQUENCE)
		return o->shape == LB_WORDS || o->shape == LB_COMPONENTS || o->list || o->by_name;
	return node->type == LB_MAPPING && (o->shape == LB_GROUP || o->shape == LB_COMPONENT || o->by_name);
}

const char *lb_elsewhere_as(const char *path, const struct lb_node *node)
{
	const struct lb_option *best = NULL;

	for (size_t i = 0; i < lb_option_count(); i++) {
		const struct lb_option *o = lb_option_at(i);
		if (!strcmp(lb_path_last(o->path), lb_path_last(path)) && strcmp(o->path, path) && takes(o, node) &&
		    (!best || lb_path_depth(o->path) < lb_path_depth(best->path)))
			best = o;
	}
	return best ? best->path : NULL;
}

void lb_reject_type(const struct lb_resolving *r, const struct lb_node *node, const char *path, const char *allowed)
{
	char found[LB_FOUND_TEXT], hint[LB_HINT_TEXT];

	lb_diagnostic(r->diagnostics, &node->location, path, "found %s, allowed: %s%s", lb_node_found(node, found), allowed,
		      lb_hint(lb_elsewhere_as(path, node), hint));
}

/* Keys that no option has */

/* True when both paths are the same but for their last key. */
static bool same_level(const char *a, const char *b)
{
	const size_t n = (size_t)(lb_path_last(a) - a);

	return n == (size_t)(lb_path_last(b) - b) && !strncmp(a, b, n);
}

/* The shallowest option or parameter of a component with that last key, written into `buf`. */
static const char *elsewhere(const struct lb_resolving *r, const char *key, char buf[LB_PATH_TEXT])
{
	const struct lb_option *best = NULL, *block = NULL;
	const struct lb_info *info;

	for (size_t i = 0; i < lb_option_count(); i++) {
		const struct lb_option *o = lb_option_at(i);
		if (!strcmp(lb_path_last(o->path), key) && (!best || lb_path_depth(o->path) < lb_path_depth(best->path)))
			best = o;
		struct lb_component_iterator iterator = { 0 };
		while (!block && o->shape == LB_COMPONENT && (info = lb_component_next(r->reg, o->path, r->kind, &iterator)))
			if (lb_info_param(info, key))
				block = o;
	}
	if (best)
		snprintf(buf, LB_PATH_TEXT, "%s", best->path);
	else if (block)
		snprintf(buf, LB_PATH_TEXT, "%s.%.80s", block->path, key);
	return best || block ? buf : NULL;
}

void lb_reject_key(const struct lb_resolving *r, const char *path, const struct lb_node *key)
{
	struct lb_words level = { 0 }, top = { .v = { "sweep" }, .n = 1 }, all = { 0 };
	const char *word = lb_path_last(path), *meant, *near;
	char other[LB_PATH_TEXT], first[LB_PATH_TEXT];

	if (lb_diagnostics_full(r->diagnostics)) { /* counted: what was meant need not be looked for */
		lb_diagnostic(r->diagnostics, &key->location, path, "unknown key");
		return;
	}
	for (size_t i = 0; i < lb_option_count(); i++) {
		const char *known = lb_option_at(i)->path;
		lb_words_add(&all, lb_path_last(known));
		if (!strchr(known, '.'))
			lb_words_add(&top, known);
		if (same_level(known, path))
			lb_words_add(&level, lb_path_last(known));
	}
	snprintf(first, sizeof first, "%.*s", (int)strcspn(path, "."), path);
	meant = elsewhere(r, word, other);
	if (!level.n)
		word = first;
	if (!level.n || !strchr(path, '.'))
		level = top;
	if (!meant)
		meant = lb_nearest(word, level.v, level.n);
	if (!meant && (near = lb_nearest(word, all.v, all.n)))
		meant = elsewhere(r, near, other);
	lb_reject(r, key->location, path, "unknown key", &level, meant);
}

void lb_check_key(const struct lb_resolving *r, const struct lb_node *key, const struct lb_node *item, const char *group)
{
	char path[LB_PATH_TEXT];

	snprintf(path, sizeof path, "%s%s%.80s", group, *group ? "." : "", key->text);
	const struct lb_option *o = lb_option_find(path, strlen(path));
	if (!*group && !strcmp(path, "sweep"))
		return;
	if (strchr(key->text, '.'))
		lb_diagnostic(r->diagnostics, &key->location, path, "a dotted key is allowed in sweep and --set only; nest the keys here");
	else if (!o)
		lb_reject_key(r, path, key);
	else if (o->shape == LB_GROUP && item->type == LB_MAPPING)
		lb_check_keys(r, item, path);
	else if (o->shape == LB_GROUP && !lb_node_absent(item))
		lb_reject_type(r, item, path, "a block");
}

void lb_check_keys(const struct lb_resolving *r, const struct lb_node *map, const char *group)
{
	for (size_t i = 0; i < map->n; i++)
		lb_check_key(r, map->key[i], map->item[i], group);
}
