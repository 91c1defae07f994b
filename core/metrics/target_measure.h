/* Metrics of a regression that are a mean over the targets of a measure of one target. */
#ifndef LB_TARGET_MEASURE_H
#define LB_TARGET_MEASURE_H

#include "core/metrics/metric.h"

#include <math.h>

/* The predictions f and values y of one target; n > 0. */
struct lb_target {
	size_t n;
	const double *f, *y;
	double *scratch;         /* room for LB_TARGET_SCRATCH n values */
};
enum { LB_TARGET_SCRATCH = 4 };

/* Returns the measure of one target; NAN where it is undefined. */
typedef double lb_target_measure(const struct lb_target *t, const struct lb_arg *par);

/* The mean of the measure over the targets in *value: NAN without rows, and where the measure of
 * one target is. -1 on lack of memory. */
int lb_mean_over_targets(const struct lb_metric_inputs *o, const struct lb_arg *par, lb_target_measure *measure, double *value,
			 struct lb_err *err);

/* Defines lb_metric_NAME, the mean over targets of the function NAME. Every one of them is on
 * request. */
#define LB_TARGET_METRIC(id, better, ...)                                                                                      \
	static int eval_##id(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)         \
	{                                                                                                                      \
		return lb_mean_over_targets(o, par, id, value, err);                                                           \
	}                                                                                                                      \
	const struct lb_metric lb_metric_##id = {                                                                              \
		.base = { .name = #id, .tasks = 1u << LB_REGRESSION, .on_request = true, __VA_ARGS__ },                            \
		.higher_is_better = better,                                                                                    \
		.eval = eval_##id,                                                                                             \
	};

/* Returns the mean of v[i] - v[0]. Deviations from the mean that are taken as (v[i] - v[0]) -
 * shift are exactly 0 where all values are equal, and keep their digits where v is far from 0. */
static inline double lb_mean_shift(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i] - v[0];
	return sum / (double)n;
}

static inline bool lb_is_constant(const double *v, size_t n)
{
	size_t i = 1;

	while (i < n && v[i] == v[0])
		i++;
	return i >= n;
}

/* Orders doubles for qsort. */
static inline int lb_ascending_doubles(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#endif
