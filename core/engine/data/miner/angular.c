#include "core/engine/data/miner/miner.h"

enum { ANGLE };

static const struct lb_param params[] = {
	[ANGLE] = { .name = "angle", .symbol = "alpha", .def = 20, .min = 0, .max = 90, .max_open = true, .grid = { 10, 20, 40 }, .n_grid = 3,
		    .help = "degrees; a triplet whose angle at the negative is larger counts" },
};

/* The distance of the negative from the centre of anchor and positive is by Apollonius a matter of
 * the three sides. */
static bool keeps(const void *mining, size_t a, size_t p, size_t n)
{
	const struct lb_mining *in = mining;
	const double ap = in->distance[a * in->b + p], an = in->distance[a * in->b + n], pn = in->distance[p * in->b + n];
	const double squared = (an * an + pn * pn) / 2 - ap * ap / 4, degree = atan(1.0) / 45;

	return atan2(ap, 2 * sqrt(squared > 0 ? squared : 0)) > in->par[ANGLE].v * degree;
}

const struct lb_miner LB_MINER(angular) = {
	.base = {
		.name = "angular",
		.tasks = 1u << LB_EMBEDDING,
		.title = "Every triplet whose negative sees anchor and positive under a large angle",
		.cite = "J. Wang, F. Zhou, S. Wen, X. Liu, Y. Lin, Deep metric learning with angular loss, ICCV 2017, eq. 4; as in the library "
			"pytorch-metric-learning",
		.formula = "arctan(d_ap / (2 |u_n - (u_a + u_p) / 2|)) > alpha",
		.notes = "Of rows divided by their lengths, whatever the loss measures; the centre is not scaled. With a centre at the negative the "
			 "angle is 90 degrees, with a = p in place too it is 0.",
		.keywords = "AngularMiner",
		LB_PARAMS(params),
	},
	.directions = true,
	.keeps = keeps,
};
