#include "core/numeric/minimise.h"

#include "core/base/mem.h"

#include <lbfgs.h>
#include <limits.h>
#include <math.h>
#include <string.h>

/* Pairs of steps and gradients that the Hessian is approximated by. */
enum { REMEMBERED = 20 };

static lbfgsfloatval_t value_at(void *arg, const lbfgsfloatval_t *w, lbfgsfloatval_t *slope, const int n, const lbfgsfloatval_t step)
{
	const struct lb_smooth_function *f = arg;

	(void)step;
	return f->value(f->arg, w, slope, (size_t)n);
}

/* Ends the search, by what is not 0, where a variable is too large or the value too small. */
static int at_a_limit(void *arg, const lbfgsfloatval_t *w, const lbfgsfloatval_t *slope, const lbfgsfloatval_t value, const lbfgsfloatval_t w_length,
		   const lbfgsfloatval_t slope_length, const lbfgsfloatval_t step, int n, int iteration, int tries)
{
	const struct lb_smooth_function *f = arg;

	(void)slope, (void)w_length, (void)slope_length, (void)step, (void)iteration, (void)tries;
	for (int k = 0; f->largest > 0 && k < n; k++)
		if (fabs(w[k]) > f->largest)
			return LBFGS_STOP;
	return value < f->least ? LBFGS_STOP : 0;
}

int lb_minimise(const struct lb_smooth_function *f, double *w, bool *limited, struct lb_err *err)
{
	struct lb_smooth_function own = *f;
	lbfgs_parameter_t options;
	lbfgsfloatval_t *at = f->n <= INT_MAX ? lbfgs_malloc((int)f->n) : NULL;
	int ended = LBFGSERR_OUTOFMEMORY;

	if (at) {
		lbfgs_parameter_init(&options);
		options.epsilon = f->tolerance;
		options.max_iterations = f->iterations;
		options.m = REMEMBERED;
		memcpy(at, w, f->n * sizeof *w);
		ended = lbfgs((int)f->n, at, NULL, value_at, at_a_limit, &own, &options);
		memcpy(w, at, f->n * sizeof *w);
		lbfgs_free(at);
	}
	if (limited)
		*limited = ended == LBFGS_STOP;
	return ended == LBFGSERR_OUTOFMEMORY ? lb_fail_memory(err, f->n * sizeof *w) : 0;
}
