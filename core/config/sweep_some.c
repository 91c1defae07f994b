#include "core/base/log.h"
#include "core/base/text.h"
#include "core/config/resolve.h"
#include "core/config/sweep.h"
#include "core/config/unknown_key.h"
#include "core/config/yaml_overlay.h"

#include <stdio.h>
#include <string.h>

/* The component that the block's node names or describes. */
static const struct lb_info *component_of(const struct lb_sweep *s, const struct lb_option *block, const struct lb_node *node)
{
	bool described;

	return lb_component_of(s->r.reg, block, s->r.kind, node, NULL, &described);
}

static bool has(const struct lb_sweep *s, const struct lb_option *block, const struct lb_node *node, const char *path)
{
	const struct lb_info *info = component_of(s, block, node);

	return info && lb_block_param(block, info, lb_path_last(path));
}

/* The swept parameter that decides which component the block holds; NULL: none does. */
static const struct lb_swept_param *deciding(const struct lb_sweep *s, const struct lb_option *block)
{
	char name[LB_PATH_TEXT];

	snprintf(name, sizeof name, "%s.%s", block->path, block->key);
	for (size_t i = 0; i < s->n; i++)
		if (s->swept[i].n > 1 && (!strcmp(s->swept[i].path, block->path) || !strcmp(s->swept[i].path, name)))
			return &s->swept[i];
	return NULL;
}

/* The block of a component's parameter, where the sweep decides between some that have it and some
 * that do not; else NULL. */
static const struct lb_option *partial(const struct lb_sweep *s, const struct lb_swept_param *t, const struct lb_swept_param **by)
{
	const struct lb_option *block = lb_option_component(t->path);
	bool some = false, all = true;

	if (!block || lb_option_find(t->path, strlen(t->path)) || !(*by = deciding(s, block)))
		return NULL;
	for (size_t i = 0; i < (*by)->n; i++) {
		const bool one = has(s, block, (*by)->value[i], t->path);
		some |= one;
		all &= one;
	}
	return some && !all ? block : NULL;
}

bool lb_sweep_leaves_out(const struct lb_sweep *s, struct lb_node *root, const struct lb_swept_param *t)
{
	const struct lb_swept_param *by;
	const struct lb_option *block = partial(s, t, &by);

	return block && !has(s, block, lb_tree_at(root, block->path, NULL), t->path);
}

void lb_sweep_tell_partial(const struct lb_sweep *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct lb_swept_param *t = &s->swept[i], *by;
		const struct lb_option *block = partial(s, t, &by);
		struct lb_words with = { 0 }, without = { 0 };
		struct lb_buf text = { 0 };
		if (!block)
			continue;
		for (size_t k = 0; k < by->n; k++) {
			const struct lb_info *info = component_of(s, block, by->value[k]);
			if (info)
				lb_words_add(has(s, block, by->value[k], t->path) ? &with : &without, info->name);
		}
		lb_buf_printf(&text, "%s is set where the %s has it: ", t->path, block->path);
		lb_words_join(&with, &text);
		lb_buf_puts(&text, "; not for ");
		lb_words_join(&without, &text);
		if (!text.bad)
			lb_note("%s", text.s);
		lb_buf_free(&text);
	}
}
