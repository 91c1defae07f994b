#include "core/metrics/class_tally.h"

#include <stdlib.h>

static int accuracy(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	size_t right = 0;

	(void)par, (void)err;
	for (size_t i = 0; i < o->n; i++)
		right += o->pred[i] == o->label[i];
	*value = lb_fraction(right, o->n);
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
		.keywords = "acc error top1 recall_weighted",
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
	*value = lb_fraction(right, o->n);
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

/* Mean of the recalls of the classes that have rows. */
static int balanced_accuracy(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct lb_class_tally *t = lb_tally_classes(o, err);
	size_t classes = 0;
	double sum = 0;

	(void)par;
	if (!t)
		return -1;
	for (size_t k = 0; k < lb_n_classes(o); k++) {
		sum += t[k].truth ? lb_fraction(t[k].both, t[k].truth) : 0;
		classes += t[k].truth > 0;
	}
	*value = classes ? sum / (double)classes : (double)NAN;
	free(t);
	return 0;
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

/* Geometric mean of the recalls of the classes that have rows. */
static int gmean(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct lb_class_tally *t = lb_tally_classes(o, err);
	double sum = 0, classes = 0;

	(void)par;
	if (!t)
		return -1;
	for (size_t k = 0; k < lb_n_classes(o); k++)
		if (t[k].truth) {
			sum += log(lb_fraction(t[k].both, t[k].truth));
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

/* Correlation of truth and prediction as one-hot vectors: sums of products of class counts stay
 * exact in double up to 2^53. */
static int mcc(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct lb_class_tally *t = lb_tally_classes(o, err);
	const double n = (double)o->n;
	double right = 0, both = 0, truth = 0, pred = 0;

	(void)par;
	if (!t)
		return -1;
	for (size_t k = 0; k < lb_n_classes(o); k++) {
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
