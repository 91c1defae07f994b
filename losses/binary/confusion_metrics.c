/* The losses 1 - M of twelve metrics M of the confusion matrix of soft counts
 * (losses/support/soft_confusion.h). Each metric returns its loss and the derivatives by TP and
 * FP. */
#include "losses/support/soft_confusion.h"

enum { EPS = LB_AMP_N, BETA = LB_AMP_N, BETA_EPS };

LB_AMP_CHOICES;

#define EPS_PARAM { .name = "eps", .symbol = "e", .def = 0, .min = 0, .max = 1, .help = "added to the denominator" }

static const struct lb_param amplifier[] = {
	LB_AMP_PARAMS,
};

static const struct lb_param with_eps[] = {
	LB_AMP_PARAMS,
	[EPS] = EPS_PARAM,
};

static const struct lb_param with_beta[] = {
	LB_AMP_PARAMS,
	[BETA] = { .name = "beta", .symbol = "b", .def = 1, .min = 0.01, .max = 100, .log_scale = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		   .help = "weight of recall against precision" },
	[BETA_EPS] = EPS_PARAM,
};

#define CITE \
	"S. Han, N. Moniz, N. V. Chawla, AnyLoss: transforming classification metrics into loss functions, KDD " \
	"2024, arXiv 2405.14745; with amp cosine: F. Marchetti, S. Guastavino, M. Piana, C. Campi, Score-oriented " \
	"loss (SOL) functions, Pattern Recognition 132, 2022"
#define SOFT \
	"Counts are soft: TP = sum of a over the positives, FP over the negatives, a = A(p), p = sigmoid(z). "
#define AMPLIFIERS \
	"amp any is AnyLoss; its L = 73 is the largest integer whose A(1) stays below 1 in float64 (33 in float32) " \
	"when p and 1 - a are rounded, which they are not here. amp identity takes p itself, amp cosine is the " \
	"score-oriented loss of a threshold spread over [mu - d, mu + d]. Rows far from the threshold have next to " \
	"no gradient (exactly none under cosine): start from small weights."

/* Two worked examples: four rows of score 0 with every count 1, and four rows at the defaults. */
#define EXAMPLES(id, at_zero, by_hand, at_defaults)                                                                          \
	static const struct lb_example id##_examples[] = {                                                                      \
		{ .set = "amp=identity", .b = 4, .c = 1, .z = { 0, 0, 0, 0 }, .y = { 1, 0, 0, 1 }, .value = at_zero,            \
		  .source = by_hand },                                                                                          \
		{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = at_defaults,            \
		  .source = "mpmath, 30 digits" },                                                                              \
	}

/* Defines the loss NAME from the function of that name. What follows the keywords are further
 * members of its struct lb_loss_info. */
#define METRIC(id, parameters, metric_name, purpose, formula_text, remarks, words, ...)                                      \
	LB_AMPLIFIED_CONFUSION(id, id)                                                                                          \
	const struct lb_loss LB_LOSS(binary, id) = {                                                                            \
		.info = {                                                                                                       \
			.base = { .name = #id, .title = metric_name " as a loss", .cite = CITE,                    \
				  .formula = formula_text, .notes = SOFT remarks AMPLIFIERS, .keywords = "anyloss " words,      \
				  LB_PARAMS(parameters) },                                                                      \
			.kind = LB_BINARY, .good_for = purpose, LB_EXAMPLES(id##_examples), __VA_ARGS__,                        \
		},                                                                                                              \
		.form = &id##_form,                                                                                             \
	};

static struct lb_soft metric_accuracy(const struct lb_counts *c, const struct lb_arg *par)
{
	(void)par;
	return (struct lb_soft){ .loss = (c->fp + c->fn) / c->b, .by_tp = -1 / c->b, .by_fp = 1 / c->b };
}

static const struct lb_same_as metric_accuracy_same_as[] = {
	{ .set = "amp=identity", .other = "mae_sigmoid", .other_set = "" },
};

EXAMPLES(metric_accuracy, 0.5, "by hand: every count 1", 0.49888090229714774);

METRIC(metric_accuracy, amplifier, "Accuracy", "accuracy",
       "1 - (TP + TN) / B",
       "With amp identity it is mae_sigmoid. ",
       "anyloss_accuracy sol soft_accuracy score_oriented error_rate", .properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED, LB_SAME_AS(metric_accuracy_same_as))

static struct lb_soft metric_precision(const struct lb_counts *c, const struct lb_arg *par)
{
	const double den = c->tp + c->fp + par[EPS].v;

	if (!(c->p > 0 && den > 0))
		return lb_undefined();
	const double loss = (c->fp + par[EPS].v) / den;
	return (struct lb_soft){ .loss = loss, .by_tp = -loss / den, .by_fp = c->tp / den / den };
}

EXAMPLES(metric_precision, 0.5, "by hand: TP = FP = 1", 0.49888325540439218);

METRIC(metric_precision, with_eps, "Precision", "precision",
       "1 - TP / (TP + FP + e)",
       "A batch without positives has value 1 and no gradient. So has one whose TP + FP + e is 0. The KDD code has e"
       " = 0, the authors' extension 1e-5. Alone it is content with one sure positive. ",
       "anyloss_precision sol_precision soft_precision ppv", .properties = LB_NONNEGATIVE | LB_BOUNDED)

static struct lb_soft metric_recall(const struct lb_counts *c, const struct lb_arg *par)
{
	(void)par;
	if (!(c->p > 0))
		return lb_undefined();
	return (struct lb_soft){ .loss = c->fn / c->p, .by_tp = -1 / c->p };
}

EXAMPLES(metric_recall, 0.5, "by hand: TP = 1, P = 2", 0.49782734571236773);

METRIC(metric_recall, amplifier, "Recall", "recall",
       "1 - TP / P,  P the number of positives",
       "A batch without positives has value 1 and no gradient. Alone it is content with calling every row positive. ",
       "anyloss_recall sol_recall soft_recall sensitivity tpr", .properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED)

static struct lb_soft metric_specificity(const struct lb_counts *c, const struct lb_arg *par)
{
	(void)par;
	if (!(c->n > 0))
		return lb_undefined();
	return (struct lb_soft){ .loss = c->fp / c->n, .by_fp = 1 / c->n };
}

EXAMPLES(metric_specificity, 0.5, "by hand: FP = 1, N = 2", 0.49993445888192775);

METRIC(metric_specificity, amplifier, "Specificity", "specificity",
       "1 - TN / N,  N the number of negatives",
       "A batch without negatives has value 1 and no gradient. Alone it is content with calling every row negative. ",
       "sol_specificity soft_specificity tnr", .properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED)

static struct lb_soft metric_fbeta(const struct lb_counts *c, const struct lb_arg *par)
{
	return lb_soft_fbeta(c, par[BETA].v * par[BETA].v, par[BETA_EPS].v);
}

static const struct lb_same_as metric_fbeta_same_as[] = {
	{ .set = "amp=identity", .other = "dice", .other_set = "eps=0" },
};

EXAMPLES(metric_fbeta, 0.5, "by hand: every count 1, 2 / (2 + 1 + 1)", 0.49835585620328109);

METRIC(metric_fbeta, with_beta, "F-beta", "F-beta",
       "1 - (1 + b^2) TP / ((1 + b^2) TP + FP + b^2 FN + e)",
       "A batch without positives has value 1 and no gradient. The KDD code has e = 0, the authors' extension 1e-5. ",
       "anyloss_f1 sol_f1 soft_f1 f1 f_measure f_score macro_soft_f1 dice", .properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED, LB_SAME_AS(metric_fbeta_same_as))

static struct lb_soft metric_balanced_accuracy(const struct lb_counts *c, const struct lb_arg *par)
{
	(void)par;
	if (!(c->p > 0 && c->n > 0))
		return lb_undefined();
	return (struct lb_soft){ .loss = (c->fn / c->p + c->fp / c->n) / 2, .by_tp = -1 / (2 * c->p), .by_fp = 1 / (2 * c->n) };
}

EXAMPLES(metric_balanced_accuracy, 0.5, "by hand: TPR = TNR = 1/2", 0.49888090229714774);

METRIC(metric_balanced_accuracy, amplifier, "Balanced accuracy", "balanced accuracy, class imbalance",
       "1 - (TPR + TNR) / 2",
       "A batch that lacks a class has value 1 and no gradient. ",
       "anyloss_bacc sol balanced_error_rate ber", .properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED, .needs = LB_NEEDS_BOTH_CLASSES)

static struct lb_soft metric_gmean(const struct lb_counts *c, const struct lb_arg *par)
{
	(void)par;
	const double tpr = c->tp / c->p, tnr = c->tn / c->n, root = sqrt(tpr * tnr);

	if (!(c->p > 0 && c->n > 0 && tpr > 0 && tnr > 0))
		return lb_undefined();
	return (struct lb_soft){ .loss = (c->fn / c->p + tpr * (c->fp / c->n)) / (1 + root), .by_tp = -sqrt(tnr / tpr) / (2 * c->p),
				 .by_fp = sqrt(tpr / tnr) / (2 * c->n) };
}

EXAMPLES(metric_gmean, 0.5, "by hand: TPR = TNR = 1/2", 0.49888200980104151);

METRIC(metric_gmean, amplifier, "G-mean", "G-mean, class imbalance",
       "1 - sqrt(TPR TNR)",
       "A batch that lacks a class has value 1 and no gradient. So has one whose TPR or TNR is 0 in float64. The "
       "authors' notebook derives it by hand with a factor 2 in the place of 1/2, four times the true gradient: "
       "their learning rate 0.01 is 0.04 here. Their extension leaves out the root: metric_gmean_sq. ",
       "anyloss_gmean sol geometric_mean", .properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED, .needs = LB_NEEDS_BOTH_CLASSES)

static struct lb_soft metric_gmean_sq(const struct lb_counts *c, const struct lb_arg *par)
{
	(void)par;
	if (!(c->p > 0 && c->n > 0))
		return lb_undefined();
	const double tpr = c->tp / c->p, fpr = c->fp / c->n;
	return (struct lb_soft){ .loss = c->fn / c->p + tpr * fpr, .by_tp = -(c->tn / c->n) / c->p, .by_fp = tpr / c->n };
}

EXAMPLES(metric_gmean_sq, 0.75, "by hand: 1 - 1/4", 0.74888075989895655);

METRIC(metric_gmean_sq, amplifier, "Product of TPR and TNR", "G-mean, class imbalance",
       "1 - TPR TNR",
       "A batch that lacks a class has value 1 and no gradient. The G-mean of the authors' extension, which leaves "
       "out the root. ",
       "gmean geometric_mean squared_gmean", .properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED, .needs = LB_NEEDS_BOTH_CLASSES)

static struct lb_soft metric_csi(const struct lb_counts *c, const struct lb_arg *par)
{
	const double den = c->p + c->fp + par[EPS].v;

	if (!(c->p > 0))
		return lb_undefined();
	return (struct lb_soft){ .loss = (c->fp + c->fn + par[EPS].v) / den, .by_tp = -1 / den, .by_fp = c->tp / den / den };
}

static const struct lb_same_as metric_csi_same_as[] = {
	{ .set = "amp=identity", .other = "soft_jaccard", .other_set = "eps=0" },
};

EXAMPLES(metric_csi, 0.66666666666666667, "by hand: every count 1, 1 - 1/3", 0.66520360185473782);

METRIC(metric_csi, with_eps, "Critical success index", "rare events",
       "1 - TP / (TP + FP + FN + e)",
       "A batch without positives has value 1 and no gradient. ",
       "sol_csi threat_score jaccard iou", .properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED, LB_SAME_AS(metric_csi_same_as))

static struct lb_soft metric_hss(const struct lb_counts *c, const struct lb_arg *par)
{
	(void)par;
	if (!(c->p > 0 && c->n > 0))
		return lb_undefined();
	const double den = c->p * (c->fn + c->tn) + c->n * (c->tp + c->fp);
	return (struct lb_soft){ .loss = c->b * (c->fp + c->fn) / den, .by_tp = -2 * c->b * (c->p * c->tn + c->n * c->fp) / den / den,
				 .by_fp = 2 * c->b * (c->n * c->tp + c->p * c->fn) / den / den };
}

EXAMPLES(metric_hss, 1, "by hand: no skill", 0.99776180459429548);

METRIC(metric_hss, amplifier, "Heidke skill score", "class imbalance",
       "1 - 2 (TP TN - FP FN) / (P (FN + TN) + N (TP + FP))",
       "A batch that lacks a class has value 1 and no gradient. Up to 2. Equal to Cohen's kappa. By hand, 1 - HSS = "
       "B (FP + FN) / (P (FN + TN) + N (TP + FP)). ",
       "sol_hss heidke cohen_kappa kappa", .properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED, .needs = LB_NEEDS_BOTH_CLASSES)

static struct lb_soft metric_mcc(const struct lb_counts *c, const struct lb_arg *par)
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

EXAMPLES(metric_mcc, 1, "by hand: no correlation", 0.99776179962556805);

METRIC(metric_mcc, amplifier, "Matthews correlation", "class imbalance",
       "1 - (TP TN - FP FN) / sqrt(P N (TP + FP) (TN + FN))",
       "A batch that lacks a class has value 1 and no gradient. So has one in which TP + FP or TN + FN is 0 in "
       "float64. Up to 2. ",
       "sol matthews phi_coefficient", .properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED, .needs = LB_NEEDS_BOTH_CLASSES)

static struct lb_soft metric_tss(const struct lb_counts *c, const struct lb_arg *par)
{
	(void)par;
	if (!(c->p > 0 && c->n > 0))
		return lb_undefined();
	return (struct lb_soft){ .loss = c->fn / c->p + c->fp / c->n, .by_tp = -1 / c->p, .by_fp = 1 / c->n };
}

static const struct lb_same_as metric_tss_same_as[] = {
	{ .set = "", .other = "metric_balanced_accuracy", .other_set = "", .scale = 2 },
};

EXAMPLES(metric_tss, 1, "by hand: TPR + TNR = 1", 0.99776180459429548);

METRIC(metric_tss, amplifier, "True skill statistic", "balanced accuracy, class imbalance",
       "1 - (TPR + TNR - 1)",
       "A batch that lacks a class has value 1 and no gradient. Twice metric_balanced_accuracy where both classes "
       "are there; up to 2. ",
       "sol_tss youden informedness peirce skill_score", .properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED, .needs = LB_NEEDS_BOTH_CLASSES, LB_SAME_AS(metric_tss_same_as))
