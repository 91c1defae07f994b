#include "core/training/lbfgs.h"

#include "core/base/mem.h"
#include "core/base/interrupt.h"
#include "core/training/optim_params.h"

#include <lbfgs.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Minimises in float32, which is twice as fast, until the gradient has fallen to this share of the
 * first one, then finishes in float64. */
#define ROUGH_SHARE 1e-4

struct search {
	struct lb_objective *objective, *rough;
	struct lb_whitening whitening; /* w and g of the search are by other variables */
	double *plain;           /* (n) the parameters that the objective takes */
	size_t n;
	struct lb_minimum *at;
	int64_t most;
	double goal;             /* ends where no gradient entry is larger */
};

static double value_at(const struct search *s, const double *w, double *g)
{
	memcpy(s->plain, w, s->n * sizeof *w);
	lb_whitening_from(&s->whitening, s->plain);
	const double value = s->rough ? lb_objective_value_f32(s->rough, s->plain, g) : lb_objective_value_f64(s->objective, s->plain, g);
	lb_whitening_gradient(&s->whitening, g);
	return value;
}

static lbfgsfloatval_t evaluate(void *arg, const lbfgsfloatval_t *w, lbfgsfloatval_t *g, const int n, const lbfgsfloatval_t step)
{
	(void)n, (void)step;
	return value_at(arg, w, g);
}

/* After every iteration; other than 0 ends the search. */
static int progress(void *arg, const lbfgsfloatval_t *w, const lbfgsfloatval_t *g, const lbfgsfloatval_t value,
		    const lbfgsfloatval_t w_norm, const lbfgsfloatval_t g_norm, const lbfgsfloatval_t step, int n, int k, int tried)
{
	struct search *s = arg;

	(void)w, (void)value, (void)w_norm, (void)g_norm, (void)step, (void)n, (void)k, (void)tried;
	s->at->iterations++;
	s->at->gradient = lb_whitening_largest(&s->whitening, g, s->n);
	s->at->stopped = lb_stop_requested;
	return s->at->stopped || s->at->gradient <= s->goal || s->at->iterations >= s->most;
}

static bool done(const struct search *s)
{
	return s->at->stopped || s->at->gradient <= s->goal || s->at->iterations >= s->most;
}

/* A line search can fail by rounding, at a kink, or where a trial step overflows. It leaves the
 * best point so far, from which the other kind of line search goes on along the plain gradient; the
 * end is where neither gains anything. The second kind asks of the slope only that it has risen,
 * which finds steps past a kink too (Lewis, Overton, Nonsmooth optimization via quasi-Newton
 * methods, Math. Programming 141, 2013). */
static int search(struct search *s, int memory, double *w, struct lb_err *err)
{
	static const int kind[] = { LBFGS_LINESEARCH_MORETHUENTE, LBFGS_LINESEARCH_BACKTRACKING_WOLFE };
	lbfgs_parameter_t p;

	lbfgs_parameter_init(&p);
	p.m = memory;
	p.epsilon = 0;
	for (int turn = 0, idle = 0; idle < 2 && !done(s); turn++) {
		const int64_t before = s->at->iterations;
		p.linesearch = kind[turn % 2];
		const int rc = lbfgs((int)s->n, w, NULL, evaluate, progress, s, &p);
		if (rc == LBFGSERR_OUTOFMEMORY)
			return lb_fail_memory(err, s->n * (size_t)(2 * memory + 5) * sizeof *w);
		idle = s->at->iterations > before ? 0 : idle + 1;
	}
	return 0;
}

/* With a rough objective first. What it gives is the end only where the gradient in double says so
 * too. */
static int search_both(struct search *s, struct lb_objective *rough, double tolerance, int memory, double *w, double *g, struct lb_err *err)
{
	if (rough) {
		s->rough = rough;
		s->goal = fmax(ROUGH_SHARE * s->at->gradient, tolerance);
		if (search(s, memory, w, err))
			return -1;
		s->rough = NULL;
		value_at(s, w, g);
		s->at->gradient = lb_whitening_largest(&s->whitening, g, s->n);
	}
	s->goal = tolerance;
	return search(s, memory, w, err);
}

/* From the objective's start to w, by other variables on the way. */
static int minimise(struct search *s, struct lb_objective *rough, const struct lb_arg *par, double *w, double *g, struct lb_err *err)
{
	struct lb_minimum *at = s->at;

	if (lb_objective_whitening_f64(s->objective, &s->whitening, err))
		return -1;
	lb_objective_start_f64(s->objective, w);
	lb_whitening_to(&s->whitening, w);
	at->value = value_at(s, w, g);
	at->gradient = lb_whitening_largest(&s->whitening, g, s->n);
	at->finite = isfinite(at->value);
	if (at->finite && search_both(s, rough, par[LB_LBFGS_TOLERANCE].v, (int)par[LB_LBFGS_MEMORY].v, w, g, err))
		return -1;
	at->value = value_at(s, w, g);
	at->gradient = lb_whitening_largest(&s->whitening, g, s->n);
	lb_whitening_from(&s->whitening, w);
	return 0;
}

int lb_lbfgs(struct lb_objective *o, struct lb_objective *rough, const struct lb_arg *par, size_t n, double *w, struct lb_minimum *out,
	     struct lb_err *err)
{
	struct search s = { .objective = o, .at = out, .n = n, .most = (int64_t)par[LB_LBFGS_MAX_ITERATIONS].v };
	double *at = n < INT_MAX - 64 ? lbfgs_malloc((int)n) : NULL, *g = lb_alloc(n, sizeof *g, err);
	int rc = -1;

	*out = (struct lb_minimum){ 0 };
	s.plain = g ? lb_alloc(n, sizeof *s.plain, err) : NULL;
	if (!at && s.plain)
		lb_fail_memory(err, n * sizeof *at);
	else if (s.plain)
		rc = minimise(&s, rough, par, at, g, err);
	if (!rc)
		memcpy(w, at, n * sizeof *w);
	lbfgs_free(at);
	free(s.plain);
	free(g);
	return rc;
}
