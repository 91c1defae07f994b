/* Minimum, maximum, mean and variance of the columns of a matrix; used inside datasets/ only. */
#ifndef LB_COLUMN_MOMENTS_H
#define LB_COLUMN_MOMENTS_H

#include "datasets/table/matrix.h"

/* d values each, of the values that are not missing; a column without any has count 0, mean 0 and
 * min > max. var divides by the count. { 0 } can be freed. */
struct lb_moments {
	double *min, *max, *mean, *var, *count;
};

/* Of the n rows named, or of the first n when rows is NULL. */
int lb_moments_of(const struct lb_matrix *m, const uint32_t *rows, size_t n, struct lb_moments *out, struct lb_err *err);
void lb_moments_free(struct lb_moments *s);

#endif
