/* Triplets weighed by the place of their margin among those of all triplets seen so far. */
#include "losses/support/nodes.h"
#include "losses/support/similarity.h"
#include "losses/support/triplets.h"

#include "core/base/mem.h"

#include <stdlib.h>

enum { LOWEST, BINS, MOMENTUM };

static const struct lb_param params[] = {
	[LOWEST] = { .name = "lo", .symbol = "lo", .def = -2, .min = -2, .max = 0, .max_open = true, .help = "the first node of the histogram; the last is -lo" },
	[BINS] = { .name = "bins", .symbol = "L", .type = LB_INT_PARAM, .def = 10, .min = 1, .max = 10000, .grid = { 10, 50 }, .n_grid = 2, .help = "of the histogram" },
	[MOMENTUM] = { .name = "momentum", .symbol = "m", .def = 0.01, .min = 0, .max = 1, .grid = { 0.01, 0.1 }, .n_grid = 2,
		       .help = "share of a batch in the histogram, which begins with the first batch" },
};

static const struct lb_example examples[] = {
	{ .set = "bins=4", .b = 3, .c = 2, .z = { 1, 0, -1, 0, 0, 1 }, .y = { 0, 0, 1 }, .classes = 2, .value = 0.24264068711928514,
	  .source = "by hand: two triplets, v = 2 - sqrt 2 = 0.586: 0.414 of both lie at the node 0 below, the weight of each" },
	{ .set = "", .b = 2, .c = 2, .z = { 1, 0, 0, 1 }, .y = { 0, 0 }, .classes = 2, .value = 0, .source = "by hand: no triplet" },
};

/* The place of v among the nodes. */
static double place(const struct lb_arg *par, double v)
{
	const double bins = par[BINS].v, x = (v - par[LOWEST].v) / (-2 * par[LOWEST].v) * bins;

	return x < 0 ? 0 : x > bins ? bins : x;
}

/* What triplets are counted in, or weighed by. */
struct counted {
	const struct lb_row_pairs *pairs;
	const double *d;         /* (b,b) that places are found by */
	double *h;               /* (bins + 1) the histogram, or its sums from the left */
	double n, sum;
};

static double place_of(const struct counted *c, size_t a, size_t p, size_t n)
{
	return place(c->pairs->in->par, c->d[a * c->pairs->b + p] - c->d[a * c->pairs->b + n]);
}

static void count(void *arg, size_t a, size_t p, size_t n)
{
	struct counted *c = arg;

	lb_node_add(c->h, place_of(c, a, p, n), (size_t)c->pairs->in->par[BINS].v);
	c->n++;
}

static void weigh(void *arg, size_t a, size_t p, size_t n)
{
	struct counted *c = arg;
	double share;
	const double weight = c->h[lb_node_below(place_of(c, a, p, n), (size_t)c->pairs->in->par[BINS].v, &share)];

	c->sum += weight * (lb_to(c->pairs, a, p) - lb_to(c->pairs, a, n));
	lb_slope(c->pairs, a, p, weight);
	lb_slope(c->pairs, a, n, -weight);
}

/* h (bins + 1) <- the histogram of the batch's triplets by d, of sum 1; 0 of none. Returns their
 * number. */
static double fill(const struct lb_row_pairs *p, const double *d, double *h)
{
	const size_t nodes = (size_t)p->in->par[BINS].v + 1;
	struct counted c = { .pairs = p, .d = d, .h = h };

	memset(h, 0, nodes * sizeof *h);
	lb_each_triplet(p, count, &c);
	for (size_t k = 0; k < nodes; k++)
		h[k] /= c.n > 0 ? c.n : 1;
	return c.n;
}

/* The histogram so far. */
struct seen {
	double any;              /* 1 after the first batch with a triplet */
	double h[];              /* (bins + 1) */
};

static double soft_margin(const struct lb_row_pairs *p)
{
	const struct seen *seen = p->in->state;
	const size_t nodes = (size_t)p->in->par[BINS].v + 1;
	double *h = p->in->workspace;
	struct counted c = { .pairs = p, .d = p->held, .h = h };

	c.n = fill(p, p->held, h);
	if (seen && seen->any > 0)
		memcpy(h, seen->h, nodes * sizeof *h);
	for (size_t k = 1; k < nodes; k++)
		h[k] += h[k - 1];
	lb_each_triplet(p, weigh, &c);
	return lb_mean_of(p, c.sum, c.n);
}

static const struct lb_form of_pairs = { .similarity = soft_margin, .measure = lb_chords };

/* Bytes of a histogram, and to the next line of the cache. */
static size_t histogram_bytes(const struct lb_arg *par)
{
	return (((size_t)par[BINS].v + 1) * sizeof(double) + 63) / 64 * 64;
}

static double *pairs_room(const struct lb_batch *in)
{
	double *room = in->workspace;

	return room + histogram_bytes(in->par) / sizeof(double);
}

static double batch(const struct lb_batch *in, real *g)
{
	(void)g;
	return lb_similarity_apply(&of_pairs, in, pairs_room(in));
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return histogram_bytes(par) + lb_similarity_bytes(shape->b, shape->c, true);
}

static size_t state_size(const struct lb_arg *par, const struct lb_loss_stats *stats)
{
	(void)stats;
	return sizeof(struct seen) + ((size_t)par[BINS].v + 1) * sizeof(double);
}

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	return lb_alloc(1, state_size(par, stats), err);
}

/* The first batch is the histogram; then each has its share. */
static double remember(const struct lb_row_pairs *p)
{
	struct seen *seen = p->in->state;
	const double share = seen->any > 0 ? p->in->par[MOMENTUM].v : 1;
	double *h = p->in->workspace;

	if (!(fill(p, p->d, h) > 0))
		return 0;
	for (size_t k = 0; k <= (size_t)p->in->par[BINS].v; k++)
		seen->h[k] = (1 - share) * seen->h[k] + share * h[k];
	seen->any = 1;
	return 0;
}

static void update(const struct lb_batch *in)
{
	static const struct lb_form form = { .similarity = remember, .measure = lb_chords };

	lb_similarity_apply(&form, in, pairs_room(in));
}

LB_BATCH(dynamic_soft_margin, batch)

const struct lb_loss LB_LOSS(embedding, dynamic_soft_margin) = {
	.info = {
		.base = {
			.name = "dynamic_soft_margin",
			.title = "Triplets weighed by the share of triplets seen so far that are easier",
			.cite = "L. Zhang, S. Rusinkiewicz, Learning local descriptors with a CDF-based dynamic soft margin, ICCV 2019; as pytorch-metric-learning has it",
			.formula = "mean over triplets of w(v) v,  v = d_ap - d_an,  w(v) = sum of h over the nodes up to the one below v,  h <- (1 - m) h + m h_batch",
			.notes = "Distances of unit rows. h is the histogram of v over L + 1 nodes from lo to -lo, each v shared linearly between the two beside it, of sum 1; it is kept from batch to batch "
				 "and begins with the first. The weights are held fixed in the gradient, so that the value, which may be negative, is no measure of progress. All triplets of a batch count; "
				 "without one it is 0.",
			.keywords = "DynamicSoftMarginLoss cdf descriptors triplet",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_BOUNDED,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(examples),
	},
	.form = &dynamic_soft_margin_form,
	.init = init,
	.update_state = update,
	.state_size = state_size,
	.free = free,
	.workspace = workspace,
};
