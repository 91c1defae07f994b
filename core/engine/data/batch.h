/* Batches as the first layer reads them: dense rows, or the entries that sparse data have. Compiled
 * once per precision. */
#ifndef LB_BATCH_H
#define LB_BATCH_H

#include "core/engine/kernels/kernels.h"
#include "core/numeric/thread_team.h"
#include "core/training/cohort.h"
#include "core/engine/data/batch_csr.h"

struct lb_input_batch {
	const struct lb_encoding *e;
	real *x;                         /* dense: (max_rows, features); NULL for compressed rows */
	struct lb_csr csr;
	struct lb_compressed rows;    /* what csr holds */
	const uint32_t *column;          /* compressed, once listed: the n_columns different columns of the batch, in the order they are met */
	uint32_t *own_column;            /* (features + 1) room for them */
	size_t n_columns;
	bool listed;
	uint32_t *stamp, turn;           /* (features) stamp[j] == turn if column j occurs in the current batch */
};

/* Whether the trials of a cohort read compressed rows: the data are sparse, and no trial needs the
 * rows written out (further views, features, attacks, anomaly scores). */
bool lb_input_batch_compressed(const struct lb_cohort *c);

/* Room for batches of max_rows rows; how: LB_ROWS_... of core/engine/data/batch_csr.h. Release with
 * lb_input_batch_close, on failure too. */
int lb_input_batch_open(struct lb_input_batch *f, const struct lb_encoding *e, bool compressed, size_t max_rows, unsigned how, struct lb_err *err);
void lb_input_batch_close(struct lb_input_batch *f);

/* Gathers the given rows. Cannot fail. */
void lb_input_batch_load(struct lb_input_batch *f, const uint32_t *rows, size_t b, struct lb_team *team);

/* Asks the processor for rows that will be loaded next. */
void lb_input_batch_fetch(const struct lb_input_batch *f, const uint32_t *rows, size_t b);

/* Lists the columns of the loaded batch, unless that is done; 0 of dense rows. */
void lb_input_batch_list(struct lb_input_batch *f);

/* Tells the columns of the loaded batch, as they were listed earlier; borrowed until the next
 * load. */
void lb_input_batch_tell(struct lb_input_batch *f, const uint32_t *column, size_t n);

#endif
