/* Quantised weights: forward and backward read weights of few bits, and the step is taken by
 * weights of full precision. */
#include "core/engine/step/procedure.h"

#include "core/engine/step/round_weights.h"

static const char *const grids[] = { "uniform", "binary", "ternary", NULL };
enum { UNIFORM, BINARY, TERNARY };

enum { GRID, BITS, LAST };

static const struct lb_param params[] = {
	[GRID] = { .name = "levels", .type = LB_CHOICE_PARAM, .choices = grids, .help = "what a weight can be" },
	[BITS] = { .name = "bits", .symbol = "k", .type = LB_INT_PARAM, .def = 4, .min = 2, .max = 32, .grid = { 2, 4, 8 }, .n_grid = 3,
		   .help = "uniform: of a weight, its sign among them; 32: plain training" },
	[LAST] = { .name = "last", .type = LB_BOOL_PARAM, .def = 1, .help = "quantises the output layer too" },
};

/* What the weights into one output have in common: the step of their two or three levels. */
static double scale_of(int grid, const struct lb_layer *layer, size_t out, const real *w)
{
	double sum = 0;

	for (size_t i = 0; i < layer->in; i++)
		sum += fabs((double)w[lb_weight_at(layer, out, i)]);
	return (grid == TERNARY ? 4.0 / 3 : 1) * sum / (double)layer->in;
}

static double level(int grid, double w, double scale)
{
	if (!(scale > 0))
		return w;
	if (grid == BINARY)
		return w < 0 ? -scale : w > 0 ? scale : 0;
	return scale * nearbyint(fmax(fmin(w / scale, 1), -1));
}

static void quantise(const struct lb_hook *h, const struct lb_learner *l, int64_t step, real *w)
{
	const struct lb_net *net = l->model.net;
	const int grid = (int)h->par[GRID].v;
	const size_t layers = net->spec.n_layers - (h->par[LAST].v != 0 ? 0 : 1);

	(void)step;
	if (grid == UNIFORM && h->par[BITS].v >= 32)
		return;
	for (size_t k = 0; k < layers; k++) {
		const struct lb_layer *layer = &net->layer[k];
		for (size_t o = 0; o < layer->out; o++) {
			if (grid == UNIFORM) {
				lb_round_weights(layer, o, h->par[BITS].v, w);
				continue;
			}
			const double scale = scale_of(grid, layer, o, w);
			for (size_t i = 0; i < layer->in; i++) {
				real *at = &w[lb_weight_at(layer, o, i)];
				*at = (real)level(grid, (double)*at, scale);
			}
		}
	}
}

const struct lb_procedure LB_PROCEDURE(quantise) = {
	.base = { .name = "quantise", .tasks = LB_EVERY_TASK, .title = "Trains with weights of few bits, by the straight-through gradient",
		  .cite = "Y. Bengio, N. Leonard, A. Courville, Estimating or Propagating Gradients Through Stochastic Neurons, 2013 (straight-through); binary and ternary "
			  "levels: Z. Liu et al., Binary and Ternary Natural Language Generation, ACL 2023; code facebookresearch/Ternary_Binary_Transformer",
		  .formula = "for the weights w into each output of a layer; uniform: s = max |w| / (2^(k-1) - 1), s round(w/s); binary: mean |w| sign(w); ternary: s = (4/3) "
			     "mean |w|, s round(clip(w/s, -1, 1)); the step is taken from w by the gradient at the quantised weights",
		  .notes = "Evaluations, early stopping and the saved model are of the quantised weights. Biases and parameters of the loss stay as they are. Halves are rounded to even; "
			   "sign(0) is 0. Of two values by another way: biper.",
		  .keywords = "quantize quantization binary ternary straight_through ste bitnet", LB_PARAMS(params) },
	.sets_levels = true, .weights = quantise,
};
