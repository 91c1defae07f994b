/* Scores of a split's rows, digested row by row into what metrics read (core/metrics/metric.h).
 * Compiled once per precision. */
#ifndef LB_ROW_STATS_H
#define LB_ROW_STATS_H

#include "core/engine/precision.h"
#include "core/training/train.h"

/* Of the rows of one split, for one trial; owned. What the cohort's kind has no use for is NULL. */
struct lb_digest {
	int32_t *label, *pred, *rank;
	double *logp, *brier, *conf, *score, *peak, *pred_t, *target_t;
	double *said;            /* what a regression tells beside the prediction (struct lb_outcomes); NULL where no trial has it */
	bool *collapsed;
	int32_t *robust;         /* what the probe finds (core/engine/eval/robust_eval.h); NULL where no trial has one */
	double *robust_logp;
};

/* Room for max_rows rows of `columns` scores. -1 when memory runs out; close in any case. */
int lb_digest_open(struct lb_digest *d, const struct lb_cohort *c, size_t max_rows, size_t columns, struct lb_err *err);
void lb_digest_close(struct lb_digest *d);

/* Bytes of a digest that a row of any of the cohort's trials has written to. */
size_t lb_digest_row(const struct lb_cohort *c, size_t columns);

/* Working memory of one batch. */
struct lb_digest_room {
	double *wide, *term;     /* (rows, columns padded to 8) scores in double, and the terms of their softmax */
	double *sums;            /* (4, rows) what lb_softmax_rows_f64 tells */
};

int lb_digest_room_open(struct lb_digest_room *r, size_t rows, size_t columns, struct lb_err *err);
void lb_digest_room_close(struct lb_digest_room *r);

/* b rows of finite scores z (b, columns), ld apart, of the rows of the dataset `rows`, which are
 * start, start + 1, ... of the split. */
struct lb_digested {
	const struct lb_cohort *cohort;
	const struct lb_setup *setup;
	const struct lb_decision *decision;
	const uint32_t *rows;
	size_t start, b, columns, ld;
	const real *z;
};
void lb_digest_rows(struct lb_digest *d, const struct lb_digest_room *r, const struct lb_digested *s);

/* What metrics see of the digests of a split's n rows of a trial; borrowed. output gets what its
 * outputs say. */
struct lb_outcomes lb_digest_outcomes(const struct lb_digest *d, const struct lb_cohort *c, const struct lb_setup *setup, size_t n,
				      struct lb_output output[LB_MOST_OUTPUTS]);

#endif
