/* Precision, recall, F1 and the Jaccard index of each class, averaged over the classes. */
#include "core/metrics/class_tally.h"

#include "core/base/mem.h"

#include <stdlib.h>

struct lb_class_tally *lb_tally_classes(const struct lb_metric_inputs *o, struct lb_err *err)
{
	struct lb_class_tally *t = lb_alloc(lb_n_classes(o), sizeof *t, err);

	for (size_t i = 0; t && i < o->n; i++) {
		t[o->label[i]].truth++;
		t[o->pred[i]].pred++;
		t[o->label[i]].both += o->pred[i] == o->label[i];
	}
	return t;
}

/* The measures of a class that occurs in the labels or in the predictions: 0 where there is nothing
 * to divide by. */
typedef double measure_fn(const struct lb_class_tally *t);

static double precision(const struct lb_class_tally *t)
{
	return t->pred ? lb_fraction(t->both, t->pred) : 0;
}

static double recall(const struct lb_class_tally *t)
{
	return t->truth ? lb_fraction(t->both, t->truth) : 0;
}

static double f1(const struct lb_class_tally *t)
{
	return lb_fraction(2 * t->both, t->truth + t->pred);
}

static double jaccard(const struct lb_class_tally *t)
{
	return lb_fraction(t->both, t->truth + t->pred - t->both);
}

/* The mean over classes in *value, weighted by their true rows or not; NAN without rows. */
static int average(const struct lb_metric_inputs *o, measure_fn *measure, bool weighted, double *value, struct lb_err *err)
{
	struct lb_class_tally *t = lb_tally_classes(o, err);
	size_t whole = 0;
	double sum = 0;

	if (!t)
		return -1;
	for (size_t k = 0; k < lb_n_classes(o); k++) {
		const size_t weight = weighted ? t[k].truth : t[k].truth + t[k].pred > 0;
		sum += weight ? (double)weight * measure(&t[k]) : 0;
		whole += weight;
	}
	*value = whole ? sum / (double)whole : (double)NAN;
	free(t);
	return 0;
}

/* Defines lb_metric_NAME, an average of the measure. */
#define CLASS_AVERAGE(id, measure, weighted, ...)                                                                              \
	static int eval_##id(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)         \
	{                                                                                                                      \
		(void)par;                                                                                                     \
		return average(o, measure, weighted, value, err);                                                              \
	}                                                                                                                      \
	const struct lb_metric lb_metric_##id = {                                                                              \
		.base = { .name = #id, .tasks = LB_CLASS_TASKS, __VA_ARGS__ },                                                     \
		.higher_is_better = true,                                                                                      \
		.decisions = true,                                                                                             \
		.eval = eval_##id,                                                                                             \
	};

#define SKLEARN "F. Pedregosa et al., Scikit-learn: machine learning in Python, JMLR 12, 2011"
#define RETRIEVAL "C. J. van Rijsbergen, Information retrieval, Butterworth, 1979"
#define JACCARD "P. Jaccard, The distribution of the flora in the alpine zone, New Phytologist 11(2), 1912"
#define OCCURS "The mean is over the classes that occur in the labels or in the predictions of this split"

CLASS_AVERAGE(f1_macro, f1, false, .title = "Unweighted mean over classes of F1, the harmonic mean of precision and recall",
	.cite = "J. Opitz, S. Burst, Macro F1 and Macro F1, arXiv:1911.03347, 2019 (the mean of the classes' F1)",
	.formula = "mean over classes k of  2 TP_k / (rows of class k + rows predicted k)",
	.notes = OCCURS "; a class that is never predicted right has F1 = 0. With two classes it is the mean of both classes' F1, not that of the "
		 "positive class alone.",
	.keywords = "macro_f1 f1 f_score f1_score")
CLASS_AVERAGE(f1_weighted, f1, true, .title = "Mean over classes of F1, weighted by the rows of each class", .cite = SKLEARN,
	.formula = "sum over classes k of (rows of class k / n) 2 TP_k / (rows of class k + rows predicted k)",
	.notes = "Lies near accuracy; rare classes hardly count. F1 pooled over all classes (micro) is accuracy itself.",
	.keywords = "weighted_f1 f1 f_score", .on_request = true)
CLASS_AVERAGE(precision_macro, precision, false, .title = "Unweighted mean over classes of precision", .cite = RETRIEVAL,
	.formula = "mean over classes k of  TP_k / (rows predicted k)",
	.notes = OCCURS "; a class that is never predicted has precision 0. Precision pooled over all classes (micro) is accuracy.",
	.keywords = "macro_precision precision_score", .on_request = true)
CLASS_AVERAGE(precision_weighted, precision, true, .title = "Mean over classes of precision, weighted by the rows of each class", .cite = SKLEARN,
	.formula = "sum over classes k of (rows of class k / n) TP_k / (rows predicted k)",
	.notes = "A class that is never predicted has precision 0.", .keywords = "weighted_precision precision_score", .on_request = true)
CLASS_AVERAGE(recall_macro, recall, false, .title = "Unweighted mean over classes of recall, with a 0 for classes that are predicted only", .cite = SKLEARN,
	.formula = "mean over classes k of  TP_k / (rows of class k)",
	.notes = OCCURS ", unlike balanced_accuracy, which leaves classes without rows out. Recall pooled over all classes, or weighted by their rows, is "
		 "accuracy.",
	.keywords = "macro_recall recall_score sensitivity", .on_request = true)
CLASS_AVERAGE(jaccard_macro, jaccard, false, .title = "Unweighted mean over classes of the Jaccard index, rows right among rows of either kind",
	.cite = JACCARD, .formula = "mean over classes k of  TP_k / (rows of class k + rows predicted k - TP_k)",
	.notes = OCCURS ". csi is that of the positive class alone.", .keywords = "jaccard_score iou miou mean_iou intersection_over_union",
	.on_request = true)
CLASS_AVERAGE(jaccard_weighted, jaccard, true, .title = "Mean over classes of the Jaccard index, weighted by the rows of each class", .cite = JACCARD,
	.formula = "sum over classes k of (rows of class k / n) TP_k / (rows of class k + rows predicted k - TP_k)",
	.notes = "Rare classes hardly count.", .keywords = "jaccard_score iou weighted_iou", .on_request = true)
