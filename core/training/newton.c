#include "core/training/newton.h"

#include "core/base/interrupt.h"
#include "core/base/mem.h"
#include "core/numeric/length.h"
#include "core/training/optim_params.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct newton {
	struct lb_objective *objective;
	size_t n;
	double damping;
	double *w, *g;           /* (n) the point, and the gradient there */
	double *d, *r, *p;       /* (n) the step, what is left to solve, the direction of the search */
	double *hp, *beside;     /* (n) the product with p; (2 n) a gradient beside the point, and where it is */
};

static double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* s->hp <- (H + damping I) p, by central differences, which are exact but for rounding where the
 * objective is quadratic. */
static void multiply(struct newton *s)
{
	const double step = cbrt(DBL_EPSILON) * fmax(1, lb_length(s->w, s->n)) / lb_length(s->p, s->n);
	double *at = s->beside + s->n;

	for (size_t i = 0; i < s->n; i++)
		at[i] = s->w[i] + step * s->p[i];
	lb_objective_value_f64(s->objective, at, s->hp);
	for (size_t i = 0; i < s->n; i++)
		at[i] = s->w[i] - step * s->p[i];
	lb_objective_value_f64(s->objective, at, s->beside);
	for (size_t i = 0; i < s->n; i++)
		s->hp[i] = (s->hp[i] - s->beside[i]) / (2 * step) + s->damping * s->p[i];
}

/* s->d <- the solution of (H + damping I) d = g, until what is left is `tolerance` times g. Returns
 * false where the objective does not even curve up along g. */
static bool solve(struct newton *s, double tolerance, int64_t most)
{
	const size_t n = s->n;
	const double goal = tolerance * lb_length(s->g, n);
	double left = dot(s->g, s->g, n);

	memset(s->d, 0, n * sizeof *s->d);
	memcpy(s->r, s->g, n * sizeof *s->r);
	memcpy(s->p, s->g, n * sizeof *s->p);
	for (int64_t k = 0; k < most && sqrt(left) > goal && !lb_stop_requested; k++) {
		multiply(s);
		const double curvature = dot(s->p, s->hp, n);
		if (!(curvature > 0))
			return k > 0;
		const double step = left / curvature, before = left;
		for (size_t i = 0; i < n; i++) {
			s->d[i] += step * s->p[i];
			s->r[i] -= step * s->hp[i];
		}
		left = dot(s->r, s->r, n);
		for (size_t i = 0; i < n; i++)
			s->p[i] = s->r[i] + left / before * s->p[i];
	}
	return true;
}

static double largest(const double *g, size_t n)
{
	double most = 0;

	for (size_t i = 0; i < n; i++)
		most = fabs(g[i]) > most ? fabs(g[i]) : most;
	return most;
}

static void take_steps(struct newton *s, const struct lb_arg *par, struct lb_minimum *out)
{
	const int64_t steps = (int64_t)par[LB_NEWTON_STEPS].v, most = (int64_t)par[LB_NEWTON_MAX_ITERATIONS].v;

	out->value = lb_objective_value_f64(s->objective, s->w, s->g);
	out->finite = isfinite(out->value);
	while (out->finite && out->iterations < steps && !lb_stop_requested) {
		if (!solve(s, par[LB_NEWTON_TOLERANCE].v, most))
			break;
		for (size_t i = 0; i < s->n; i++)
			s->w[i] -= s->d[i];
		out->value = lb_objective_value_f64(s->objective, s->w, s->g);
		out->iterations++;
	}
	out->stopped = lb_stop_requested;
	out->gradient = largest(s->g, s->n);
}

int lb_newton(struct lb_objective *o, struct lb_objective *rough, const struct lb_arg *par, size_t n, double *w, struct lb_minimum *out,
	      struct lb_err *err)
{
	double *room = lb_alloc(n, 7 * sizeof *room, err);
	struct newton s = { .objective = o, .n = n, .damping = par[LB_NEWTON_DAMPING].v, .w = w };

	(void)rough;
	*out = (struct lb_minimum){ 0 };
	if (!room)
		return -1;
	s.g = room;
	s.d = room + n;
	s.r = room + 2 * n;
	s.p = room + 3 * n;
	s.hp = room + 4 * n;
	s.beside = room + 5 * n;
	lb_objective_start_f64(o, w);
	take_steps(&s, par, out);
	free(room);
	return 0;
}
