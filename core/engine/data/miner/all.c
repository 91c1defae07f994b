#include "core/engine/data/miner/miner.h"

const struct lb_miner LB_MINER(all) = {
	.base = {
		.name = "all",
		.tasks = 1u << LB_EMBEDDING,
		.title = "Every triplet of the batch",
		.cite = "classic",
		.notes = "What a loss sees without a miner, to the byte.",
		.keywords = "batch_all none",
	},
};
