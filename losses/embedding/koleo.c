#include "losses/support/pairs.h"

enum { EPS };

static const struct lb_param params[] = {
	[EPS] = { .name = "eps", .symbol = "eps", .def = 1e-8, .min = 0, .max = 1, .min_open = true, .help = "added to the distance" },
};

static const struct lb_example examples[] = {
	{ .set = "eps=1e-3", .b = 3, .c = 2, .z = { 1, 0, 0, 2, -3, 0 }, .y = { 0, 0, 1 }, .classes = 2, .value = -0.34728044717894785,
	  .source = "by hand: each row's nearest is sqrt 2 away: -log(sqrt 2 + 0.001)" },
};

/* Returns the row that is nearest to row i by the distances that are held; the first on ties. */
static size_t nearest(const struct lb_row_pairs *p, size_t i)
{
	const double *d = p->held + i * p->b;
	size_t best = i ? 0 : 1;

	for (size_t j = 0; j < p->b; j++)
		if (j != i && d[j] < d[best])
			best = j;
	return best;
}

static double koleo(const struct lb_row_pairs *p)
{
	double sum = 0;

	if (p->b < 2)
		return 0;
	for (size_t i = 0; i < p->b; i++) {
		const size_t j = nearest(p, i);
		const double d = lb_to(p, i, j) + p->in->par[EPS].v;
		sum -= log(d);
		lb_slope(p, i, j, -1 / d);
	}
	return lb_mean_of(p, sum, (double)p->b);
}

LB_SIMILARITY(koleo, lb_chords, koleo)

const struct lb_loss LB_LOSS(embedding, koleo) = {
	.info = {
		.base = {
			.name = "koleo",
			.title = "KoLeo: rows spread out, each away from its nearest neighbour",
			.cite = "A. Sablayrolles, M. Douze, C. Schmid, H. Jegou, Spreading vectors for similarity search, ICLR 2019, eq. 2; as the regulariser of "
				"DINOv2",
			.formula = "-mean over rows i of log(|u_i - u_n(i)| + eps),  n(i) the nearest other row",
			.notes = "Labels have no part: it is to be added to another loss by loss.terms. Unit rows; the choice of the nearest is held fixed in "
				 "the gradient, and both rows move. A row that is there twice gives log eps and does not move; one row alone gives 0.",
			.keywords = "KoLeoLoss spreading entropy dinov2",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "even use of the sphere",
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(examples),
	},
	.form = &koleo_form,
};
