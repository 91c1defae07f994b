/* OpenBLAS, loaded only when something asks for it: its start costs several milliseconds and
 * threads that spin, and the project's own products (core/engine/kernels/kernels.h) do without it.
 * Free of precision. */
#ifndef LB_OPENBLAS_H
#define LB_OPENBLAS_H

#include "core/base/err.h"

#include <cblas.h>
#include <stdbool.h>

struct lb_openblas {
	void (*gemm_f32)(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, blasint m, blasint n, blasint k, float alpha,
			 const float *a, blasint lda, const float *b, blasint ldb, float beta, float *c, blasint ldc);
	void (*gemm_f64)(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, blasint m, blasint n, blasint k,
			 double alpha, const double *a, blasint lda, const double *b, blasint ldb, double beta, double *c, blasint ldc);
	char *(*config)(void), *(*corename)(void);
	int (*threads)(void);
};

/* The library, with one thread; loaded by the first call. NULL with LB_MACHINE where it cannot
 * be. */
const struct lb_openblas *lb_openblas(struct lb_err *err);
/* Whether it has been loaded. */
bool lb_openblas_here(void);

#endif
