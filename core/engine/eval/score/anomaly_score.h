/* Anomaly scores: one number a row, larger for a less normal one, made of the row and of what the
 * model gives for it. Compiled once per precision; a score is one file in core/engine/eval/score/
 * and one line in core/engine/eval/score/list.def. */
#ifndef LB_ANOMALY_SCORE_H
#define LB_ANOMALY_SCORE_H

#include "core/engine/model/net.h"
#include "core/training/anomaly_score_info.h"
#include "core/training/setup.h"
#include "losses/loss.h"

/* Rows of one part to be scored. */
struct lb_rows_to_score {
	const struct lb_setup *setup;
	const struct lb_loss *loss;          /* the main one, in this precision */
	const struct lb_loss_stats *stats;
	const struct lb_net *net;
	const real *w;                       /* the net's parameters, then the losses' own */
	size_t b, d, columns;                /* rows, features, columns of z */
	size_t most;                         /* rows that the workspace is for, b at least */
	size_t start;                        /* of the first row in its part */
	bool of_training;                    /* the part is that of the training rows */
	const real *x, *read;                /* (b, d) the rows as they are, and as the model reads them, shifted or not */
	const real *z;                       /* (b, columns) the model's output, ld apart */
	size_t ld;
	void *workspace;                     /* .workspace bytes, aligned */
};

struct lb_anomaly_score {
	struct lb_info base;                 /* .traits of enum lb_anomaly_score_trait */
	/* score (b) <- the scores. */
	void (*score)(const struct lb_rows_to_score *in, real *score);
	/* Bytes of workspace for shape->b rows; NULL: none. */
	size_t (*workspace)(const struct lb_setup *setup, const struct lb_loss *loss, const struct lb_loss_shape *shape);
};

/* Returns the score of a descriptor. */
const struct lb_anomaly_score *lb_anomaly_score_of(const struct lb_info *info);

#endif
