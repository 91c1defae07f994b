#include "core/metrics/target_measure.h"

#include "core/base/mem.h"

#include <stdlib.h>

int lb_mean_over_targets(const struct lb_metric_inputs *o, const struct lb_arg *par, lb_target_measure *measure, double *value,
			 struct lb_err *err)
{
	const size_t n = o->n;
	double sum = 0;

	*value = (double)NAN;
	if (!n || !o->t)
		return 0;
	double *f = lb_alloc(n, (2 + LB_TARGET_SCRATCH) * sizeof *f, err);
	if (!f)
		return -1;
	double *y = f + n;
	const struct lb_target target = { .n = n, .f = f, .y = y, .scratch = y + n };
	for (size_t t = 0; t < o->t; t++) {
		for (size_t i = 0; i < n; i++) {
			f[i] = o->pred_t[i * o->t + t];
			y[i] = o->target_t[i * o->t + t];
		}
		sum += measure(&target, par);
	}
	*value = sum / (double)o->t;
	free(f);
	return 0;
}
