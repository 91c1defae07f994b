#include "core/engine/kernels/kernels.h"
#include "core/numeric/openblas.h"

#include <stdatomic.h>

extern const struct lb_kernels lb_kernels_generic;
#if defined __x86_64__
extern const struct lb_kernels lb_kernels_avx2, lb_kernels_avx512;
#endif

static _Atomic(const struct lb_kernels *) in_use;

/* Panel by panel, so that each call has the shape that this model and batch always give. */
static void blas_product(size_t m, size_t n, size_t k, struct lb_left a, struct lb_panels b, const real *init, struct lb_panels c)
{
	const bool transposed = a.column != 1;
	const struct lb_openblas *library = lb_openblas(NULL); /* there: whoever picks this set has seen to it */

	for (size_t j = 0; j < n; j += LB_PANEL, b.x += b.panel, c.x += c.panel) {
		for (size_t i = 0; i < m && init != c.x - j / LB_PANEL * c.panel; i++)
			for (size_t q = 0; q < LB_PANEL; q++)
				c.x[i * c.row + q] = init ? init[j + q] : 0;
		if (m && k)
			library->LB_NAME(gemm)(CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, CblasNoTrans, (int)m, LB_PANEL, (int)k, 1, a.x,
				(int)(transposed ? a.column : a.row), b.x, (int)b.row, 1, c.x, (int)c.row);
	}
}

static const struct lb_kernels *with_blas(void)
{
	static struct lb_kernels set;

	if (!set.name) {
		set = lb_kernels_generic;
		set.chain = false;
		set.product = blas_product;
		set.name = "blas";
	}
	return &set;
}

const struct lb_kernels *lb_kernel_at(size_t i)
{
	const struct lb_kernels *set[4] = { 0 };
	size_t n = 0;

#if defined __x86_64__
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("avx512bw"))
		set[n++] = &lb_kernels_avx512;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		set[n++] = &lb_kernels_avx2;
#endif
	if (lb_kernels_generic.fused)
		set[n++] = &lb_kernels_generic;
	set[n++] = with_blas();
	if (!lb_kernels_generic.fused)
		set[n++] = &lb_kernels_generic;
	return i < n ? set[i] : NULL;
}

const char *lb_kernel_name(size_t i)
{
	const struct lb_kernels *set = lb_kernel_at(i);

	return set ? set->name : NULL;
}

void lb_kernel_pick(size_t i)
{
	lb_kernel_use(lb_kernel_at(i));
}

const struct lb_kernels *lb_kernel(void)
{
	const struct lb_kernels *set = atomic_load_explicit(&in_use, memory_order_relaxed);

	if (!set)
		atomic_store_explicit(&in_use, set = lb_kernel_at(0), memory_order_relaxed);
	return set;
}

void lb_kernel_use(const struct lb_kernels *set)
{
	atomic_store_explicit(&in_use, set, memory_order_relaxed);
}

#if LB_REAL == 64
double lb_exp_terms_f64(const double *z, size_t c, double shift, double *e)
{
	return lb_kernel_f64()->exp_terms(z, c, shift, 1, c, e);
}

size_t lb_largest_f64(const double *z, size_t c)
{
	return lb_kernel_f64()->largest(z, c);
}

void lb_softmax_rows_f64(size_t b, size_t c, size_t ld, const double *z, const int32_t *y, double *e, double *at)
{
	lb_kernel_f64()->softmax_rows(b, c, ld, z, y, e, &(struct lb_softmax_sums){ at, at + b, at + 2 * b, at + 3 * b });
}

void lb_product_f64(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb, double *c, size_t ldc)
{
	lb_kernel_f64()->product(m, LB_PADDED(n), k, (struct lb_left){ .x = a, .row = lda, .column = 1 },
				 (struct lb_panels){ .x = (double *)b, .panel = LB_PANEL, .row = ldb }, NULL,
				 (struct lb_panels){ .x = c, .panel = LB_PANEL, .row = ldc });
}
#endif
