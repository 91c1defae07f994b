#include "losses/support/triplets.h"

enum { MARGIN, SQUARED, NORMALIZE, SMOOTH, SWAP, REDUCTION };
enum { AVERAGE_NONZERO, MEAN };

static const char *const reductions[] = { "avg_nonzero", "mean", NULL };

static const struct lb_param params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 0.2, .min = 0, .max = (double)INFINITY, .max_open = true, .grid = { 0.05, 0.1, 0.2, 0.5 }, .n_grid = 4,
		     .help = "how much farther a negative has to be than a positive" },
	[SQUARED] = { .name = "squared", .symbol = "squared", .type = LB_BOOL_PARAM, .def = 0, .help = "squared distances, as FaceNet has them" },
	[NORMALIZE] = { .name = "normalize", .symbol = "normalize", .type = LB_BOOL_PARAM, .def = 1,
			.help = "distances of embeddings divided by their length" },
	[SMOOTH] = { .name = "smooth", .symbol = "smooth", .type = LB_BOOL_PARAM, .def = 0, .help = "log(1 + exp v) in the place of max(v, 0)" },
	[SWAP] = { .name = "swap", .symbol = "swap", .type = LB_BOOL_PARAM, .def = 0,
		   .help = "the negative's distance to the anchor or to the positive, whichever is less" },
	[REDUCTION] = { .name = "reduction", .symbol = "reduction", .type = LB_CHOICE_PARAM, .choices = reductions, .def = AVERAGE_NONZERO,
			.help = "mean over the triplets whose term is not 0, or over all" },
};

static const struct lb_example examples[] = {
	{ .set = "normalize=false margin=1", .b = 3, .c = 1, .z = { 0, 1, 1.5 }, .y = { 0, 0, 1 }, .classes = 2, .value = 1,
	  .source = "by hand: the triplets of rows 1, 2, 3 and 2, 1, 3 have v = 1 - 1.5 + 1 = 0.5 and v = 1 - 0.5 + 1 = 1.5" },
	{ .set = "squared=true normalize=false margin=0.5 reduction=mean", .b = 3, .c = 2, .z = { 0, 0, 1, 0, 0, 2 }, .y = { 1, 1, 0 }, .classes = 2,
	  .value = 0, .source = "by hand: v = 1 - 4 + 0.5 and v = 1 - 5 + 0.5" },
	{ .set = "", .b = 4, .c = 3, .z = { 1, 0.2, -0.5, 0.8, -0.1, 0.3, -0.4, 1.1, 0.6, 0.1, 0.9, -0.7 }, .y = { 0, 0, 0, 1 }, .classes = 2,
	  .value = 0.46957907859438297, .source = "NumPy, by the definition" },
};

static struct lb_measured measure(const struct lb_arg *par)
{
	return (struct lb_measured){ .measure = par[SQUARED].v != 0 ? LB_SQUARED_EUCLIDEAN : LB_EUCLIDEAN, .normalize = par[NORMALIZE].v != 0 };
}

/* The terms so far. Slopes are of their sum. */
struct terms {
	const struct lb_row_pairs *pairs;
	double sum, n, nonzero;
};

static void add(void *arg, size_t a, size_t p, size_t n)
{
	struct terms *t = arg;
	const struct lb_arg *par = t->pairs->in->par;
	const size_t other = par[SWAP].v != 0 && lb_to(t->pairs, p, n) < lb_to(t->pairs, a, n) ? p : a;
	const double v = lb_to(t->pairs, a, p) - lb_to(t->pairs, other, n) + par[MARGIN].v;
	const bool smooth = par[SMOOTH].v != 0;

	t->n++;
	if (!smooth && v <= 0)
		return;
	t->nonzero++;
	t->sum += !smooth ? v : v > 0 ? v + log1p(exp(-v)) : log1p(exp(v));
	const double by_v = smooth ? 1 / (1 + exp(-v)) : 1;
	lb_slope(t->pairs, a, p, by_v);
	lb_slope(t->pairs, other, n, -by_v);
}

static double similarity(const struct lb_row_pairs *p)
{
	struct terms t = { .pairs = p };

	lb_each_triplet(p, add, &t);
	return lb_mean_of(p, t.sum, p->in->par[REDUCTION].v > 0 ? t.n : t.nonzero);
}

LB_SIMILARITY(triplet, measure, similarity)

const struct lb_loss LB_LOSS(embedding, triplet) = {
	.info = {
		.base = {
			.name = "triplet",
			.title = "Triplet loss: a row is nearer to its class than to others by a margin",
			.cite = "F. Schroff, D. Kalenichenko, J. Philbin, FaceNet: a unified embedding for face recognition and clustering, CVPR 2015, "
				"eq. 2; mean over nonzero terms as in A. Hermans, L. Beyer, B. Leibe, In defense of the triplet loss for person "
				"re-identification, 2017; swap: V. Balntas et al., BMVC 2016",
			.formula = "mean over triplets (a, p, n) of max(d_ap - d_an + m, 0),  y_a = y_p, y_n != y_a",
			.notes = "All triplets of a batch in which a and p are different rows, or those that train.miner chose. d_ij is the Euclidean "
				 "distance of the embeddings, each divided by its length unless normalize is false; squared=true squares it. The "
				 "choice of triplets, the number of nonzero terms and the nearer side of swap are held fixed in the gradient. Where "
				 "two rows are one, d_ij has the slope 0; copies of a row in a batch are positives of each other; a row of zeros stays one and does not move. A batch without a triplet gives "
				 "0: train.sampler: m_per_class gives every row partners. It makes no class scores: the metrics are those of "
				 "retrieval.",
			.keywords = "metric_learning facenet contrastive margin semihard batch_hard",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_TRIPLETS,
		LB_EXAMPLES(examples),
	},
	.form = &triplet_form,
};
