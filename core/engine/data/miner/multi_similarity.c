#include "core/engine/data/miner/miner.h"

enum { EPSILON };

static const struct lb_param params[] = {
	[EPSILON] = { .name = "eps", .symbol = "eps", .def = 0.1, .min = 0, .max = 2, .grid = { 0.05, 0.1, 0.2 }, .n_grid = 3,
		      .help = "how much less hard than the hardest of the other side a pair may be" },
};

static double cosine(const struct lb_mining *in, size_t i, size_t j)
{
	const double d = in->distance[i * in->b + j];

	return 1 - d * d / 2;
}

/* The row's most similar negative and least similar positive; -inf and +inf where it has none. */
static void extremes(const struct lb_mining *in, size_t i, double *most_neg, double *least_pos)
{
	*most_neg = -(double)INFINITY;
	*least_pos = (double)INFINITY;
	for (size_t j = 0; j < in->b; j++) {
		const double s = cosine(in, i, j);
		if (in->y[j] != in->y[i])
			*most_neg = s > *most_neg ? s : *most_neg;
		else if (j != i)
			*least_pos = s < *least_pos ? s : *least_pos;
	}
}

static void choose(const struct lb_mining *in, unsigned char *chosen)
{
	const double eps = in->par[EPSILON].v;

	for (size_t i = 0; i < in->b; i++) {
		double most_neg, least_pos;
		extremes(in, i, &most_neg, &least_pos);
		for (size_t j = 0; j < in->b; j++) {
			const double s = cosine(in, i, j);
			if (j != i && isfinite(most_neg) && isfinite(least_pos))
				chosen[i * in->b + j] = in->y[i] == in->y[j] ? s - eps < most_neg : s + eps > least_pos;
		}
	}
}

const struct lb_miner LB_MINER(multi_similarity) = {
	.base = {
		.name = "multi_similarity",
		.tasks = 1u << LB_EMBEDDING,
		.title = "Pairs that are nearly as hard as the hardest of the other side",
		.cite = "X. Wang, X. Han, W. Huang, D. Dong, M. R. Scott, Multi-similarity loss with general pair weighting for deep metric learning, "
			"CVPR 2019, eq. 5 and 6",
		.formula = "positives with s_ip - eps < max_n s_in,  negatives with s_in + eps > min_p s_ip",
		.notes = "Cosines, whatever the loss measures. Only anchors with positives and negatives. The loss multi_similarity with mining=true "
			 "chooses the same pairs itself.",
		.keywords = "MultiSimilarityMiner ms",
		LB_PARAMS(params),
	},
	.directions = true,
	.choose = choose,
};
