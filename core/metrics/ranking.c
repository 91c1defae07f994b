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
static struct tie *ties_of(const struct lb_outcomes *o, size_t *n_ties, struct tie *total, struct lb_err *err)
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
static int auc(const struct lb_outcomes *o, const struct lb_arg *par, double *value, struct lb_err *err)
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
		.title = "Area under the ROC curve: how often a positive row scores above a negative one",
		.cite = "J. A. Hanley, B. J. McNeil, The meaning and use of the area under a receiver operating characteristic (ROC) "
			"curve, Radiology 143, 1982",
		.formula = "P(z+ > z-) + P(z+ = z-)/2 over all pairs of a positive and a negative row",
		.notes = "Undefined where a class has no row. Does not see the threshold nor the scale of the scores.",
		.keywords = "roc_auc auroc area_under_curve c_statistic mann_whitney",
	},
	.kinds = 1u << LB_BINARY,
	.higher_is_better = true,
	.eval = auc,
};

static int average_precision(const struct lb_outcomes *o, const struct lb_arg *par, double *value, struct lb_err *err)
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
		.title = "Average precision: area under the steps of the precision-recall curve",
		.cite = "M. Zhu, Recall, precision and average precision, University of Waterloo, Working Paper 2004-09",
		.formula = "sum over distinct scores, descending, of (R_k - R_(k-1)) P_k",
		.notes = "No interpolation; rows of equal score enter together, so with all scores equal it is the share of positive "
			 "rows. Undefined without a positive row.",
		.keywords = "ap aupr auprc pr_auc area_under_precision_recall",
	},
	.kinds = 1u << LB_BINARY,
	.higher_is_better = true,
	.eval = average_precision,
};
