#include "core/engine/data/miner/miner.h"

static size_t mine(const struct lb_mining *in, struct lb_triplet *out)
{
	size_t n_out = 0;

	for (size_t a = 0; a < in->b; a++) {
		const double *d = in->distance + a * in->b;
		double most = -1, least = (double)INFINITY;
		size_t p = in->b, n = in->b;
		for (size_t k = 0; k < in->b; k++) {
			const bool alike = in->y[k] == in->y[a];
			const double far = alike ? d[k] : -1, near = alike ? (double)INFINITY : d[k];
			if (far > most && k != a) {
				most = far;
				p = k;
			}
			if (near < least) {
				least = near;
				n = k;
			}
		}
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
