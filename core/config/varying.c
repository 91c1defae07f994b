#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/config.h"
#include "core/config/options.h"

#include <stdlib.h>
#include <string.h>

/* A leaf: a scalar, or a list as a whole. */
struct leaf {
	char *path;
	bool varies;
};

struct leaves {
	struct leaf *v;
	size_t n, cap, at;       /* `at`: where the next leaf of this trial is expected */
	const cJSON *config;     /* the trial that is looked at */
	struct lb_buf path;      /* where the walk is */
	struct lb_err *err;
};

static struct leaf *insert(struct leaves *l, const char *path)
{
	char *copy = lb_strdup(path, l->err);

	if (!copy || lb_grow(&l->v, &l->cap, l->n + 1, sizeof *l->v, l->err)) {
		free(copy);
		return NULL;
	}
	memmove(l->v + l->at + 1, l->v + l->at, (l->n - l->at) * sizeof *l->v);
	l->v[l->at] = (struct leaf){ .path = copy };
	l->n++;
	return &l->v[l->at];
}

static struct leaf *find(struct leaves *l, const char *path)
{
	for (size_t i = 0; i < l->n; i++) {
		const size_t j = (l->at + i) % l->n;
		if (!strcmp(l->v[j].path, path)) {
			l->at = j;
			return &l->v[j];
		}
	}
	return NULL;
}

/* Calls `leaf` for each leaf of an item, whose path is l->path plus its key; those outside an id
 * are left out. */
static int each_leaf(struct leaves *l, const cJSON *item, int (*leaf)(struct leaves *l))
{
	const size_t above = l->path.n;
	int rc = 0;

	if (above)
		lb_buf_add(&l->path, ".", 1);
	lb_buf_puts(&l->path, item->string);
	if (l->path.bad)
		return lb_fail_memory(l->err, l->path.n);
	const struct lb_option *o = lb_option_find(l->path.s, l->path.n);
	if (cJSON_IsObject(item) && !(o && (o->by_name || o->outside_id))) {
		for (const cJSON *child = item->child; child && !rc; child = child->next)
			rc = each_leaf(l, child, leaf);
	} else if (!(o && o->outside_id)) {
		rc = leaf(l);
	}
	l->path.s[l->path.n = above] = '\0';
	return rc;
}

/* Makes sure that the leaf is listed, after the one before it in its trial. */
static int list_leaf(struct leaves *l)
{
	if (!find(l, l->path.s) && !insert(l, l->path.s))
		return -1;
	l->at++;
	return 0;
}

static int list_all(struct leaves *l, const cJSON *config)
{
	const struct lb_buf here = l->path;
	int rc = 0;

	l->path = (struct lb_buf){ 0 };
	l->at = 0;
	for (const cJSON *item = config->child; item && !rc; item = item->next)
		rc = each_leaf(l, item, list_leaf);
	lb_buf_free(&l->path);
	l->path = here;
	return rc;
}

static int mark_leaf(struct leaves *l)
{
	struct leaf *leaf = find(l, l->path.s);

	if (!leaf && list_all(l, l->config))
		return -1;
	if (leaf || (leaf = find(l, l->path.s)))
		leaf->varies = true;
	return 0;
}

/* Marks the leaves that differ between two objects at l->path. What follows a member that both have
 * in common is common too. */
static int mark_differences(struct leaves *l, const cJSON *before, const cJSON *now)
{
	const size_t above = l->path.n;
	const cJSON *expected = before->child, *item, *other;
	int rc = 0;

	for (item = now->child; item && !rc; item = item->next) {
		other = lb_json_member(before, item->string, expected);
		if (other == item)
			break;
		expected = other ? other->next : expected;
		if (other && item->child && item->child == other->child)
			continue;
		lb_buf_puts(&l->path, above ? "." : "");
		lb_buf_puts(&l->path, item->string);
		if (l->path.bad)
			return lb_fail_memory(l->err, l->path.n);
		const struct lb_option *o = lb_option_find(l->path.s, l->path.n);
		const bool blocks = cJSON_IsObject(item) && cJSON_IsObject(other) && !(o && o->by_name);
		if (blocks)
			rc = mark_differences(l, other, item);
		l->path.s[l->path.n = above] = '\0';
		if (!blocks && !lb_json_same(other, item))
			rc = each_leaf(l, item, mark_leaf);
	}
	expected = now->child;
	for (item = before->child; item && !rc; item = item->next) {
		other = lb_json_member(now, item->string, expected);
		if (other == item)
			break;
		expected = other ? other->next : expected;
		if (!other)
			rc = each_leaf(l, item, mark_leaf);
	}
	return rc;
}

cJSON *lb_config_varying(const struct lb_trial_list *list, struct lb_err *err)
{
	struct leaves l = { .err = err };
	cJSON *paths = NULL;
	int rc = list->n ? list_all(&l, list->config[0]) : 0;

	for (size_t i = 1; !rc && i < list->n; i++) {
		l.config = list->config[i];
		rc = mark_differences(&l, list->config[i - 1], l.config);
	}
	if (!rc)
		paths = lb_json_array(NULL, NULL);
	for (size_t i = 0; i < l.n; i++) {
		if (paths && l.v[i].varies)
			lb_json_text(paths, NULL, l.v[i].path);
		free(l.v[i].path);
	}
	free(l.v);
	lb_buf_free(&l.path);
	if (!rc && lb_json_complete(err)) {
		cJSON_Delete(paths);
		return NULL;
	}
	return paths;
}
