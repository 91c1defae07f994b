#include "losses/support/soft_confusion.h"

LB_AMP_CHOICES;

static const struct lb_param params[] = {
	LB_AMP_PARAMS,
};

static const struct lb_example examples[] = {
	{ .set = "amp=identity", .b = 4, .c = 1, .z = { 0, 0, 0, 0 }, .y = { 1, 0, 0, 1 }, .value = 0.5,
	  .source = "by hand: TPR = TNR = 1/2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.49888200980104151,
	  .source = "mpmath, 30 digits" },
};

static struct lb_soft metric(const struct lb_counts *c, const struct lb_arg *par)
{
	(void)par;
	const double tpr = c->tp / c->p, tnr = c->tn / c->n, root = sqrt(tpr * tnr);

	if (!(c->p > 0 && c->n > 0 && tpr > 0 && tnr > 0))
		return lb_undefined();
	return (struct lb_soft){ .loss = (c->fn / c->p + tpr * (c->fp / c->n)) / (1 + root), .by_tp = -sqrt(tnr / tpr) / (2 * c->p),
				 .by_fp = sqrt(tpr / tnr) / (2 * c->n) };
}

static double batch(const struct lb_batch *in, real *g)
{
	const struct lb_amp amp = lb_amp_of(in->par);

	return lb_soft_batch(in, g, &amp, metric);
}

const struct lb_loss LB_LOSS(binary, metric_gmean) = {
	.info = {
		.base = {
			.name = "metric_gmean",
			.title = "G-mean as a loss",
			.cite = "S. Han, N. Moniz, N. V. Chawla, AnyLoss: transforming classification metrics into loss "
				"functions, KDD 2024, arXiv 2405.14745; with amp cosine: F. Marchetti, S. Guastavino, M. "
				"Piana, C. Campi, Score-oriented loss (SOL) functions, Pattern Recognition 132, 2022",
			.formula = "1 - sqrt(TPR TNR)",
			.notes = "Counts are soft: TP = sum of a over the positives, FP over the negatives, a = A(p), p = "
				 "sigmoid(z). A batch that lacks a class has value 1 and no gradient. So has one whose TPR "
				 "or TNR is 0 in float64. The authors' notebook derives it by hand with a factor 2 in the "
				 "place of 1/2, four times the true gradient: their learning rate 0.01 is 0.04 here. Their "
				 "extension leaves out the root: metric_gmean_sq. amp any is AnyLoss; its L = 73 is the "
				 "largest integer whose A(1) stays below 1 in float64 (33 in float32) when p and 1 - a are "
				 "rounded, which they are not here. amp identity takes p itself, amp cosine is the "
				 "score-oriented loss of a threshold spread over [mu - d, mu + d]. Rows far from the "
				 "threshold have next to no gradient (exactly none under cosine): start from small weights.",
			.keywords = "anyloss anyloss_gmean sol geometric_mean",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "G-mean, class imbalance",
		.claims = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		.needs = LB_NEEDS_BOTH_CLASSES,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.batch = batch,
};
