#include "core/config/internal.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A leaf: a scalar, or a list as a whole. */
struct leaf {
	char *path;
	const cJSON *first;      /* its value in the first trial that has it */
	size_t trials;
	bool varies;
};

struct leaves {
	struct leaf *v;
	size_t n, cap, at;       /* `at`: where the next leaf of this trial is expected */
	struct lb_buf path;      /* where the walk is */
	struct lb_err *err;
};

static struct leaf *insert(struct leaves *l, const char *path, const cJSON *item)
{
	char *copy = lb_strdup(path, l->err);

	if (!copy || lb_grow(&l->v, &l->cap, l->n + 1, sizeof *l->v, l->err)) {
		free(copy);
		return NULL;
	}
	memmove(l->v + l->at + 1, l->v + l->at, (l->n - l->at) * sizeof *l->v);
	l->v[l->at] = (struct leaf){ .path = copy, .first = item };
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

static int add_leaf(struct leaves *l, const char *path, const cJSON *item)
{
	struct leaf *leaf = find(l, path);

	if (!leaf && !(leaf = insert(l, path, item)))
		return -1;
	leaf->trials++;
	leaf->varies |= !lb_json_same(leaf->first, item);
	l->at++;
	return 0;
}

/* The leaves below l->path. */
static int add_leaves(struct leaves *l, const cJSON *object)
{
	const size_t above = l->path.n;
	const cJSON *item;
	int rc = 0;

	cJSON_ArrayForEach(item, object) {
		if (above)
			lb_buf_add(&l->path, ".", 1);
		lb_buf_puts(&l->path, item->string);
		if (l->path.bad)
			return lb_fail_memory(l->err, l->path.n);
		const struct lb_option *o = lb_option_find(l->path.s, l->path.n);
		if (!(o && o->outside_id))
			rc = cJSON_IsObject(item) && !(o && o->by_name) ? add_leaves(l, item) : add_leaf(l, l->path.s, item);
		l->path.s[l->path.n = above] = '\0';
		if (rc)
			return -1;
	}
	return 0;
}

cJSON *lb_config_varying(const struct lb_trial_list *list, struct lb_err *err)
{
	struct leaves l = { .err = err };
	cJSON *paths = NULL;
	int rc = 0;

	for (size_t i = 0; !rc && i < list->n; i++) {
		l.at = 0;
		rc = add_leaves(&l, list->config[i]);
	}
	if (!rc)
		paths = lb_json_array(NULL, NULL);
	for (size_t i = 0; i < l.n; i++) {
		if (paths && (l.v[i].varies || l.v[i].trials < list->n))
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
