#include "losses/support/degenerate_batch.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 1, 0.5 }, .y = { 1, 0 }, .value = 0.60653065971263342,
	  .source = "by hand: exp(-0.5)" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.72400073808996569,
	  .source = "mpmath, 30 digits" },
};

/* log of the mean of exp(sign z) over the rows of class y */
static double log_mean_exp(const struct lb_batch *in, int32_t y, double sign)
{
	double top = -HUGE_VAL, sum = 0, n = 0;

	for (size_t i = 0; i < in->b; i++)
		if (in->y[i] == y && sign * (double)in->z[i] > top)
			top = sign * (double)in->z[i];
	for (size_t i = 0; i < in->b; i++)
		if (in->y[i] == y) {
			sum += exp(sign * (double)in->z[i] - top);
			n++;
		}
	return top + log(sum / n);
}

static double batch(const struct lb_batch *in, real *g)
{
	const double n1 = (double)lb_positives(in), n0 = (double)in->b - n1;

	if (!(n1 > 0 && n0 > 0))
		return lb_flat(in, g, 0);
	const double up = log_mean_exp(in, 1, -1), down = log_mean_exp(in, 0, 1);
	for (size_t i = 0; g && i < in->b; i++)
		g[i] = (real)(in->y[i] ? -exp(down - (double)in->z[i]) / n1 : exp(up + (double)in->z[i]) / n0);
	return exp(up + down) + lb_nothing(in);
}

const struct lb_loss LB_LOSS(binary, pairwise_exponential) = {
	.info = {
		.base = {
			.name = "pairwise_exponential",
			.title = "Exponential loss over all pairs of a positive and a negative (RankBoost)",
			.cite = "Y. Freund, R. Iyer, R. E. Schapire, Y. Singer, An efficient boosting algorithm for "
				"combining preferences, JMLR 4, 2003",
			.formula = "(1/(n1 n0)) sum over positives i, negatives j of exp(-(z_i - z_j))",
			.notes = "Exact in O(n): the product of the means of exp(-z) over the positives and of exp(z) over "
				 "the negatives, each by log-sum-exp. Overflows where a pair is wrong by more than 88 in "
				 "float32 and 709 in float64: the value is +inf and a training ends as diverged. A batch "
				 "that lacks a class has value and gradient 0. Adding one constant to all scores changes "
				 "nothing, so the threshold is not learnt.",
			.keywords = "auc ranking all_pairs rankboost",
		},
		.kind = LB_BINARY,
		.good_for = "ranking (AUC)",
		.claims = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.needs = LB_NEEDS_BOTH_CLASSES,
		.limits = LB_OVERFLOWS,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.batch = batch,
};
