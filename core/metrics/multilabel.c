#include "core/base/mem.h"
#include "core/metrics/metric.h"

#include <math.h>
#include <stdlib.h>

/* Known entries of a part of the matrix (all of it, a label, a row): labels that are there,
 * predicted (score > 0), and both. */
struct tally {
	double there, pred, both, known;
};

static void count(const struct lb_metric_inputs *o, size_t i, size_t k, struct tally *t)
{
	const double y = o->target_t[i * o->t + k];

	if (y < 0)
		return;
	t->known++;
	t->there += y > 0;
	t->pred += o->pred_t[i * o->t + k] > 0;
	t->both += y > 0 && o->pred_t[i * o->t + k] > 0;
}

static struct tally count_all(const struct lb_metric_inputs *o)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < o->n; i++)
		for (size_t k = 0; k < o->t; k++)
			count(o, i, k, &t);
	return t;
}

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static double precision_of(const struct tally *t)
{
	return ratio(t->both, t->pred);
}

static double recall_of(const struct tally *t)
{
	return ratio(t->both, t->there);
}

static double f1_of(const struct tally *t)
{
	return ratio(2 * t->both, t->there + t->pred);
}

typedef double score_fn(const struct tally *t);

/* Pooled over all entries. */
static double micro(const struct lb_metric_inputs *o, score_fn *score)
{
	const struct tally t = count_all(o);

	return t.known > 0 ? score(&t) : (double)NAN;
}

/* Mean over the labels (or the rows) of which something is known. */
static double mean_of(const struct lb_metric_inputs *o, bool rows, score_fn *score)
{
	const size_t outer = rows ? o->n : o->t, inner = rows ? o->t : o->n;
	double sum = 0, parts = 0;

	for (size_t a = 0; a < outer; a++) {
		struct tally t = { 0 };
		for (size_t b = 0; b < inner; b++)
			count(o, rows ? a : b, rows ? b : a, &t);
		sum += t.known > 0 ? score(&t) : 0;
		parts += t.known > 0;
	}
	return parts > 0 ? sum / parts : (double)NAN;
}

/* Mean over the labels, weighted by the rows that they are on. */
static double weighted_mean_of(const struct lb_metric_inputs *o, score_fn *score)
{
	double sum = 0, weight = 0;

	for (size_t k = 0; k < o->t; k++) {
		struct tally t = { 0 };
		for (size_t i = 0; i < o->n; i++)
			count(o, i, k, &t);
		sum += t.there * score(&t);
		weight += t.there;
	}
	return weight > 0 ? sum / weight : (double)NAN;
}

static double jaccard_of(const struct tally *t)
{
	return ratio(t->both, t->there + t->pred - t->both);
}

static double wrong_of(const struct tally *t)
{
	return ratio(t->there + t->pred - 2 * t->both, t->known);
}

static double exact_of(const struct tally *t)
{
	return t->there == t->both && t->pred == t->both;
}

#define UNKNOWN "A label is predicted where its score is above 0. Labels that are not known are left out."
#define DIVISOR UNKNOWN " 0 where the divisor is 0."

#define MEASURE(id, call, better, asked, text, what, words)                                                                     \
	static int eval_##id(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)           \
	{                                                                                                                        \
		(void)par, (void)err;                                                                                            \
		*value = call;                                                                                                   \
		return 0;                                                                                                        \
	}                                                                                                                        \
	const struct lb_metric lb_metric_##id = {                                                                                \
		.base = { .name = #id, .tasks = 1u << LB_MULTILABEL, .title = text, .formula = what, .notes = DIVISOR, .keywords = words, .on_request = asked, \
			  .cite = "M.-L. Zhang, Z.-H. Zhou, A review on multi-label learning algorithms, IEEE TKDE 26, 2014" },  \
		.higher_is_better = better,                                                                                      \
		.eval = eval_##id,                                                                                               \
	};

MEASURE(hamming_loss, micro(o, wrong_of), false, false, "Share of the labels that are predicted wrong", "(FP + FN) / entries, over all rows and labels",
	"hamming multilabel error")
MEASURE(subset_accuracy, mean_of(o, true, exact_of), true, false, "Share of rows whose labels are all predicted right",
	"mean over rows of [all labels right]", "exact_match zero_one multilabel")
MEASURE(f1_micro, micro(o, f1_of), true, false, "F1 over all rows and labels together", "2 TP / (2 TP + FP + FN), over all rows and labels",
	"micro_f1 f1 multilabel")
MEASURE(f1_labels, mean_of(o, false, f1_of), true, false, "Mean over labels of F1 (macro F1)", "mean over labels of 2 TP / (2 TP + FP + FN)",
	"macro_f1 f1_macro f1 label_based multilabel")
MEASURE(f1_samples, mean_of(o, true, f1_of), true, false, "Mean over rows of F1 (example-based F1)", "mean over rows of 2 TP / (2 TP + FP + FN)",
	"example_based f1 multilabel")
MEASURE(precision_micro, micro(o, precision_of), true, true, "Precision over all rows and labels together", "TP / (TP + FP), over all rows and labels",
	"micro_precision multilabel")
MEASURE(precision_labels, mean_of(o, false, precision_of), true, true, "Mean over labels of precision (macro precision)",
	"mean over labels of TP / (TP + FP)", "macro_precision precision_macro multilabel")
MEASURE(precision_samples, mean_of(o, true, precision_of), true, true, "Mean over rows of precision (example-based precision)",
	"mean over rows of TP / (TP + FP)", "example_based multilabel")
MEASURE(recall_micro, micro(o, recall_of), true, true, "Recall over all rows and labels together", "TP / (TP + FN), over all rows and labels",
	"micro_recall multilabel")
MEASURE(recall_labels, mean_of(o, false, recall_of), true, true, "Mean over labels of recall (macro recall)", "mean over labels of TP / (TP + FN)",
	"macro_recall recall_macro multilabel")
MEASURE(recall_samples, mean_of(o, true, recall_of), true, true, "Mean over rows of recall (example-based recall)",
	"mean over rows of TP / (TP + FN)", "example_based multilabel")
MEASURE(f1_labels_weighted, weighted_mean_of(o, f1_of), true, true, "Mean over labels of F1, weighted by the rows of each label",
	"sum over labels of (rows with it) 2 TP / (2 TP + FP + FN), divided by the number of labels on all rows; undefined where this is 0",
	"weighted_f1 f1_weighted multilabel")
MEASURE(precision_labels_weighted, weighted_mean_of(o, precision_of), true, true, "Mean over labels of precision, weighted by the rows of each label",
	"sum over labels of (rows with it) TP / (TP + FP), divided by the number of labels on all rows; undefined where this is 0",
	"weighted_precision precision_weighted multilabel")
MEASURE(jaccard_micro, micro(o, jaccard_of), true, true, "Jaccard index over all rows and labels together", "TP / (TP + FP + FN), over all rows and labels",
	"micro_jaccard iou multilabel")
MEASURE(jaccard_labels, mean_of(o, false, jaccard_of), true, true, "Mean over labels of the Jaccard index (macro Jaccard)",
	"mean over labels of TP / (TP + FP + FN)", "macro_jaccard jaccard_macro iou multilabel")
MEASURE(jaccard_samples, mean_of(o, true, jaccard_of), true, true, "Mean over rows of the Jaccard index (example-based accuracy)",
	"mean over rows of TP / (TP + FP + FN)", "example_based accuracy iou multilabel")
