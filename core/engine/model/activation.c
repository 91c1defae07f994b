#include "core/engine/model/activation.h"

#include "core/engine/kernels/kernels.h"

#include <string.h>

LB_CLONES static void lb_relu(size_t rows, size_t n, size_t ld, const real *restrict a, real *restrict h)
{
	for (size_t i = 0; i < rows; i++, a += ld, h += ld)
		for (size_t k = 0; k < n; k++)
			h[k] = a[k] < 0 ? R(0.0) : a[k];
}

LB_CLONES static void lb_relu_back(size_t rows, size_t n, size_t ld, const real *restrict a, real *restrict d)
{
	for (size_t i = 0; i < rows; i++, a += ld, d += ld)
		for (size_t k = 0; k < n; k++)
			d[k] = a[k] > 0 ? d[k] : R(0.0);
}

void lb_activate(enum lb_activation act, size_t rows, size_t n, size_t ld, real *a, real *h)
{
	switch (act) {
	case LB_RELU:
		lb_relu(rows, n, ld, a, h);
		break;
	case LB_TANH:
		for (size_t i = 0; i < rows * ld; i += ld) {
			lb_kernel()->tanh_all(n, a + i, h + i);
			memcpy(a + i, h + i, n * sizeof *a);
		}
		break;
	case LB_GELU:
		for (size_t i = 0; i < rows * ld; i += ld)
			for (size_t k = i; k < i + n; k++)
				h[k] = R(0.5) * a[k] * erfc(-a[k] * R(0.70710678118654752440));
		break;
	case LB_IDENTITY:
		for (size_t i = 0; i < rows * ld; i += ld)
			memcpy(h + i, a + i, n * sizeof *h);
		break;
	case LB_COS:
		for (size_t i = 0; i < rows * ld; i += ld)
			for (size_t k = i; k < i + n; k++)
				h[k] = cos(a[k]);
		break;
	}
}

void lb_activate_back(enum lb_activation act, size_t rows, size_t n, size_t ld, const real *a, real *d)
{
	switch (act) {
	case LB_RELU:
		lb_relu_back(rows, n, ld, a, d);
		break;
	case LB_TANH:
		for (size_t i = 0; i < rows * ld; i += ld)
			for (size_t k = i; k < i + n; k++)
				d[k] *= 1 - a[k] * a[k];
		break;
	case LB_GELU:
		for (size_t i = 0; i < rows * ld; i += ld)
			for (size_t k = i; k < i + n; k++)
				d[k] *= R(0.5) * erfc(-a[k] * R(0.70710678118654752440)) +
					a[k] * exp(R(-0.5) * a[k] * a[k]) * R(0.39894228040143267794);
		break;
	case LB_IDENTITY:
		break;
	case LB_COS:
		for (size_t i = 0; i < rows * ld; i += ld)
			for (size_t k = i; k < i + n; k++)
				d[k] *= -sin(a[k]);
		break;
	}
}
