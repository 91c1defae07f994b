/* Sums of outer products, as covariances are made of. Compiled once per precision, as all of the
 * engine; sums are in double. */
#ifndef LB_SQUARES_H
#define LB_SQUARES_H

#include "core/engine/precision.h"

#include <stddef.h>

/* Vectors that are added at a time. */
enum { LB_SQUARES = 8 };

/* Adds v v' of LB_SQUARES vectors v (LB_SQUARES, d), one after the other, to the lower triangle of
 * a (d, d), and to what of its rows is in the same register. */
void lb_add_squares(size_t d, const double *restrict v, double *restrict a);

#endif
