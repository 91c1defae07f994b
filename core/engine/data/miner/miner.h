/* Miners: which triplets of a batch a loss of distances is taken of. Compiled once per precision; a
 * miner is one file in core/engine/data/miner/ and one line in core/engine/data/miner/list.def.
 *
 * A miner is a function of the batch's distances and labels. Of equal distances it takes the row
 * that comes first in the batch. Its choice is held fixed in the gradient. */
#ifndef LB_MINER_H
#define LB_MINER_H

#include "core/engine/precision.h"
#include "core/training/miner_info.h"
#include "losses/loss_info.h"

struct lb_mining {
	size_t b;
	const double *distance;  /* (b,b) */
	const int32_t *y;        /* (b) */
	const struct lb_arg *par;
};

struct lb_miner {
	struct lb_info base;
	/* out <- the triplets; returns their number, b * b at most. NULL: all there are. */
	size_t (*mine)(const struct lb_mining *in, struct lb_triplet *out);
};

/* Returns the miner of a descriptor. */
const struct lb_miner *lb_miner_of(const struct lb_info *info);

#endif
