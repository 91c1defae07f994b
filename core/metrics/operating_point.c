/* Points of the curves that a threshold moves along: every score that occurs is one, and rows of
 * equal score pass it together. */
#include "core/metrics/score_ties.h"

#include "core/base/mem.h"

#include <stdlib.h>

/* Rows above a threshold, the threshold's own among them: true and false positives. */
struct point {
	double tp, fp;
};

/* From no row to all of them, n >= 1 points; at the last tp and fp are all positives and
 * negatives. */
struct curve {
	size_t n;
	const struct point *at;
	double pos, neg;
};

typedef double measure_fn(const struct curve *c, const struct lb_arg *par);

/* The measure of the curve in *value; NAN without a positive row and, where the measure is of both
 * classes, without a negative one. */
static int measure_curve(const struct lb_metric_inputs *o, bool both, measure_fn *measure, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct lb_tie total;
	size_t n;
	struct lb_tie *tie = lb_binary_ties(o, &n, &total, err);
	struct point *at = tie ? lb_alloc(n + 1, sizeof *at, err) : NULL;

	*value = (double)NAN;
	for (size_t i = 0; at && i < n; i++)
		at[i + 1] = (struct point){ .tp = at[i].tp + (double)tie[n - 1 - i].pos, .fp = at[i].fp + (double)tie[n - 1 - i].neg };
	if (at && total.pos && (total.neg || !both))
		*value = measure(&(struct curve){ .n = n + 1, .at = at, .pos = (double)total.pos, .neg = (double)total.neg }, par);
	free(tie);
	free(at);
	return at ? 0 : -1;
}

/* Every measure has at most one parameter, a rate. */
enum { RATE };

static double precision_at_recall(const struct curve *c, const struct lb_arg *par)
{
	double best = 0;

	for (size_t i = 1; i < c->n; i++)
		if (c->at[i].tp / c->pos >= par[RATE].v)
			best = fmax(best, c->at[i].tp / (c->at[i].tp + c->at[i].fp));
	return best;
}

static double recall_at_precision(const struct curve *c, const struct lb_arg *par)
{
	double best = 0;

	for (size_t i = 1; i < c->n; i++)
		if (c->at[i].tp / (c->at[i].tp + c->at[i].fp) >= par[RATE].v)
			best = fmax(best, c->at[i].tp / c->pos);
	return best;
}

static double sensitivity_at_specificity(const struct curve *c, const struct lb_arg *par)
{
	double best = 0;

	for (size_t i = 0; i < c->n; i++)
		if ((c->neg - c->at[i].fp) / c->neg >= par[RATE].v)
			best = fmax(best, c->at[i].tp / c->pos);
	return best;
}

static double fpr_at_tpr(const struct curve *c, const struct lb_arg *par)
{
	size_t i = 0;

	while (c->at[i].tp / c->pos < par[RATE].v)
		i++;
	return c->at[i].fp / c->neg;
}

/* Where the straight line between two points of the ROC curve crosses FPR = 1 - TPR. */
static double eer(const struct curve *c, const struct lb_arg *par)
{
	size_t i = 1;

	(void)par;
	while (c->at[i].fp / c->neg + c->at[i].tp / c->pos < 1)
		i++;
	const double fpr = c->at[i - 1].fp / c->neg, before = 1 - c->at[i - 1].tp / c->pos - fpr;
	const double rise = c->at[i].fp / c->neg - fpr, after = c->at[i].fp / c->neg + c->at[i].tp / c->pos - 1;
	return fpr + rise * (before / (before + after));
}

static double ks(const struct curve *c, const struct lb_arg *par)
{
	double most = 0;

	(void)par;
	for (size_t i = 0; i < c->n; i++)
		most = fmax(most, c->at[i].tp / c->pos - c->at[i].fp / c->neg);
	return most;
}

/* The positives among the rows that come first, of a tie that is cut the share that goes with
 * it. */
static double lift(const struct curve *c, const struct lb_arg *par)
{
	const double rows = par[RATE].v * (c->pos + c->neg);
	size_t i = 1;

	while (i + 1 < c->n && c->at[i].tp + c->at[i].fp < rows)
		i++;
	const struct point last = c->at[i - 1], next = c->at[i];
	const double part = (rows - last.tp - last.fp) / (next.tp + next.fp - last.tp - last.fp);
	return (last.tp + part * (next.tp - last.tp)) / c->pos / par[RATE].v;
}

#define ONE_RATE(table, id, sign, value, text, ...)                                                                                                         \
	static const struct lb_param table[] = { [RATE] = { .name = id, .symbol = sign, .def = value, .min = 0, .max = 1, .min_open = true, .help = text, \
							    .grid = { __VA_ARGS__ }, .n_grid = (int)(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double)) } };

ONE_RATE(recall_params, "recall", "r", 0.9, "the least recall", 0.5, 0.8, 0.9, 0.95)
ONE_RATE(precision_params, "precision", "q", 0.9, "the least precision", 0.5, 0.8, 0.9, 0.95)
ONE_RATE(specificity_params, "specificity", "s", 0.9, "the least specificity", 0.8, 0.9, 0.95, 0.99)
ONE_RATE(tpr_params, "tpr", "t", 0.95, "the least true positive rate", 0.8, 0.9, 0.95, 0.99)
ONE_RATE(share_params, "share", "s", 0.1, "share of the rows, those of the highest scores", 0.01, 0.05, 0.1, 0.2)

/* Defines lb_metric_NAME, the measure NAME of the curve. */
#define CURVE_METRIC(id, both, better, ...)                                                                                     \
	static int eval_##id(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)          \
	{                                                                                                                       \
		return measure_curve(o, both, id, par, value, err);                                                             \
	}                                                                                                                       \
	const struct lb_metric lb_metric_##id = {                                                                               \
		.base = { .name = #id, .tasks = 1u << LB_BINARY | 1u << LB_ANOMALY, .on_request = true, __VA_ARGS__ },                                 \
		.higher_is_better = better,                                                                                     \
		.eval = eval_##id,                                                                                              \
	};

#define CURVE "A threshold at every score that occurs, no interpolation, rows of equal score together. "
#define PRECISION_RECALL "J. Davis, M. Goadrich, The relationship between precision-recall and ROC curves, ICML 2006"
#define ROC "T. Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 27(8), 2006"

CURVE_METRIC(precision_at_recall, false, true, .title = "Highest precision of a threshold whose recall is high enough", .cite = PRECISION_RECALL,
	.formula = "max over thresholds with TP / P >= r of  TP / (TP + FP)", .notes = CURVE "Undefined without a positive row.",
	.keywords = "precision_at_fixed_recall p_at_r", LB_PARAMS(recall_params))
CURVE_METRIC(recall_at_precision, false, true, .title = "Highest recall of a threshold whose precision is high enough", .cite = PRECISION_RECALL,
	.formula = "max over thresholds with TP / (TP + FP) >= q of  TP / P",
	.notes = CURVE "0 where no threshold has that precision. Undefined without a positive row.", .keywords = "recall_at_fixed_precision r_at_p",
	LB_PARAMS(precision_params))
CURVE_METRIC(sensitivity_at_specificity, true, true, .title = "Highest true positive rate of a threshold whose specificity is high enough", .cite = ROC,
	.formula = "max over thresholds with TN / N >= s of  TP / P", .notes = CURVE "Undefined where a class has no row.",
	.keywords = "recall_at_specificity tpr_at_fpr tar_at_far sensitivity", LB_PARAMS(specificity_params))
CURVE_METRIC(fpr_at_tpr, true, false, .title = "Lowest false positive rate of a threshold whose true positive rate is high enough",
	.cite = "S. Liang, Y. Li, R. Srikant, Enhancing the reliability of out-of-distribution image detection in neural networks, ICLR 2018",
	.formula = "min over thresholds with TP / P >= t of  FP / N", .notes = CURVE "Undefined where a class has no row.",
	.keywords = "fpr95 fpr_at_95_tpr far_at_tar", LB_PARAMS(tpr_params))
CURVE_METRIC(eer, true, false, .title = "Equal error rate: where the false positive rate is the false negative rate",
	.cite = "A. Martin et al., The DET curve in assessment of detection task performance, Eurospeech 1997",
	.formula = "FPR where the ROC curve meets FPR = 1 - TPR",
	.notes = "The curve is straight between its points. 0.5 for a random ranking and for equal scores. Undefined where a class has no row.",
	.keywords = "equal_error_rate biometrics verification")
CURVE_METRIC(ks, true, true, .title = "Kolmogorov-Smirnov statistic: the largest lead of the true over the false positive rate",
	.cite = "N. V. Smirnov, Table for estimating the goodness of fit of empirical distributions, Annals of Mathematical Statistics 19(2), 1948",
	.formula = "max over thresholds of TP / P - FP / N",
	.notes = "One-sided, so that a ranking that is the wrong way round has 0; tss at its best threshold. Undefined where a class has no row.",
	.keywords = "kolmogorov_smirnov ks_statistic scorecard youden")
CURVE_METRIC(lift, false, true, .title = "Positives among the highest scores, against as many rows at random",
	.cite = "M. J. A. Berry, G. Linoff, Data mining techniques for marketing, sales, and customer support, Wiley, 1997",
	.formula = "(positives among the s n rows of the highest scores) / (s P)",
	.notes = "1 for a random ranking, at most 1/s. Where s n rows end within a row or within rows of equal score, these count by the part that is taken. "
		 "Undefined without a positive row.", .keywords = "gains top_decile_lift cumulative_gain marketing", LB_PARAMS(share_params))
