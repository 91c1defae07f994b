#include "core/engine/data/miner/miner.h"

enum { MARGIN, WHICH };
enum { ALL, HARD, SEMIHARD, EASY };

static const char *const kinds[] = { "all", "hard", "semihard", "easy", NULL };

static const struct lb_param params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 0.2, .min = 0, .max = (double)INFINITY, .max_open = true,
		     .help = "how much farther than the positive a negative is beyond which a triplet is easy" },
	[WHICH] = { .name = "which", .symbol = "which", .type = LB_CHOICE_PARAM, .choices = kinds, .def = ALL,
		   .help = "all but the easy triplets, of these the hard or the semihard, or the easy" },
};

static bool keeps(const void *mining, size_t a, size_t p, size_t n)
{
	const struct lb_mining *in = mining;
	const double gap = in->distance[a * in->b + n] - in->distance[a * in->b + p], margin = in->par[MARGIN].v;
	const int which = (int)in->par[WHICH].v;

	return which == EASY ? gap > margin : gap <= margin && (which == HARD ? gap <= 0 : which == SEMIHARD ? gap > 0 : true);
}

const struct lb_miner LB_MINER(triplet_margin) = {
	.base = {
		.name = "triplet_margin",
		.tasks = 1u << LB_EMBEDDING,
		.title = "Every triplet whose negative is not farther than its positive by a margin",
		.cite = "F. Schroff, D. Kalenichenko, J. Philbin, FaceNet: a unified embedding for face recognition and clustering, CVPR 2015, "
			"section 3.2; all kinds as in the library pytorch-metric-learning",
		.formula = "gap = d_an - d_ap: all gap <= m;  hard gap <= 0;  semihard 0 < gap <= m;  easy gap > m",
		.notes = "all and easy part the triplets of a batch; hard and semihard part all. Distances are the loss's own, squared if it squares "
			 "them; of a loss of cosines, those of unit rows.",
		.keywords = "TripletMarginMiner easy hard semihard",
		LB_PARAMS(params),
	},
	.keeps = keeps,
};
