/* The anomaly scores of evaluated rows (evaluate.anomaly). Compiled once per precision. */
#ifndef LB_ANOMALY_ROWS_H
#define LB_ANOMALY_ROWS_H

#include "core/engine/eval/evaluator.h"
#include "losses/loss.h"

/* Makes the rows of a part as the trial's model reads them, where its score shifts rows: once, for
 * all evaluations of this part with the same shift. -1 when memory runs out. */
int lb_anomaly_rows_shift(struct lb_evaluator *e, const struct lb_setup *setup, int part, struct lb_err *err);

/* The rows that the model reads, of those in e->input, which are the part's from `start` on:
 * themselves, or shifted. */
const real *lb_anomaly_rows_read(const struct lb_evaluator *e, const struct lb_setup *setup, int part, size_t start);

/* Some rows of a part, from `start` on. */
struct lb_part_rows {
	int part;
	size_t start, b;
};

/* e->z <- the scores of these rows, which e->input holds, by the model's output z, ld apart. -1
 * when memory runs out. */
int lb_anomaly_rows_score(struct lb_evaluator *e, const struct lb_eval_model *s, const struct lb_loss_stats *stats, const struct lb_part_rows *rows,
			  const real *z, size_t ld, struct lb_err *err);

/* Releases the shifted rows. */
void lb_anomaly_rows_close(struct lb_evaluator *e);

#endif
