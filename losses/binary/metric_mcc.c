#include "losses/support/soft_confusion.h"

LB_AMP_CHOICES;

static const struct lb_param params[] = {
	LB_AMP_PARAMS,
};

static const struct lb_example examples[] = {
	{ .set = "amp=identity", .b = 4, .c = 1, .z = { 0, 0, 0, 0 }, .y = { 1, 0, 0, 1 }, .value = 1,
	  .source = "by hand: no correlation" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.99776179962556805,
	  .source = "mpmath, 30 digits" },
};

static struct lb_soft metric(const struct lb_counts *c, const struct lb_arg *par)
{
	(void)par;
	const double up = c->tp + c->fp, down = c->tn + c->fn, u = c->tp * c->tn, v = c->fp * c->fn;

	if (!(c->p > 0 && c->n > 0 && up > 0 && down > 0))
		return lb_undefined();
	const double root = sqrt(c->p * c->n) * sqrt(up) * sqrt(down), lean = (u - v) / up * ((down - up) / (2 * down));
	const double r = c->tp * c->fn + c->fp * c->tn, s = c->tp * c->fp + c->fn * c->tn;
	return (struct lb_soft){ .loss = u > v ? ((u + v) * (r + s) + r * s + 4 * u * v) / root / (root + u - v) : 1 + (v - u) / root,
				 .by_tp = (lean - c->n) / root, .by_fp = (lean + c->p) / root };
}

static double batch(const struct lb_batch *in, real *g)
{
	const struct lb_amp amp = lb_amp_of(in->par);

	return lb_soft_batch(in, g, &amp, metric);
}

const struct lb_loss LB_LOSS(binary, metric_mcc) = {
	.info = {
		.base = {
			.name = "metric_mcc",
			.title = "Matthews correlation as a loss",
			.cite = "S. Han, N. Moniz, N. V. Chawla, AnyLoss: transforming classification metrics into loss "
				"functions, KDD 2024, arXiv 2405.14745; with amp cosine: F. Marchetti, S. Guastavino, M. "
				"Piana, C. Campi, Score-oriented loss (SOL) functions, Pattern Recognition 132, 2022",
			.formula = "1 - (TP TN - FP FN) / sqrt(P N (TP + FP) (TN + FN))",
			.notes = "Counts are soft: TP = sum of a over the positives, FP over the negatives, a = A(p), p = "
				 "sigmoid(z). A batch that lacks a class has value 1 and no gradient. So has one in which TP "
				 "+ FP or TN + FN is 0 in float64. Up to 2. amp any is AnyLoss; its L = 73 is the largest "
				 "integer whose A(1) stays below 1 in float64 (33 in float32) when p and 1 - a are rounded, "
				 "which they are not here. amp identity takes p itself, amp cosine is the score-oriented "
				 "loss of a threshold spread over [mu - d, mu + d]. Rows far from the threshold have next to "
				 "no gradient (exactly none under cosine): start from small weights.",
			.keywords = "anyloss sol matthews phi_coefficient",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "class imbalance",
		.claims = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		.needs = LB_NEEDS_BOTH_CLASSES,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.batch = batch,
};
