#include "core/engine/data/miner/miner.h"

#include <string.h>

#define MINER(name) extern const struct lb_miner LB_MINER(name);
#include "core/engine/data/miner/list.def"
#undef MINER

static const struct lb_miner *const miners[] = {
#define MINER(name) &LB_MINER(name),
#include "core/engine/data/miner/list.def"
#undef MINER
};

enum { N_MINERS = sizeof miners / sizeof *miners };

const struct lb_info *lb_miner_info(size_t i)
{
	return i < N_MINERS ? &miners[i]->base : NULL;
}

const struct lb_miner *lb_miner_of(const struct lb_info *info)
{
	for (size_t i = 0; i < N_MINERS; i++)
		if (!strcmp(miners[i]->base.name, info->name))
			return miners[i];
	return NULL;
}
