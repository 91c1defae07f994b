/* Matrices of some hundred rows, in double whatever the precision, row-major. Own, not OpenBLAS's,
 * whose last bits depend on the processor. Compiled once per precision, as all of the engine. */
#ifndef LB_SMALL_MATRICES_H
#define LB_SMALL_MATRICES_H

#include "core/engine/precision.h"

#include <stdbool.h>
#include <stddef.h>

/* c (m, n) += factor A (m, k) b (k, n); A's (i, p) is a[i * row + p * column]. c overlaps
 * neither. */
void lb_small_product(size_t m, size_t n, size_t k, double factor, const double *a, size_t row, size_t column, const double *b, double *c);
/* c (m, n) <- a (m, k) b (k, n). */
void lb_small_multiply(size_t m, size_t n, size_t k, const double *a, const double *b, double *c);
/* t (n, n) <- the transpose of a. */
void lb_small_transpose(size_t n, const double *a, double *t);
/* to (n) += factor times from. */
static inline void lb_small_add(size_t n, double factor, const double *from, double *to)
{
	for (size_t j = 0; j < n; j++)
		to[j] += factor * from[j];
}

double lb_small_dot(size_t n, const double *a, const double *b);

/* x (m, n) <- the solution v of a v = x, by elimination with the largest pivot; a (m, m) is
 * destroyed. Returns false where a pivot is next to nothing. */
bool lb_small_solve(size_t m, double *a, size_t n, double *x);

/* Returns about the largest singular value of a (n, n), from below, by so many steps of the power
 * method. room: 2 n values. */
double lb_largest_singular(size_t n, const double *a, int steps, double *room);

#endif
