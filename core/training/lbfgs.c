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

/* Iterations over which the fall of the objective is measured, and the share of it below which
 * float32 cannot tell a fall from rounding. */
enum { PAST = 10 };
/* Steps that a line search tries in float32, where rounding may leave none that is good enough. */
enum { ROUGH_TRIES = 8 };
#define ROUGH_FALL 1e-7

/* What the search calls w and g are by other variables than the objective's: whitened, and these in
 * units of `unit`. */
struct search {
	struct lb_objective *objective, *rough;
	struct lb_whitening whitening;
	double unit;             /* a power of 2 */
	double *plain;           /* (n) the parameters that the objective takes */
	struct { const void *of; double *w, *g, value; } last; /* (n) each: what an objective gave last, and where */
	size_t n;
	struct lb_minimum *at;
	int64_t most;
	double goal;             /* ends where no gradient entry is larger */
	double least_fall;       /* or where the objective falls by a smaller share in PAST iterations; 0: goes on */
	bool settled;            /* it ended so */
};

/* The objective at s->plain. Searches end where they have been, and begin there again. */
static double objective_value(struct search *s, double *g)
{
	const size_t bytes = s->n * sizeof *g;
	const void *of = s->rough ? s->rough : s->objective;

	if (s->last.of != of || memcmp(s->last.w, s->plain, bytes)) {
		s->last.value = s->rough ? lb_objective_value_f32(s->rough, s->plain, s->last.g) : lb_objective_value_f64(s->objective, s->plain, s->last.g);
		memcpy(s->last.w, s->plain, bytes);
		s->last.of = of;
	}
	memcpy(g, s->last.g, bytes);
	return s->last.value;
}

static double value_at(struct search *s, const double *w, double *g)
{
	for (size_t i = 0; i < s->n; i++)
		s->plain[i] = w[i] * s->unit;
	lb_whitening_from(&s->whitening, s->plain);
	const double value = objective_value(s, g);
	lb_whitening_gradient(&s->whitening, g);
	for (size_t i = 0; i < s->n; i++)
		g[i] *= s->unit;
	return value;
}

static double largest(const struct search *s, const double *g)
{
	return lb_whitening_largest(&s->whitening, g, s->n) / s->unit;
}

static lbfgsfloatval_t evaluate(void *arg, const lbfgsfloatval_t *w, lbfgsfloatval_t *g, const int n, const lbfgsfloatval_t step)
{
	(void)n, (void)step;
	return value_at(arg, w, g);
}

static bool done(const struct search *s)
{
	return s->settled || s->at->stopped || s->at->gradient <= s->goal || s->at->iterations >= s->most;
}

/* After every iteration; other than 0 ends the search. */
static int progress(void *arg, const lbfgsfloatval_t *w, const lbfgsfloatval_t *g, const lbfgsfloatval_t value,
		    const lbfgsfloatval_t w_norm, const lbfgsfloatval_t g_norm, const lbfgsfloatval_t step, int n, int k, int tried)
{
	struct search *s = arg;

	(void)w, (void)value, (void)w_norm, (void)g_norm, (void)step, (void)n, (void)k, (void)tried;
	s->at->iterations++;
	s->at->gradient = largest(s, g);
	s->at->stopped = lb_stop_requested;
	return done(s);
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
	p.past = s->least_fall > 0 ? PAST : 0;
	p.delta = s->least_fall;
	if (s->rough)
		p.max_linesearch = ROUGH_TRIES;
	for (int turn = 0, idle = 0; idle < 2 && !done(s); turn++) {
		const int64_t before = s->at->iterations;
		p.linesearch = kind[turn % 2];
		const int rc = lbfgs((int)s->n, w, NULL, evaluate, progress, s, &p);
		if (rc == LBFGSERR_OUTOFMEMORY)
			return lb_fail_memory(err, s->n * (size_t)(2 * memory + 5) * sizeof *w);
		s->settled = rc == LBFGS_STOP && !done(s); /* which is also what progress ended */
		idle = s->at->iterations > before ? 0 : idle + 1;
	}
	return 0;
}

/* The way to the minimum is about as much shorter than the way so far, from `start` to w, as the
 * gradient has become, where the curvature is even. The library begins a search with a step of
 * length 1, which is to be that length. */
static void rescale(struct search *s, const double *start, double first, double *w)
{
	double way = 0;
	int exponent;

	for (size_t i = 0; i < s->n; i++)
		way += (w[i] - start[i]) * (w[i] - start[i]);
	way = sqrt(way) * s->at->gradient / first;
	if (!s->whitening.factor || !(way > 0))
		return;
	frexp(way, &exponent);
	s->unit = ldexp(1, exponent);
	for (size_t i = 0; i < s->n; i++)
		w[i] /= s->unit;
}

/* On the rough objective, then back to the other. What it gives is the end only where the
 * gradient in double says so too, or where the fall that ends the search is none that float32
 * cannot tell. */
static int search_roughly(struct search *s, double tolerance, int memory, double *w, double *g, struct lb_err *err)
{
	const double first = s->at->gradient, least_fall = s->least_fall;
	double *start = lb_alloc(s->n, sizeof *start, err);

	if (!start)
		return -1;
	memcpy(start, w, s->n * sizeof *w);
	s->goal = fmax(ROUGH_SHARE * first, tolerance);
	s->least_fall = least_fall > 0 ? fmax(least_fall, ROUGH_FALL) : 0;
	const int rc = search(s, memory, w, err);
	s->settled &= s->least_fall <= least_fall;
	s->least_fall = least_fall;
	s->rough = NULL;
	if (!rc) {
		value_at(s, w, g);
		s->at->gradient = largest(s, g);
		rescale(s, start, first, w);
	}
	free(start);
	return rc;
}

/* From the objective's start to w, by other variables on the way. */
static int minimise(struct search *s, struct lb_objective *rough, const struct lb_arg *par, double *w, double *g, struct lb_err *err)
{
	const double tolerance = par[LB_LBFGS_TOLERANCE].v;
	const int memory = (int)par[LB_LBFGS_MEMORY].v;
	struct lb_minimum *at = s->at;

	if (lb_objective_whitening_f64(s->objective, &s->whitening, err))
		return -1;
	lb_objective_start_f64(s->objective, w);
	lb_whitening_to(&s->whitening, w);
	s->rough = rough;
	at->value = value_at(s, w, g);
	if (rough && !isfinite(at->value)) {
		s->rough = rough = NULL;
		at->value = value_at(s, w, g);
	}
	at->gradient = largest(s, g);
	at->finite = isfinite(at->value);
	if (at->finite && rough && search_roughly(s, tolerance, memory, w, g, err))
		return -1;
	s->goal = tolerance;
	if (at->finite && search(s, memory, w, err))
		return -1;
	at->value = value_at(s, w, g);
	at->gradient = largest(s, g);
	memcpy(w, s->plain, s->n * sizeof *w);
	return 0;
}

int lb_lbfgs(struct lb_objective *o, struct lb_objective *rough, const struct lb_arg *par, size_t n, double *w, struct lb_minimum *out,
	     struct lb_err *err)
{
	struct search s = { .objective = o, .unit = 1, .at = out, .n = n, .most = (int64_t)par[LB_LBFGS_MAX_ITERATIONS].v,
			    .least_fall = par[LB_LBFGS_OBJECTIVE_TOLERANCE].v };
	double *at = n < INT_MAX - 64 ? lbfgs_malloc((int)n) : NULL, *room = lb_alloc(n, 4 * sizeof *room, err);
	int rc = -1;

	*out = (struct lb_minimum){ 0 };
	if (!at && room)
		lb_fail_memory(err, n * sizeof *at);
	else if (room) {
		s.plain = room + n;
		s.last.w = room + 2 * n;
		s.last.g = room + 3 * n;
		rc = minimise(&s, rough, par, at, room, err);
	}
	if (!rc)
		memcpy(w, at, n * sizeof *w);
	lbfgs_free(at);
	free(room);
	return rc;
}
