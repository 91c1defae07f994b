/* Procedures that change the gradient by itself, without another. */
#include "core/engine/step/procedure.h"

#include "core/engine/step/step.h"
#include "losses/loss_info.h"

/* ---- gradient_noise ---- */

enum { ETA, GAMMA };

static const struct lb_param noise_params[] = {
	[ETA] = { .name = "eta", .symbol = "eta", .type = LB_REAL_PARAM, .def = 0.01, .min = 0, .max = 1e6, .grid = { 0.01, 0.3, 1 }, .n_grid = 3,
		  .help = "variance of the noise at the first step; 0: plain training" },
	[GAMMA] = { .name = "gamma", .symbol = "gamma", .type = LB_REAL_PARAM, .def = 0.55, .min = 0, .max = 10, .help = "how fast it falls" },
};

/* Whether a layer has biases. */
static bool has_biases(const struct lb_net *net, size_t layer)
{
	return net->spec.bias_init != LB_BIAS_NONE && !(layer + 1 == net->spec.n_layers && net->spec.cosine_scale > 0);
}

static void noise_gradient(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	const double sd = sqrt(h->par[ETA].v / pow(1 + (double)s->step, h->par[GAMMA].v));
	struct lb_rng rng;

	if (!(sd > 0))
		return;
	lb_rng_init(&rng, s->c->order_seed, LB_RNG_GRADIENT_NOISE, (uint64_t)s->step);
	for (size_t k = 0; k < m->net->spec.n_layers; k++) {
		const struct lb_layer *layer = &m->net->layer[k];
		for (size_t o = 0; o < layer->out; o++)
			for (size_t i = 0; i < layer->in; i++)
				m->g[lb_weight_at(layer, o, i)] += (real)(sd * lb_rng_normal(&rng));
		for (size_t o = 0; has_biases(m->net, k) && o < layer->out; o++)
			m->g[layer->b + o] += (real)(sd * lb_rng_normal(&rng));
	}
	for (size_t i = m->net->n_params; i < m->n_params; i++)
		m->g[i] += (real)(sd * lb_rng_normal(&rng));
}

/* ---- gradient_centralisation ---- */

static void centralise(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	(void)h, (void)s;
	for (size_t k = 0; k < m->net->spec.n_layers; k++) {
		const struct lb_layer *layer = &m->net->layer[k];
		for (size_t o = 0; o < layer->out && layer->in > 1; o++) {
			double sum = 0;
			for (size_t i = 0; i < layer->in; i++)
				sum += (double)m->g[lb_weight_at(layer, o, i)];
			for (size_t i = 0; i < layer->in; i++) {
				real *g = &m->g[lb_weight_at(layer, o, i)];
				*g = (real)((double)*g - sum / (double)layer->in);
			}
		}
	}
}

/* ---- agc ---- */

enum { CLIP, LEAST, LAST };

static const struct lb_param agc_params[] = {
	[CLIP] = { .name = "clip", .symbol = "c", .type = LB_REAL_PARAM, .def = 0.01, .min = 0, .max = 1e6, .min_open = true, .grid = { 0.01, 0.1, 1 }, .n_grid = 3,
		   .help = "most length of a row's gradient, in lengths of its weights" },
	[LEAST] = { .name = "least", .symbol = "eps", .type = LB_REAL_PARAM, .def = 1e-3, .min = 0, .max = 1e6, .min_open = true,
		    .help = "length that a row of weights has at least" },
	[LAST] = { .name = "last", .type = LB_BOOL_PARAM, .help = "clip the output layer too" },
};

/* The gradient of a row, n values `step` apart from `at` on. */
static void clip_row(const struct lb_hook *h, struct lb_model *m, size_t at, size_t n, size_t step)
{
	double weights = 0, gradient = 0;

	for (size_t i = 0; i < n; i++) {
		weights += (double)m->w[at + i * step] * (double)m->w[at + i * step];
		gradient += (double)m->g[at + i * step] * (double)m->g[at + i * step];
	}
	const double most = h->par[CLIP].v * fmax(sqrt(weights), h->par[LEAST].v), length = sqrt(gradient);
	for (size_t i = 0; length > most && i < n; i++)
		m->g[at + i * step] = (real)((double)m->g[at + i * step] * (most / fmax(length, 1e-6)));
}

static void agc_gradient(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	const size_t layers = m->net->spec.n_layers - (h->par[LAST].v != 0 ? 0 : 1);

	(void)s;
	for (size_t k = 0; k < layers; k++) {
		const struct lb_layer *layer = &m->net->layer[k];
		for (size_t o = 0; o < layer->out; o++)
			clip_row(h, m, lb_weight_at(layer, o, 0), layer->in, layer->in > 1 ? lb_weight_at(layer, o, 1) - lb_weight_at(layer, o, 0) : 1);
		clip_row(h, m, layer->b, layer->out, 1);
	}
}

/* ---- descriptors ---- */

const struct lb_procedure LB_PROCEDURE(gradient_noise) = {
	.base = { .name = "gradient_noise", .tasks = LB_EVERY_TASK, .title = "Adds normal noise to the gradient, less and less of it",
		  .cite = "A. Neelakantan et al., Adding Gradient Noise Improves Learning for Very Deep Networks, 2015",
		  .formula = "g + N(0, eta / (1 + t)^gamma) in every entry, t steps from 0",
		  .notes = "The draws depend on train.seed and the step alone, so every loss sees the same noise.", .keywords = "annealed langevin", LB_PARAMS(noise_params) },
	.gradient = noise_gradient,
};

const struct lb_procedure LB_PROCEDURE(gradient_centralisation) = {
	.base = { .name = "gradient_centralisation", .tasks = LB_EVERY_TASK, .title = "Takes from the gradient of the weights into each output their mean",
		  .cite = "H. Yong et al., Gradient Centralization: A New Optimization Technique for Deep Neural Networks, ECCV 2020",
		  .formula = "G_o - mean_i G_oi for each output o of each layer",
		  .notes = "The sum of the weights into an output stays as it was at the start, but for weight decay. Biases have their plain gradient; a layer of one "
			   "input too.", .keywords = "centralization gc" },
	.gradient = centralise,
};

const struct lb_procedure LB_PROCEDURE(agc) = {
	.base = { .name = "agc", .tasks = LB_EVERY_TASK, .title = "Adaptive gradient clipping: by the length of the weights into each output",
		  .cite = "A. Brock, S. De, S. Smith, K. Simonyan, High-Performance Large-Scale Image Recognition Without Normalization, ICML 2021",
		  .formula = "g_o c max(|w_o|, eps) / |g_o| for each output o where |g_o| is longer than c max(|w_o|, eps)",
		  .notes = "The biases of a layer are one vector. The output layer has its plain gradient unless `last` is set, which a linear model needs.",
		  .keywords = "adaptive_gradient_clipping nfnet", LB_PARAMS(agc_params) },
	.gradient = agc_gradient,
};
