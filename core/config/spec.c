#include "core/config/spec.h"

#include <string.h>

void lb_spec_free(struct lb_spec *spec)
{
	for (size_t i = 0; i < LB_SPEC_TOPS; i++)
		lb_pool_free(&spec->top[i].pool);
	*spec = (struct lb_spec){ 0 };
}

const struct lb_arg *lb_use_arg(const struct lb_component_use *use, const char *name)
{
	const struct lb_param *p = lb_info_param(use->info, name);

	return p ? &use->par[p - use->info->params] : NULL;
}

double lb_use_number(const struct lb_component_use *use, const char *name, double otherwise)
{
	const struct lb_arg *arg = lb_use_arg(use, name);

	return arg ? arg->v : otherwise;
}

bool lb_use_is(const struct lb_component_use *use, const char *name)
{
	return use->info && !strcmp(use->info->name, name);
}
