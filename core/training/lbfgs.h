/* L-BFGS (library liblbfgs), free of precision: the minimum is always found in double. */
#ifndef LB_LBFGS_H
#define LB_LBFGS_H

#include "core/training/full_batch_objective.h"

struct lb_minimum {
	double value, gradient;  /* the objective, and its largest gradient entry */
	int64_t iterations;
	bool finite;             /* false when the objective is not finite where it starts */
	bool stopped;            /* by a stop request (core/base/interrupt.h) */
};

/* Minimises the objective of n parameters until no gradient entry is above the tolerance,
 * max_iterations are spent, or rounding allows no further step. par is in the order of lbfgs's
 * descriptor; w (n) <- the parameters. rough: the same objective made for float32, on which the way
 * begins, or NULL. -1 when memory runs out. */
int lb_lbfgs(struct lb_objective *o, struct lb_objective *rough, const struct lb_arg *par, size_t n, double *w, struct lb_minimum *out,
	     struct lb_err *err);

#endif
