#include "core/base/component.h"

#include <string.h>

const struct lb_info *lb_info_find(const struct lb_info *const *list, const char *name)
{
	while (*list && strcmp((*list)->name, name))
		list++;
	return *list;
}

size_t lb_info_place(const struct lb_info *const *list, const struct lb_info *info)
{
	size_t i = 0;

	while (list[i] && list[i] != info)
		i++;
	return i;
}

const struct lb_param *lb_info_renamed(const struct lb_info *info, const char *name)
{
	for (int i = 0; i < info->n_params; i++)
		if (info->params[i].former && !strcmp(info->params[i].former, name))
			return &info->params[i];
	return NULL;
}

const struct lb_param *lb_info_param(const struct lb_info *info, const char *name)
{
	for (int i = 0; info && i < info->n_params; i++)
		if (!strcmp(info->params[i].name, name))
			return &info->params[i];
	return NULL;
}
