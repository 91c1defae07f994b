/* Activations of hidden layers. Compiled once per precision. */
#ifndef LB_ACTIVATION_H
#define LB_ACTIVATION_H

#include "core/engine/precision.h"
#include "core/training/model_spec.h"

/* h <- activation of a, n columns of rows ld apart. Where the derivative follows from the result
 * (tanh), a becomes the result. Comparisons let NaN pass through. */
void lb_activate(enum lb_activation act, size_t rows, size_t n, size_t ld, real *a, real *h);

/* d <- d times the derivative of the activation; a as lb_activate left it. */
void lb_activate_back(enum lb_activation act, size_t rows, size_t n, size_t ld, const real *a, real *d);

#endif
