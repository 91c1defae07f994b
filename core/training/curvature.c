#include "core/training/curvature.h"

#include "core/base/mem.h"
#include "core/numeric/length.h"
#include "core/numeric/rng.h"
#include "core/training/full_batch_objective.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PRODUCTS = 100 }; /* of the trace, too */
#define TOLERANCE 1e-4
/* So small that a kink hardly ever lies within it, and far above rounding. */
#define SMALL_STEP 1e-9

struct curve {
	struct lb_objective *objective;
	size_t n, model;         /* parameters, and those of them that are the model's */
	double step;             /* of the differences */
	double *w, *at;          /* (n) the point, and one beside it */
	double *v;               /* (model) the direction, of length 1 */
	bool kinks;              /* the gradient may jump */
	double *here;            /* (n) the gradient at w, with kinks */
	double *g, *h;           /* (n) gradients; h becomes the Hessian's product with v */
};

/* Whether a metric reads the trace, or the eigenvalue. */
static bool wanted(const struct lb_setup *setup, bool trace)
{
	for (size_t m = 0; m < setup->n_metrics; m++)
		if (setup->metric[m].metric->curvature && setup->metric[m].metric->trace == trace)
			return true;
	return false;
}

bool lb_curvature_wanted(const struct lb_setup *setup)
{
	return wanted(setup, false) || wanted(setup, true);
}

/* Whether gradients jump: of losses with kinks, and where a unit begins to be active. */
static bool has_kinks(const struct lb_setup *setup)
{
	for (size_t i = 0; i < lb_setup_terms(setup); i++)
		if (!(lb_setup_term(setup, i).loss->properties & LB_SMOOTH))
			return true;
	return setup->model.n_layers > 1 && setup->model.activation == LB_RELU;
}

static int curve_make(struct curve *p, const struct lb_cohort *c, const struct lb_setup *setup, const double *w, struct lb_err *err)
{
	p->model = lb_model_spec_size(&setup->model);
	p->n = p->model + lb_setup_loss_params(setup, c->features->data);
	p->w = lb_alloc(p->n, sizeof *p->w, err);
	p->at = lb_alloc(p->n, sizeof *p->at, err);
	p->v = lb_alloc(p->model, sizeof *p->v, err);
	p->g = lb_alloc(p->n, sizeof *p->g, err);
	p->h = lb_alloc(p->n, sizeof *p->h, err);
	p->here = lb_alloc(p->n, sizeof *p->here, err);
	p->objective = lb_objective_new_f64(c, setup, err);
	if (!p->w || !p->at || !p->v || !p->g || !p->h || !p->here || !p->objective)
		return -1;
	memcpy(p->w, w, p->n * sizeof *w);
	lb_setup_scale(setup, p->w);
	p->kinks = has_kinks(setup);
	p->step = (p->kinks ? SMALL_STEP : cbrt(DBL_EPSILON)) * fmax(1, lb_length(p->w, p->model));
	if (p->kinks)
		lb_objective_value_f64(p->objective, p->w, p->here);
	return 0;
}

static void curve_free(struct curve *p)
{
	lb_objective_free_f64(p->objective);
	free(p->w);
	free(p->at);
	free(p->v);
	free(p->g);
	free(p->h);
	free(p->here);
}

/* g <- the gradient at w + step v. */
static void gradient_beside(struct curve *p, double step, double *g)
{
	memcpy(p->at, p->w, p->n * sizeof *p->at);
	for (size_t i = 0; i < p->model; i++)
		p->at[i] += step * p->v[i];
	lb_objective_value_f64(p->objective, p->at, g);
}

/* h <- the difference quotient of the side on which the gradient changes less: it jumps on the
 * other, if on one. */
static void smooth_side(struct curve *p)
{
	double after = 0, before = 0;

	for (size_t i = 0; i < p->model; i++) {
		after += (p->h[i] - p->here[i]) * (p->h[i] - p->here[i]);
		before += (p->here[i] - p->g[i]) * (p->here[i] - p->g[i]);
	}
	for (size_t i = 0; i < p->model; i++)
		p->h[i] = (after <= before ? p->h[i] - p->here[i] : p->here[i] - p->g[i]) / p->step;
}

/* h <- the Hessian's product with v, made length 1 before. Returns v'h. */
static double product(struct curve *p)
{
	const double size = lb_length(p->v, p->model);
	double sum = 0;

	for (size_t i = 0; i < p->model; i++)
		p->v[i] /= size;
	gradient_beside(p, p->step, p->h);
	gradient_beside(p, -p->step, p->g);
	if (p->kinks)
		smooth_side(p);
	for (size_t i = 0; i < p->model; i++) {
		p->h[i] = p->kinks ? p->h[i] : (p->h[i] - p->g[i]) / (2 * p->step);
		sum += p->v[i] * p->h[i];
	}
	return sum;
}

static double largest(struct curve *p)
{
	double value = (double)NAN, last = (double)NAN;
	struct lb_rng rng;

	lb_rng_init(&rng, 0, LB_RNG_SHARPNESS, 0);
	for (size_t i = 0; i < p->model; i++)
		p->v[i] = lb_rng_normal(&rng);
	for (int k = 0; k < MOST_PRODUCTS; k++) {
		value = product(p);
		if (!isfinite(value) || fabs(value - last) <= TOLERANCE * fabs(value) || !(lb_length(p->h, p->model) > 0))
			break;
		last = value;
		memcpy(p->v, p->h, p->model * sizeof *p->v);
	}
	return isfinite(value) ? value : (double)NAN;
}

static double trace(struct curve *p)
{
	const bool each = p->model <= MOST_PRODUCTS;
	const size_t products = each ? p->model : MOST_PRODUCTS;
	struct lb_rng rng;
	double sum = 0;

	lb_rng_init(&rng, 0, LB_RNG_SHARPNESS, 1);
	for (size_t k = 0; k < products; k++) {
		for (size_t i = 0; i < p->model; i++)
			p->v[i] = each ? i == k : lb_rng_unit(&rng) < 0.5 ? -1 : 1;
		sum += product(p) * (each ? 1 : (double)p->model / MOST_PRODUCTS);
	}
	return isfinite(sum) ? sum : (double)NAN;
}

int lb_curvature_measure(const struct lb_cohort *c, const struct lb_setup *setup, const double *w, struct lb_curvature *out, struct lb_err *err)
{
	const struct lb_setup plain = lb_setup_bare(setup);
	struct curve p = { 0 };
	const int rc = curve_make(&p, c, &plain, w, err);

	if (!rc && wanted(setup, false))
		out->largest = largest(&p);
	if (!rc && wanted(setup, true))
		out->trace = trace(&p);
	curve_free(&p);
	return rc;
}
