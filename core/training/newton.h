/* Newton's method on all training rows at once, free of precision: always in double. */
#ifndef LB_NEWTON_H
#define LB_NEWTON_H

#include "core/training/lbfgs.h"

/* Takes steps w <- w - (H + damping I)^-1 g from the objective's start, H the Hessian and g the
 * gradient there, each solved by conjugate gradients whose products with H are differences of
 * gradients. A direction that the objective does not curve up in ends the solution before it.
 * `rough` is not read. par is in the order of newton's descriptor; w (n) <- the parameters. -1 when
 * memory runs out. */
int lb_newton(struct lb_objective *o, struct lb_objective *rough, const struct lb_arg *par, size_t n, double *w, struct lb_minimum *out,
	      struct lb_err *err);

#endif
