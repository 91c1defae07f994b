/* Losses over all pairs of a positive and a negative row. */
#include "losses/support/sorted_pairs.h"
#include "losses/support/class_moments.h"
#include "losses/support/degenerate_batch.h"

/* ---- pairwise_hinge ---- */

enum { PAIRWISE_HINGE_MARGIN };

static const struct lb_param pairwise_hinge_params[] = {
	[PAIRWISE_HINGE_MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 100, .grid = { 0.1, 1, 5 }, .n_grid = 3,
		     .help = "what a positive should be above a negative" },
};

static const struct lb_example pairwise_hinge_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 1, 0.5 }, .y = { 1, 0 }, .value = 0.5, .source = "by hand: 1 - 0.5" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.47500000000000001,
	  .source = "mpmath, 30 digits" },
};

static double pairwise_hinge_batch(const struct lb_batch *in, real *g)
{
	return lb_hinge_pairs_batch(in, g, in->par[PAIRWISE_HINGE_MARGIN].v, false);
}

LB_BATCH(pairwise_hinge, pairwise_hinge_batch)

const struct lb_loss LB_LOSS(binary, pairwise_hinge) = {
	.info = {
		.base = {
			.name = "pairwise_hinge",
			.title = "Hinge over all pairs of a positive and a negative",
			.cite = "R. Herbrich, T. Graepel, K. Obermayer, Large margin rank boundaries for ordinal regression, "
				"Advances in Large Margin Classifiers, MIT Press, 2000",
			.formula = "(1/(n1 n0)) sum over positives i, negatives j of max(0, m - (z_i - z_j))",
			.notes = "Exact in O(n log n), see pairwise_squared_hinge. Not consistent with AUC (W. Gao, Z.-H. "
				 "Zhou, IJCAI 2015), unlike its square. The slope of a pair at the kink is 0. A batch that "
				 "lacks a class has value and gradient 0. Adding one constant to all scores changes nothing, "
				 "so the threshold is not learnt.",
			.keywords = "auc ranking all_pairs ranksvm",
			LB_PARAMS(pairwise_hinge_params),
		},
		.kind = LB_BINARY,
		.good_for = "ranking (AUC)",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		.needs = LB_NEEDS_BOTH_CLASSES,
		LB_EXAMPLES(pairwise_hinge_examples),
	},
	.form = &pairwise_hinge_form,
	.workspace = lb_sorted_workspace,
};

/* ---- pairwise_squared_hinge ---- */

enum { PAIRWISE_SQUARED_HINGE_MARGIN };

static const struct lb_param pairwise_squared_hinge_params[] = {
	[PAIRWISE_SQUARED_HINGE_MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 100, .grid = { 0.1, 1, 5 }, .n_grid = 3,
		     .help = "what a positive should be above a negative" },
};

static const struct lb_example pairwise_squared_hinge_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 1, 0.5 }, .y = { 1, 0 }, .value = 0.25, .source = "by hand: (1 - 0.5)^2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.81249999999999999,
	  .source = "mpmath, 30 digits" },
};

static double pairwise_squared_hinge_batch(const struct lb_batch *in, real *g)
{
	return lb_hinge_pairs_batch(in, g, in->par[PAIRWISE_SQUARED_HINGE_MARGIN].v, true);
}

LB_BATCH(pairwise_squared_hinge, pairwise_squared_hinge_batch)

const struct lb_loss LB_LOSS(binary, pairwise_squared_hinge) = {
	.info = {
		.base = {
			.name = "pairwise_squared_hinge",
			.title = "Squared hinge over all pairs of a positive and a negative",
			.cite = "J. C. Rust, T. D. Hocking, A log-linear gradient descent algorithm for unbalanced binary "
				"classification using the all pairs squared hinge loss, arXiv 2302.11062, 2023",
			.formula = "(1/(n1 n0)) sum over positives i, negatives j of max(0, m - (z_i - z_j))^2",
			.notes = "Exact in O(n log n): after sorting, sums of the active gaps move along the scores without "
				 "cancellation. The square of the paper, without a factor 1/2. A batch that lacks a class "
				 "has value and gradient 0. Adding one constant to all scores changes nothing, so the "
				 "threshold is not learnt.",
			.keywords = "auc ranking all_pairs ranksvm l2_ranksvm",
			LB_PARAMS(pairwise_squared_hinge_params),
		},
		.kind = LB_BINARY,
		.good_for = "ranking (AUC)",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.needs = LB_NEEDS_BOTH_CLASSES,
		LB_EXAMPLES(pairwise_squared_hinge_examples),
	},
	.form = &pairwise_squared_hinge_form,
	.workspace = lb_sorted_workspace,
};

/* ---- pairwise_squared ---- */

enum { PAIRWISE_SQUARED_MARGIN };

static const struct lb_param pairwise_squared_params[] = {
	[PAIRWISE_SQUARED_MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 100, .grid = { 0.1, 1, 5 }, .n_grid = 3,
		     .help = "what a positive should be above a negative" },
};

static const struct lb_example pairwise_squared_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 1, 0.5 }, .y = { 1, 0 }, .value = 0.25, .source = "by hand: (1 - 0.5)^2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 2.0849999999999999,
	  .source = "mpmath, 30 digits" },
};

static double pairwise_squared_batch(const struct lb_batch *in, real *g)
{
	const struct lb_spread s = lb_spread(in, false);
	const double short_by = in->par[PAIRWISE_SQUARED_MARGIN].v - (s.mean[1] - s.mean[0]);

	if (!(s.n[0] > 0 && s.n[1] > 0))
		return lb_flat(in, g, 0);
	for (size_t i = 0; g && i < in->b; i++) {
		const int y = in->y[i] == 1;
		g[i] = (real)(2 / s.n[y] * ((double)in->output.value[i] - s.origin - s.mean[y] + (y ? -short_by : short_by)));
	}
	return s.var[0] + s.var[1] + short_by * short_by;
}

LB_BATCH(pairwise_squared, pairwise_squared_batch)

const struct lb_loss LB_LOSS(binary, pairwise_squared) = {
	.info = {
		.base = {
			.name = "pairwise_squared",
			.title = "Squared error over all pairs of a positive and a negative",
			.cite = "W. Gao, R. Jin, S. Zhu, Z.-H. Zhou, One-pass AUC optimization, ICML 2013",
			.formula = "(1/(n1 n0)) sum over positives i, negatives j of (m - (z_i - z_j))^2",
			.notes = "Exact in O(n): it is var_1 + var_0 + (m - (mean_1 - mean_0))^2, with means and variances "
				 "of the scores of each class. The paper halves it. A batch that lacks a class has value and "
				 "gradient 0. Adding one constant to all scores changes nothing, so the threshold is not "
				 "learnt.",
			.keywords = "auc ranking all_pairs opauc pairwise_least_squares",
			LB_PARAMS(pairwise_squared_params),
		},
		.kind = LB_BINARY,
		.good_for = "ranking (AUC)",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.needs = LB_NEEDS_BOTH_CLASSES,
		LB_EXAMPLES(pairwise_squared_examples),
	},
	.form = &pairwise_squared_form,
};

/* ---- pairwise_exponential ---- */

static const struct lb_example pairwise_exponential_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 1, 0.5 }, .y = { 1, 0 }, .value = 0.60653065971263342,
	  .source = "by hand: exp(-0.5)" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.72400073808996569,
	  .source = "mpmath, 30 digits" },
};

/* log of the mean of exp(sign z) over the rows of class y */
static double pairwise_exponential_log_mean_exp(const struct lb_batch *in, int32_t y, double sign)
{
	double top = -HUGE_VAL, sum = 0, n = 0;

	for (size_t i = 0; i < in->b; i++)
		if (in->y[i] == y && sign * (double)in->output.value[i] > top)
			top = sign * (double)in->output.value[i];
	for (size_t i = 0; i < in->b; i++)
		if (in->y[i] == y) {
			sum += exp(sign * (double)in->output.value[i] - top);
			n++;
		}
	return top + log(sum / n);
}

static double pairwise_exponential_batch(const struct lb_batch *in, real *g)
{
	const double n1 = (double)lb_positives(in), n0 = (double)in->b - n1;

	if (!(n1 > 0 && n0 > 0))
		return lb_flat(in, g, 0);
	const double up = pairwise_exponential_log_mean_exp(in, 1, -1), down = pairwise_exponential_log_mean_exp(in, 0, 1);
	for (size_t i = 0; g && i < in->b; i++)
		g[i] = (real)(in->y[i] ? -exp(down - (double)in->output.value[i]) / n1 : exp(up + (double)in->output.value[i]) / n0);
	return exp(up + down) + lb_nothing(in);
}

LB_BATCH(pairwise_exponential, pairwise_exponential_batch)

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
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.needs = LB_NEEDS_BOTH_CLASSES,
		.exceptions = LB_OVERFLOWS,
		LB_EXAMPLES(pairwise_exponential_examples),
	},
	.form = &pairwise_exponential_form,
};
