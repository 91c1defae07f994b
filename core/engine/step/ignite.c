#include "core/engine/step/procedure.h"

#include "core/base/mem.h"
#include "core/engine/step/step.h"
#include "losses/loss_info.h"

#include <stdlib.h>
#include <string.h>

enum { RHO, RADIUS, LAMBDA, BOUND, RATE, CLIP };

static const struct lb_param ignite_params[] = {
	[RHO] = { .name = "rho", .symbol = "rho", .type = LB_REAL_PARAM, .def = 0.05, .min = 0, .max = 1e6, .help = "radius of the bound on the slope" },
	[RADIUS] = { .name = "radius", .symbol = "r", .type = LB_REAL_PARAM, .def = 0.05, .min = 0, .max = 1e6, .min_open = true,
		     .help = "length of the move between the two gradients" },
	[LAMBDA] = { .name = "lambda", .symbol = "lam", .type = LB_REAL_PARAM, .def = 0.001, .min = 0, .max = 1e6, .grid = { 1e-3, 1e-2, 1e-1 }, .n_grid = 3,
		     .help = "multiplier at the start; 0 with rate 0: plain training" },
	[BOUND] = { .name = "bound", .symbol = "eps", .type = LB_REAL_PARAM, .def = 0.1, .min = 0, .max = 1e6, .help = "what rho |g0| is to stay below" },
	[RATE] = { .name = "rate", .symbol = "k", .type = LB_REAL_PARAM, .def = 1e-3, .min = 0, .max = 1e6, .help = "rate of the multiplier; 0: it stays" },
	[CLIP] = { .name = "clip", .type = LB_BOOL_PARAM, .def = 1, .help = "keep the multiplier at 0 or above, which the paper's code does not" },
};

struct ignite {
	double lambda;
	real *g;                 /* 2 x (n_params): the gradient of the loss, and that of the mean prediction */
	real *w;                 /* (n_params) */
};

static void ignite_close(void *state)
{
	struct ignite *t = state;

	free(t->g);
	free(t->w);
	free(t);
}

static void *ignite_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	const size_t n = l->model.n_params;
	struct ignite *t = lb_alloc(1, sizeof *t, err);

	(void)c;
	if (!t)
		return NULL;
	t->lambda = par[LAMBDA].v;
	if (!(t->g = lb_alloc_aligned(2 * n, sizeof *t->g, err)) || !(t->w = lb_alloc_aligned(n, sizeof *t->w, err)) ||
	    lb_persist(&l->state, "multiplier", &t->lambda, sizeof t->lambda, err)) {
		ignite_close(t);
		return NULL;
	}
	return t;
}

/* m->g <- the gradient of the mean of all scores, at the values of the last forward. */
static void mean_gradient(struct lb_step *s, struct lb_model *m)
{
	const size_t rows = s->l->views * s->batch->b, c = s->l->columns;

	memset(m->dz, 0, rows * m->net->ld * sizeof *m->dz);
	for (size_t i = 0; i < rows; i++)
		for (size_t k = 0; k < c; k++)
			m->dz[i * m->net->ld + k] = (real)(1 / ((double)rows * (double)c));
	if (m->dfeatures)
		memset(m->dfeatures, 0, rows * lb_net_features_stride(m->net) * sizeof *m->dfeatures);
	lb_backward(s, m);
}

static double length(const real *g, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)g[i] * (double)g[i];
	return sqrt(sum);
}

static void ignite_gradient(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	struct ignite *t = h->state;
	const size_t n = m->n_params, of_net = m->net->n_params;
	const double radius = h->par[RADIUS].v, rho = h->par[RHO].v;
	real *first = t->g + n;

	memcpy(t->g, m->g, n * sizeof *t->g);
	mean_gradient(s, m);
	memcpy(first, m->g, of_net * sizeof *first);
	const double norm = length(first, of_net);
	if (norm > 0) {
		memcpy(t->w, m->w, n * sizeof *t->w);
		for (size_t i = 0; i < of_net; i++)
			m->w[i] += (real)(radius / norm) * first[i];
		lb_forward(s, m);
		mean_gradient(s, m);
		memcpy(m->w, t->w, n * sizeof *t->w);
	}
	for (size_t i = 0; i < of_net; i++)
		m->g[i] = (real)((double)t->g[i] + t->lambda * rho / radius * ((double)m->g[i] - (double)first[i]));
	memcpy(m->g + of_net, t->g + of_net, (n - of_net) * sizeof *m->g);
	t->lambda += h->par[RATE].v * (rho * norm - h->par[BOUND].v);
	if (h->par[CLIP].v != 0 && t->lambda < 0)
		t->lambda = 0;
}

const struct lb_procedure LB_PROCEDURE(ignite) = {
	.base = { .name = "ignite", .tasks = 1u << LB_REGRESSION, .title = "Holds the slope of the mean prediction by the weights below a bound",
		  .cite = "Incorporating Surrogate Gradient Norm to Improve Offline Optimization Techniques, NeurIPS 2024; code cuong-dm/IGNITE",
		  .formula = "G(w) the mean prediction on the batch; g0 = dG(w), g1 = dG(w + r g0/|g0|); step with dL(w) + lam (rho/r) (g1 - g0); then lam = "
			     "max(lam + k (rho |g0| - eps), 0)",
		  .notes = "The added term is a finite difference of the gradient of rho |dG|. Three gradients a step, of the same rows and dropout.",
		  .keywords = "surrogate sharpness offline_optimization", LB_PARAMS(ignite_params) },
	.open = ignite_open, .close = ignite_close, .gradient = ignite_gradient,
};
