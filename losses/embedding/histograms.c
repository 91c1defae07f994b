/* Losses of histograms of what the rows of a batch measure to each other: average precision by
 * bins, and the chance that a negative is more alike than a positive. */
#include "losses/support/nodes.h"
#include "losses/support/pairs.h"

/* ---- histograms over the range of a measure ---- */

/* Doubles that a histogram of `bins` has, one a node. */
static size_t nodes(const struct lb_arg *bins)
{
	return (size_t)bins->v + 1;
}

/* ---- fastap ---- */

enum { BINS };

static const struct lb_param fastap_params[] = {
	[BINS] = { .name = "bins", .symbol = "L", .type = LB_INT_PARAM, .def = 10, .min = 1, .max = 1000, .grid = { 5, 10, 20 }, .n_grid = 3,
		   .help = "of the histogram of squared distances" },
};

static const struct lb_example fastap_examples[] = {
	{ .set = "bins=4", .b = 3, .c = 2, .z = { 1, 0, 0, 1, 2, 0 }, .y = { 0, 0, 1 }, .classes = 2, .value = 0.5,
	  .source = "by hand: the first row finds the negative at 0 and the positive at 2, precision 1/2; the second both at 2, precision 1/2" },
};

/* Returns 1 - the average precision of row i by its histograms; to_pos, to_neg (bins + 1) <- its
 * derivatives by their entries. h is room of their size, all 0. */
static double one_less_precision(const struct lb_row_pairs *p, size_t i, const struct lb_partners *of, double *h_pos, double *h_neg, size_t bins)
{
	const double per = (double)bins / 4, n = (double)of->n_pos;
	double pos = 0, all = 0, precision = 0, later = 0, later_pos = 0;

	for (size_t k = 0; k < of->n_pos; k++)
		lb_node_add(h_pos, per * lb_to(p, i, of->pos[k]), bins);
	for (size_t k = 0; k < of->n_neg; k++)
		lb_node_add(h_neg, per * lb_to(p, i, of->neg[k]), bins);
	for (size_t k = 0; k <= bins; k++) {
		pos += h_pos[k];
		all += h_pos[k] + h_neg[k];
		precision += h_pos[k] * pos > 0 ? h_pos[k] * pos / all : 0;
	}
	for (size_t k = bins + 1; k-- > 0;) { /* h <- the derivative, from the last node on */
		const double own_pos = h_pos[k], own_neg = h_neg[k], share = all > 0 ? pos / all : 0;
		later += all > 0 ? own_pos * (all - pos) / all / all : 0;
		later_pos += all > 0 ? own_pos * pos / all / all : 0;
		pos -= own_pos;
		all -= own_pos + own_neg;
		h_pos[k] = -(share + later) / n;
		h_neg[k] = later_pos / n;
	}
	return 1 - precision / n;
}

/* The slopes from row i to n rows, from the derivatives by their histogram. */
static void spread_nodes(const struct lb_row_pairs *p, size_t i, size_t n, const uint32_t *row, const double *by, double per, size_t bins)
{
	double share;

	for (size_t k = 0; p->slope && k < n; k++) {
		const size_t at = lb_node_below(per * lb_to(p, i, row[k]), bins, &share);
		lb_slope(p, i, row[k], per * (by[at + 1] - by[at]));
	}
}

static double fastap(const struct lb_row_pairs *p)
{
	const size_t bins = (size_t)p->in->par[BINS].v;
	double *h_pos = p->in->workspace, *h_neg = h_pos + bins + 1, sum = 0, n = 0;

	for (size_t i = 0; i < p->b; i++) {
		const struct lb_partners of = lb_partners_of(p, i);
		if (!of.n_pos)
			continue;
		memset(h_pos, 0, 2 * (bins + 1) * sizeof *h_pos);
		sum += one_less_precision(p, i, &of, h_pos, h_neg, bins);
		spread_nodes(p, i, of.n_pos, of.pos, h_pos, (double)bins / 4, bins);
		spread_nodes(p, i, of.n_neg, of.neg, h_neg, (double)bins / 4, bins);
		n++;
	}
	return lb_mean_of(p, sum, n);
}

static size_t two_histograms(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)shape;
	return 2 * nodes(&par[BINS]) * sizeof(double);
}

static struct lb_measured squared_chords(const struct lb_arg *par)
{
	(void)par;
	return (struct lb_measured){ .measure = LB_SQUARED_EUCLIDEAN, .normalize = true };
}

LB_SIMILARITY(fastap, squared_chords, fastap)

const struct lb_loss LB_LOSS(embedding, fastap) = {
	.info = {
		.base = {
			.name = "fastap",
			.title = "FastAP: average precision of a row's neighbours by histograms of distances",
			.cite = "F. Cakir, K. He, X. Xia, B. Kulis, S. Sclaroff, Deep metric learning to rank, CVPR 2019, eq. 12",
			.formula = "mean over rows of 1 - (1/n+) sum_b h+_b H+_b / H_b,  h+ and h the histograms of d^2 of positives and of all, H+ and H "
				   "their cumulative sums",
			.notes = "d^2 of unit rows, in [0, 4]; each is shared linearly between the two of bins + 1 nodes beside it. Only rows with a "
				 "positive.",
			.keywords = "FastAPLoss average_precision",
			LB_PARAMS(fastap_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "average precision of embeddings",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(fastap_examples),
	},
	.form = &fastap_form,
	.workspace = two_histograms,
};

/* ---- histogram ---- */

static const struct lb_param histogram_params[] = {
	[BINS] = { .name = "bins", .symbol = "L", .type = LB_INT_PARAM, .def = 100, .min = 1, .max = 100000, .grid = { 25, 100 }, .n_grid = 2,
		   .help = "of the histograms of cosines" },
};

static const struct lb_example histogram_examples[] = {
	{ .set = "bins=4", .b = 3, .c = 2, .z = { 1, 0, 0, 1, 2, 0 }, .y = { 0, 0, 1 }, .classes = 2, .value = 1,
	  .source = "by hand: the positive pair has cosine 0; the negative ones 1 and 0, which count as no less similar" },
};

/* h (2, bins + 1) <- the mean histograms of the pairs i < j of one class, of two; n their
 * numbers. */
static void fill_histograms(const struct lb_row_pairs *p, size_t bins, double *h, double n[2])
{
	for (size_t k = 0; k < 2 * (bins + 1); k++)
		h[k] = 0;
	for (size_t i = 0; i < p->b; i++)
		for (size_t j = i + 1; j < p->b; j++)
			if (lb_counts(p, i, j)) {
				const size_t apart = !lb_alike(p, i, j);
				lb_node_add(h + apart * (bins + 1), (lb_to(p, i, j) + 1) / 2 * (double)bins, bins);
				n[apart]++;
			}
}

static double histogram(const struct lb_row_pairs *p)
{
	const size_t bins = (size_t)p->in->par[BINS].v;
	const double per = (double)bins / 2;
	double *h = p->in->workspace, *pos = h, *neg = h + bins + 1, n[2] = { 0 }, below = 0, above = 0, value = 0, share;

	fill_histograms(p, bins, h, n);
	if (!(n[0] > 0) || !(n[1] > 0))
		return 0;
	for (size_t k = 0; k <= bins; k++) { /* neg <- its derivative; above: all negatives so far */
		const double own = neg[k];
		below += pos[k] / n[0];
		value += own / n[1] * below;
		neg[k] = below;
		above += own / n[1];
		pos[k] = above - own / n[1]; /* negatives below this node */
	}
	for (size_t i = 0; p->slope && i < p->b; i++)
		for (size_t j = i + 1; j < p->b; j++)
			if (lb_counts(p, i, j)) {
				const bool alike = lb_alike(p, i, j);
				const size_t at = lb_node_below((lb_to(p, i, j) + 1) * per, bins, &share);
				lb_slope(p, i, j, alike ? -(pos[at + 1] - pos[at]) * per / n[0] : (neg[at + 1] - neg[at]) * per / n[1]);
			}
	return value;
}

LB_SIMILARITY(histogram, lb_cosines, histogram)

const struct lb_loss LB_LOSS(embedding, histogram) = {
	.info = {
		.base = {
			.name = "histogram",
			.title = "Histogram loss: the probability that a negative pair is more similar than a positive one",
			.cite = "E. Ustinova, V. Lempitsky, Learning deep embeddings with histogram loss, NeurIPS 2016, eq. 4",
			.formula = "sum_b h-_b sum over c <= b of h+_c,  h+ and h- the mean histograms of cosines of positive and negative pairs",
			.notes = "Each cosine is shared linearly between the two of bins + 1 nodes beside it, from -1 to 1; the gradient is constant between "
				 "nodes. A batch without a positive or without a negative pair gives 0.",
			.keywords = "HistogramLoss",
			LB_PARAMS(histogram_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(histogram_examples),
	},
	.form = &histogram_form,
	.workspace = two_histograms,
};
