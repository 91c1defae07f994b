/* Probabilities of classes by scores, for procedures. Compiled once per precision. */
#ifndef LB_CLASS_SCORES_H
#define LB_CLASS_SCORES_H

#include "core/engine/precision.h"

#include <math.h>
#include <stddef.h>

/* p <- the softmax of c scores; of one score, of two classes, the probabilities of both. */
static inline void lb_class_probabilities(const real *z, size_t c, double *p)
{
	double most = (double)z[0], sum = 0;

	if (c == 1) {
		const double e = exp(-fabs(most)), likely = 1 / (1 + e), other = e / (1 + e);
		p[most > 0] = likely;
		p[!(most > 0)] = other;
		return;
	}
	for (size_t k = 1; k < c; k++)
		most = (double)z[k] > most ? (double)z[k] : most;
	for (size_t k = 0; k < c; k++)
		sum += p[k] = exp((double)z[k] - most);
	for (size_t k = 0; k < c; k++)
		p[k] /= sum;
}

#endif
