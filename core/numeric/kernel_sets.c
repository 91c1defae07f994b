#include "core/numeric/kernels.h"

#include <stdatomic.h>

extern const struct X(lb_kernels) X(lb_kernels_generic);
#if defined __x86_64__
extern const struct X(lb_kernels) X(lb_kernels_avx2), X(lb_kernels_avx512);
#endif

static _Atomic(const struct X(lb_kernels) *) in_use;

const struct X(lb_kernels) *X(lb_kernel_at)(size_t i)
{
	const struct X(lb_kernels) *set[3] = { 0 };
	size_t n = 0;

#if defined __x86_64__
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("avx512bw"))
		set[n++] = &X(lb_kernels_avx512);
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		set[n++] = &X(lb_kernels_avx2);
#endif
	set[n++] = &X(lb_kernels_generic);
	return i < n ? set[i] : NULL;
}

const struct X(lb_kernels) *X(lb_kernel)(void)
{
	const struct X(lb_kernels) *set = atomic_load_explicit(&in_use, memory_order_relaxed);

	if (!set)
		atomic_store_explicit(&in_use, set = X(lb_kernel_at)(0), memory_order_relaxed);
	return set;
}

void X(lb_kernel_use)(const struct X(lb_kernels) *set)
{
	atomic_store_explicit(&in_use, set, memory_order_relaxed);
}

#if LB_REAL == 64
double lb_exp_terms_f64(const double *z, size_t c, double shift, double *e)
{
	return lb_kernel_f64()->exp_terms(z, c, shift, 1, c, e);
}

void lb_softmax_rows_f64(size_t b, size_t c, size_t ld, const double *z, const int32_t *y, double *e, double *at)
{
	lb_kernel_f64()->softmax_rows(b, c, ld, z, y, e, &(struct X(lb_softmax_sums)){ at, at + b, at + 2 * b, at + 3 * b });
}
#endif
