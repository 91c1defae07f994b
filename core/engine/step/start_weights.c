/* Procedures that go by the weights that the training began with, such as those of model.start. */
#include "core/engine/step/procedure.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

/* The weights at the start, which a training that goes on from a checkpoint begins with, too. */
static void *start_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	const size_t n = l->model.n_params;
	real *w = lb_alloc_aligned(n, sizeof *w, err);

	(void)c, (void)par;
	if (w)
		memcpy(w, l->model.w, n * sizeof *w);
	return w;
}

/* ---- freeze ---- */

enum { LAYERS };

static const struct lb_param freeze_params[] = {
	[LAYERS] = { .name = "layers", .symbol = "k", .type = LB_INT_PARAM, .def = 0, .min = 0, .max = LB_MAX_LAYERS, .help = "layers that stay as they are, "
		     "from the inputs on; 0: all but the last" },
};

static void freeze_stepped(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	const struct lb_net *net = m->net;
	const size_t layers = net->spec.n_layers, k = (size_t)h->par[LAYERS].v, kept = k ? k : layers - 1;

	(void)s;
	memcpy(m->w, h->state, (kept < layers ? net->layer[kept].w : net->n_params) * sizeof *m->w);
}

const struct lb_procedure LB_PROCEDURE(freeze) = {
	.base = { .name = "freeze", .tasks = LB_EVERY_TASK, .title = "The first layers stay as they began",
		  .cite = "J. Yosinski, J. Clune, Y. Bengio, H. Lipson, How transferable are features in deep neural networks?, NeurIPS 2014",
		  .formula = "W_i, b_i = those of the start, for i <= k, after each step",
		  .notes = "With model.start and start_layers: hidden it trains a new output layer on a model's features (a linear probe).",
		  .keywords = "linear_probe frozen feature_extraction", LB_PARAMS(freeze_params) },
	.keeps_layers = true, .open = start_open, .close = free, .stepped = freeze_stepped,
};

/* ---- wise_ft ---- */

enum { ALPHA };

static const struct lb_param wise_ft_params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "a", .type = LB_REAL_PARAM, .def = 0.5, .min = 0, .max = 1, .grid = { 0.25, 0.5, 0.75 }, .n_grid = 3,
		    .help = "share of the way from the start to the trained weights; 1: plain training, 0: the start" },
};

static void wise_ft_finish(const struct lb_hook *h, const struct lb_learner *l, real *w)
{
	const double alpha = h->par[ALPHA].v;
	const real *start = h->state;

	for (size_t i = 0; i < l->model.n_params; i++)
		w[i] = (real)((1 - alpha) * (double)start[i] + alpha * (double)w[i]);
}

const struct lb_procedure LB_PROCEDURE(wise_ft) = {
	.base = { .name = "wise_ft", .tasks = LB_EVERY_TASK, .title = "Weights between those of the start and the trained ones",
		  .cite = "M. Wortsman, G. Ilharco, J. W. Kim, M. Li, et al., Robust fine-tuning of zero-shot models, CVPR 2022, equation 1",
		  .formula = "w = (1 - a) w_start + a w",
		  .notes = "Evaluations, early stopping and the saved model are of it; training goes on from the trained weights.",
		  .keywords = "fine_tuning interpolation weight_space_ensemble bang", LB_PARAMS(wise_ft_params) },
	.open = start_open, .close = free, .finish = wise_ft_finish,
};
