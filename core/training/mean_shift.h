/* Mean shift: rows move to where rows are dense, so that one that stands apart moves far (J. Yang,
 * S. Rahardja, P. Franti, Mean-shift outlier detection and filtering, Pattern Recognition 115,
 * 2021). Free of precision. */
#ifndef LB_MEAN_SHIFT_H
#define LB_MEAN_SHIFT_H

#include "core/base/err.h"

#include <stddef.h>

/* x (n, d) <- in each of `rounds` rounds, every row becomes the mean of its k nearest others by
 * Euclidean distance, of equal ones the first; of fewer others all, and a row alone stays. All rows
 * move at once. Distances that are not finite are the farthest. Time grows as n^2 d. -1 when memory
 * runs out. */
int lb_mean_shift(size_t n, size_t d, double *x, size_t rounds, size_t k, struct lb_err *err);

#endif
