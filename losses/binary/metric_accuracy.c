#include "losses/support/soft_confusion.h"

LB_AMP_CHOICES;

static const struct lb_param params[] = {
	LB_AMP_PARAMS,
};

static const struct lb_same_as same_as[] = {
	{ .set = "amp=identity", .other = "mae_sigmoid", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "amp=identity", .b = 4, .c = 1, .z = { 0, 0, 0, 0 }, .y = { 1, 0, 0, 1 }, .value = 0.5,
	  .source = "by hand: every count 1" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.49888090229714774,
	  .source = "mpmath, 30 digits" },
};

static struct lb_soft metric(const struct lb_counts *c, const struct lb_arg *par)
{
	(void)par;
	return (struct lb_soft){ .loss = (c->fp + c->fn) / c->b, .by_tp = -1 / c->b, .by_fp = 1 / c->b };
}

static double batch(const struct lb_batch *in, real *g)
{
	const struct lb_amp amp = lb_amp_of(in->par);

	return lb_soft_batch(in, g, &amp, metric);
}

const struct lb_loss LB_LOSS(binary, metric_accuracy) = {
	.info = {
		.base = {
			.name = "metric_accuracy",
			.title = "Accuracy as a loss",
			.cite = "S. Han, N. Moniz, N. V. Chawla, AnyLoss: transforming classification metrics into loss "
				"functions, KDD 2024, arXiv 2405.14745; with amp cosine: F. Marchetti, S. Guastavino, M. "
				"Piana, C. Campi, Score-oriented loss (SOL) functions, Pattern Recognition 132, 2022",
			.formula = "1 - (TP + TN) / B",
			.notes = "Counts are soft: TP = sum of a over the positives, FP over the negatives, a = A(p), p = "
				 "sigmoid(z). With amp identity it is mae_sigmoid. amp any is AnyLoss; its L = 73 is the "
				 "largest integer whose A(1) stays below 1 in float64 (33 in float32) when p and 1 - a are "
				 "rounded, which they are not here. amp identity takes p itself, amp cosine is the "
				 "score-oriented loss of a threshold spread over [mu - d, mu + d]. Rows far from the "
				 "threshold have next to no gradient (exactly none under cosine): start from small weights.",
			.keywords = "anyloss anyloss_accuracy sol soft_accuracy score_oriented error_rate",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "accuracy",
		.claims = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		.same_as = same_as,
		.n_same_as = sizeof same_as / sizeof *same_as,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.batch = batch,
};
