#include "core/engine/data/miner/miner.h"

#define MINER(name) extern const struct lb_miner LB_MINER(name);
#include "core/engine/data/miner/list.def"
#undef MINER

const struct lb_info *const lb_miners[] = {
#define MINER(name) &LB_MINER(name).base,
#include "core/engine/data/miner/list.def"
#undef MINER
	NULL
};

const struct lb_miner *lb_miner_of(const struct lb_info *info)
{
	return (const struct lb_miner *)lb_miners[lb_info_place(lb_miners_f64, info)];
}
