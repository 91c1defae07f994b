/* Miners: which triplets or pairs of a batch a loss is taken of. Compiled once per precision; a
 * miner is one file in core/engine/data/miner/ and one line in core/engine/data/miner/list.def.
 *
 * A miner is a function of the batch's distances and labels, and of the step where it draws. Of
 * equal distances it takes the row that comes first in the batch. Its choice is held fixed in the
 * gradient. It chooses in one of three ways, and what it chose serves losses of triplets and of
 * pairs alike: a loss of pairs takes the pairs (anchor, positive) and (anchor, negative) of the
 * triplets, each once; a loss of triplets takes those of chosen pairs of one anchor. */
#ifndef LB_MINER_H
#define LB_MINER_H

#include "core/engine/precision.h"
#include "core/training/miner_info.h"
#include "losses/loss.h"

struct lb_mining {
	size_t b, columns;       /* rows, and columns of the embedding */
	/* (b,b). Those that the loss measures, where these are Euclidean, squared or not, and
	 * the miner does not ask for .directions; else of the rows divided by their lengths. */
	const double *distance;
	const int32_t *y;        /* (b) */
	const struct lb_arg *par;
	uint64_t step;           /* of the training, for draws */
};

struct lb_miner {
	struct lb_info base;
	bool directions;         /* distances are of rows divided by their lengths, whatever the loss measures */
	/* out <- the triplets; returns their number, b * b at most. */
	size_t (*mine)(const struct lb_mining *in, struct lb_triplet *out);
	/* Whether the triplet is one of those chosen; mining is a struct lb_mining. */
	bool (*keeps)(const void *mining, size_t anchor, size_t positive, size_t negative);
	/* chosen (b,b), all 0, <- 1 for each ordered pair that is chosen. */
	void (*choose)(const struct lb_mining *in, unsigned char *chosen);
	/* None of the three: all there are. */
};

/* What a miner chose of a batch, with the room for it. */
struct lb_mined {
	struct lb_triplet *list; /* (b * b) */
	unsigned char *chosen;   /* (b,b) */
	double *distance;        /* (b,b) */
	struct lb_mining in;     /* what the rule of `triplets` reads */
	struct lb_triplets triplets;
	bool by_pairs;           /* the choice is `chosen`, else `triplets` */
};

/* Returns the miner of a descriptor. */
const struct lb_miner *lb_miner_of(const struct lb_info *info);

/* Returns whether it leaves anything out. */
static inline bool lb_miner_chooses(const struct lb_miner *miner)
{
	return miner->mine || miner->keeps || miner->choose;
}

/* Makes room for batches of b rows. Either way lb_mined_close frees it. */
int lb_mined_open(struct lb_mined *m, size_t b, struct lb_err *err);
void lb_mined_close(struct lb_mined *m);

/* m <- what the miner, with parameters `par`, chooses of the batch at its embeddings as they are
 * now, for this loss. */
void lb_mine(const struct lb_miner *miner, const struct lb_arg *par, uint64_t step, const struct lb_loss *loss, struct lb_batch *in,
	     struct lb_mined *m);
/* The batch <- the choice, which is m's. */
void lb_mined_use(const struct lb_mined *m, struct lb_batch *in);

#endif
