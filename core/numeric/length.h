/* The Euclidean length of a vector. */
#ifndef LB_LENGTH_H
#define LB_LENGTH_H

#include <math.h>
#include <stddef.h>

static inline double lb_length(const double *v, size_t n)
{
	double sum = 0;

	for (size_t k = 0; k < n; k++)
		sum += v[k] * v[k];
	return sqrt(sum);
}

#endif
