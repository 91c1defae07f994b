#include "losses/support/class_overlap.h"

#include <stdlib.h>

LB_CLASSES_CHOICES;

static const struct lb_param params[] = {
	LB_CLASSES_PARAM,
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 0, 0, 0, 0 }, .y = { 0, 1 }, .value = 0.5, .source = "by hand: all errors are 1/2, and the weights sum to 1" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.5298796044, .source = "mpmath, 80 digits" },
};

/* A row's error on the class at hand. */
struct miss {
	double error;
	size_t row;
	bool of_class;
};

/* The derivatives by the probabilities (B, C), the sums and classes of their softmax, and the
 * errors. */
struct room {
	double *slope;
	struct lb_log_softmax *soft;
	struct miss *miss;
};

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->b * (shape->c * sizeof(double) + sizeof(struct lb_log_softmax) + sizeof(struct miss));
}

static struct room room_of(const struct lb_batch *in)
{
	struct room r = { .slope = in->workspace };

	r.soft = (struct lb_log_softmax *)(r.slope + in->b * in->c);
	r.miss = (struct miss *)(r.soft + in->b);
	for (size_t i = 0; i < in->b; i++)
		r.soft[i] = lb_log_softmax(in->output.value + i * in->c, in->c);
	return r;
}

/* Falling errors; of those that tie rows of the class first, then rising rows. */
static int by_error(const void *a, const void *b)
{
	const struct miss *x = a, *y = b;
	const int order = (x->error < y->error) - (x->error > y->error), first = y->of_class - x->of_class;

	return order ? order : first ? first : (x->row > y->row) - (x->row < y->row);
}

/* How many of n sorted rows tie with the first, on the same side of the class. */
static size_t tied(const struct miss *at, size_t n)
{
	size_t same = 1;

	while (same < n && at[same].of_class == at->of_class && !(at[same].error < at->error))
		same++;
	return same;
}

/* The Lovasz extension of the Jaccard loss of class k, and its slopes, times share. A row of the
 * class takes one from the intersection, any other adds one to the union: each weighs as much as
 * the loss grows by it, rows that tie alike. */
static double of_class(const struct lb_batch *in, const struct room *r, size_t k, double rows, double share)
{
	double both = rows, either = rows, value = 0;

	for (size_t i = 0; i < in->b; i++) {
		const bool own = (size_t)in->y[i] == k;
		const real z = in->output.value[i * in->c + k];
		r->miss[i] = (struct miss){ .error = own ? lb_one_minus_p(k, z, &r->soft[i]) : lb_p(z, &r->soft[i]), .row = i, .of_class = own };
	}
	qsort(r->miss, in->b, sizeof *r->miss, by_error);
	for (size_t i = 0, n; i < in->b; i += n) {
		n = tied(&r->miss[i], in->b - i);
		const bool own = r->miss[i].of_class;
		const double wider = either + (own ? 0 : (double)n);
		const double weight = own ? 1 / either : either > 0 ? both / either / wider : 1 / (double)n;
		both -= own ? (double)n : 0;
		either = wider;
		value += (double)n * weight * r->miss[i].error;
		for (size_t m = i; m < i + n; m++)
			r->slope[r->miss[m].row * in->c + k] = share * (own ? -weight : weight);
	}
	return share * value;
}

static double rows_of(const struct lb_batch *in, size_t k)
{
	double n = 0;

	for (size_t i = 0; i < in->b; i++)
		n += (size_t)in->y[i] == k;
	return n;
}

static double batch(const struct lb_batch *in, real *g)
{
	const size_t c = in->c;
	const struct room r = room_of(in);
	double classes = 0, value = 0;

	for (size_t i = 0; i < in->b; i++)
		value += 0 * r.soft[i].more;
	if (isnan(value))
		return lb_with_nan(in, g, value);
	for (size_t k = 0; k < c; k++)
		classes += lb_class_counts_in(rows_of(in, k), in->par[0].v);
	for (size_t k = 0; k < c; k++) {
		const double rows = rows_of(in, k);
		if (lb_class_counts_in(rows, in->par[0].v))
			value += of_class(in, &r, k, rows, 1 / classes);
		else
			for (size_t i = 0; i < in->b; i++)
				r.slope[i * c + k] = 0;
	}
	for (size_t i = 0; g && i < in->b; i++)
		lb_through_softmax(c, in->output.value + i * c, &r.soft[i], r.slope + i * c, 1, g + i * c);
	return value;
}

LB_BATCH(lovasz_softmax, batch)

const struct lb_loss LB_LOSS(multiclass, lovasz_softmax) = {
	.info = {
		.base = {
			.name = "lovasz_softmax",
			.title = "Lovasz-softmax: the convex extension of the Jaccard loss of every class, of its probabilities",
			.cite = "M. Berman, A. R. Triki, M. B. Blaschko, The Lovasz-softmax loss: a tractable surrogate for the optimization of the "
				"intersection-over-union measure in neural networks, CVPR 2018, algorithm 1",
			.formula = "mean_{k in S} sum_m u_m (J_m - J_{m-1}),  u = |[y = k] - p_k| falling,  J_m = 1 - (N - hits_m) / (N + misses_m)",
			.notes = "N is the number of rows of the class, hits and misses count its rows and the others among the m largest errors. One value a batch; "
				 "the paper averages it over images. Of errors that tie, rows of the class come first, and rows of one side share alike. With "
				 "classes=all an absent class costs its largest probability. It is one minus the macro Jaccard where the probabilities are 0 and 1. "
				 "Not convex in the scores. O(C B log B).",
			.keywords = "lovasz jaccard iou intersection_over_union segmentation",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "overlap of regions",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT | LB_BOUNDED,
		LB_EXAMPLES(examples),
	},
	.form = &lovasz_softmax_form,
	.workspace = workspace,
};
