/* Binary weights that are read through a sine: the procedure biper. */
#include "core/engine/step/procedure.h"

#include "core/base/mem.h"

#include <stdlib.h>

enum { OMEGA, SOFT, SCALE_RATE, LAST };

static const struct lb_param params[] = {
	[OMEGA] = { .name = "omega", .symbol = "omega", .type = LB_REAL_PARAM, .def = 20, .min = 0, .max = 1e6, .min_open = true, .grid = { 10, 20 }, .n_grid = 2,
		    .help = "frequency of the sine" },
	[SOFT] = { .name = "soft", .type = LB_INT_PARAM, .def = 0, .min = 0, .max = 1e6, .help = "first epochs, which read the sine itself and not its sign" },
	[SCALE_RATE] = { .name = "scale_rate", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 1e6, .grid = { 0.1, 1 }, .n_grid = 2,
			 .help = "learning rate of the scales, in learning rates; 0: they stay" },
	[LAST] = { .name = "last", .type = LB_BOOL_PARAM, .def = 1, .help = "the output layer too" },
};

/* The scale of each output, layer by layer, and the loss's slope by it. */
struct scales {
	double *scale, *slope;   /* (n) */
};

static void biper_close(void *state)
{
	struct scales *t = state;

	free(t->scale);
	free(t->slope);
	free(t);
}

static void *biper_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	struct scales *t = lb_alloc(1, sizeof *t, err);
	size_t n = 0;

	(void)c, (void)par;
	if (!t)
		return NULL;
	for (size_t k = 0; k < l->model.net->spec.n_layers; k++)
		n += l->model.net->layer[k].out;
	if (!(t->scale = lb_alloc(n, sizeof *t->scale, err)) || !(t->slope = lb_alloc(n, sizeof *t->slope, err)) ||
	    lb_persist(&l->state, "scales", t->scale, n * sizeof *t->scale, err)) {
		biper_close(t);
		return NULL;
	}
	return t;
}

/* Layers whose weights are binary. */
static size_t layers_of(const struct lb_hook *h, const struct lb_net *net)
{
	return net->spec.n_layers - (h->par[LAST].v != 0 ? 0 : 1);
}

/* What is read of a weight, but for the scale. */
static double wave(const struct lb_hook *h, const struct lb_learner *l, double w)
{
	const double sine = sin(h->par[OMEGA].v * w);

	return (double)l->epoch < h->par[SOFT].v ? sine : (sine > 0) - (sine < 0);
}

static void biper_epoch(const struct lb_hook *h, struct lb_learner *l, size_t epoch)
{
	const struct lb_net *net = l->model.net;
	const struct scales *t = h->state;
	size_t output = 0;

	for (size_t k = 0; epoch == 0 && k < layers_of(h, net); k++)
		for (size_t o = 0; o < net->layer[k].out; o++, output++) {
			double sum = 0;
			for (size_t i = 0; i < net->layer[k].in; i++)
				sum += fabs((double)l->model.w[lb_weight_at(&net->layer[k], o, i)]);
			t->scale[output] = sum / (double)net->layer[k].in;
		}
}

static void biper_weights(const struct lb_hook *h, const struct lb_learner *l, int64_t step, real *w)
{
	const struct lb_net *net = l->model.net;
	const struct scales *t = h->state;
	size_t output = 0;

	(void)step;
	for (size_t k = 0; k < layers_of(h, net); k++)
		for (size_t o = 0; o < net->layer[k].out; o++, output++)
			for (size_t i = 0; i < net->layer[k].in; i++) {
				real *at = &w[lb_weight_at(&net->layer[k], o, i)];
				*at = (real)(t->scale[output] * wave(h, l, (double)*at));
			}
}

static void biper_back(const struct lb_hook *h, const struct lb_step *s, struct lb_model *m)
{
	const double omega = h->par[OMEGA].v, draws = (double)s->l->draws;
	const struct scales *t = h->state;
	size_t output = 0;

	for (size_t k = 0; k < layers_of(h, m->net); k++) {
		const struct lb_layer *layer = &m->net->layer[k];
		for (size_t o = 0; o < layer->out; o++, output++) {
			double slope = 0;
			for (size_t i = 0; i < layer->in; i++) {
				const size_t at = lb_weight_at(layer, o, i);
				const double w = (double)m->w[at], g = (double)m->g[at];
				const bool read = m->read[at] < 0 || m->read[at] > 0;
				slope += read ? g * wave(h, s->l, w) : 0;
				m->g[at] = (real)(g * t->scale[output] * omega * cos(omega * w));
			}
			t->slope[output] = (s->draw ? t->slope[output] : 0) + slope / draws;
		}
	}
}

static void biper_stepped(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	const struct scales *t = h->state;
	size_t output = 0;

	for (size_t k = 0; k < layers_of(h, m->net); k++)
		for (size_t o = 0; o < m->net->layer[k].out; o++, output++)
			t->scale[output] -= h->par[SCALE_RATE].v * s->lr * t->slope[output];
}

const struct lb_procedure LB_PROCEDURE(biper) = {
	.base = { .name = "biper", .tasks = LB_EVERY_TASK, .title = "Trains with weights of two values, read through a sine",
		  .cite = "BiPer: Binary Neural Networks using a Periodic Function, CVPR 2024; code edmav4/BiPer",
		  .formula = "a sign(sin(omega w)) for the weights w into each output of a layer, a sin(omega w) in the soft epochs; the step is taken from w by the gradient at "
			     "what is read times a omega cos(omega w), and a, a number of its own for each output, moves by its gradient",
		  .notes = "Evaluations, early stopping and the saved model are of the weights that are read. Biases and parameters of the loss stay as they are. The scales a "
			   "begin at mean |w| and take plain gradient steps; the code begins at random numbers, before layers that normalise. It also quantises "
			   "features, which does not happen here. Its penalty is the regulariser biper_qe; levels without a sine are those of quantise.",
		  .keywords = "binary quantization periodic straight_through", LB_PARAMS(params) },
	.sets_levels = true, .open = biper_open, .close = biper_close, .epoch = biper_epoch, .weights = biper_weights,
	.weights_back = biper_back, .stepped = biper_stepped,
};
