/* Eigenvectors of small symmetric matrices. Own, not LAPACK's, whose last bits depend on the
 * processor. */
#ifndef LB_EIGEN_H
#define LB_EIGEN_H

#include <stddef.h>

/* Cyclic Jacobi rotations (G. H. Golub, C. F. Van Loan, Matrix Computations, 4th ed., section 8.5).
 * a (n,n), symmetric and finite, is destroyed: its diagonal becomes the eigenvalues, in no order;
 * row k of v (n,n) the unit eigenvector of a[k,k]. Time grows as n^3. */
void lb_eigen_symmetric(size_t n, double *a, double *v);

#endif
