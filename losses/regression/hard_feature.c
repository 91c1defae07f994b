#include "losses/loss.h"

#include <stdlib.h>
#include <string.h>

enum { QUANTILE };

static const struct lb_param params[] = {
	[QUANTILE] = { .name = "q", .symbol = "q", .def = 0.999, .min = 0, .max = 1, .max_open = true, .grid = { 0, 0.5, 0.9, 0.99, 0.999 }, .n_grid = 5,
		       .help = "share of the batch's squared errors that are left out, the smallest; one counts at least" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "q=0", .other = "mse", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 1, 2, 3, 5 }, .t = { 0, 2, 1, 2 }, .value = 9, .source = "by hand: the largest of 1, 0, 4, 9" },
	{ .set = "q=0.5", .b = 2, .c = 2, .z = { 1, 2, 3, 5 }, .t = { 0, 2, 1, 2 }, .value = 6.5, .source = "by hand: (4 + 9) / 2, above the median 2.5" },
};

static int descending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return 2 * shape->b * shape->c * sizeof(double);
}

static double square_at(const struct lb_batch *in, size_t k)
{
	const double e = (double)in->output.value[k] - (double)in->target[k];

	return e * e;
}

/* g <- the gradient where the errors above `least` count whole, and those equal to it in part. */
static void write_gradient(const struct lb_batch *in, const double *square, size_t n, double least, double part, double kept, real *g)
{
	for (size_t k = 0; k < n; k++) {
		const double counts = square[k] > least ? 1 : square[k] < least ? 0 : part;
		g[k] = (real)(counts * 2 * ((double)in->output.value[k] - (double)in->target[k]) / kept);
	}
}

static double batch(const struct lb_batch *in, real *g)
{
	const size_t n = in->b * in->c, kept = n - (size_t)ceil(in->par[QUANTILE].v * (double)(n - 1));
	double *square = in->workspace, *sorted = square + n, sum = 0;
	size_t above = 0, to = 0;

	for (size_t k = 0; k < n; k++) {
		square[k] = square_at(in, k);
		sum += square[k];
	}
	if (isnan(sum)) {
		for (size_t k = 0; g && k < n; k++)
			g[k] = (real)sum;
		return sum;
	}
	memcpy(sorted, square, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, descending);
	const double least = sorted[kept - 1];
	sum = 0;
	for (size_t k = 0; k < kept; k++) {
		sum += sorted[k];
		above += sorted[k] > least;
	}
	for (to = kept; to < n && !(sorted[to] < least);)
		to++;
	if (g)
		write_gradient(in, square, n, least, (double)(kept - above) / (double)(to - above), (double)kept, g);
	return sum / (double)kept;
}

LB_BATCH(hard_feature_loss, batch)

const struct lb_loss LB_LOSS(regression, hard_feature_loss) = {
	.info = {
		.base = {
			.name = "hard_feature_loss",
			.title = "Mean of the largest squared errors of a batch, of all rows and targets together",
			.cite = "K. Batzner, L. Heckler, R. Konig, EfficientAD: Accurate visual anomaly detection at millisecond-level latencies, WACV 2024",
			.formula = "mean of the D_ik that are at least the q-quantile of all, D_ik = (z_ik - t_ik)^2",
			.notes = "Of n squared errors the n - ceil(q (n - 1)) largest count, which are those at or above the q-quantile by linear interpolation; "
				 "equal ones at the edge share the gradient. Which they are is held fixed in it, and their number is rounded, so that a batch written twice can "
				 "have another value. Made for a student of a teacher's features, whose targets these "
				 "are; q = 0.999 is the authors' for images of thousands of features. In task anomaly rows are then scored by squared_error.",
			.keywords = "hard_feature efficientad hard_mining top_k_error student_teacher",
			LB_PARAMS(params),
		},
		.kind = LB_REGRESSION,
		.good_for = "anomalies, hard examples",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &hard_feature_loss_form,
	.workspace = workspace,
};
