/* Rows in the order of their scores: what the measures of a ranking are made of. */
#ifndef LB_SCORE_TIES_H
#define LB_SCORE_TIES_H

#include "core/base/err.h"
#include "core/metrics/metric.h"

#include <math.h>

struct lb_scored {
	double score;
	bool positive;
};

/* Rows that share one score; also all rows. */
struct lb_tie {
	uint64_t pos, neg;
};

/* Sorts the n rows. tie (room for n) <- the groups of equal scores in ascending order, whose number
 * is returned; *total <- their sum. */
size_t lb_group_ties(struct lb_scored *row, size_t n, struct lb_tie *tie, struct lb_tie *total);

/* The ties of a binary task; the caller frees. NULL when memory runs out. */
struct lb_tie *lb_binary_ties(const struct lb_metric_inputs *o, size_t *n_ties, struct lb_tie *total, struct lb_err *err);

/* Returns the area under the ROC curve of n ties; NAN where a class has no row. */
double lb_auc_of_ties(const struct lb_tie *tie, size_t n, const struct lb_tie *total);

#endif
