/* Areas under the ROC curves of labels. */
#include "core/metrics/score_ties.h"

#include "core/base/mem.h"

#include <stdlib.h>

/* The area of the known entries of the labels first .. last - 1 of all rows, ranked together;
 * *there <- the entries whose label is there. */
static double area(const struct lb_metric_inputs *o, size_t first, size_t last, struct lb_scored *scored, struct lb_tie *tie, double *there)
{
	struct lb_tie total;
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++)
		for (size_t k = first; k < last; k++)
			if (o->target_t[i * o->t + k] >= 0)
				scored[n++] = (struct lb_scored){ .score = o->pred_t[i * o->t + k], .positive = o->target_t[i * o->t + k] > 0 };
	const size_t ties = lb_group_ties(scored, n, tie, &total);
	*there = (double)total.pos;
	return lb_auc_of_ties(tie, ties, &total);
}

/* The mean area over groups of `together` labels, without groups that lack a label that is there or
 * one that is not; each weighs 1, or the rows that it is on. */
static int mean_area(const struct lb_metric_inputs *o, size_t together, bool weighted, double *value, struct lb_err *err)
{
	struct lb_scored *scored = lb_alloc(o->n, together * sizeof *scored, err);
	struct lb_tie *tie = scored ? lb_alloc(o->n, together * sizeof *tie, err) : NULL;
	double sum = 0, parts = 0;

	for (size_t k = 0; tie && k < o->t; k += together) {
		double there;
		const double v = area(o, k, k + together, scored, tie, &there), weight = weighted ? there : 1;
		sum += isnan(v) ? 0 : weight * v;
		parts += isnan(v) ? 0 : weight;
	}
	*value = parts > 0 ? sum / parts : (double)NAN;
	free(scored);
	free(tie);
	return tie ? 0 : -1;
}

static int auc_labels(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par;
	return mean_area(o, 1, false, value, err);
}

const struct lb_metric lb_metric_auc_labels = {
	.base = {
		.name = "auc_labels",
		.tasks = 1u << LB_MULTILABEL,
		.title = "Mean over labels of the area under the ROC curve of their rows (macro AUC)",
		.cite = "X.-Z. Wu, Z.-H. Zhou, A unified view of multi-label performance measures, ICML 2017",
		.formula = "mean over labels of  P(score of a row with the label > of one without) + half of the ties",
		.notes = "A label that is on no row or on all is left out; undefined where every label is. Entries that are not known are left out.",
		.keywords = "macro_auc auc roc_auc multilabel",
		.on_request = true,
	},
	.higher_is_better = true,
	.eval = auc_labels,
};

static int auc_labels_weighted(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par;
	return mean_area(o, 1, true, value, err);
}

const struct lb_metric lb_metric_auc_labels_weighted = {
	.base = {
		.name = "auc_labels_weighted",
		.tasks = 1u << LB_MULTILABEL,
		.title = "Mean over labels of the area under the ROC curve of their rows, weighted by the rows of each label",
		.cite = "X.-Z. Wu, Z.-H. Zhou, A unified view of multi-label performance measures, ICML 2017",
		.formula = "sum over labels of (rows with it) (area) / sum over labels of (rows with it)",
		.notes = "As auc_labels, in which every label weighs the same. A label that is on no row or on all is left out; undefined where every label is.",
		.keywords = "weighted_auc auc roc_auc multilabel",
		.on_request = true,
	},
	.higher_is_better = true,
	.eval = auc_labels_weighted,
};

static int auc_micro(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par;
	return mean_area(o, o->t ? o->t : 1, false, value, err);
}

const struct lb_metric lb_metric_auc_micro = {
	.base = {
		.name = "auc_micro",
		.tasks = 1u << LB_MULTILABEL,
		.title = "Area under the ROC curve of all rows and labels together",
		.cite = "X.-Z. Wu, Z.-H. Zhou, A unified view of multi-label performance measures, ICML 2017",
		.formula = "P(score of an entry that is there > of one that is not) + half of the ties, over all rows and labels",
		.notes = "Scores of different labels are compared. Undefined where all labels are there, or none. Entries that are not known are left out.",
		.keywords = "micro_auc auc roc_auc multilabel",
		.on_request = true,
	},
	.higher_is_better = true,
	.eval = auc_micro,
};
