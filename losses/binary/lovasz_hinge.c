#include "losses/support/sorted_pairs.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0.5, 0.5 }, .y = { 1, 0 }, .value = 1,
	  .source = "by hand: u = 1.5 (negative), 0.5; w = 1/2, 1/2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.93333333333333333,
	  .source = "mpmath, 30 digits" },
};

/* Returns the weight of a row of the sorted margins. For a positive it is 1 / (P + false positives
 * ranked above it), by which the Jaccard loss drops when the row becomes right. */
static double weight(const struct lb_pairs *p, int32_t y, real z)
{
	const double g = (double)p->n1;

	if (y == 1)
		return 1 / (g + (double)(p->n0 - lb_up_to(p->neg, p->n0, -z)));
	const size_t up_to = lb_up_to(p->neg, p->n0, z);
	const double before = (double)(p->n0 - up_to), tied = (double)(up_to - lb_first(p->neg, p->n0, z));
	const double missed = g - (double)lb_up_to(p->pos, p->n1, -z);
	if (!p->n1)
		return before > 0 ? 0 : 1 / tied;
	return missed / (g + before) / (g + before + tied);
}

static double batch(const struct lb_batch *in, real *g)
{
	struct lb_pairs p;
	double sum = 0;

	if (!lb_sorted(in, &p))
		return lb_flat(in, g, 0);
	for (size_t i = 0; i < in->b; i++) {
		const bool up = in->y[i] == 1;
		const double u = 1 - (up ? (double)in->output.value[i] : -(double)in->output.value[i]), w = u > 0 ? weight(&p, in->y[i], in->output.value[i]) : 0;
		sum += w * u;
		if (g)
			g[i] = (real)(up ? -w : w);
	}
	return sum;
}

LB_BATCH(lovasz_hinge, batch)

const struct lb_loss LB_LOSS(binary, lovasz_hinge) = {
	.info = {
		.base = {
			.name = "lovasz_hinge",
			.title = "Lovasz hinge: the convex extension of the Jaccard loss",
			.cite = "M. Berman, A. R. Triki, M. B. Blaschko, The Lovasz-softmax loss: a tractable surrogate for "
				"the optimization of the intersection-over-union measure in neural networks, CVPR 2018, "
				"algorithm 1",
			.formula = "sum_k w_k max(0, u_k),  u = 1 - s falling,  w_k the growth of 1 - (G - hits_k) / (G + "
				   "misses_k) by row k",
			.notes = "G is the number of positives, hits and misses count positives and negatives among the k "
				 "largest u. One value for the batch; the paper averages it over images. A batch without "
				 "positives is charged for its largest u alone. On ties the positives come first, and rows "
				 "of one class share alike, so the order of rows does not matter; the authors' code takes "
				 "the order of its sort. O(n log n).",
			.keywords = "jaccard iou lovasz segmentation",
		},
		.kind = LB_BINARY,
		.good_for = "overlap of regions",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		LB_EXAMPLES(examples),
	},
	.form = &lovasz_hinge_form,
	.workspace = lb_sorted_workspace,
};
