#include "core/metrics/score_ties.h"

#include <stdlib.h>

static int auc(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct lb_tie total;
	size_t n;
	struct lb_tie *tie = lb_binary_ties(o, &n, &total, err);

	(void)par;
	if (!tie)
		return -1;
	*value = lb_auc_of_ties(tie, n, &total);
	free(tie);
	return 0;
}

const struct lb_metric lb_metric_auc = {
	.base = {
		.name = "auc",
		.tasks = 1u << LB_BINARY | 1u << LB_ANOMALY,
		.title = "Area under the ROC curve: how often a positive row scores above a negative one",
		.cite = "J. A. Hanley, B. J. McNeil, The meaning and use of the area under a receiver operating characteristic (ROC) "
			"curve, Radiology 143, 1982",
		.formula = "P(z+ > z-) + P(z+ = z-)/2 over all pairs of a positive and a negative row",
		.notes = "Undefined where a class has no row. Does not see the threshold nor the scale of the scores.",
		.keywords = "roc_auc auroc area_under_curve c_statistic mann_whitney",
	},
	.higher_is_better = true,
	.eval = auc,
};

/* 2 auc - 1 */
static int gini(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const int rc = auc(o, par, value, err);

	*value = 2 * *value - 1;
	return rc;
}

const struct lb_metric lb_metric_gini = {
	.base = {
		.name = "gini",
		.tasks = 1u << LB_BINARY | 1u << LB_ANOMALY,
		.title = "Gini coefficient of the ranking: the area under the ROC curve from -1 to 1",
		.cite = "R. H. Somers, A new asymmetric measure of association for ordinal variables, American Sociological Review 27(6), 1962",
		.formula = "2 auc - 1 = P(z+ > z-) - P(z+ < z-)",
		.notes = "0 for a random ranking; Somers' D of the scores, the accuracy ratio of scorecards. Undefined where a class has no row.",
		.keywords = "gini_coefficient normalized_gini accuracy_ratio somers_d",
		.on_request = true,
	},
	.higher_is_better = true,
	.eval = gini,
};

static int average_precision(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct lb_tie total;
	uint64_t pos = 0, neg = 0;
	double sum = 0;
	size_t n;
	struct lb_tie *tie = lb_binary_ties(o, &n, &total, err);

	(void)par;
	if (!tie)
		return -1;
	for (size_t i = n; i-- > 0;) {
		pos += tie[i].pos;
		neg += tie[i].neg;
		sum += (double)tie[i].pos * ((double)pos / (double)(pos + neg));
	}
	*value = total.pos ? sum / (double)total.pos : (double)NAN;
	free(tie);
	return 0;
}

const struct lb_metric lb_metric_average_precision = {
	.base = {
		.name = "average_precision",
		.tasks = 1u << LB_BINARY | 1u << LB_ANOMALY,
		.title = "Average precision: area under the steps of the precision-recall curve",
		.cite = "M. Zhu, Recall, precision and average precision, University of Waterloo, Working Paper 2004-09",
		.formula = "sum over distinct scores, descending, of (R_k - R_(k-1)) P_k",
		.notes = "No interpolation; rows of equal score enter together, so with all scores equal it is the share of positive "
			 "rows. Undefined without a positive row.",
		.keywords = "ap aupr auprc pr_auc area_under_precision_recall",
	},
	.higher_is_better = true,
	.eval = average_precision,
};

enum { MAX_FPR };
static const struct lb_param partial_params[] = {
	[MAX_FPR] = { .name = "max_fpr", .symbol = "f", .def = 0.1, .min = 0, .max = 1, .min_open = true, .grid = { 0.05, 0.1, 0.2, 0.5 },
		      .n_grid = 4, .help = "the largest false positive rate that is looked at" },
};

/* Trapezoids between the points of the curve; the last one is cut at f. */
static int partial_auc(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const double f = par[MAX_FPR].v;
	struct lb_tie total;
	double area = 0, fpr = 0, tpr = 0;
	size_t n;
	struct lb_tie *tie = lb_binary_ties(o, &n, &total, err);

	if (!tie)
		return -1;
	for (size_t i = n; i-- > 0 && fpr < f && total.pos && total.neg;) {
		const double wide = (double)tie[i].neg / (double)total.neg, high = (double)tie[i].pos / (double)total.pos;
		const double taken = wide > f - fpr ? f - fpr : wide, rise = wide > 0 ? high * (taken / wide) : high;
		area += taken * (tpr + rise / 2);
		fpr += taken;
		tpr += rise;
	}
	*value = total.pos && total.neg ? area / f : (double)NAN;
	free(tie);
	return 0;
}

const struct lb_metric lb_metric_partial_auc = {
	.base = {
		.name = "partial_auc",
		.tasks = 1u << LB_BINARY | 1u << LB_ANOMALY,
		.title = "Area under the ROC curve up to a false positive rate, divided by that rate",
		.cite = "D. K. McClish, Analyzing a portion of the ROC curve, Medical Decision Making 9(3), 1989",
		.formula = "(1/f) integral from 0 to f of TPR over the false positive rate",
		.notes = "The mean recall over the false positive rates up to f: 1 for a perfect ranking, f/2 for a random "
			 "one; at f = 1 it is auc. Not McClish's standardised form, which is (1 + (A - f^2/2) / (f - f^2/2)) "
			 "/ 2 with A = f times this. Undefined where a class has no row.",
		.keywords = "pauc roc_auc max_fpr",
		.on_request = true,
		LB_PARAMS(partial_params),
	},
	.higher_is_better = true,
	.eval = partial_auc,
};
