/* The proof of a set of BLAS kernels: matrix products against plain sums. Free of precision. */
#ifndef LB_BLAS_SELFTEST_H
#define LB_BLAS_SELFTEST_H

#include "core/base/err.h"

#include <cblas.h>
#include <stddef.h>

typedef void lb_sgemm_fn(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, blasint m, blasint n, blasint k,
			 float alpha, const float *a, blasint lda, const float *b, blasint ldb, float beta, float *c, blasint ldc);
typedef void lb_dgemm_fn(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, blasint m, blasint n, blasint k,
			 double alpha, const double *a, blasint lda, const double *b, blasint ldb, double beta, double *c, blasint ldc);

struct lb_products {
	lb_sgemm_fn *single;
	lb_dgemm_fn *two;        /* double */
};

struct lb_proof {
	size_t products;         /* compared, each computed twice */
	double worst;            /* largest error as a share of the bound (k + 8) eps sum |a||b| */
};

/* Computes alpha op(A) op(B) + beta C in both precisions, all transposes, over shapes with ragged
 * edges and shapes larger than the kernels' blocks, with padded rows; C holds NaN where beta is 0.
 * Fails (LB_MACHINE, naming the product) where an entry is further from the plain sum than the
 * rounding of that many terms allows, where anything but C's entries was written, or where a
 * second time, at other addresses, gives other bytes. A third of a second. */
int lb_prove_products(const struct lb_products *p, struct lb_proof *proof, struct lb_err *err);

#endif
