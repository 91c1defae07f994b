#include "core/engine/model/head/head.h"

#include <string.h>

#define HEAD(name) extern const struct lb_head LB_HEAD(name);
#include "core/engine/model/head/list.def"
#undef HEAD

static const struct lb_head *const heads[] = {
#define HEAD(name) &LB_HEAD(name),
#include "core/engine/model/head/list.def"
#undef HEAD
	NULL
};

const struct lb_head *lb_head_of(const struct lb_info *info)
{
	size_t i = 0;

	while (info && heads[i] && strcmp(heads[i]->base.name, info->name))
		i++;
	return heads[i];
}

const char *lb_head_misfit(const struct lb_head *head)
{
	return !head->scores != !head->backward ? "has one of .scores and .backward; they go together" :
	       head->scale && !head->scores	? "has .scale, but its scores are the products" :
	       !head->kinds			? "is for no task" :
						  NULL;
}

const struct lb_info *lb_head_info(size_t i, unsigned *kinds)
{
	const struct lb_head *head = i < sizeof heads / sizeof *heads ? heads[i] : NULL;

	if (head)
		*kinds = head->kinds;
	return head ? &head->base : NULL;
}

bool lb_head_cosines(const struct lb_info *info)
{
	return lb_head_of(info)->scale;
}

double lb_head_scale(const struct lb_info *info, const struct lb_arg *par)
{
	const struct lb_head *head = lb_head_of(info);

	return head->scale ? head->scale(par) : 0;
}
