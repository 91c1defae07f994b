#include "losses/loss.h"

#include <string.h>

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 1 }, .classes = 2, .value = 0.69314718055994531,
	  .source = "by hand: both branches as good as their mean, so log 2" },
	{ .set = "", .b = 3, .c = 2, .z = { 1, -0.5, -1, 0.3, 0.2, 0.9 }, .y = { 1, 0, 1 }, .classes = 2, .value = 0.66739413314913680,
	  .source = "mpmath, 30 digits" },
};

/* Row i's fused score. */
static double fused(const struct lb_batch *in, size_t i)
{
	const real *z = in->output.value + i * in->output.stride;
	double sum = 0;

	for (size_t d = 0; d < in->c; d++)
		sum += (double)z[d];
	return sum / (double)in->c;
}

/* -log sigmoid of the score's side that the label is on, and its slope by the score. */
static double bce(double z, bool positive)
{
	const double m = positive ? z : -z;

	return m > 0 ? log1p(exp(-m)) : log1p(exp(m)) - m;
}

static double slope(double z, bool positive)
{
	const double m = positive ? z : -z, p = m > 0 ? exp(-m) / (1 + exp(-m)) : 1 / (1 + exp(m));

	return positive ? -p : p;
}

/* Mean loss of the fused score, or of branch d. */
static double mean_loss(const struct lb_batch *in, size_t d)
{
	double sum = 0;

	for (size_t i = 0; i < in->b; i++)
		sum += bce(d < in->c ? (double)in->output.value[i * in->c + d] : fused(in, i), in->y[i] > 0);
	return sum / (double)in->b;
}

/* g += share times the slopes of one mean loss by the column. */
static void add(const struct lb_batch *in, real *g, size_t d, double share, bool whole)
{
	for (size_t i = 0; i < in->b; i++) {
		const double z = whole ? fused(in, i) : (double)in->output.value[i * in->c + d];
		g[i * in->c + d] += (real)(share * slope(z, in->y[i] > 0) / (double)in->b);
	}
}

static double batch(const struct lb_batch *in, real *g)
{
	const double whole = mean_loss(in, in->c);
	double value = whole, share = 1;

	if (g)
		memset(g, 0, in->b * in->c * sizeof *g);
	for (size_t d = 0; d < in->c; d++) {
		const double branch = mean_loss(in, d), weight = branch - whole;
		value += weight > 0 ? weight * branch : 0 * weight;
		share -= weight > 0 ? branch : 0;
		if (g)
			add(in, g, d, weight > 0 ? weight + branch : 0 * weight, false);
	}
	for (size_t d = 0; g && d < in->c; d++)
		add(in, g, d, share / (double)in->c, true);
	return value;
}

/* Two classes whose softmax is the sigmoid of the fused score. */
static void predict(const struct lb_batch *in, real *out)
{
	const size_t classes = in->stats->n_classes;

	for (size_t i = 0; i < in->b; i++)
		for (size_t k = 0; k < classes; k++)
			out[i * classes + k] = k ? (real)fused(in, i) : 0;
}

LB_BATCH(tri_bce, batch)

const struct lb_loss LB_LOSS(embedding, tri_bce) = {
	.info = {
		.base = {
			.name = "tri_bce",
			.title = "Tri-BCE: cross-entropy of branches and of their mean, the branches weighted by how far they lag",
			.cite = "H. Li, Y. Zhang, Y. Zhang, H. Li, L. Sang, J. Zhu, FCN: Fusing exponential and linear cross network for "
				"click-through rate prediction, arXiv 2407.13349, 2024",
			.formula = "L + sum_d w_d L_d,  w_d = max(0, L_d - L),  L the mean loss of (1/D) sum_d z_d, L_d that of z_d",
			.notes = "For data of two classes: the columns of the embedding (model.dimension: 2 in the paper) are the branches' logits, "
				 "their mean decides. Weights take part in the gradient, as in the published program. With one branch it is the "
				 "logistic loss.",
			.keywords = "fcn click_through_rate ctr branches",
		},
		.kind = LB_EMBEDDING,
		.good_for = "click-through rates",
		.properties = LB_NONNEGATIVE,
		.classes = 2,
		LB_EXAMPLES(examples),
	},
	.form = &tri_bce_form,
	.predict = predict,
};
