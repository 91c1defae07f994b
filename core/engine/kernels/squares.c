#include "core/engine/kernels/squares.h"

LB_CLONES static void lb_add_outer(size_t d, const double *restrict v, double *restrict a)
{
	for (size_t i = 0; i < d; i++)
		for (size_t j = 0; j < (i / 8 < d / 8 ? i / 8 * 8 + 8 : d); j++) {
			double sum = a[i * d + j];
			for (size_t k = 0; k < LB_SQUARES; k++)
				sum += v[k * d + i] * v[k * d + j];
			a[i * d + j] = sum;
		}
}

/* Not the clones themselves, which clang does not let other files call. */
void lb_add_squares(size_t d, const double *restrict v, double *restrict a)
{
	lb_add_outer(d, v, a);
}
