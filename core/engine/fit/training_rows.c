#include "core/engine/fit/training_rows.h"

#include "core/base/mem.h"
#include "core/engine/data/batch_dense.h"
#include "core/engine/precision.h"

#include <stdlib.h>

int lb_training_rows_keep(const struct lb_cohort *c, const struct lb_setup *setup, double *w, struct lb_err *err)
{
	const size_t n = c->split->n[LB_TRAIN], d = c->features->d;
	double *bias = w + n * d;
	real *x = lb_alloc_aligned(d, sizeof *x, err);

	(void)setup;
	for (size_t i = 0; x && i < n; i++) {
		lb_gather(c->features, c->split->rows[LB_TRAIN] + i, 1, x);
		bias[i] = 0;
		for (size_t j = 0; j < d; j++) {
			w[i * d + j] = (double)x[j];
			bias[i] -= w[i * d + j] * w[i * d + j] / 2;
		}
	}
	free(x);
	return x ? 0 : -1;
}
