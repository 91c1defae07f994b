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
