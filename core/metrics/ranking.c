#include "core/base/mem.h"
#include "core/metrics/metric.h"

#include <math.h>
#include <stdlib.h>

struct scored {
	double score;
	int32_t y;
};

static int ascending(const void *a, const void *b)
{
	const double x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;

	return (x > y) - (x < y);
}

/* Rows that share one score. */
struct tie {
	uint64_t pos, neg;
};

/* The ties in ascending order of score, with their sum in *total; the caller frees. */
static struct tie *ties_of(const struct lb_metric_inputs *o, size_t *n_ties, struct tie *total, struct lb_err *err)
{
	struct scored *row = lb_alloc(o->n, sizeof *row, err);
	struct tie *tie = row ? lb_alloc(o->n, sizeof *tie, err) : NULL;
	size_t n = 0;

	*total = (struct tie){ 0 };
	if (!tie)
		goto out;
	for (size_t i = 0; i < o->n; i++)
		row[i] = (struct scored){ .score = o->score[i], .y = o->label[i] };
	qsort(row, o->n, sizeof *row, ascending);
	for (size_t i = 0; i < o->n; i++) {
		n += i == 0 || row[i].score > row[i - 1].score;
		*(row[i].y ? &tie[n - 1].pos : &tie[n - 1].neg) += 1;
		*(row[i].y ? &total->pos : &total->neg) += 1;
	}
out:
	*n_ties = n;
	free(row);
	return tie;
}

/* Counts pairs in halves, so the sum is exact. */
static int auc(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct tie total;
	uint64_t halves = 0, below = 0;
	size_t n;
	struct tie *tie = ties_of(o, &n, &total, err);

	(void)par;
	if (!tie)
		return -1;
	for (size_t i = 0; i < n; i++) {
		halves += tie[i].pos * (2 * below + tie[i].neg);
		below += tie[i].neg;
	}
	*value = total.pos && total.neg ? (double)halves / 2 / ((double)total.pos * (double)total.neg) : (double)NAN;
	free(tie);
	return 0;
}

const struct lb_metric lb_metric_auc = {
	.base = {
		.name = "auc",
		.tasks = 1u << LB_BINARY,
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

static int average_precision(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct tie total;
	uint64_t pos = 0, neg = 0;
	double sum = 0;
	size_t n;
	struct tie *tie = ties_of(o, &n, &total, err);

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
		.tasks = 1u << LB_BINARY,
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
	struct tie total;
	double area = 0, fpr = 0, tpr = 0;
	size_t n;
	struct tie *tie = ties_of(o, &n, &total, err);

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
		.tasks = 1u << LB_BINARY,
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
