#include "core/engine/data/miner/miner.h"

/* Returns the row of a's class that is farthest, or the row of another class that is nearest; b
 * where there is none. */
static size_t hardest(const struct lb_mining *in, size_t a, bool positive)
{
	const double *d = in->distance + a * in->b;
	size_t best = in->b;

	for (size_t k = 0; k < in->b; k++) {
		if (k == a || (in->y[k] == in->y[a]) != positive)
			continue;
		if (best == in->b || (positive ? d[k] > d[best] : d[k] < d[best]))
			best = k;
	}
	return best;
}

static size_t mine(const struct lb_mining *in, struct lb_triplet *out)
{
	size_t n_out = 0;

	for (size_t a = 0; a < in->b; a++) {
		const size_t p = hardest(in, a, true), n = hardest(in, a, false);
		if (p < in->b && n < in->b)
			out[n_out++] = (struct lb_triplet){ (uint32_t)a, (uint32_t)p, (uint32_t)n };
	}
	return n_out;
}

const struct lb_miner LB_MINER(hardest) = {
	.base = {
		.name = "hardest",
		.tasks = 1u << LB_EMBEDDING,
		.title = "For each anchor its farthest positive and its nearest negative",
		.cite = "A. Hermans, L. Beyer, B. Leibe, In defense of the triplet loss for person re-identification, 2017, eq. 5",
		.formula = "p = argmax of d_ap,  n = argmin of d_an",
		.notes = "Rows without a partner of their class, or without another class, are no anchors.",
		.keywords = "batch_hard hard",
	},
	.mine = mine,
};
