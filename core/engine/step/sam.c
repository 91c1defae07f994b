#include "core/engine/step/procedure.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { RHO };

static const struct lb_param params[] = {
	[RHO] = { .name = "rho", .symbol = "rho", .type = LB_REAL_PARAM, .def = 0.05, .min = 0, .max = 1e6, .grid = { 0.01, 0.05, 0.2, 0.5 },
		  .n_grid = 4, .help = "length of the move to the worst place near the weights; 0: plain training" },
};

/* The state is room for the weights while they are moved. */
static void *sam_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	(void)c, (void)par;
	return lb_alloc_aligned(l->model.n_params, sizeof(real), err);
}

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

const struct lb_procedure LB_PROCEDURE(sam) = {
	.base = { .name = "sam", .title = "Sharpness-aware minimisation: the gradient at the worst weights nearby",
		  .cite = "P. Foret, A. Kleiner, H. Mobahi, B. Neyshabur, Sharpness-Aware Minimization for Efficiently Improving Generalization, "
			  "ICLR 2021, Algorithm 1",
		  .formula = "g = dL(w); w+ = w + rho g / (|g| + 1e-12); step from w with dL(w+) on the same batch",
		  .notes = "|g| is over all parameters, those of the loss included. Both gradients see the same rows, dropout, views and "
			   "mixture of labels. The gradient is that of the loss alone: weight decay is the optimiser's. Clipping and "
			   "normalisation are of the second gradient. Two gradients a step.",
		  .keywords = "sharpness flat_minima", LB_PARAMS(params) },
	.kinds = (1u << LB_N_KINDS) - 1, .open = sam_open, .close = free, .gradient = sam_gradient,
};
