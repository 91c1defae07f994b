#include "core/engine/step/procedure.h"

#include "core/base/mem.h"
#include "core/engine/step/step.h"

#include <stdlib.h>
#include <string.h>

enum { RHO, ALPHA };

#define RHO_PARAM(d)                                                                                                                     \
	[RHO] = { .name = "rho", .symbol = "rho", .type = LB_REAL_PARAM, .def = (d), .min = 0, .max = 1e6, .grid = { 0.01, 0.05, 0.2, 0.5 }, \
		  .n_grid = 4, .help = "length of the move to the worst place near the weights; 0: plain training" }

static const struct lb_param sam_params[] = { RHO_PARAM(0.05) };
static const struct lb_param asam_params[] = { RHO_PARAM(0.5) };
static const struct lb_param gsam_params[] = {
	RHO_PARAM(0.05),
	[ALPHA] = { .name = "alpha", .symbol = "a", .type = LB_REAL_PARAM, .def = 0.4, .min = 0, .max = 1e6, .grid = { 0.1, 0.2, 0.4 }, .n_grid = 3,
		    .help = "weight of the part that is taken away; 0: sam" },
};

/* The state is room for the weights while they are moved, and for gsam the first gradient. */
static void *room_for(const struct lb_learner *l, size_t vectors, struct lb_err *err)
{
	return lb_alloc_aligned(l->model.n_params, vectors * sizeof(real), err);
}

static void *sam_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	(void)c, (void)par;
	return room_for(l, 1, err);
}

static void *gsam_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	(void)c, (void)par;
	return room_for(l, 2, err);
}

/* m->g <- the gradient at w + rho g / (|g| + 1e-12), g the one before. */
static void sam_gradient(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	const real rate = (real)(h->par[RHO].v / (lb_model_gradient_norm(m) + 1e-12));
	const size_t bytes = m->n_params * sizeof *m->w;

	memcpy(h->state, m->w, bytes);
	for (size_t i = 0; i < m->n_params; i++)
		m->w[i] += rate * m->g[i];
	lb_gradient_again(s, m);
	memcpy(m->w, h->state, bytes);
}

/* m->g <- the gradient at w + rho w^2 g / (|w g| + 1e-12), products entry by entry. */
static void asam_gradient(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	const size_t bytes = m->n_params * sizeof *m->w;
	double sum = 0;

	for (size_t i = 0; i < m->n_params; i++)
		sum += (double)m->w[i] * (double)m->g[i] * ((double)m->w[i] * (double)m->g[i]);
	const real rate = (real)(h->par[RHO].v / (sqrt(sum) + 1e-12));
	memcpy(h->state, m->w, bytes);
	for (size_t i = 0; i < m->n_params; i++)
		m->w[i] += rate * m->w[i] * m->w[i] * m->g[i];
	lb_gradient_again(s, m);
	memcpy(m->w, h->state, bytes);
}

/* m->g <- gs - a (g - (g, gs)/(gs, gs) gs), gs the gradient of sam. */
static void gsam_gradient(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	real *g = (real *)h->state + m->n_params;
	const double alpha = h->par[ALPHA].v;
	double along = 0, square = 0;

	memcpy(g, m->g, m->n_params * sizeof *g);
	sam_gradient(h, s, m);
	for (size_t i = 0; i < m->n_params; i++) {
		along += (double)g[i] * (double)m->g[i];
		square += (double)m->g[i] * (double)m->g[i];
	}
	for (size_t i = 0; square > 0 && i < m->n_params; i++)
		m->g[i] = (real)((double)m->g[i] - alpha * ((double)g[i] - along / square * (double)m->g[i]));
}

#define TWO_GRADIENTS                                                                                                                       \
	"Both gradients see the same rows, dropout, views and mixture of labels. They are of the loss alone: weight decay is the optimiser's. " \
	"Clipping and normalisation are of the result. Two gradients a step."

const struct lb_procedure LB_PROCEDURE(sam) = {
	.base = { .name = "sam", .tasks = LB_EVERY_TASK, .title = "Sharpness-aware minimisation: the gradient at the worst weights nearby",
		  .cite = "P. Foret, A. Kleiner, H. Mobahi, B. Neyshabur, Sharpness-Aware Minimization for Efficiently Improving Generalization, "
			  "ICLR 2021, Algorithm 1",
		  .formula = "g = dL(w); w+ = w + rho g / (|g| + 1e-12); step from w with dL(w+) on the same batch",
		  .notes = "|g| is over all parameters, those of the loss included. " TWO_GRADIENTS, .keywords = "sharpness flat_minima",
		  LB_PARAMS(sam_params) },
	.open = sam_open, .close = free, .gradient = sam_gradient,
};

const struct lb_procedure LB_PROCEDURE(asam) = {
	.base = { .name = "asam", .tasks = LB_EVERY_TASK, .title = "Adaptive sharpness-aware minimisation: the ball is measured in shares of each weight",
		  .cite = "J. Kwon, J. Kim, H. Park, I. Choi, ASAM: Adaptive Sharpness-Aware Minimization for Scale-Invariant Learning, ICML 2021",
		  .formula = "g = dL(w); w+ = w + rho w^2 g / (|w g| + 1e-12), entry by entry; step from w with dL(w+) on the same batch",
		  .notes = "A weight that is 0 does not move. " TWO_GRADIENTS, .keywords = "sharpness flat_minima scale_invariant", LB_PARAMS(asam_params) },
	.open = sam_open, .close = free, .gradient = asam_gradient,
};

const struct lb_procedure LB_PROCEDURE(gsam) = {
	.base = { .name = "gsam", .tasks = LB_EVERY_TASK, .title = "Surrogate gap guided sharpness-aware minimisation",
		  .cite = "J. Zhuang et al., Surrogate Gap Minimization Improves Sharpness-Aware Training, ICLR 2022, Algorithm 1",
		  .formula = "g = dL(w); gs = dL(w + rho g / (|g| + 1e-12)); step with gs - a (g - (g, gs)/(gs, gs) gs)",
		  .notes = "rho stays the same over the training. " TWO_GRADIENTS, .keywords = "sharpness flat_minima", LB_PARAMS(gsam_params) },
	.open = gsam_open, .close = free, .gradient = gsam_gradient,
};
