/* The minimum of a smooth function by L-BFGS (library liblbfgs), in double. */
#ifndef LB_MINIMISE_H
#define LB_MINIMISE_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct lb_smooth_function {
	size_t n;                /* of variables */
	/* Returns the value at w (n); slope (n) <- its gradient. */
	double (*value)(void *arg, const double *w, double *slope, size_t n);
	void *arg;
	double tolerance;        /* ends where |gradient| <= tolerance max(1, |w|) */
	double largest;          /* ends where a variable's size exceeds it; 0: goes on */
	double least;            /* ends where the value is below it; of values that are never negative, 0: goes on */
	int iterations;          /* ends after so many */
};

/* Moves w (n) from where it stands to the minimum, or to where rounding allows no further step.
 * *limited, if not NULL, <- whether it ended by .largest or .least: there may be no minimum. -1
 * when memory runs out. */
int lb_minimise(const struct lb_smooth_function *f, double *w, bool *limited, struct lb_err *err);

#endif
