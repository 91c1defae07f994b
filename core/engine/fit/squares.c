#include "core/engine/fit/squares.h"

LB_CLONES void lb_add_squares(size_t d, const double *restrict v, double *restrict a)
{
	for (size_t i = 0; i < d; i++)
		for (size_t j = 0; j < (i / 8 < d / 8 ? i / 8 * 8 + 8 : d); j++) {
			double sum = a[i * d + j];
			for (size_t k = 0; k < LB_SQUARES; k++)
				sum += v[k * d + i] * v[k * d + j];
			a[i * d + j] = sum;
		}
}
