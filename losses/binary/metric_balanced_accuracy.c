#include "losses/support/soft_confusion.h"

LB_AMP_CHOICES;

static const struct lb_param params[] = {
	LB_AMP_PARAMS,
};

static const struct lb_example examples[] = {
	{ .set = "amp=identity", .b = 4, .c = 1, .z = { 0, 0, 0, 0 }, .y = { 1, 0, 0, 1 }, .value = 0.5,
	  .source = "by hand: TPR = TNR = 1/2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.49888090229714774,
	  .source = "mpmath, 30 digits" },
};

static struct lb_soft metric(const struct lb_counts *c, const struct lb_arg *par)
{
	(void)par;
	if (!(c->p > 0 && c->n > 0))
		return lb_undefined();
	return (struct lb_soft){ .loss = (c->fn / c->p + c->fp / c->n) / 2, .by_tp = -1 / (2 * c->p), .by_fp = 1 / (2 * c->n) };
}

static double batch(const struct lb_batch *in, real *g)
{
	const struct lb_amp amp = lb_amp_of(in->par);

	return lb_soft_batch(in, g, &amp, metric);
}

const struct lb_loss LB_LOSS(binary, metric_balanced_accuracy) = {
	.info = {
		.base = {
			.name = "metric_balanced_accuracy",
			.title = "Balanced accuracy as a loss",
			.cite = "S. Han, N. Moniz, N. V. Chawla, AnyLoss: transforming classification metrics into loss "
				"functions, KDD 2024, arXiv 2405.14745; with amp cosine: F. Marchetti, S. Guastavino, M. "
				"Piana, C. Campi, Score-oriented loss (SOL) functions, Pattern Recognition 132, 2022",
			.formula = "1 - (TPR + TNR) / 2",
			.notes = "Counts are soft: TP = sum of a over the positives, FP over the negatives, a = A(p), p = "
				 "sigmoid(z). A batch that lacks a class has value 1 and no gradient. amp any is AnyLoss; "
				 "its L = 73 is the largest integer whose A(1) stays below 1 in float64 (33 in float32) when "
				 "p and 1 - a are rounded, which they are not here. amp identity takes p itself, amp cosine "
				 "is the score-oriented loss of a threshold spread over [mu - d, mu + d]. Rows far from the "
				 "threshold have next to no gradient (exactly none under cosine): start from small weights.",
			.keywords = "anyloss anyloss_bacc sol balanced_error_rate ber",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "balanced accuracy, class imbalance",
		.claims = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		.needs = LB_NEEDS_BOTH_CLASSES,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.batch = batch,
};
