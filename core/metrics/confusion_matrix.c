#include "core/metrics/metric.h"

#include <math.h>

enum { THRESHOLD, BETA };

#define THRESHOLD_PARAM \
	[THRESHOLD] = { .name = "threshold", .symbol = "t", .def = 0.5, .min = 0, .max = 1, .min_open = true, .max_open = true, \
			.help = "a row is predicted positive where sigmoid(z) > t" }

static const struct lb_param threshold_params[] = { THRESHOLD_PARAM };

static const struct lb_param fbeta_params[] = {
	THRESHOLD_PARAM,
	[BETA] = { .name = "beta", .symbol = "b", .def = 1, .min = 0.01, .max = 100, .log_scale = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		   .help = "weight of recall against precision; 1 is F1" },
};

struct counts {
	double tp, fp, fn, tn;
};

static struct counts count(const struct lb_metric_inputs *o, const struct lb_arg *par)
{
	const double t = par[THRESHOLD].v, cut = log(t / (1 - t));
	struct counts c = { 0 };

	for (size_t i = 0; i < o->n; i++)
		*(o->score[i] > cut ? o->label[i] ? &c.tp : &c.fp : o->label[i] ? &c.fn : &c.tn) += 1;
	return c;
}

/* 0 where there is nothing to divide by; undefined without rows. */
static double ratio(const struct lb_metric_inputs *o, double part, double whole)
{
	return !o->n ? (double)NAN : whole > 0 ? part / whole : 0;
}

static int precision(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const struct counts c = count(o, par);

	(void)err;
	*value = ratio(o, c.tp, c.tp + c.fp);
	return 0;
}

const struct lb_metric lb_metric_precision = {
	.base = {
		.name = "precision",
		.tasks = 1u << LB_BINARY,
		.title = "Share of the rows predicted positive that are",
		.cite = "C. J. van Rijsbergen, Information retrieval, Butterworth, 1979",
		.formula = "TP / (TP + FP)",
		.notes = "Of the positive class. 0 where there is nothing to divide by. A score of exactly the threshold is "
			 "predicted negative.",
		.keywords = "ppv positive_predictive_value",
		.on_request = true,
		LB_PARAMS(threshold_params),
	},
	.higher_is_better = true,
	.eval = precision,
};

static int recall(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const struct counts c = count(o, par);

	(void)err;
	*value = ratio(o, c.tp, c.tp + c.fn);
	return 0;
}

const struct lb_metric lb_metric_recall = {
	.base = {
		.name = "recall",
		.tasks = 1u << LB_BINARY,
		.title = "Share of the positive rows that are predicted so",
		.cite = "C. J. van Rijsbergen, Information retrieval, Butterworth, 1979",
		.formula = "TP / (TP + FN)",
		.notes = "Of the positive class; balanced_accuracy is the mean of recall and specificity. 0 where there is "
			 "nothing to divide by.",
		.keywords = "sensitivity tpr hit_rate true_positive_rate",
		.on_request = true,
		LB_PARAMS(threshold_params),
	},
	.higher_is_better = true,
	.eval = recall,
};

static int specificity(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const struct counts c = count(o, par);

	(void)err;
	*value = ratio(o, c.tn, c.tn + c.fp);
	return 0;
}

const struct lb_metric lb_metric_specificity = {
	.base = {
		.name = "specificity",
		.tasks = 1u << LB_BINARY,
		.title = "Share of the negative rows that are predicted so",
		.cite = "J. Yerushalmy, Statistical problems in assessing methods of medical diagnosis, Public Health "
			"Reports 62, 1947",
		.formula = "TN / (TN + FP)",
		.notes = "The recall of the negative class; 1 - specificity is the false positive rate. 0 where there is "
			 "nothing to divide by.",
		.keywords = "tnr true_negative_rate selectivity",
		.on_request = true,
		LB_PARAMS(threshold_params),
	},
	.higher_is_better = true,
	.eval = specificity,
};

static int fbeta(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const struct counts c = count(o, par);
	const double b = par[BETA].v * par[BETA].v;

	(void)err;
	*value = ratio(o, (1 + b) * c.tp, (1 + b) * c.tp + c.fp + b * c.fn);
	return 0;
}

const struct lb_metric lb_metric_fbeta = {
	.base = {
		.name = "fbeta",
		.tasks = 1u << LB_BINARY,
		.title = "F-beta of the positive class: weighted harmonic mean of precision and recall",
		.cite = "C. J. van Rijsbergen, Information retrieval, Butterworth, 1979",
		.formula = "(1 + b^2) TP / ((1 + b^2) TP + FP + b^2 FN)",
		.notes = "F1 at beta = 1; f1_macro averages it over both classes. 0 where there is nothing to divide by.",
		.keywords = "f1 f_measure f_score f2 f1_score",
		.on_request = true,
		LB_PARAMS(fbeta_params),
	},
	.higher_is_better = true,
	.eval = fbeta,
};

static int csi(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const struct counts c = count(o, par);

	(void)err;
	*value = ratio(o, c.tp, c.tp + c.fp + c.fn);
	return 0;
}

const struct lb_metric lb_metric_csi = {
	.base = {
		.name = "csi",
		.tasks = 1u << LB_BINARY,
		.title = "Critical success index: hits among all rows that are or are predicted positive",
		.cite = "G. K. Gilbert, Finley's tornado predictions, American Meteorological Journal 1, 1884",
		.formula = "TP / (TP + FP + FN)",
		.notes = "The Jaccard index of the positive class. 0 where there is nothing to divide by.",
		.keywords = "threat_score jaccard iou intersection_over_union",
		.on_request = true,
		LB_PARAMS(threshold_params),
	},
	.higher_is_better = true,
	.eval = csi,
};

static int tss(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const struct counts c = count(o, par);

	(void)err;
	*value = c.tp + c.fn > 0 && c.tn + c.fp > 0 ? c.tp / (c.tp + c.fn) - c.fp / (c.tn + c.fp) : (double)NAN;
	return 0;
}

const struct lb_metric lb_metric_tss = {
	.base = {
		.name = "tss",
		.tasks = 1u << LB_BINARY,
		.title = "True skill statistic: recall less the false positive rate",
		.cite = "W. J. Youden, Index for rating diagnostic tests, Cancer 3(1), 1950",
		.formula = "TP / (TP + FN) - FP / (TN + FP)",
		.notes = "Twice the balanced accuracy less 1, from -1 to 1. Undefined where a class has no row.",
		.keywords = "youden informedness peirce_skill_score true_skill_statistic",
		.on_request = true,
		LB_PARAMS(threshold_params),
	},
	.higher_is_better = true,
	.eval = tss,
};

static int hss(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const struct counts c = count(o, par);
	const double den = (c.tp + c.fn) * (c.fn + c.tn) + (c.tp + c.fp) * (c.tn + c.fp);

	(void)err;
	*value = den > 0 ? 2 * (c.tp * c.tn - c.fp * c.fn) / den : (double)NAN;
	return 0;
}

const struct lb_metric lb_metric_hss = {
	.base = {
		.name = "hss",
		.tasks = 1u << LB_BINARY,
		.title = "Heidke skill score: accuracy above that of chance",
		.cite = "J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement "
			"20(1), 1960",
		.formula = "2 (TP TN - FP FN) / ((TP + FN)(FN + TN) + (TP + FP)(TN + FP))",
		.notes = "Equal to Cohen's kappa of labels and predictions, from -1 to 1. Undefined where all labels and all "
			 "predictions are of one class.",
		.keywords = "heidke kappa skill",
		.on_request = true,
		LB_PARAMS(threshold_params),
	},
	.higher_is_better = true,
	.eval = hss,
};
