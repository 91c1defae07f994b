#include "core/config/sweep.h"

#include "core/base/mem.h"
#include "core/config/loaded_config.h"
#include "core/config/resolve.h"
#include "core/config/unknown_key.h"
#include "core/config/yaml_overlay.h"

#include <stdlib.h>
#include <string.h>

/* There are fewer keys than this; more are refused before anything is done for each. */
enum { MOST_KEYS = 1000 };

static bool known_path(const char *path)
{
	const struct lb_option *block = lb_option_component(path);

	return lb_option_find(path, strlen(path)) || (block && !strchr(path + strlen(block->path) + 1, '.'));
}

static bool check_path(struct lb_sweep *s, const struct lb_node *key)
{
	const struct lb_option *o = lb_option_find(key->text, strlen(key->text));

	if (!known_path(key->text)) {
		lb_reject_key(&s->r, key->text, key);
		return false;
	}
	if (o && o->outside_id) {
		lb_diagnostic(s->r.diagnostics, &key->location, key->text, "cannot be swept: it is no part of a trial; set it once");
		return false;
	}
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->swept[i].path, key->text)) {
			lb_diagnostic(s->r.diagnostics, &key->location, key->text, "is swept twice, here and on line %zu; keep one", s->swept[i].location.line);
			return false;
		}
	return true;
}

/* What --set gives, at this path or above it, replaces the file's sweep. */
static bool is_set(const struct lb_sweep *s, const char *path)
{
	for (size_t i = 0; i < s->config->n_sets; i++)
		if (lb_path_within(path, s->config->set[i].path))
			return true;
	return false;
}

/* Whether blocks that are swept leave the plain block its other keys: those of a group do, those of
 * a component do not, nor do data sets in a list, of which the first stands in the plain block. */
static bool lies_over(const struct lb_sweep *s, const char *path)
{
	const struct lb_option *o = lb_option_find(path, strlen(path));

	return o && o->shape == LB_GROUP && !(s->config->data_sets && !strcmp(path, "data"));
}

/* 1 after the diagnostic that there are too many: the rest is not looked at. */
static int add_swept(struct lb_sweep *s, const struct lb_node *key, struct lb_node *node, struct lb_err *err)
{
	if (s->n == MOST_KEYS) {
		lb_diagnostic(s->r.diagnostics, &lb_node_get(s->config->root, "sweep")->location, "sweep", "the sweep has more than %d keys; remove those that are not meant", MOST_KEYS);
		return 1;
	}
	if (!check_path(s, key) || is_set(s, key->text))
		return 0;
	if (lb_grow(&s->swept, &s->cap, s->n + 1, sizeof *s->swept, err))
		return -1;
	s->swept[s->n++] = (struct lb_swept_param){ .path = key->text, .location = key->location, .node = node, .axis = s->n_axes,
						      .over = lies_over(s, key->text) };
	return 0;
}

/* `zip`: a mapping, or a list of them. As add_track. */
static int add_zip(struct lb_sweep *s, const struct lb_node *zip, struct lb_err *err)
{
	char found[LB_FOUND_TEXT];

	if (zip->type == LB_SCALAR)
		lb_diagnostic(s->r.diagnostics, &zip->location, "sweep.zip", "found %s, allowed: a block of paths with lists of equal length", lb_node_found(zip, found));
	if (zip->type == LB_SEQUENCE) {
		int rc = 0;
		for (size_t i = 0; !rc && i < zip->n; i++)
			rc = add_zip(s, zip->item[i], err);
		return rc;
	}
	int rc = 0;
	for (size_t i = 0; !rc && i < zip->n; i++)
		rc = add_swept(s, zip->key[i], zip->item[i], err);
	s->n_axes++;
	return rc;
}

static int add_block(struct lb_sweep *s, const struct lb_node *sweep, struct lb_err *err)
{
	char found[LB_FOUND_TEXT];
	int rc = 0;

	if (lb_node_absent(sweep))
		return 0;
	if (sweep->type != LB_MAPPING)
		lb_diagnostic(s->r.diagnostics, &sweep->location, "sweep", "found %s, allowed: a block of paths with lists", lb_node_found(sweep, found));
	for (size_t i = 0; !rc && sweep->type == LB_MAPPING && i < sweep->n; i++) {
		const bool zip = !strcmp(sweep->key[i]->text, "zip");
		rc = zip ? add_zip(s, sweep->item[i], err) : add_swept(s, sweep->key[i], sweep->item[i], err);
		s->n_axes++;
	}
	return rc < 0 ? -1 : 0;
}

/* A path inside a block that is swept, too, is applied after the block. */
static void order_by_depth(struct lb_sweep *s)
{
	for (size_t i = 1; i < s->n; i++) {
		const struct lb_swept_param t = s->swept[i];
		size_t j = i;
		for (; j > 0 && lb_path_depth(s->swept[j - 1].path) > lb_path_depth(t.path); j--)
			s->swept[j] = s->swept[j - 1];
		s->swept[j] = t;
	}
}

static void check_lengths(const struct lb_sweep *s)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t j = i + 1; j < s->n; j++) {
			const struct lb_swept_param *a = &s->swept[i], *b = &s->swept[j];
			if (a->axis == b->axis && a->n && b->n && a->n != b->n)
				lb_diagnostic(s->r.diagnostics, &b->location, b->path, "%zu value%s, but %s has %zu; zip needs equal lengths", b->n,
					 lb_s(b->n), a->path, a->n);
		}
}

/* One value that stands for several: `default` or a range. */
static int add_spread(struct lb_sweep *s, struct lb_swept_param *t, struct lb_node *value, struct lb_err *err)
{
	const bool block = value->type == LB_MAPPING && lb_option_component(t->path) && !strcmp(lb_option_component(t->path)->path, t->path);

	t->node = value;
	const int rc = block ? lb_sweep_value(s, t, value, true, err) : lb_sweep_values(s, t, err);
	t->node = NULL; /* which is for what is in the sweep block */
	if (!rc && t->n > 1 && !s->config->allow_sweep)
		lb_diagnostic(s->r.diagnostics, &t->location, t->path, "%zu values make a sweep; give one value, or run `lossbench sweep`", t->n);
	return rc;
}

static int add_set(struct lb_sweep *s, const struct lb_set *set, struct lb_err *err)
{
	const struct lb_option *o = lb_option_find(set->path, strlen(set->path));

	if (set->n > 1 && o && o->outside_id)
		lb_diagnostic(s->r.diagnostics, &set->value[0]->location, set->path, "cannot be swept: it is no part of a trial; give one value");
	if (lb_grow(&s->swept, &s->cap, s->n + 1, sizeof *s->swept, err))
		return -1;
	struct lb_swept_param *t = &s->swept[s->n++];
	*t = (struct lb_swept_param){ .path = set->path, .location = set->value[0]->location, .axis = s->n_axes++,
					 .over = set->n > 1 && lies_over(s, set->path) };
	if (set->n == 1 && lb_sweep_spreads(s, set->path, set->value[0]))
		return add_spread(s, t, set->value[0], err);
	for (size_t i = 0; i < set->n; i++)
		if (lb_sweep_value(s, t, set->value[i], set->n > 1, err))
			return -1;
	return 0;
}

/* Puts every --set of one value into the root, those of shallow paths first. */
static int apply_sets(struct lb_sweep *s, struct lb_err *err)
{
	const struct lb_config *c = s->config;
	size_t left = c->n_sets;

	for (int depth = 0; left; depth++)
		for (size_t i = 0; i < c->n_sets; i++) {
			struct lb_node *value = c->set[i].value[0];
			if (lb_path_depth(c->set[i].path) != depth)
				continue;
			left--;
			if (c->set[i].n == 1 && !(s->r.root = lb_tree_with(&s->pool, s->r.root, c->set[i].path, value->location, value, err)))
				return -1;
		}
	return 0;
}

int lb_sweep_read(struct lb_sweep *s, struct lb_err *err)
{
	const struct lb_config *c = s->config;

	if (apply_sets(s, err))
		return -1;
	s->r.kind = lb_task_of(&s->r);
	if (add_block(s, lb_node_get(c->root, "sweep"), err))
		return -1;
	order_by_depth(s);
	for (size_t i = 0; i < s->n; i++)
		if (lb_sweep_values(s, &s->swept[i], err))
			return -1;
	check_lengths(s);
	for (size_t i = 0; i < c->n_sets; i++)
		if (add_set(s, &c->set[i], err))
			return -1;
	order_by_depth(s);
	return lb_sweep_check_replaced(s, err);
}

size_t lb_sweep_axis_length(const struct lb_sweep *s, size_t axis)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->swept[i].axis == axis && s->swept[i].n)
			return s->swept[i].n;
	return 1;
}

struct lb_node *lb_sweep_tree(const struct lb_sweep *s, struct lb_pool *pool, const size_t *value_index, struct lb_err *err)
{
	struct lb_node *root = s->config->root;

	for (size_t i = 0; root && i < s->n; i++) {
		const struct lb_swept_param *swept = &s->swept[i];
		if (value_index[swept->axis] >= swept->n || lb_sweep_leaves_out(s, root, swept))
			continue;
		struct lb_node *value = swept->value[value_index[swept->axis]], *plain = swept->over ? lb_tree_at(root, swept->path, NULL) : NULL;
		if (plain)
			value = lb_tree_over(pool, plain, value, swept->path, NULL, err);
		root = value ? lb_tree_with(pool, root, swept->path, swept->location, value, err) : NULL;
	}
	return root;
}

void lb_sweep_free(struct lb_sweep *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->swept[i].value);
	free(s->swept);
	lb_pool_free(&s->pool);
}
