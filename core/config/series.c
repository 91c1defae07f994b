#include "core/config/series.h"

#include "core/base/mem.h"
#include "core/config/constraint.h"
#include "core/config/lookup.h"
#include "core/config/pool.h"
#include "core/config/resolve.h"
#include "core/config/unknown_key.h"

#include <stdlib.h>
#include <string.h>

/* MOST_MADE: of an option that depends on more values of the axes than that, items are not
 * remembered. */
enum { NODES_A_PIECE = 512, MOST_MADE = 4096 };

/* What an option resolves to at some values of the axes. */
struct made {
	bool known;
	cJSON *item;
	uint64_t hash;
};

/* One option in the trials so far. */
struct state {
	cJSON *item;             /* as resolved; NULL where it is absent */
	uint64_t hash;           /* of the item; 0 where it is absent */
	uint64_t reads;          /* the top-level keys that it was made from (lb_option_top) */
	cJSON *node;             /* its node in the latest tree, or that of its group */
	struct made *made;       /* by the values of the axes that `made_of`, top-level keys, depends on */
	uint64_t made_of;
};

static uint64_t mix(uint64_t h, const void *bytes, size_t n)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 1099511628211U;
	return h;
}

/* Of the type, key, value and children, in their order. */
static uint64_t hash_tree(const cJSON *item, uint64_t h)
{
	const unsigned char type = (unsigned char)item->type;

	h = mix(h, &type, 1);
	if (item->string)
		h = mix(h, item->string, strlen(item->string) + 1);
	if (cJSON_IsNumber(item))
		h = mix(h, &item->valuedouble, sizeof item->valuedouble);
	else if (cJSON_IsString(item))
		h = mix(h, item->valuestring, strlen(item->valuestring) + 1);
	for (const cJSON *child = item->child; child; child = child->next)
		h = hash_tree(child, h);
	return h;
}

static uint64_t hash_item(const cJSON *item)
{
	return hash_tree(item, 14695981039346656037U);
}

/* Nodes that refer to the same value and have the same key and successor are the same. */
static uint64_t hash_node(const cJSON *node)
{
	const uint64_t parts[] = { (uintptr_t)node->string, (uintptr_t)node->child, (uintptr_t)node->valuestring, (uintptr_t)node->next };
	uint64_t h = mix((uint64_t)node->type, &node->valuedouble, sizeof node->valuedouble);

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		h = (h ^ parts[i] >> 3) * 1099511628211U;
	return h ^ h >> 32;
}

static bool same_node(const cJSON *a, const cJSON *b)
{
	return a->string == b->string && a->child == b->child && a->valuestring == b->valuestring && a->next == b->next && a->type == b->type &&
	       !memcmp(&a->valuedouble, &b->valuedouble, sizeof a->valuedouble);
}

/* What was made before, so that what comes again is held once: an open hash table. */
struct table {
	cJSON **slot;
	size_t n, size;          /* size is a power of two, at least twice n */
	uint64_t (*hash)(const cJSON *item);
	bool (*same)(const cJSON *a, const cJSON *b);
};

struct lb_config_nodes {
	struct lb_pool pieces;   /* of NODES_A_PIECE nodes each */
	size_t used;             /* nodes of the last piece */
	cJSON **item;            /* what the nodes refer to */
	size_t n_items, cap;
};

static cJSON *new_node(struct lb_config_nodes *nodes, struct lb_err *err)
{
	if (!nodes->pieces.n || nodes->used == NODES_A_PIECE) {
		if (!lb_pool_alloc(&nodes->pieces, NODES_A_PIECE * sizeof(cJSON), err))
			return NULL;
		nodes->used = 0;
	}
	return (cJSON *)nodes->pieces.piece[nodes->pieces.n - 1] + nodes->used++;
}

void lb_config_nodes_free(struct lb_config_nodes *nodes)
{
	for (size_t i = 0; nodes && i < nodes->n_items; i++)
		cJSON_Delete(nodes->item[i]);
	if (nodes) {
		free(nodes->item);
		lb_pool_free(&nodes->pieces);
	}
	free(nodes);
}

struct lb_series {
	struct lb_resolving r;
	struct lb_axes axes;
	struct lb_config_nodes *nodes;
	struct lb_pool pool[2];          /* of this trial's tree and of the one before, whose nodes are compared */
	const struct lb_node *before;    /* that tree's root, or NULL */
	struct state *option;
	size_t *group;                   /* for each option that of its group, + 1; 0 at the top */
	cJSON **first;                   /* the first node of the top, then of each option's group, while a tree is made */
	uint64_t check_reads[LB_MOST_CONFIG_CONSTRAINTS];
	struct table items, nodes_below; /* items; nodes below the top */
};

/* Returns the slot that holds what is the same as `item`, or a free one; NULL for want of
 * memory. */
static cJSON **slot_of(struct table *t, const cJSON *item, struct lb_err *err)
{
	if (2 * (t->n + 1) > t->size) {
		const struct table old = *t;
		t->size = old.size ? 2 * old.size : 256;
		if (!(t->slot = lb_alloc(t->size, sizeof *t->slot, err))) {
			*t = old;
			return NULL;
		}
		t->n = 0;
		for (size_t i = 0; i < old.size; i++)
			if (old.slot[i])
				*slot_of(t, old.slot[i], err) = old.slot[i];
		free(old.slot);
	}
	uint64_t at = t->hash(item);
	while (t->slot[at &= t->size - 1] && !t->same(t->slot[at], item))
		at++;
	t->n += !t->slot[at];
	return &t->slot[at];
}

struct lb_series *lb_series_open(const struct lb_resolving *like, const struct lb_axes *axes, struct lb_err *err)
{
	const size_t n = lb_option_count();
	struct lb_series *s = lb_alloc(1, sizeof *s, err);

	if (!s)
		return NULL;
	s->r = *like;
	s->axes = *axes;
	s->items = (struct table){ .hash = hash_item, .same = lb_json_same };
	s->nodes_below = (struct table){ .hash = hash_node, .same = same_node };
	s->nodes = lb_alloc(1, sizeof *s->nodes, err);
	s->option = lb_alloc(n, sizeof *s->option, err);
	s->group = lb_alloc(n, sizeof *s->group, err);
	s->first = lb_alloc(n + 1, sizeof *s->first, err);
	if (!s->nodes || !s->option || !s->group || !s->first) {
		lb_config_nodes_free(lb_series_close(s));
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		const char *path = lb_option_at(i)->path, *last = lb_path_last(path);
		if (last > path)
			s->group[i] = (size_t)(lb_option_find(path, (size_t)(last - path) - 1) - lb_option_at(0)) + 1;
	}
	return s;
}

struct lb_config_nodes *lb_series_close(struct lb_series *s)
{
	struct lb_config_nodes *nodes = s ? s->nodes : NULL;

	if (s) {
		lb_pool_free(&s->pool[0]);
		lb_pool_free(&s->pool[1]);
		for (size_t i = 0; s->option && i < lb_option_count(); i++)
			free(s->option[i].made);
		free(s->option);
		free(s->group);
		free(s->first);
		free(s->items.slot);
		free(s->nodes_below.slot);
	}
	free(s);
	return nodes;
}

struct lb_pool *lb_series_pool(struct lb_series *s)
{
	const struct lb_pool older = s->pool[1];

	s->pool[1] = s->pool[0];
	s->pool[0] = older;
	lb_pool_free(&s->pool[0]);
	return &s->pool[0];
}

/* ---- what differs from the trial before ---- */

/* The top-level keys whose nodes differ, and the check of those keys. */
static uint64_t changed_keys(struct lb_series *s, const struct lb_node *root)
{
	const struct lb_node *before = s->before;
	uint64_t changed = before ? 0 : ~(uint64_t)0;

	for (size_t i = 0; i < root->n; i++) {
		const char *key = root->key[i]->text;
		if (before && i < before->n && before->item[i] == root->item[i] && before->key[i] == root->key[i])
			continue;
		changed |= lb_option_top(key);
		lb_check_key(&s->r, root->key[i], root->item[i], "");
	}
	for (size_t i = 0; before && i < before->n; i++)
		if (i >= root->n || before->key[i] != root->key[i])
			changed |= lb_option_top(before->key[i]->text);
	return changed;
}

/* Takes the item into the option's state, or one of an earlier trial that says the same. Returns 1
 * when the item differs from that of the trial before, 0 when not, -1 for want of memory. */
static int take_item(struct lb_series *s, struct state *o, cJSON *item, struct lb_err *err)
{
	struct lb_config_nodes *nodes = s->nodes;
	const cJSON *before = o->item;

	o->item = NULL;
	o->hash = 0;
	if (item) {
		cJSON **slot = slot_of(&s->items, item, err);
		if (!slot || lb_grow(&nodes->item, &nodes->cap, nodes->n_items + 1, sizeof *nodes->item, err)) {
			cJSON_Delete(item);
			return -1;
		}
		if (*slot)
			cJSON_Delete(item);
		else
			nodes->item[nodes->n_items++] = *slot = item;
		o->item = *slot;
		o->hash = hash_item(o->item);
	}
	return o->item != before;
}

/* The place that the values of the axes which the keys depend on have among all of them, whose
 * number goes to *n; it is beyond MOST_MADE where there are more. */
static size_t place_among(const struct lb_axes *axes, uint64_t keys, size_t *n)
{
	size_t at = 0;

	*n = 1;
	for (size_t i = 0; i < axes->n && *n <= MOST_MADE; i++)
		if (axes->keys[i] & keys) {
			at = at * axes->length[i] + axes->value_index[i];
			*n *= axes->length[i];
		}
	return at;
}

/* What the option was resolved to where all keys that it reads said the same; NULL where that is
 * not known. */
static const struct made *recall(const struct lb_series *s, const struct state *o)
{
	size_t n;

	if (!o->made)
		return NULL;
	const size_t at = place_among(&s->axes, o->made_of, &n);
	return o->made[at].known ? &o->made[at] : NULL;
}

static int remember(struct lb_series *s, struct state *o, struct lb_err *err)
{
	/* What components there are depends on the task. */
	const uint64_t keys = o->reads | lb_option_top("task");
	size_t n;
	const size_t at = place_among(&s->axes, keys, &n);

	if (o->made_of != keys) {
		free(o->made);
		o->made = NULL;
		o->made_of = keys;
	}
	if (n > MOST_MADE || (!o->made && !(o->made = lb_alloc(n, sizeof *o->made, err))))
		return n > MOST_MADE ? 0 : -1;
	o->made[at] = (struct made){ true, o->item, o->hash };
	return 0;
}

/* Returns 1 when the option comes out differently than in the trial before, 0 when not, -1 for want
 * of memory. */
static int resolve_option(struct lb_series *s, size_t i, struct lb_err *err)
{
	struct state *o = &s->option[i];
	const struct made *made = recall(s, o);
	const size_t mistakes = s->r.diagnostics->n;

	if (made) {
		const bool differs = o->item != made->item;
		o->item = made->item;
		o->hash = made->hash;
		return differs;
	}
	o->reads = 0;
	s->r.reads = &o->reads;
	cJSON *item = lb_resolve_option(&s->r, lb_option_at(i));
	s->r.reads = NULL;
	const int differs = take_item(s, o, item, err);
	return differs >= 0 && s->r.diagnostics->n == mistakes && remember(s, o, err) ? -1 : differs;
}

/* Resolves the options that read a key that has changed, and adds the keys of those that came out
 * differently. */
static int resolve_changed(struct lb_series *s, uint64_t *changed, struct lb_err *err)
{
	const uint64_t given = *changed;

	for (size_t i = 0; i < lb_option_count(); i++) {
		const struct lb_option *option = lb_option_at(i);
		if (option->shape == LB_GROUP || (s->before && !(s->option[i].reads & given)))
			continue;
		const int differs = resolve_option(s, i, err);
		if (differs < 0)
			return -1;
		if (differs)
			*changed |= lb_option_top(option->path);
	}
	return 0;
}

/* ---- the tree ---- */

/* Returns a node that refers to the item's value and is followed by `next`: one of an earlier tree
 * where there is one. */
static cJSON *link_node(struct lb_series *s, cJSON *before, const cJSON *item, const char *key, cJSON *next, bool top, struct lb_err *err)
{
	cJSON wanted = *item;

	wanted.type |= cJSON_IsReference | cJSON_StringIsConst;
	wanted.string = (char *)key;
	wanted.next = next;
	wanted.prev = NULL;
	cJSON *known = before && same_node(before, &wanted) ? before : NULL;
	cJSON **slot = known || top ? &known : slot_of(&s->nodes_below, &wanted, err);
	if (slot && !*slot && (*slot = new_node(s->nodes, err)))
		**slot = wanted;
	return slot ? *slot : NULL;
}

/* The options become a tree from the last to the first, so that what follows the last difference is
 * shared with the tree before. */
static cJSON *build_tree(struct lb_series *s, struct lb_err *err)
{
	cJSON block = { .type = cJSON_Object };

	memset(s->first, 0, (lb_option_count() + 1) * sizeof *s->first);
	for (size_t i = lb_option_count(); i-- > 0;) {
		const struct lb_option *option = lb_option_at(i);
		struct state *o = &s->option[i];
		const cJSON *item = o->item;
		cJSON **place = &s->first[s->group[i]];
		if (option->shape == LB_GROUP) {
			block.child = s->first[i + 1];
			item = block.child ? &block : NULL;
		}
		if (!item)
			continue;
		if (!(o->node = link_node(s, o->node, item, lb_path_last(option->path), *place, !s->group[i], err)))
			return NULL;
		*place = o->node;
	}
	cJSON *root = new_node(s->nodes, err);
	if (root)
		*root = (cJSON){ .type = cJSON_Object | cJSON_IsReference, .child = s->first[0] };
	return root;
}

static uint64_t tree_hash(const struct lb_series *s)
{
	uint64_t h = 14695981039346656037U;

	for (size_t i = 0; i < lb_option_count(); i++)
		h = (h ^ s->option[i].hash) * 0x9E3779B97F4A7C15U;
	return h;
}

const cJSON *lb_series_next(struct lb_series *s, struct lb_node *root, uint64_t *hash, struct lb_err *err)
{
	const enum lb_kind kind = s->r.kind;

	s->r.root = root;
	s->r.kind = lb_task_of(&s->r);
	uint64_t changed = changed_keys(s, root);
	if (s->r.kind != kind)
		changed = ~(uint64_t)0;
	if (resolve_changed(s, &changed, err) || !(s->r.out = build_tree(s, err)) || lb_json_complete(err))
		return NULL;
	lb_config_check(&s->r, s->check_reads, changed);
	s->before = root;
	*hash = tree_hash(s);
	return s->r.out;
}
