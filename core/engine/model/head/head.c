#include "core/engine/model/head/head.h"

#include "core/training/head_info.h"

#define HEAD(name) extern const struct lb_head LB_HEAD(name);
#include "core/engine/model/head/list.def"
#undef HEAD

const struct lb_info *const lb_heads[] = {
#define HEAD(name) &LB_HEAD(name).base,
#include "core/engine/model/head/list.def"
#undef HEAD
	NULL
};

const struct lb_head *lb_head_of(const struct lb_info *info)
{
	return info ? (const struct lb_head *)lb_heads[lb_info_place(lb_heads_f64, info)] : &LB_HEAD(linear);
}

const char *lb_head_misfit(const struct lb_head *head)
{
	return !head->scores != !head->backward ? "has one of .scores and .backward; they go together" :
	       head->scale && !head->scores	? "has .scale, but its scores are the products" :
	       !head->base.tasks			? "is for no task" :
						  NULL;
}

bool lb_head_cosines(const struct lb_info *info)
{
	return lb_head_of(info)->scale;
}

bool lb_head_is_factored(const struct lb_info *info)
{
	return lb_head_of(info)->factored;
}

double lb_head_scale(const struct lb_info *info, const struct lb_arg *par)
{
	const struct lb_head *head = lb_head_of(info);

	return head->scale ? head->scale(par) : 0;
}
