#include "core/base/mem.h"
#include "core/metrics/metric.h"

#include <math.h>
#include <stdlib.h>

static double share(size_t part, size_t whole)
{
	return whole ? (double)part / (double)whole : (double)NAN;
}

static int accuracy(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	size_t right = 0;

	(void)par, (void)err;
	for (size_t i = 0; i < o->n; i++)
		right += o->pred[i] == o->label[i];
	*value = share(right, o->n);
	return 0;
}

const struct lb_metric lb_metric_accuracy = {
	.base = {
		.name = "accuracy",
		.tasks = LB_CLASS_TASKS,
		.title = "Share of rows whose predicted class is the true one",
		.formula = "(1/n) sum_i [pred_i = y_i];  pred = argmax_k z_k, or [z > 0] with two classes and one score",
		.notes = "Of equal scores the lowest class index is predicted; a binary score of exactly 0 predicts the negative class. "
			 "Says little where one class holds most rows: compare with the share of the largest class.",
		.keywords = "acc error top1",
	},
	.higher_is_better = true,
	.decisions = true,
	.eval = accuracy,
};

enum { K };
static const struct lb_param top_k_params[] = {
	[K] = { .name = "k", .symbol = "k", .type = LB_INT_PARAM, .def = 5, .min = 1, .max = (double)INFINITY, .max_open = true,
		.grid = { 1, 3, 5 }, .n_grid = 3, .help = "number of guesses a row has" },
};

static int top_k(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	size_t right = 0;

	(void)err;
	for (size_t i = 0; i < o->n; i++)
		right += (double)o->rank[i] < par[K].v;
	*value = share(right, o->n);
	return 0;
}

const struct lb_metric lb_metric_top_k = {
	.base = {
		.name = "top_k",
		.tasks = 1u << LB_MULTICLASS,
		.title = "Share of rows whose true class is among the k highest scores",
		.formula = "(1/n) sum_i [rank_i < k];  rank = number of classes that precede the true one",
		.notes = "Of equal scores the lower class index precedes (scikit-learn lets the higher one precede). "
			 "k = 1 is accuracy; with k >= number of classes every row counts and the value is 1.",
		.keywords = "top5 top_5 hits",
		LB_PARAMS(top_k_params),
	},
	.higher_is_better = true,
	.decisions = true,
	.eval = top_k,
};

/* Rows of one class: true, predicted, both. */
struct tally {
	size_t truth, pred, both;
};

static size_t n_classes(const struct lb_metric_inputs *o)
{
	return o->kind == LB_BINARY ? 2 : o->n_classes;
}

static struct tally *count_classes(const struct lb_metric_inputs *o, struct lb_err *err)
{
	struct tally *t = lb_alloc(n_classes(o), sizeof *t, err);

	for (size_t i = 0; t && i < o->n; i++) {
		t[o->label[i]].truth++;
		t[o->pred[i]].pred++;
		t[o->label[i]].both += o->pred[i] == o->label[i];
	}
	return t;
}

/* Mean over classes of both / truth (recall), or of both / mean(truth, pred) (F1); a class with a
 * divisor of 0 is left out. */
static int class_mean(const struct lb_metric_inputs *o, bool f1, double *value, struct lb_err *err)
{
	struct tally *t = count_classes(o, err);
	size_t classes = 0;
	double sum = 0;

	if (!t)
		return -1;
	for (size_t k = 0; k < n_classes(o); k++) {
		const size_t twice = f1 ? t[k].truth + t[k].pred : 2 * t[k].truth;
		if (twice == 0)
			continue;
		sum += share(2 * t[k].both, twice);
		classes++;
	}
	*value = classes ? sum / (double)classes : (double)NAN;
	free(t);
	return 0;
}

static int balanced_accuracy(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par;
	return class_mean(o, false, value, err);
}

const struct lb_metric lb_metric_balanced_accuracy = {
	.base = {
		.name = "balanced_accuracy",
		.tasks = LB_CLASS_TASKS,
		.title = "Mean over classes of the share of their rows that are predicted right",
		.cite = "K. H. Brodersen, C. S. Ong, K. E. Stephan, J. M. Buhmann, The balanced accuracy and its posterior "
			"distribution, ICPR 2010",
		.formula = "mean over classes k with rows of  (rows of class k predicted k) / (rows of class k)",
		.notes = "A class without rows in this split is left out of the mean.",
		.keywords = "mean_recall macro_recall bacc mean_class_accuracy",
	},
	.higher_is_better = true,
	.decisions = true,
	.eval = balanced_accuracy,
};

static int f1_macro(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par;
	return class_mean(o, true, value, err);
}

const struct lb_metric lb_metric_f1_macro = {
	.base = {
		.name = "f1_macro",
		.tasks = LB_CLASS_TASKS,
		.title = "Unweighted mean over classes of F1, the harmonic mean of precision and recall",
		.cite = "J. Opitz, S. Burst, Macro F1 and Macro F1, arXiv:1911.03347, 2019 (the mean of the classes' F1)",
		.formula = "mean over classes k of  2 TP_k / (rows of class k + rows predicted k)",
		.notes = "The mean is over the classes that occur in the labels or in the predictions of this split; a class that is "
			 "never predicted right has F1 = 0. With two classes it is the mean of both classes' F1, not that of the "
			 "positive class alone.",
		.keywords = "macro_f1 f1 f_score f1_score",
	},
	.higher_is_better = true,
	.decisions = true,
	.eval = f1_macro,
};

/* Geometric mean of the recalls of the classes that have rows. */
static int gmean(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct tally *t = count_classes(o, err);
	double sum = 0, classes = 0;

	(void)par;
	if (!t)
		return -1;
	for (size_t k = 0; k < n_classes(o); k++)
		if (t[k].truth) {
			sum += log(share(t[k].both, t[k].truth));
			classes++;
		}
	*value = classes > 0 ? exp(sum / classes) : (double)NAN;
	free(t);
	return 0;
}

const struct lb_metric lb_metric_gmean = {
	.base = {
		.name = "gmean",
		.tasks = LB_CLASS_TASKS,
		.title = "Geometric mean over classes of the share of their rows that are predicted right",
		.cite = "M. Kubat, S. Matwin, Addressing the curse of imbalanced training sets: one-sided selection, ICML "
			"1997",
		.formula = "(product over the m classes k with rows of  (rows of class k predicted k) / (rows of class "
			   "k))^(1/m)",
		.notes = "0 as soon as one class is never predicted right. A class without rows in this split is left out.",
		.keywords = "g_mean geometric_mean",
		.on_request = true,
	},
	.higher_is_better = true,
	.decisions = true,
	.eval = gmean,
};

/* Mean over classes of F1, weighted by their true rows. */
static int f1_weighted(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct tally *t = count_classes(o, err);
	double sum = 0;

	(void)par;
	if (!t)
		return -1;
	for (size_t k = 0; k < n_classes(o); k++)
		sum += t[k].truth ? (double)t[k].truth * share(2 * t[k].both, t[k].truth + t[k].pred) : 0;
	*value = o->n ? sum / (double)o->n : (double)NAN;
	free(t);
	return 0;
}

const struct lb_metric lb_metric_f1_weighted = {
	.base = {
		.name = "f1_weighted",
		.tasks = LB_CLASS_TASKS,
		.title = "Mean over classes of F1, weighted by the rows of each class",
		.cite = "F. Pedregosa et al., Scikit-learn: machine learning in Python, JMLR 12, 2011",
		.formula = "sum over classes k of (rows of class k / n) 2 TP_k / (rows of class k + rows predicted k)",
		.notes = "Lies near accuracy; rare classes hardly count. F1 pooled over all classes (micro) is accuracy "
			 "itself.",
		.keywords = "weighted_f1 f1 f_score",
		.on_request = true,
	},
	.higher_is_better = true,
	.decisions = true,
	.eval = f1_weighted,
};

/* Correlation of truth and prediction as one-hot vectors: sums of products of class counts stay
 * exact in double up to 2^53. */
static int mcc(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct tally *t = count_classes(o, err);
	const double n = (double)o->n;
	double right = 0, both = 0, truth = 0, pred = 0;

	(void)par;
	if (!t)
		return -1;
	for (size_t k = 0; k < n_classes(o); k++) {
		right += (double)t[k].both;
		both += (double)t[k].truth * (double)t[k].pred;
		truth += (double)t[k].truth * (double)t[k].truth;
		pred += (double)t[k].pred * (double)t[k].pred;
	}
	const double root = sqrt(n * n - truth) * sqrt(n * n - pred);
	*value = !o->n ? (double)NAN : root > 0 ? (right * n - both) / root : 0;
	free(t);
	return 0;
}

const struct lb_metric lb_metric_mcc = {
	.base = {
		.name = "mcc",
		.tasks = LB_CLASS_TASKS,
		.title = "Matthews correlation coefficient of labels and predictions",
		.cite = "J. Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient, "
			"Computational Biology and Chemistry 28, 2004",
		.formula = "(c n - sum_k t_k p_k) / sqrt((n^2 - sum_k t_k^2)(n^2 - sum_k p_k^2)),  c rows right, t_k of "
			   "class k, p_k predicted k",
		.notes = "From -1 to 1; with two classes it is (TP TN - FP FN) / sqrt((TP + FP)(TP + FN)(TN + FP)(TN + FN)). "
			 "0 where all labels or all predictions are of one class.",
		.keywords = "matthews phi_coefficient r_k correlation",
		.on_request = true,
	},
	.higher_is_better = true,
	.decisions = true,
	.eval = mcc,
};
