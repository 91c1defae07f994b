/* A Gaussian of the features of each class, to draw rows from where some labels are wrong and some
 * classes small. Free of precision. */
#ifndef LB_CLASS_GAUSSIANS_H
#define LB_CLASS_GAUSSIANS_H

#include "core/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct lb_rng;

struct lb_gaussians_how {
	double trim;             /* share of a class's rows that are left out, those farthest from its median */
	double tail;             /* a class of fewer rows than this share of the largest class's borrows */
	double borrow;           /* share of the others in its mean and covariances */
	size_t neighbours;       /* how many others, those of the nearest means among classes that do not borrow */
	double ridge;            /* added to variances; above 0 */
};

struct lb_class_gaussians {
	size_t classes, d;
	double *mean;            /* (classes, d) */
	double *lower;           /* (classes, d, d) lower triangles, L L' the covariances; 0 for a class without rows */
};

/* Of the rows x (n, d) with labels y below `classes`. Medians are by each feature; of rows as far
 * the first is kept, and at least one of each class; covariances are means of squares. Release with
 * lb_class_gaussians_free, on failure too. LB_DATA where features are too large for squares. */
int lb_class_gaussians_make(const struct lb_gaussians_how *how, size_t classes, const double *x, const int32_t *y, size_t n, size_t d,
			    struct lb_class_gaussians *out, struct lb_err *err);
void lb_class_gaussians_free(struct lb_class_gaussians *g);

/* x (d) <- a draw from the Gaussian of class k. room (d). */
void lb_class_gaussians_draw(const struct lb_class_gaussians *g, size_t k, struct lb_rng *rng, double *room, double *x);

#endif
