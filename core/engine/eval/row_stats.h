/* Scores of a split's rows, reduced row by row into what metrics read (core/metrics/metric.h).
 * Compiled once per precision. */
#ifndef LB_ROW_STATS_H
#define LB_ROW_STATS_H

#include "core/engine/precision.h"
#include "core/training/cohort.h"

/* Of the rows of one split, for one trial; owned. What the cohort's kind has no use for is NULL. */
struct lb_row_stats {
	int32_t *label, *pred, *rank;
	double *logp, *brier, *conf, *score, *peak, *pred_t, *target_t;
	double *said;            /* what a regression tells besides the prediction (struct lb_metric_inputs); NULL where no trial has it */
	int32_t *query;          /* ranking: of each row */
	int32_t *event;          /* survival: of each row; `said` holds the curves */
	int32_t *subgroup;       /* of each row; NULL without data.subgroup */
	double *teacher;         /* (rows, classes) a teacher's scores; NULL where no trial has a metric that asks for them */
	double *reference;       /* the same of a reference model */
	double *log_probability; /* (rows, classes); NULL where no trial has a metric that asks for it */
	bool *collapsed;
	int32_t *robust;         /* what the evaluation attack finds (core/engine/eval/robust_eval.h); NULL where no trial has one */
	double *robust_logp;
};

/* Room for max_rows rows of `columns` scores. -1 when memory runs out; close in any case. */
int lb_row_stats_open(struct lb_row_stats *d, const struct lb_cohort *c, size_t max_rows, size_t columns, struct lb_err *err);
void lb_row_stats_close(struct lb_row_stats *d);

/* Bytes of row statistics that a row of any of the cohort's trials has written to. */
size_t lb_row_stats_bytes(const struct lb_cohort *c, size_t columns);

/* Working memory of one batch. */
struct lb_row_stats_scratch {
	double *wide, *term;     /* (rows, columns padded to 8) scores in double, and the terms of their softmax */
	double *sums;            /* (4, rows) what lb_softmax_rows_f64 tells */
	real *calibrated;        /* (rows, columns padded to 8) scores after a calibration; NULL where none reorders classes */
};

int lb_row_stats_scratch_open(struct lb_row_stats_scratch *r, const struct lb_cohort *c, size_t rows, size_t columns, struct lb_err *err);
void lb_row_stats_scratch_close(struct lb_row_stats_scratch *r);

/* b rows of finite scores z (b, columns), ld apart, of the rows of the dataset `rows`, which are
 * start, start + 1, ... of the split. */
struct lb_stats_input {
	const struct lb_cohort *cohort;
	const struct lb_setup *setup;
	const struct lb_decision *decision;
	const uint32_t *rows;
	size_t start, b, columns, ld;
	const real *z;
};
void lb_row_stats_compute(struct lb_row_stats *d, const struct lb_row_stats_scratch *r, const struct lb_stats_input *s);

/* Returns the c scores that metrics follow: z, or, in row i of the scratch, what the decision makes
 * of them where it may reorder classes. */
const real *lb_calibrated_row(const struct lb_row_stats_scratch *r, const struct lb_decision *d, size_t c, size_t i, const real *z);

/* Gives the one row of s what row `from` of the split has, a row of the same class with the same
 * scores, whose statistics were computed. Multi-class alone. */
void lb_row_stats_repeat(struct lb_row_stats *d, size_t from, const struct lb_stats_input *s);

/* What metrics see of the row statistics of a split's n rows of a trial; borrowed. output gets what
 * its outputs say. */
struct lb_metric_inputs lb_row_stats_metric_inputs(const struct lb_row_stats *d, const struct lb_cohort *c, const struct lb_setup *setup, size_t n,
				      struct lb_output output[LB_MOST_OUTPUTS]);

#endif
