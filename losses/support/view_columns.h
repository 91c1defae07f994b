/* Products of columns, for losses of two views by their moments. */
#ifndef LB_VIEW_COLUMNS_H
#define LB_VIEW_COLUMNS_H

#include "losses/support/two_views.h"

#include <string.h>

/* to (c, c) <- x' y / b, x and y (b, c), row partner[i] of y for row i of x unless it is NULL. */
static inline void lb_correlate(size_t b, size_t c, const double *x, const double *y, const uint32_t *partner, double *to)
{
	memset(to, 0, c * c * sizeof *to);
	for (size_t i = 0; i < b; i++) {
		const double *xi = x + (partner ? partner[i] : i) * c, *yi = y + i * c;
		for (size_t k = 0; k < c; k++)
			for (size_t l = 0; l < c; l++)
				to[k * c + l] += xi[k] * yi[l] / (double)b;
	}
}

#endif
