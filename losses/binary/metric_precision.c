#include "losses/support/soft_confusion.h"

enum { EPS = LB_AMP_N };

LB_AMP_CHOICES;

static const struct lb_param params[] = {
	LB_AMP_PARAMS,
	[EPS] = { .name = "eps", .symbol = "e", .def = 0, .min = 0, .max = 1, .help = "added to the denominator" },
};

static const struct lb_example examples[] = {
	{ .set = "amp=identity", .b = 4, .c = 1, .z = { 0, 0, 0, 0 }, .y = { 1, 0, 0, 1 }, .value = 0.5,
	  .source = "by hand: TP = FP = 1" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.49888325540439218,
	  .source = "mpmath, 30 digits" },
};

static struct lb_soft metric(const struct lb_counts *c, const struct lb_arg *par)
{
	const double den = c->tp + c->fp + par[EPS].v;

	if (!(c->p > 0 && den > 0))
		return lb_undefined();
	const double loss = (c->fp + par[EPS].v) / den;
	return (struct lb_soft){ .loss = loss, .by_tp = -loss / den, .by_fp = c->tp / den / den };
}

static double batch(const struct lb_batch *in, real *g)
{
	const struct lb_amp amp = lb_amp_of(in->par);

	return lb_soft_batch(in, g, &amp, metric);
}

const struct lb_loss LB_LOSS(binary, metric_precision) = {
	.info = {
		.base = {
			.name = "metric_precision",
			.title = "Precision as a loss",
			.cite = "S. Han, N. Moniz, N. V. Chawla, AnyLoss: transforming classification metrics into loss "
				"functions, KDD 2024, arXiv 2405.14745; with amp cosine: F. Marchetti, S. Guastavino, M. "
				"Piana, C. Campi, Score-oriented loss (SOL) functions, Pattern Recognition 132, 2022",
			.formula = "1 - TP / (TP + FP + e)",
			.notes = "Counts are soft: TP = sum of a over the positives, FP over the negatives, a = A(p), p = "
				 "sigmoid(z). A batch without positives has value 1 and no gradient. So has one whose TP + "
				 "FP + e is 0. The KDD code has e = 0, the authors' extension 1e-5. Alone it is content with "
				 "one sure positive. amp any is AnyLoss; its L = 73 is the largest integer whose A(1) stays "
				 "below 1 in float64 (33 in float32) when p and 1 - a are rounded, which they are not here. "
				 "amp identity takes p itself, amp cosine is the score-oriented loss of a threshold spread "
				 "over [mu - d, mu + d]. Rows far from the threshold have next to no gradient (exactly none "
				 "under cosine): start from small weights.",
			.keywords = "anyloss anyloss_precision sol_precision soft_precision ppv",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "precision",
		.claims = LB_NONNEGATIVE | LB_BOUNDED,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.batch = batch,
};
