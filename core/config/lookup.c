#include "core/config/lookup.h"

#include "core/config/yaml_overlay.h"

#include <string.h>

const struct lb_node *lb_option_set(const struct lb_resolving *r, const char *path)
{
	if (r->reads)
		*r->reads |= lb_option_top(path);
	const struct lb_node *node = lb_tree_at(r->root, path, NULL);

	return lb_node_absent(node) ? NULL : node;
}

struct lb_location lb_location_of(const struct lb_resolving *r, const char *path)
{
	const struct lb_node *above = NULL, *node = lb_tree_at(r->root, path, &above);

	if (!lb_node_absent(node))
		return node->location;
	if (above && above != r->root)
		return above->location;
	return (struct lb_location){ .file = r->file };
}

const struct lb_info *lb_component_next(const struct lb_registry *reg, const char *block, enum lb_kind kind, struct lb_component_iterator *iterator)
{
	const struct lb_info *info = NULL;

	if (kind < LB_N_KINDS)
		return reg->next(block, kind, &iterator->at);
	while (iterator->kind < LB_N_KINDS && !(info = reg->next(block, iterator->kind, &iterator->at)))
		*iterator = (struct lb_component_iterator){ .kind = iterator->kind + 1 };
	return info;
}

const struct lb_info *lb_component_find(const struct lb_registry *reg, const char *block, enum lb_kind kind, const char *name)
{
	struct lb_component_iterator iterator = { 0 };
	const struct lb_info *info;

	while ((info = lb_component_next(reg, block, kind, &iterator)) && strcmp(info->name, name))
		continue;
	return info;
}

const struct lb_info *lb_component_of(const struct lb_registry *reg, const struct lb_option *block, enum lb_kind kind, const struct lb_node *node,
				      struct lb_diagnostics *diagnostics, bool *described)
{
	const struct lb_node *name = lb_node_component(node, block->key);
	const char *word = name ? name->text : block->def_name;

	*described = false;
	const struct lb_info *info = reg->of_node ? reg->of_node(block->path, kind, node, diagnostics, described) : NULL;
	return *described ? info : word ? lb_component_find(reg, block->path, kind, word) : NULL;
}

const struct lb_param *lb_block_param(const struct lb_option *block, const struct lb_info *info, const char *name)
{
	const struct lb_param *p = lb_info_param(info, name);

	for (int i = 0; !p && info && i < block->n_extra; i++)
		if (!strcmp(block->extra[i].name, name))
			return &block->extra[i];
	return p;
}
