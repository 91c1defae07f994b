#include "core/base/mem.h"
#include "core/config/lookup.h"
#include "core/config/sweep.h"
#include "core/config/unknown_key.h"
#include "core/config/yaml_overlay.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int push(struct lb_swept_param *t, struct lb_node *value, struct lb_err *err)
{
	if (!value || lb_grow(&t->value, &t->cap, t->n + 1, sizeof *t->value, err))
		return -1;
	t->value[t->n++] = value;
	return 0;
}

/* False, with a diagnostic, when the lists of the sweep may not hold n more. */
static bool has_room(struct lb_sweep *s, const struct lb_swept_param *t, const struct lb_location *location, double n)
{
	const double most = (double)s->r.reg->most_trials;

	if (n > most || s->n_values + n > 10 * most) {
		lb_diagnostic(s->r.diagnostics, location, t->path, "%.0f values, allowed: at most %.0f in a list and %.0f in all; sweep less at once", n, most, 10 * most);
		return false;
	}
	s->n_values += n;
	return true;
}

static int push_text(struct lb_sweep *s, struct lb_swept_param *t, const char *text, struct lb_err *err)
{
	return push(t, lb_tree_scalar(&s->pool, t->node->location, text, strlen(text), err), err);
}

static int push_number(struct lb_sweep *s, struct lb_swept_param *t, double v, struct lb_err *err)
{
	char text[LB_DOUBLE_TEXT] = "inf";

	if (isfinite(v))
		lb_double_text(v, text);
	return push_text(s, t, text, err);
}

/* What a path is */

/* Returns true if a value at the path decides which component the block names. */
static bool decides(const char *path, const struct lb_option *block)
{
	char name[LB_PATH_TEXT];

	snprintf(name, sizeof name, "%s.%s", block->path, block->key);
	return lb_path_within(block->path, path) || !strcmp(name, path);
}

/* Swept parameters of --set have no node and may hold one value, which is in the tree. */
static bool is_swept(const struct lb_sweep *s, const struct lb_option *block)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->swept[i].node && decides(s->swept[i].path, block))
			return true;
	for (size_t i = 0; i < s->config->n_sets; i++)
		if (s->config->set[i].n > 1 && decides(s->config->set[i].path, block))
			return true;
	return false;
}

/* Also of those that a block of the sweep describes, as a loss by its formula: blocks are read
 * before what is in them. */
static const struct lb_param *param_of_any(const struct lb_sweep *s, const struct lb_option *block, const char *name)
{
	const struct lb_param *p = NULL;
	const struct lb_info *info;
	struct lb_component_iterator iterator = { 0 };
	bool described;

	while (!p && (info = lb_component_next(s->r.reg, block->path, s->r.kind, &iterator)))
		p = lb_block_param(block, info, name);
	for (size_t i = 0; i < s->n && !p; i++)
		for (size_t k = 0; k < s->swept[i].n && !p && !strcmp(s->swept[i].path, block->path); k++) {
			info = lb_component_of(s->r.reg, block, s->r.kind, s->swept[i].value[k], NULL, &described);
			p = info ? lb_block_param(block, info, name) : NULL;
		}
	return p;
}

/* The parameter at a path, or NULL. `within` is the block that holds it; NULL: the one of the tree.
 * Where the component is itself swept, any that has the parameter tells its type, and *sure is
 * false. */
static const struct lb_param *param_at(const struct lb_sweep *s, const char *path, const struct lb_node *within, bool *sure)
{
	const struct lb_option *o = lb_option_find(path, strlen(path)), *block = lb_option_component(path);

	*sure = true;
	if (o)
		return o->shape == LB_VALUE ? &o->param : NULL;
	if (!block)
		return NULL;
	*sure = within || !is_swept(s, block);
	if (!*sure)
		return param_of_any(s, block, lb_path_last(path));
	bool described;
	const struct lb_info *info = lb_component_of(s->r.reg, block, s->r.kind, within ? within : lb_option_set(&s->r, block->path), NULL, &described);
	return info ? lb_block_param(block, info, lb_path_last(path)) : NULL;
}

static bool takes_list(const char *path, const struct lb_param *p)
{
	const struct lb_option *o = lb_option_find(path, strlen(path));

	if (o)
		return o->shape == LB_WORDS || o->shape == LB_COMPONENTS || o->list;
	return p && (p->type == LB_REALS_PARAM || p->type == LB_INTS_PARAM);
}

static bool is_default(const struct lb_node *node)
{
	return node->type == LB_SCALAR && !node->quoted && !strcmp(node->text, "default");
}

/* {from, to, steps, scale} */

struct range {
	double from, to, steps;
	bool integer, log;
};

static bool range_number(const struct lb_sweep *s, const struct lb_swept_param *t, const char *key, double *v)
{
	const struct lb_node *node = lb_node_get(t->node, key);
	char found[LB_FOUND_TEXT];

	if (lb_node_absent(node))
		lb_diagnostic(s->r.diagnostics, &t->node->location, t->path, "the range lacks \"%s\", allowed: {from, to, steps, scale}", key);
	else if (node->type == LB_SCALAR && !node->quoted && lb_parse_double(node->text, strlen(node->text), v))
		return true;
	else
		lb_diagnostic(s->r.diagnostics, &node->location, t->path, "%s: found %s, allowed: a number", key, lb_node_found(node, found));
	return false;
}

static bool check_range_keys(const struct lb_sweep *s, const struct lb_swept_param *t)
{
	static const struct lb_words keys = { .v = { "from", "to", "steps", "scale" }, .n = 4 };
	bool good = true;

	for (size_t i = 0; i < t->node->n; i++) {
		const struct lb_node *key = t->node->key[i];
		size_t k = 0;
		while (k < keys.n && strcmp(keys.v[k], key->text))
			k++;
		if (k < keys.n)
			continue;
		lb_reject(&s->r, key->location, t->path, "unknown key of a range", &keys, lb_nearest(key->text, keys.v, keys.n));
		good = false;
	}
	return good;
}

static bool read_scale(const struct lb_sweep *s, const struct lb_swept_param *t, const struct lb_param *p, bool *log_scale)
{
	const struct lb_node *node = lb_node_get(t->node, "scale");
	char found[LB_FOUND_TEXT];

	*log_scale = p && p->log_scale;
	if (lb_node_absent(node))
		return true;
	*log_scale = node->type == LB_SCALAR && !strcmp(node->text, "log");
	if (*log_scale || (node->type == LB_SCALAR && !strcmp(node->text, "linear")))
		return true;
	lb_diagnostic(s->r.diagnostics, &node->location, t->path, "scale: found %s, allowed: log, linear", lb_node_found(node, found));
	return false;
}

static bool read_range(const struct lb_sweep *s, const struct lb_swept_param *t, const struct lb_param *p, struct range *range)
{
	const bool counts = p && p->type == LB_INT_PARAM, stepped = lb_node_get(t->node, "steps");
	const char *wrong = NULL;

	range->integer = counts || (p && p->type == LB_SEED_PARAM);
	if (!check_range_keys(s, t) || !range_number(s, t, "from", &range->from) || !range_number(s, t, "to", &range->to) ||
	    !read_scale(s, t, p, &range->log) || ((stepped || !range->integer) && !range_number(s, t, "steps", &range->steps)))
		return false;
	if (!stepped) {
		range->log = false;
		range->steps = range->to - range->from + 1;
		if (range->to < range->from || range->from != floor(range->from) || range->to != floor(range->to))
			wrong = "from and to, allowed: integers, from <= to";
	} else if (range->steps < 2 || range->steps != floor(range->steps)) {
		wrong = "steps, allowed: an integer >= 2";
	} else if (range->log && (range->from <= 0 || range->to <= 0)) {
		wrong = "the log scale needs from > 0 and to > 0; change them, or give scale: linear";
	}
	if (wrong)
		lb_diagnostic(s->r.diagnostics, &t->node->location, t->path, "the range: %s", wrong);
	return !wrong;
}

/* To 14 digits, so that 0.3 and 0.01 are met as people write them. */
static double tidy(double v)
{
	char text[40];

	snprintf(text, sizeof text, "%.13e", v);
	return strtod(text, NULL);
}

static double range_at(const struct range *range, double i)
{
	const double share = i / (range->steps - 1);
	double v = range->from + share * (range->to - range->from);

	if (i <= 0 || i >= range->steps - 1)
		return i <= 0 ? range->from : range->to;
	if (range->log)
		v = exp(log(range->from) + share * (log(range->to) - log(range->from)));
	return range->integer ? round(v) : tidy(v);
}

static int push_range(struct lb_sweep *s, struct lb_swept_param *t, const struct lb_param *p, struct lb_err *err)
{
	struct range range = { 0 };

	if (!read_range(s, t, p, &range) || !has_room(s, t, &t->node->location, range.steps))
		return 0;
	for (size_t i = 0; i < (size_t)range.steps; i++)
		if (push_number(s, t, range_at(&range, (double)i), err))
			return -1;
	return 0;
}

static bool takes_number(const struct lb_param *p)
{
	return p && (p->type == LB_REAL_PARAM || p->type == LB_INT_PARAM || p->type == LB_SEED_PARAM);
}

/* Whether a value is 1..5, the whole numbers from one to another, where a number is expected. */
static bool is_count(const struct lb_param *p, const struct lb_node *node, int64_t *from, int64_t *to)
{
	const char *dots = node->type == LB_SCALAR && !node->quoted && takes_number(p) ? strstr(node->text, "..") : NULL;

	return dots && lb_parse_int(node->text, (size_t)(dots - node->text), from) && lb_parse_int(dots + 2, strlen(dots + 2), to);
}

static int push_count(struct lb_sweep *s, struct lb_swept_param *t, const struct lb_node *node, int64_t from, int64_t to, struct lb_err *err)
{
	if (from > to)
		lb_diagnostic(s->r.diagnostics, &node->location, t->path, "found %s, allowed: FROM..TO, the smaller number first", node->text);
	if (from > to || !has_room(s, t, &node->location, (double)to - (double)from + 1))
		return 0;
	for (int64_t v = from; v <= to; v++) {
		char text[32];
		snprintf(text, sizeof text, "%" PRId64, v);
		if (push(t, lb_tree_scalar(&s->pool, node->location, text, strlen(text), err), err))
			return -1;
	}
	return 0;
}

static int push_grid(struct lb_sweep *s, struct lb_swept_param *t, const struct lb_param *p, bool sure, struct lb_err *err)
{
	if (!sure)
		lb_diagnostic(s->r.diagnostics, &t->node->location, t->path, "`default` is not known where the component is swept; write it inside the blocks, "
			 "as in {name: gce, q: default}");
	else if (!p || !p->n_grid)
		lb_diagnostic(s->r.diagnostics, &t->node->location, t->path, "has no default grid; give a list");
	for (int i = 0; sure && p && i < p->n_grid; i++) {
		int rc;
		if (p->type == LB_CHOICE_PARAM)
			rc = push_text(s, t, p->choices[(size_t)p->grid[i]], err);
		else if (p->type == LB_BOOL_PARAM)
			rc = push_text(s, t, p->grid[i] != 0 ? "true" : "false", err);
		else
			rc = push_number(s, t, p->grid[i], err);
		if (rc)
			return -1;
	}
	return 0;
}

/* Blocks with lists inside */

static int push_blocks(struct lb_sweep *s, struct lb_swept_param *t, struct lb_node *block, struct lb_err *err);

/* Collects the sweep values of one key of a block; leaves the list empty if the value is a plain
 * one. */
static int inner_values(struct lb_sweep *s, struct lb_swept_param *inner, const struct lb_node *block, struct lb_err *err)
{
	bool sure;
	const struct lb_param *p = param_at(s, inner->path, block, &sure);
	const struct lb_option *o = lb_option_find(inner->path, strlen(inner->path));
	struct lb_node *node = inner->node;

	int64_t from, to;

	if (node->type == LB_MAPPING && o && o->nested)
		return push_blocks(s, inner, node, err);
	if (is_count(p, node, &from, &to))
		return push_count(s, inner, node, from, to, err);
	if (node->type == LB_SEQUENCE && node->n && (!takes_list(inner->path, p) || node->item[0]->type == LB_SEQUENCE)) {
		for (size_t i = 0; i < node->n; i++)
			if (push(inner, node->item[i], err))
				return -1;
	} else if (node->type == LB_MAPPING && (lb_node_get(node, "from") || lb_node_get(node, "to"))) {
		return push_range(s, inner, p, err);
	} else if (is_default(node) && p && p->type != LB_TEXT_PARAM) {
		return push_grid(s, inner, p, true, err);
	} else if (node->type == LB_SEQUENCE && !node->n && !takes_list(inner->path, p)) {
		lb_diagnostic(s->r.diagnostics, &node->location, inner->path, "an empty list, allowed: a list of values");
	}
	return 0;
}

/* Replaces the values of t from `first` on by their product with the values of one key. */
static int multiply(struct lb_sweep *s, struct lb_swept_param *t, size_t first, const char *key, const struct lb_swept_param *inner, struct lb_err *err)
{
	const size_t end = t->n;

	for (size_t i = first; i < end; i++)
		for (size_t j = 0; j < inner->n; j++)
			if (push(t, lb_tree_with(&s->pool, t->value[i], key, inner->location, inner->value[j], err), err))
				return -1;
	memmove(t->value + first, t->value + end, (t->n - end) * sizeof *t->value);
	t->n -= end - first;
	return 0;
}

/* No block has as many keys as this: one that has is refused as it stands, not multiplied first. */
enum { MOST_BLOCK_KEYS = 64 };

static int push_blocks(struct lb_sweep *s, struct lb_swept_param *t, struct lb_node *block, struct lb_err *err)
{
	const size_t first = t->n;
	int rc = push(t, block, err);

	for (size_t i = 0; !rc && block->n <= MOST_BLOCK_KEYS && i < block->n; i++) {
		char path[LB_PATH_TEXT];
		struct lb_swept_param inner = { .path = path, .location = block->key[i]->location, .node = block->item[i] };
		snprintf(path, sizeof path, "%s.%.80s", t->path, block->key[i]->text);
		if (strchr(block->key[i]->text, '.'))
			continue;
		rc = inner_values(s, &inner, block, err);
		if (!rc && inner.n && has_room(s, t, &block->location, (double)inner.n * (double)(t->n - first)))
			rc = multiply(s, t, first, block->key[i]->text, &inner, err);
		free(inner.value);
	}
	return rc;
}

/* A key that the component lacks: its trial says so. */
static bool is_unknown(const char *path, const struct lb_param *p)
{
	const struct lb_option *block = lb_option_component(path);

	return !p && block && strlen(path) > strlen(block->path) && strcmp(lb_path_last(path), block->key);
}

static bool is_block_path(const char *path)
{
	const struct lb_option *o = lb_option_find(path, strlen(path));

	return o && (o->shape == LB_GROUP || o->shape == LB_COMPONENT);
}

int lb_sweep_value(struct lb_sweep *s, struct lb_swept_param *t, struct lb_node *value, bool spread, struct lb_err *err)
{
	int64_t from, to;
	bool sure;

	if (spread && value->type == LB_MAPPING && is_block_path(t->path))
		return push_blocks(s, t, value, err);
	if (spread && is_count(param_at(s, t->path, NULL, &sure), value, &from, &to))
		return push_count(s, t, value, from, to, err);
	return push(t, value, err);
}

bool lb_sweep_spreads(const struct lb_sweep *s, const char *path, const struct lb_node *value)
{
	const struct lb_option *o = lb_option_find(path, strlen(path));
	bool sure;
	const struct lb_param *p = param_at(s, path, NULL, &sure);

	if (o && o->shape == LB_COMPONENT)
		return value->type != LB_SCALAR;
	if (!p || p->type == LB_TEXT_PARAM || (o && (o->outside_id || o->by_name)))
		return false;
	int64_t from, to;
	if (value->type == LB_MAPPING || is_count(p, value, &from, &to))
		return takes_number(p);
	if (value->type == LB_SEQUENCE)
		return !takes_list(path, p);
	for (int i = 0; p->type == LB_CHOICE_PARAM && p->choices[i]; i++)
		if (!strcmp(p->choices[i], "default"))
			return false;
	return is_default(value);
}

int lb_sweep_values(struct lb_sweep *s, struct lb_swept_param *t, struct lb_err *err)
{
	const bool block = is_block_path(t->path);
	struct lb_node *node = t->node;
	char found[LB_FOUND_TEXT];
	bool sure;
	const struct lb_param *p = param_at(s, t->path, NULL, &sure);

	if (is_unknown(t->path, p))
		return push(t, node, err);
	if (node->type == LB_SEQUENCE && !node->n)
		lb_diagnostic(s->r.diagnostics, &node->location, t->path, "an empty list, allowed: a list of values; remove the key to leave it unswept");
	if (node->type == LB_MAPPING && !block)
		return push_range(s, t, p, err);
	if (is_default(node))
		return push_grid(s, t, p, sure, err);
	int64_t from, to;
	if (is_count(p, node, &from, &to))
		return push_count(s, t, node, from, to, err);
	if (node->type != LB_SEQUENCE)
		lb_diagnostic(s->r.diagnostics, &node->location, t->path, "found %s, allowed: a list%s; write [...]", lb_node_found(node, found),
			 block ? " of blocks" : ", a range {from, to, steps, scale} or 1..5, or default");
	for (size_t i = 0; node->type == LB_SEQUENCE && i < node->n; i++)
		if (lb_sweep_value(s, t, node->item[i], true, err))
			return -1;
	return 0;
}
