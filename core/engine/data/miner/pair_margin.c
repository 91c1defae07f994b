#include "core/engine/data/miner/miner.h"

enum { POSITIVE, NEGATIVE };

static const struct lb_param params[] = {
	[POSITIVE] = { .name = "pos_margin", .symbol = "m+", .def = 0.2, .min = 0, .max = 2, .help = "positives farther than this count" },
	[NEGATIVE] = { .name = "neg_margin", .symbol = "m-", .def = 0.8, .min = 0, .max = 2, .help = "negatives nearer than this count" },
};

static void choose(const struct lb_mining *in, unsigned char *chosen)
{
	for (size_t i = 0; i < in->b; i++)
		for (size_t j = 0; j < in->b; j++) {
			const double d = in->distance[i * in->b + j];
			chosen[i * in->b + j] = i != j && (in->y[i] == in->y[j] ? d > in->par[POSITIVE].v : d < in->par[NEGATIVE].v);
		}
}

const struct lb_miner LB_MINER(pair_margin) = {
	.base = {
		.name = "pair_margin",
		.tasks = 1u << LB_EMBEDDING,
		.title = "Positives farther apart than a margin, negatives nearer than another",
		.cite = "as PairMarginMiner of the library pytorch-metric-learning",
		.formula = "positives with d > m+,  negatives with d < m-",
		.notes = "Distances of rows divided by their lengths, 0 to 2, whatever the loss measures.",
		.keywords = "PairMarginMiner",
		LB_PARAMS(params),
	},
	.directions = true,
	.choose = choose,
};
