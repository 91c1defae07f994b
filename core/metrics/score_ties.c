#include "core/metrics/score_ties.h"

#include "core/base/mem.h"

#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
	const double x = ((const struct lb_scored *)a)->score, y = ((const struct lb_scored *)b)->score;

	return (x > y) - (x < y);
}

size_t lb_group_ties(struct lb_scored *row, size_t n, struct lb_tie *tie, struct lb_tie *total)
{
	size_t ties = 0;

	*total = (struct lb_tie){ 0 };
	qsort(row, n, sizeof *row, ascending);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || row[i].score > row[i - 1].score)
			tie[ties++] = (struct lb_tie){ 0 };
		*(row[i].positive ? &tie[ties - 1].pos : &tie[ties - 1].neg) += 1;
		*(row[i].positive ? &total->pos : &total->neg) += 1;
	}
	return ties;
}

struct lb_tie *lb_binary_ties(const struct lb_metric_inputs *o, size_t *n_ties, struct lb_tie *total, struct lb_err *err)
{
	struct lb_scored *row = lb_alloc(o->n, sizeof *row, err);
	struct lb_tie *tie = row ? lb_alloc(o->n, sizeof *tie, err) : NULL;

	*n_ties = 0;
	if (tie) {
		for (size_t i = 0; i < o->n; i++)
			row[i] = (struct lb_scored){ .score = o->score[i], .positive = o->label[i] };
		*n_ties = lb_group_ties(row, o->n, tie, total);
	}
	free(row);
	return tie;
}

/* Counts pairs in halves, so the sum is exact. */
double lb_auc_of_ties(const struct lb_tie *tie, size_t n, const struct lb_tie *total)
{
	uint64_t halves = 0, below = 0;

	for (size_t i = 0; i < n; i++) {
		halves += tie[i].pos * (2 * below + tie[i].neg);
		below += tie[i].neg;
	}
	return total->pos && total->neg ? (double)halves / 2 / ((double)total->pos * (double)total->neg) : (double)NAN;
}
