#include "core/engine/data/miner/miner.h"

#include "core/numeric/rng.h"

enum { CUTOFF, FARTHEST, SEED };

static const struct lb_param params[] = {
	[CUTOFF] = { .name = "cutoff", .symbol = "cutoff", .def = 0.5, .min = 0, .max = 1.4, .min_open = true, .max_open = true,
		     .help = "smaller distances are taken as this one" },
	[FARTHEST] = { .name = "farthest", .symbol = "farthest", .def = 1.4, .min = 0, .max = 2, .min_open = true,
		       .help = "negatives from this distance on are not drawn" },
	[SEED] = { .name = "seed", .type = LB_SEED_PARAM, .help = "of the draws" },
};

/* log of 1 / the density of a distance between points drawn evenly from the unit sphere. */
static double log_rarity(const struct lb_mining *in, double d)
{
	const double n = (double)in->columns, at = d > in->par[CUTOFF].v ? d : in->par[CUTOFF].v, rest = 1 - at * at / 4;

	return (2 - n) * log(at) - (n - 3) / 2 * log(rest > 1e-8 ? rest : 1e-8);
}

static bool may_be_drawn(const struct lb_mining *in, size_t a, size_t n)
{
	return in->y[n] != in->y[a] && in->distance[a * in->b + n] < in->par[FARTHEST].v;
}

/* Returns the negative at share u in [0, 1) of the anchor's weights; b where there is none. */
static size_t draw(const struct lb_mining *in, size_t a, double u)
{
	const double *d = in->distance + a * in->b;
	double top = -(double)INFINITY, sum = 0;
	size_t last = in->b;

	for (size_t n = 0; n < in->b; n++)
		if (may_be_drawn(in, a, n) && log_rarity(in, d[n]) > top)
			top = log_rarity(in, d[n]);
	for (size_t n = 0; n < in->b; n++)
		sum += may_be_drawn(in, a, n) ? exp(log_rarity(in, d[n]) - top) : 0;
	double left = u * sum;
	for (size_t n = 0; n < in->b && left >= 0; n++)
		if (may_be_drawn(in, a, n)) {
			left -= exp(log_rarity(in, d[n]) - top);
			last = n;
		}
	return last;
}

static size_t mine(const struct lb_mining *in, struct lb_triplet *out)
{
	struct lb_rng rng;
	size_t n_out = 0;

	lb_rng_init(&rng, (uint64_t)in->par[SEED].v, LB_RNG_MINER, in->step);
	for (size_t a = 0; a < in->b; a++)
		for (size_t p = 0; p < in->b; p++) {
			if (p == a || in->y[p] != in->y[a])
				continue;
			const size_t n = draw(in, a, lb_rng_unit(&rng));
			if (n < in->b)
				out[n_out++] = (struct lb_triplet){ (uint32_t)a, (uint32_t)p, (uint32_t)n };
		}
	return n_out;
}

const struct lb_miner LB_MINER(distance_weighted) = {
	.base = {
		.name = "distance_weighted",
		.tasks = 1u << LB_EMBEDDING,
		.title = "For each anchor and positive a negative drawn so that all distances come alike",
		.cite = "C.-Y. Wu, R. Manmatha, A. J. Smola, P. Kraehenbuehl, Sampling matters in deep embedding learning, ICCV 2017, section 4",
		.formula = "P(n) proportional to 1 / q(d_an),  q(d) = d^(D-2) (1 - d^2/4)^((D-3)/2),  over d_an < 1.4",
		.notes = "q is the density of the distance of two points drawn evenly from the unit sphere of D dimensions. Rows are divided by their "
			 "lengths, whatever the loss measures. An anchor whose negatives are all farther makes no triplet. Draws are a matter of seed "
			 "and step alone.",
		.keywords = "DistanceWeightedMiner sampling_matters",
		LB_PARAMS(params),
	},
	.directions = true,
	.mine = mine,
};
